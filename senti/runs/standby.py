"""One process that has loaded its libraries before anyone asks, so that what the app starts begins at once.

On Linux it forks for each job, and so stays ready; elsewhere, where a process with torch in it is not safe to fork, it
does the job itself and another one is loaded after it. Either way the job is the very command that a plain start would
be, and outlives the app. The end of the app closes the ready process's input, and it goes with it.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

FORKS = sys.platform == "linux"

_changing = threading.Lock()
_ready: list[subprocess.Popen[bytes]] = []  # none or one


def keep_ready() -> None:
    """Have such a process from now on. `SENTI_STANDBY=0` forbids it."""
    if os.environ.get("SENTI_STANDBY") == "0":
        return
    with _changing:
        if not _ready:
            words = [sys.executable, "-m", "senti.cli.standby"]
            _ready.append(subprocess.Popen(words, stdin=subprocess.PIPE, **detached(subprocess.DEVNULL)))


def hand_over(words: list[str], log: Path) -> bool:
    """Have it do a command of senti that writes to `log`. False where there is none, or it has died."""
    with _changing:
        if not _ready:
            return False
        process = _ready[0]
        told = _tell(process, {"words": words, "log": str(log)})
        if not (told and FORKS):
            _ready.clear()
            threading.Thread(target=_follow, args=(process,), daemon=True).start()
    return told


def _tell(process: "subprocess.Popen[bytes]", job: dict[str, Any]) -> bool:
    pipe: Any = process.stdin
    try:
        pipe.write(json.dumps(job).encode() + b"\n")
        pipe.flush()
    except OSError:
        return False
    return True


def _follow(process: "subprocess.Popen[bytes]") -> None:
    """Leave no zombie of it; the next one loads once the machine is free again."""
    with contextlib.suppress(OSError):
        process.communicate()  # closes its input
    keep_ready()


def detached(output: Any) -> dict[str, Any]:
    """Options of a process that outlives this one, can import senti from anywhere, and writes to `output`."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    return {"stdout": output, "stderr": output, "start_new_session": True,
            "env": os.environ | {"PYTHONPATH": path, "SENTI_BACKGROUND": "1"}}  # fmt: skip
