"""One worker process that has loaded its libraries before anyone asks, so that a run from the app starts at once.

It waits for one job on its standard input and then is the very command that a plain start would be. The end of the
app closes that input, and an idle worker goes with it; one that has its job does not look back.
"""

import json
import os
import subprocess
import sys
import threading
from typing import Any

_changing = threading.Lock()
_idle: list[subprocess.Popen[bytes]] = []  # none or one


def keep_ready() -> None:
    """Have an idle worker from now on. `SENTI_STANDBY=0` forbids it."""
    if os.environ.get("SENTI_STANDBY") == "0":
        return
    with _changing:
        if not _idle:
            words = [sys.executable, "-m", "senti.cli.standby"]
            _idle.append(subprocess.Popen(words, stdin=subprocess.PIPE, **detached(subprocess.DEVNULL)))


def hand_over(job: dict[str, Any]) -> subprocess.Popen[bytes] | None:
    """Give `words` and `log` to the idle worker. None where there is none, or it has died."""
    with _changing:
        worker = _idle.pop() if _idle else None
    if worker is None or worker.stdin is None:
        return None
    try:
        with worker.stdin as pipe:
            pipe.write(json.dumps(job).encode() + b"\n")
    except OSError:
        worker.wait()
        return None
    return worker


def detached(output: Any) -> dict[str, Any]:
    """Options of a process that outlives this one, can import senti from anywhere, and writes to `output`."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    return {"stdout": output, "stderr": output, "start_new_session": True,
            "env": os.environ | {"PYTHONPATH": path, "SENTI_BACKGROUND": "1"}}  # fmt: skip
