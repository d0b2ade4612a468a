"""A sweep: many runs of one method, each with other knobs, to find those with the best validation accuracy.

A sweep is an Optuna study (Akiba et al. 2019) plus ordinary runs: the study remembers which knobs were tried and what
came of them, the runs lie in the folder of runs. Whatever process asks the study next gets the next trial.
"""

import json
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock

from senti.config import Config, TrainConfig, command_line, from_dict, method_name, to_dict
from senti.corpus import Corpus
from senti.errors import BadConfig, UnknownRun
from senti.experiment import Prepared, prepare
from senti.methods import TITLES
from senti.numbers import duration
from senti.runs import ACTIVE, list_runs
from senti.runs.lock import held
from senti.studies.pace import run_seconds
from senti.studies.space import SWEPT, Axis, grid_points, parse_space
from senti.studies.storage import check_name, create_study, open_study, place_of

if TYPE_CHECKING:
    from optuna.study import Study
    from optuna.trial import FrozenTrial

SAMPLERS = {"tpe": "TPE", "random": "random", "grid": "grid"}
FIRST = 5  # trials at random before TPE has something to learn from, and unpruned before there is a median
TRIALS = 20
STARTING_SECONDS = 20  # until the process of a sweep can be seen
SPEC, WANTED = "sweep", "trials"  # the study's attributes that hold what was asked for, and how many were last


@dataclass(frozen=True)
class Sweep:
    """What is asked for. config: every knob that stays; space: those that vary; seeds: runs that a trial averages."""

    name: str
    config: Config
    space: tuple[Axis, ...]
    sampler: str = "tpe"
    trials: int = TRIALS
    seeds: int = 1
    prune: bool = True

    def __post_init__(self) -> None:
        check_name(self.name)
        if method_name(self.config) not in SWEPT:
            raise BadConfig(f"{method_name(self.config)} has nothing to sweep; choose one of {', '.join(SWEPT)}.")
        if self.sampler not in SAMPLERS:
            raise BadConfig(f"sampler is {self.sampler!r}; choose one of {', '.join(SAMPLERS)}.")
        for what, value, most in (("trials", self.trials, 1000), ("seeds", self.seeds, 20)):
            if not 1 <= value <= most:
                raise BadConfig(f"{what} is {value}; it must be between 1 and {most:,}.")
        if self.sampler == "grid":
            grid_points(self.space)

    @property
    def total(self) -> int:
        """How many trials there will be: a grid has an end."""
        return min(self.trials, len(grid_points(self.space))) if self.sampler == "grid" else self.trials

    @property
    def pruned(self) -> bool:
        """True where a trial can be seen to fall behind before its end."""
        return self.prune and isinstance(self.config, TrainConfig)

    @property
    def words(self) -> list[str]:
        """What stands after `python -m senti` to ask for it, and to go on with it."""
        method, *flags = command_line(self.config)
        return ["sweep", method, *flags, "--space", *(axis.text for axis in self.space), "--sampler", self.sampler,
                "--trials", str(self.total), "--seeds", str(self.seeds), *([] if self.prune else ["--no-prune"]),
                "--name", self.name]  # fmt: skip

    def with_values(self, values: dict[str, Any]) -> Config:
        """The config of a trial, as the study keeps its values. Raises BadConfig."""
        return replace(self.config, **{axis.knob: axis.rounded(values[axis.knob]) for axis in self.space})


@dataclass(frozen=True)
class Begun:
    """A sweep whose study is open: where its runs are, and what a person is told before it starts."""

    root: Path
    sweep: Sweep
    study: "Study"
    announcement: tuple[str, ...]


def begin(root: Path, sweep: Sweep, storage: str = "") -> Begun:
    """Open or make the study of a sweep; nothing is trained. The same sweep again goes on where it was.

    Raises BadConfig where a sweep of that name asked for something else, or on other reviews; else as `prepare` and
    `create_study` do.
    """
    from optuna.pruners import MedianPruner

    prepared = prepare(sweep.config)
    sweep = replace(sweep, config=prepared.config)
    study = create_study(root, sweep.name, storage, MedianPruner(n_startup_trials=FIRST))
    spec, known = _spec(sweep, prepared.corpus), study.user_attrs.get(SPEC)
    if known is None:
        study.set_user_attr(SPEC, spec)
    elif json.loads(json.dumps(spec)) != known:
        differ = ", ".join(_differences(known, spec))
        raise BadConfig(f"The sweep {sweep.name} was begun with another {differ}; choose another --name.")
    study.set_user_attr(WANTED, sweep.total)
    return Begun(root, sweep, study, tuple(announced(root, sweep, prepared, counted(study))))


def reopen(root: Path, name: str, storage: str = "") -> tuple[Sweep, "Study"]:
    """A sweep by its name, as it was asked for. Raises UnknownRun."""
    study = open_study(root, name, storage)
    spec = study.user_attrs.get(SPEC)
    if spec is None:
        raise UnknownRun(f"{name} is a study that senti did not begin; choose another name.")
    config, trials = from_dict(spec["config"]), study.user_attrs.get(WANTED, TRIALS)
    space = parse_space(config, spec["space"])
    return Sweep(name, config, space, spec["sampler"], trials, spec["seeds"], spec["prune"]), study


def counted(study: "Study") -> list["FrozenTrial"]:
    """The trials of a study in order, without those that were one too many."""
    return [trial for trial in study.get_trials(deepcopy=False) if not trial.user_attrs.get("surplus")]


def mean_seconds(trials: list["FrozenTrial"]) -> float | None:
    """How long a trial took that trained, on average; None before there is one."""
    seconds = [trial.user_attrs["seconds"] for trial in trials if trial.user_attrs.get("seconds")]
    return sum(seconds) / len(seconds) if seconds else None


def run_name(sweep: str, number: int, seed: int) -> str:
    """What the run of a trial is called."""
    return f"{sweep}-{number:04d}-s{seed}"


def stop_sweep(root: Path, name: str) -> None:
    """Ask every process on this folder of runs that works on a sweep to end; the same command goes on later."""
    place_of(root, name, ".stop").touch()
    mine = re.compile(rf"{re.escape(name)}-\d{{4,}}-s\d+")
    for run in list_runs(root):
        if mine.fullmatch(run.name) and run.status in ACTIVE:
            run.request_stop()


def is_going(root: Path, name: str) -> bool:
    """True while a process works on a sweep in this folder of runs."""
    mine = re.compile(rf"{re.escape(name)}-\d+\.working")
    folder = place_of(root, name, "").parent
    return any(held(path) for path in folder.glob("*.working") if mine.fullmatch(path.name))


def mark_starting(root: Path, name: str) -> None:
    """Say that a process is on its way to work on a sweep."""
    place_of(root, name, ".starting").touch()


def is_starting(root: Path, name: str) -> bool:
    """True from then on until it works; should it never come, not for long."""
    mark = place_of(root, name, ".starting")
    return mark.exists() and time.time() - mark.stat().st_mtime < STARTING_SECONDS


@contextmanager
def working(root: Path, name: str) -> Iterator[None]:
    """Be seen to work on a sweep, for as long as this process lives."""
    place_of(root, name, ".stop").unlink(missing_ok=True)
    mark = place_of(root, name, f"-{os.getpid()}.working")
    mark.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(mark):
            place_of(root, name, ".starting").unlink(missing_ok=True)
            yield
    finally:
        mark.unlink(missing_ok=True)


def _spec(sweep: Sweep, corpus: Corpus) -> dict[str, Any]:
    return {"config": to_dict(sweep.config), "space": [axis.text for axis in sweep.space], "sampler": sweep.sampler,
            "seeds": sweep.seeds, "prune": sweep.prune, "reviews": corpus.checksum,
            "rows": corpus.rows}  # fmt: skip


def _differences(known: dict[str, Any], spec: dict[str, Any]) -> list[str]:
    """What differs, by its name; of the config, which knobs."""
    names = [name for name in spec if name != "config" and known.get(name) != spec[name]]
    then, now = known["config"], spec["config"]
    return names + [name for name in now if then.get(name) != now[name]]


def announced(root: Path, sweep: Sweep, prepared: Prepared, trials: list["FrozenTrial"]) -> Iterator[str]:
    """How many trials over what, how long they will take, and what decides; `trials` are those that there are."""
    done = sum(trial.state.is_finished() for trial in trials)
    runs = f", each the mean of {sweep.seeds} runs," if sweep.seeds > 1 else ""
    over = "; ".join(axis.text for axis in sweep.space)
    yield (f"{sweep.total} trials{runs} of {TITLES[method_name(sweep.config)]}, {SAMPLERS[sweep.sampler]}, over {over}."
           + (f" {done} are done." if done else ""))  # fmt: skip
    left, known = max(0, sweep.total - done), mean_seconds(trials)
    model = prepared.backbone.title if prepared.backbone else ""
    one = known or run_seconds(root, sweep.config, prepared.corpus.rows["train"], model)
    if one is None:
        yield "How long that takes is not known before the first trial; it tells."
    elif left:
        most, by = "At most about" if sweep.pruned else "About", "its own trials" if known else "the last such run"
        yield f"{most} {duration(left * one * (1 if known else sweep.seeds))}, judging by {by}."
    reviews = f"{prepared.corpus.rows['validation']:,} validation reviews"
    yield f"The best is the one with most of the {reviews} right; the test reviews are never asked."
