"""Checkpoints that are whole or invisible: written aside, with a manifest, and renamed into place.

state/checkpoint-37/   FILES: all that training needs to go on; manifest.json: sha256 and size of each, the step,
                       and the conditions it was made under
state/.checkpoint-41/  one that is being written, or whose writer was killed; nobody reads it

`SENTI_CHECKPOINT_SECONDS` sets how often one is written within an epoch (default 60; 0: after every step).
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from senti import __version__
from senti.config import TrainConfig, from_dict, to_dict
from senti.errors import BadConfig

MANIFEST = "manifest.json"
FILES = ("tensors.safetensors", "state.json", "trainer_state.json")
KEPT = 2
EVERY = 60.0  # seconds
COST = 50  # writing takes at most one part in so many of the time between
version = cache(metadata.version)  # what is installed stays the same while this process lives
PACKAGES = ("torch", "transformers", "datasets", "peft", "scikit-learn")


@dataclass(frozen=True)
class Checkpoint:
    """A whole one: its folder, the step after which it was written, and the conditions of that time."""

    path: Path
    step: int
    conditions: dict[str, Any]


def write(state: Path, step: int, conditions: dict[str, Any], fill: Callable[[Path], None]) -> None:
    """Write `state`/checkpoint-`step`, whose FILES `fill` puts in the folder it is given, and drop the old ones.

    Raises what `fill` raises, and OSError; then the earlier checkpoints are as they were.
    """
    aside, target = state / f".checkpoint-{step}", state / f"checkpoint-{step}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir(parents=True)
        fill(aside)
        facts = {"step": step, "conditions": conditions, "files": {name: _facts(aside / name) for name in FILES}}
        (aside / MANIFEST).write_text(json.dumps(facts | {"sha256": _digest(facts)}), encoding="utf-8")
        for path in (*aside.iterdir(), aside):
            _to_disk(path)
        shutil.rmtree(target, ignore_errors=True)
        aside.rename(target)
        _to_disk(state)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    for old in _found(state)[KEPT:]:
        shutil.rmtree(old)


def newest(state: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest whole checkpoint, and what is wrong with newer ones: `checkpoint-40: state.json is missing`."""
    skipped: list[str] = []
    for path in _found(state):
        try:
            return _read(path), skipped
        except _Damaged as e:
            skipped.append(f"{path.name}: {e}")
    return None, skipped


def start_from(state: Path, checkpoint: Checkpoint | None) -> None:
    """Clear away what a killed writer left, and the damaged checkpoints that are newer than this one."""
    for path in (*state.glob(".checkpoint-*"), *_found(state)):
        if path.name.startswith(".") or checkpoint is None or _step(path) > checkpoint.step:
            shutil.rmtree(path)


def conditions(config: TrainConfig, reviews: str) -> dict[str, Any]:
    """What must be the same for a run to go on bit for bit: knobs, checksums of reviews and model, versions, machine.

    Raises MissingModel.
    """
    import torch

    from senti.encoder import device, reading_checksum, resolve_model, resolve_precision

    machine = {"device": device(), "precision": resolve_precision(config.precision), "threads": torch.get_num_threads()}
    return {"knobs": to_dict(config), "reviews": reviews, "model": reading_checksum(resolve_model(config.model))[:16],
            "versions": versions(), "machine": machine}  # fmt: skip


def check(name: str, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Raises BadConfig, listing the differences, where a run cannot go on from `then` bit for bit."""
    if "knobs" in then:  # those that senti has learned since are at their default
        then = then | {"knobs": to_dict(from_dict(then["knobs"]))}
    if found := differences(then, now):
        raise BadConfig(f"{name} cannot go on as it began: {'; '.join(found)}. Put that back, or start a new run.")


def versions() -> dict[str, str]:
    """Of senti, Python, and the packages that results depend on."""
    return {"senti": __version__, "python": platform.python_version(), **{name: version(name) for name in PACKAGES}}


def differences(then: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Where two sets of conditions differ: `lr was 2e-05, is 5e-05`."""
    out = []
    for key in dict.fromkeys([*then, *now]):
        old, new = then.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            out += differences(old, new)
        elif old != new:
            out.append(f"{key} was {old}, is {new}")
    return out


class Pace:
    """When the next checkpoint is due: so often that little is lost, so rarely that it costs little."""

    def __init__(self) -> None:
        self.every = float(os.environ.get("SENTI_CHECKPOINT_SECONDS") or EVERY)
        self.cost = 0.0
        self.start()

    def start(self) -> None:
        """Count from now."""
        self.written = time.monotonic()

    @property
    def due(self) -> bool:
        """True once the time is up, or after every step where no time is to pass."""
        return not self.every or time.monotonic() - self.written >= max(self.every, COST * self.cost)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Around the writing of one."""
        began = time.monotonic()
        yield
        self.start()
        self.cost = self.written - began


class _Damaged(Exception):
    """Says which file of a checkpoint is not what was written, and how."""


def _read(path: Path) -> Checkpoint:
    try:
        facts = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _Damaged(f"{MANIFEST} is missing") from None
    except (OSError, ValueError) as e:
        raise _Damaged(f"{MANIFEST} cannot be read ({type(e).__name__})") from None
    if not isinstance(facts, dict) or facts.pop("sha256", None) != _digest(facts):
        raise _Damaged(f"{MANIFEST} is not what was written")
    for name in FILES:  # by their names here: a manifest can point at no other file
        try:
            found = _facts(path / name)
        except FileNotFoundError:
            raise _Damaged(f"{name} is missing") from None
        except OSError as e:
            raise _Damaged(f"{name} cannot be read ({e.strerror})") from None
        meant = facts["files"][name]
        if found["bytes"] != meant["bytes"]:
            raise _Damaged(f"{name} has {found['bytes']:,} bytes in place of {meant['bytes']:,}")
        if found != meant:
            raise _Damaged(f"{name} is not what was written (its sha256 differs)")
    return Checkpoint(path, facts["step"], facts["conditions"])


def _found(state: Path) -> list[Path]:
    """Newest first, by step: clocks may be set back."""
    named = [path for path in state.glob("checkpoint-*") if path.name.partition("-")[2].isdecimal()]
    return sorted(named, key=_step, reverse=True)


def _step(path: Path) -> int:
    return int(path.name.partition("-")[2])


def _facts(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {"sha256": hashlib.file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}


def _digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _to_disk(path: Path) -> None:
    """Past the system's buffers, so that a power cut cannot undo what was renamed into place."""
    if os.name == "nt" and path.is_dir():  # Windows syncs no folders
        return
    handle = os.open(path, os.O_RDWR if path.is_file() else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
