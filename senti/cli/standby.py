"""The idle worker behind `senti.runs.standby`: loads what training needs, waits for one job, then does it."""

import importlib
import json
import os
import sys

# every method's own imports, which wait until they are needed
NEEDED = ("datasets", "peft", "sklearn.calibration", "sklearn.metrics", "sklearn.svm", "skops.io")


def main() -> int:
    """Returns the exit code of the command it was given; 0 where the app went away first."""
    importlib.import_module("senti.training.trainer")
    for name in NEEDED:
        importlib.import_module(name)
    line = sys.stdin.buffer.readline()
    if not line:
        return 0
    job = json.loads(line)
    log = os.open(job["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, stream)
    from senti.cli import run

    return run(job["words"])


if __name__ == "__main__":
    sys.exit(main())
