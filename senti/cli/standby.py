"""The process behind `senti.runs.standby`: loads what training needs, then does the jobs that its input brings."""

import gc
import importlib
import itertools
import json
import os
import signal
import sys
import threading
from queue import SimpleQueue
from typing import Any

from senti.imports import collect_rarely
from senti.runs.standby import FORKS

# every method's own imports, which wait until they are needed
NEEDED = ("datasets", "peft", "sklearn.calibration", "sklearn.linear_model", "sklearn.metrics", "sklearn.svm")


def main() -> int:
    """Returns the exit code of the command it was given, or 0 when the app is gone."""
    collect_rarely()
    given: SimpleQueue[bytes] = SimpleQueue()
    listener = threading.Thread(target=_listen, args=(given,), daemon=True)
    listener.start()
    importlib.import_module("senti.training.trainer")
    for name in NEEDED:
        importlib.import_module(name)
    from senti.cli import run

    gc.freeze()  # what is loaded stays in memory once for all
    if FORKS:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a job that is over leaves no zombie
    first = given.get()
    listener.join()  # a fork has no other thread, and would wait for ever for what one of them held
    for line in itertools.chain([first], sys.stdin.buffer):
        if not FORKS or os.fork() == 0:
            return run(_begin(json.loads(line)))
    return 0


def _listen(given: SimpleQueue[bytes]) -> None:
    """Wait for the first job while all is loaded; where the app goes away before it, end at once."""
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(0)
    given.put(line)


def _begin(job: dict[str, Any]) -> list[str]:
    """Be a process of one's own that writes to the job's log; returns the words of its command."""
    if FORKS:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(job["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, stream)
    words: list[str] = job["words"]
    return words


if __name__ == "__main__":
    sys.exit(main())
