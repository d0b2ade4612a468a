"""The idle worker behind `senti.runs.standby`: loads what training needs, waits for one job, then does it."""

import importlib
import json
import os
import sys
import threading
from queue import SimpleQueue

from senti.imports import collect_rarely

# every method's own imports, which wait until they are needed
NEEDED = ("datasets", "peft", "sklearn.calibration", "sklearn.linear_model", "sklearn.metrics", "sklearn.svm")


def main() -> int:
    """Returns the exit code of the command it was given."""
    collect_rarely()
    given: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=_listen, args=(given,), daemon=True).start()
    importlib.import_module("senti.training.trainer")
    for name in NEEDED:
        importlib.import_module(name)
    job = json.loads(given.get())
    log = os.open(job["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, stream)
    from senti.cli import run

    return run(job["words"])


def _listen(given: SimpleQueue[bytes]) -> None:
    """Wait for the job while all is loaded; where the app goes away first, end at once."""
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(0)
    given.put(line)


if __name__ == "__main__":
    sys.exit(main())
