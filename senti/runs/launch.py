"""Starting, queueing and stopping runs: one process per run, one run at a time, in the order of creation.

A run started from the app is the very command a person would type, detached: it outlives page, event and app.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from senti.config import command_line
from senti.errors import BadConfig, Stopped, UnknownRun
from senti.runs import standby
from senti.runs.store import ACTIVE, Run, all_runs, open_run

TRAINING = ".training.lock"  # held by who trains
POLITE_SECONDS = 12.0  # after which a stop becomes firm


def spawn(run: Run) -> None:
    """Start the worker of a queued run as a detached process that writes to log.txt."""
    words = [*command_line(run.config), "--run", run.name, "--output-dir", str(run.path.parent.resolve())]
    launch(words, run.path.resolve() / "log.txt")


def launch(words: list[str], log: Path) -> None:
    """Start any command of senti as a detached process that writes to `log`."""
    if standby.hand_over(words, log):
        return
    with log.open("ab") as output:  # never a pipe: nobody would drain it once the app is gone
        command = [sys.executable, "-m", "senti", *words]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **standby.detached(output))
    threading.Thread(target=process.wait, daemon=True).start()  # so that it leaves no zombie


@contextlib.contextmanager
def hold(run: Run) -> Iterator[None]:
    """Hold a queued run's lock for as long as its worker lives. Raises UnknownRun if another worker has it, or had."""
    lock = FileLock(run.path / "lock")
    try:
        lock.acquire(timeout=5)
    except Timeout:
        raise UnknownRun(f"{run.name} is already running in another process; watch it or stop it.") from None
    try:
        if not (run.path / "queued").exists():
            raise UnknownRun(f"{run.name} waits no longer: another process took it.")
        run.write_json("worker.json", {"pid": os.getpid(), "born": _born(os.getpid())})
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def wait_turn(run: Run, poll: float = 0.3) -> Iterator[None]:
    """Wait until no earlier run is queued or running, then keep the machine for this one. Raises Stopped."""
    machine = FileLock(run.path.parent / TRAINING)
    while True:
        if run.stop_requested:
            raise Stopped(f"{run.name} was stopped while it waited in the queue.")
        if queue_place(run) == 0:
            with contextlib.suppress(Timeout):
                machine.acquire(timeout=0)
                break
        time.sleep(poll)
    try:
        (run.path / "queued").unlink(missing_ok=True)
        yield
    finally:
        machine.release()


@contextlib.contextmanager
def between_runs(root: Path) -> Iterator[None]:
    """Keep the machine for something short that is no run; runs wait meanwhile. Raises BadConfig while one trains."""
    root.mkdir(parents=True, exist_ok=True)
    machine = FileLock(Path(root, TRAINING))
    try:
        machine.acquire(timeout=0)
    except Timeout:
        raise BadConfig(
            "A run is training here, and both at once would slow each other; wait until it is over."
        ) from None
    try:
        yield
    finally:
        machine.release()


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Hold the door of a folder of runs: two who start at once count each other."""
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(Path(root, ".start.lock")):
        yield


def queue_place(run: Run) -> int:
    """How many runs come before this one: 0 means it is its turn. One that runs does, whenever it was created."""
    mine = (run.created, run.name)
    others = [other for other in all_runs(run.path.parent) if other.name != run.name]
    return sum(
        status == "running" or (status == "queued" and (other.created, other.name) < mine)
        for other, status in ((other, other.status) for other in others)
    )


def stop_run(root: Path, name: str, polite_seconds: float = POLITE_SECONDS) -> Run:
    """Ask a run to end, wait, then end its processes; what it had saved stays. Safe to repeat."""
    run = open_run(root, name)
    if run.status not in ACTIVE:
        return run
    run.request_stop()
    if not _ended(run, polite_seconds):
        _signal(run, signal.SIGTERM)
        if not _ended(run, 1.0):
            _signal(run, getattr(signal, "SIGKILL", signal.SIGTERM))
            _ended(run, 2.0)
    return run


def _ended(run: Run, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while run.alive and time.monotonic() < deadline:
        time.sleep(0.1)
    return not run.alive


def _signal(run: Run, number: int) -> None:
    """Signal the worker and what it started; its pid is trusted only while the lock says that it lives."""
    if not run.alive:
        return
    worker = json.loads((run.path / "worker.json").read_text())
    pid = worker["pid"]
    if worker["born"] != _born(pid):  # the number belongs to another process by now
        return
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg") and os.getsid(pid) == pid:
            os.killpg(pid, number)
        else:
            os.kill(pid, number)


def _born(pid: int) -> str:
    """When a process began, by the kernel's own clock, which nobody can set back; empty where none tells."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return ""
