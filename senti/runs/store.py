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

from senti.config import Config, from_dict, method_name
from senti.errors import BadConfig, UnknownRun

EVENT_COLUMNS = [
    "step", "total_steps", "epoch", "split", "loss", "accuracy", "macro_f1",
    "lr", "grad_norm", "samples_per_second", "seconds", "eta",
]  # fmt: skip
STARTING_SECONDS = 60  # a queued run whose worker has not taken its lock by then is interrupted
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


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
        """The knobs this run was created with."""
        return from_dict(self.facts)

    @property
    def created(self) -> float:
        """Seconds since the epoch; 0 where config.json does not say."""
        return float(self.facts.get("created", 0.0))

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
    def status(self) -> str:
        """queued, running, finished, failed, stopped or interrupted; derived from the files, never stored."""
        if (self.path / "result.json").exists():
            return "finished"
        if (self.path / "error.json").exists():
            return "failed"
        queued = self.path / "queued"
        if self.alive:
            return "queued" if queued.exists() else "running"
        if self.stop_requested:
            return "stopped"
        if _age(queued) < STARTING_SECONDS:
            return "queued"
        return "interrupted"

    @property
    def alive(self) -> bool:
        """True while a worker holds the lock; the kernel drops it with the process, however that died."""
        lock = self.path / "lock"
        if not lock.exists():
            return False
        probe = FileLock(lock)
        try:
            probe.acquire(timeout=0)
        except Timeout:
            return True
        except OSError:  # a folder that cannot be written holds no worker
            return False
        probe.release()
        return False

    @property
    def stop_requested(self) -> bool:
        """True once anyone asked for the end."""
        return (self.path / "stop").exists()

    def record(self, row: dict[str, Any]) -> None:
        """Append one event; it is on disk when this returns."""
        with (self.path / "events.jsonl").open("a", encoding="utf-8") as f:
            f.write(json.dumps({k: v for k, v in row.items() if v is not None}) + "\n")
        if self.on_event:
            self.on_event(row)

    def events(self) -> pd.DataFrame:
        """All events as rows of EVENT_COLUMNS; a line still being written is left out."""
        try:
            text = (self.path / "events.jsonl").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return pd.DataFrame(columns=EVENT_COLUMNS)
        whole = text[: text.rfind("\n") + 1].splitlines()
        return pd.DataFrame([row for row in map(_parse, whole) if row], columns=EVENT_COLUMNS)

    def log(self, last: int = 4000) -> str:
        """The end of the worker's output."""
        try:
            return (self.path / "log.txt").read_text(encoding="utf-8", errors="replace")[-last:]
        except FileNotFoundError:
            return ""

    def write_json(self, name: str, values: dict[str, Any]) -> None:
        """Write a JSON file whole or not at all."""
        aside = self.path / f".{name}.part"
        aside.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(aside, self.path / name)


def create_run(root: Path, config: Config, facts: dict[str, Any], name: str = "") -> Run:
    """Make a new run folder with its config.json and put it in the queue.

    `facts` (data, model, versions, ...) is stored beside the knobs. Raises BadConfig where the name is taken or odd.
    """
    name = name or f"{datetime.now():%Y%m%d-%H%M%S}-{method_name(config)}-{secrets.token_hex(2)}"
    if not NAME.fullmatch(name):
        raise BadConfig(f"{name!r} cannot name a run; use letters, digits, dots, dashes, at most 80 of them.")
    run = Run(Path(root) / name)
    try:
        run.path.mkdir(parents=True)
    except FileExistsError:
        raise BadConfig(f"A run named {name} exists in {root}; choose another name or delete it first.") from None
    except OSError as e:
        raise BadConfig(f"{root} cannot be written ({e.strerror}); choose another folder with --output_dir.") from e
    (run.path / "queued").touch()
    stamp = {"created": time.time(), "created_at": datetime.now(UTC).isoformat(timespec="seconds")}
    run.write_json("config.json", facts | stamp)
    return run


def open_run(root: Path, name: str) -> Run:
    """The run of that name. Raises UnknownRun, naming those that exist."""
    path = Path(root) / name
    if NAME.fullmatch(name) and not path.is_symlink() and (path / "config.json").is_file():
        return Run(path)
    known = ", ".join(run.name for run in list_runs(root)[:5]) or "none yet"
    raise UnknownRun(f"No run named {name!r} in {root} (there are: {known}).")


def list_runs(root: Path) -> list[Run]:
    """All runs below a folder, newest first."""
    if not Path(root).is_dir():
        return []
    found = [Run(p) for p in Path(root).iterdir() if not p.is_symlink() and (p / "config.json").is_file()]
    return sorted(found, key=lambda run: (run.created, run.name), reverse=True)


def delete_run(root: Path, name: str) -> None:
    """Remove a run and all it holds. Raises UnknownRun, also while it is queued or running."""
    run = open_run(root, name)
    if run.status in ("queued", "running"):
        raise UnknownRun(f"{name} is {run.status}; stop it first, then delete it.")
    shutil.rmtree(run.path)


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError, NotADirectoryError):
        return None
    return values if isinstance(values, dict) else None


def _parse(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except json.JSONDecodeError:  # a torn line after a crash: the rows around it still count
        return None
    return row if isinstance(row, dict) else None


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
