"""One lock for all who load transformers or let datasets look at it: its parts load on first use, and not safely from
two threads at once.
"""

import threading

importing = threading.RLock()
