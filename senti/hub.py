"""The Hugging Face Hub: is it reachable, what of it is already on this machine.

The Hub's own client tries a dead network for 46 seconds. One short probe per process decides instead,
and switches the client to its offline mode, in which everything answers at once from the cache.
"""

import functools
import os
import socket
from pathlib import Path
from urllib.parse import urlparse

PROBE_SECONDS = 2.0


@functools.cache
def online() -> bool:
    """True if the Hub answers a connection within two seconds; otherwise its client is put in offline mode."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        return False
    url = urlparse(os.environ.get("HF_ENDPOINT", "https://huggingface.co"))
    try:
        socket.create_connection((url.hostname, url.port or 443), timeout=PROBE_SECONDS).close()
    except OSError:
        constants.HF_HUB_OFFLINE = True
        return False
    return True


def cached_file(repo_id: str, filename: str, *, repo_type: str = "model", revision: str | None = None) -> Path | None:
    """The path of a file in the local Hub cache, or None; never touches the network."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo_id, filename, repo_type=repo_type, revision=revision)
    return Path(found) if isinstance(found, str) else None
