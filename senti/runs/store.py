"""The run directory: one folder per run, the only place where trainer, app and command line meet.

config.json     frozen at creation: every knob, data checksum, versions
events.jsonl    append-only rows, one per logged step or evaluation
lock            held by the worker while it is alive
queued          present until the run's turn has come
stop            touched by whoever wants the run to end; the worker polls it
worker.json     the worker's process id; means something only while the lock is held
error.json      type and message, only on failure
log.txt  state/  model/  predictions.parquet
result.json     written last: its presence means finished
"""

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from senti import __version__
from senti.config import Config, from_dict, method_name
from senti.errors import BadConfig, Diverged, SentiError, UnknownRun
from senti.runs.events import last_event, parse_event, read_events
from senti.runs.lock import held
from senti.runs.sight import is_seen

ACTIVE = ("queued", "running")
RESUMABLE = ("interrupted", "stopped", "failed")
STARTING_SECONDS = 60  # a queued run whose worker has not taken its lock by then is interrupted
NAME = re.compile(
    r"(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))[a-z0-9]([a-z0-9._-]{0,78}[a-z0-9_-])?", re.IGNORECASE | re.ASCII
)  # what every system can name a folder


@dataclass(frozen=True)
class Run:
    """One run on disk; every property is read from its folder, nothing is remembered."""

    path: Path
    on_event: Callable[[dict[str, Any]], None] | None = None

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def facts(self) -> dict[str, Any]:
        """config.json as it is: knobs, data, model, versions, when it was created."""
        return _read_json(self.path / "config.json") or {}

    @property
    def config(self) -> Config:
        """The knobs this run was created with. Raises UnknownRun where a newer senti made it, BadConfig."""
        versions = self.facts.get("versions")
        made_by = str(versions.get("senti")) if isinstance(versions, dict) else ""
        if _number(made_by) > _number(__version__):
            raise UnknownRun(f"{self.name} was made by senti {made_by}, and this is {__version__}; update senti.")
        return from_dict(self.facts)

    @property
    def created(self) -> float:
        """Seconds since the epoch; 0 where config.json does not say."""
        created = self.facts.get("created")
        return float(created) if isinstance(created, int | float) else 0.0

    @property
    def result(self) -> dict[str, Any] | None:
        """result.json, or None while the run has not finished."""
        return _read_json(self.path / "result.json")

    @property
    def error(self) -> dict[str, Any] | None:
        """error.json, or None."""
        return _read_json(self.path / "error.json")

    @property
    def model_path(self) -> Path:
        """Where the trained weights are."""
        return self.path / "model"

    @property
    def saved(self) -> int:
        """When its model was written, in nanoseconds; 0 while there is none. What is kept of a model is kept by it."""
        return self.model_path.stat().st_mtime_ns if self.model_path.is_dir() else 0

    @property
    def status(self) -> str:
        """queued, running, finished, failed, stopped, interrupted, or unreadable: damaged, or made by a newer senti.

        Derived from the files, never stored.
        """
        if (self.path / "result.json").exists():
            return "finished" if self._readable else "unreadable"
        if (self.path / "error.json").exists():
            return "failed"
        if self.alive:
            return "queued" if (self.path / "queued").exists() else "running"
        return self._without_worker

    @property
    def _without_worker(self) -> str:
        if self.stop_requested:
            return "stopped"
        return "queued" if -1 <= _age(self.path / "queued") < STARTING_SECONDS else "interrupted"

    @property
    def _readable(self) -> bool:
        """True if config and result hold what a table of results shows."""
        try:
            scores = (self.result or {})["scores"]
            return bool(self.config and scores["validation"] and scores["test"] and self.facts["data"]["labels"])
        except (SentiError, KeyError, TypeError):
            return False

    @property
    def alive(self) -> bool:
        """True while a worker holds the lock; the kernel drops it with the process, however that died."""
        return held(self.path / "lock")

    @property
    def resumable(self) -> bool:
        """True for a run that is over, has not finished, and would not fail in the same way again."""
        return self.status in RESUMABLE and (self.error or {}).get("type") != Diverged.__name__

    @property
    def stop_requested(self) -> bool:
        """True once anyone asked for the end."""
        return (self.path / "stop").exists()

    def request_stop(self, why: str = "") -> None:
        """Ask for the end; `why` is kept where it is not that a person wanted it."""
        (self.path / "stop").write_text(why, encoding="utf-8")

    @property
    def stop_reason(self) -> str:
        """Why the end was asked for, if not by a person."""
        try:
            return (self.path / "stop").read_text(encoding="utf-8")
        except OSError:
            return ""

    def record(self, row: dict[str, Any]) -> None:
        """Append one event; it is on disk when this returns."""
        with (self.path / "events.jsonl").open("a", encoding="utf-8") as f:
            f.write(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n")
        if self.on_event:
            self.on_event(row)

    def events(self) -> pd.DataFrame:
        """All events as rows of EVENT_COLUMNS; a line still being written is left out."""
        return read_events(self.path / "events.jsonl")

    @property
    def events_size(self) -> int:
        """Bytes of events so far; what shows them need not read them again while it is the same."""
        path = self.path / "events.jsonl"
        return path.stat().st_size if path.exists() else 0

    @property
    def last_event(self) -> dict[str, Any]:
        """The newest whole event, {} for none, without reading those before it at every look of every page."""
        return last_event(self.path / "events.jsonl")

    @property
    def seconds(self) -> float:
        """How long it has trained so far, with what it trained before it was resumed."""
        known = pd.to_numeric(self.events()["seconds"]).dropna()
        return float(known.max()) if len(known) else 0.0

    def keep_events(self, last: int) -> None:
        """Drop the events after a step: a resumed run makes them again. All where `last` is -1."""
        path = self.path / "events.jsonl"
        if path.exists():
            kept = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
                    if (row := parse_event(line)) and row.get("step", 0) <= last]  # fmt: skip
            _replace(path, "".join(f"{line}\n" for line in kept))

    def say(self, line: str) -> None:
        """Add a line to the worker's output, where app and command line show it."""
        with (self.path / "log.txt").open("a", encoding="utf-8") as f:
            f.write(f"{line}\n")

    def log(self, last: int = 4000) -> str:
        """The end of the worker's output."""
        try:
            return (self.path / "log.txt").read_text(encoding="utf-8", errors="replace")[-last:]
        except FileNotFoundError:
            return ""

    def write_json(self, name: str, values: dict[str, Any]) -> None:
        """Write a JSON file whole or not at all."""
        _replace(self.path / name, json.dumps(values, indent=2, allow_nan=False) + "\n")


def create_run(root: Path, config: Config, facts: dict[str, Any], name: str = "") -> Run:
    """Make a new run folder with its config.json and put it in the queue.

    `facts` (data, model, versions, ...) is stored beside the knobs. Raises BadConfig where the name is taken or odd.
    """
    name = name or f"{datetime.now():%Y%m%d-%H%M%S}-{method_name(config)}-{secrets.token_hex(2)}"
    if not NAME.fullmatch(name):
        raise BadConfig(f"{name!r} cannot name a run; use letters, digits, dots, dashes, at most 80 of them.")
    run = Run(Path(root) / name)
    # after all that are there, even if the clock was set back: it is the order of the queue
    created = max([time.time(), *(other.created + 1e-3 for other in all_runs(root))])
    stamp = {"created": created, "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        run.path.mkdir(parents=True)
        (run.path / "queued").touch()
        run.write_json("config.json", facts | stamp)
    except FileExistsError:
        raise BadConfig(f"A run named {name} exists in {root}; choose another name or delete it first.") from None
    except OSError as e:
        raise BadConfig(f"{root} cannot be written ({e.strerror}); choose another folder with --output_dir.") from e
    return run


def requeue(run: Run) -> None:
    """Put a run that is over, but not finished, back in the queue. Raises UnknownRun, also where another was faster."""
    lock = FileLock(run.path / "lock")
    try:
        lock.acquire(timeout=5)
    except Timeout:
        raise UnknownRun(f"{run.name} is {run.status} already; watch it or stop it.") from None
    except OSError as e:
        raise UnknownRun(f"{run.path} cannot be written ({e.strerror}); make it writable, then resume.") from e
    try:
        status = "finished" if run.result else run._without_worker
        if status in ("finished", "queued"):
            raise UnknownRun(f"{run.name} is {status} already; there is nothing to resume.")
        (run.path / "queued").touch()
        (run.path / "stop").unlink(missing_ok=True)
        (run.path / "error.json").unlink(missing_ok=True)
    finally:
        lock.release()


def open_run(root: Path, name: str) -> Run:
    """The run of that name. Raises UnknownRun, naming those that exist."""
    run = Run(Path(root) / name)
    if NAME.fullmatch(name) and not run.path.is_symlink() and (run.path / "config.json").is_file() and is_seen(run):
        return run
    known = ", ".join(run.name for run in list_runs(root)[:5]) or "none yet"
    raise UnknownRun(f"No run named {name!r} in {root} (there are: {known}).")


def list_runs(root: Path) -> list[Run]:
    """The runs below a folder that whoever asks may know of (see `seen_by`), newest first."""
    return [run for run in all_runs(root) if is_seen(run)]


def all_runs(root: Path) -> list[Run]:
    """Really all of them, newest first: for queue and quotas, where nothing is told of any."""
    if not Path(root).is_dir():
        return []
    found = [Run(p) for p in Path(root).iterdir() if not p.is_symlink() and (p / "config.json").is_file()]
    return sorted(found, key=lambda run: (run.created, run.name), reverse=True)


def delete_run(root: Path, name: str) -> None:
    """Remove a run and all it holds. Raises UnknownRun, also while it runs, waits, or an ensemble has need of it."""
    run = open_run(root, name)
    if run.status in ACTIVE:
        raise UnknownRun(f"{name} is {run.status}; stop it first, then delete it.")
    for other in all_runs(root):
        if name in other.facts.get("members", "").split(",") and other.status in (*ACTIVE, "finished"):
            raise UnknownRun(f"{name} is part of the ensemble {other.name}; delete that first.")
        if name == other.facts.get("teacher") and other.status in ACTIVE:
            raise UnknownRun(f"{name} teaches {other.name}, which is {other.status}; wait for it, or stop it first.")
    shutil.rmtree(run.path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError, NotADirectoryError):
        return None
    return values if isinstance(values, dict) else None


def _replace(path: Path, text: str) -> None:
    aside = path.with_name(f".{path.name}.part")
    aside.write_text(text, encoding="utf-8")
    os.replace(aside, path)


def _number(version: str) -> tuple[int, ...]:
    """A version as numbers that compare; what is no version is the oldest."""
    return tuple(int(part) for part in version.split(".")[:3] if part.isdecimal())


def _age(path: Path) -> float:
    """Seconds since it was touched; below 0 if the clock was set back since."""
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
