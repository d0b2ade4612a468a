"""The trials of a sweep, one after another: claim the next one, do its runs, tell the study what came of it.

A trial is claimed by its number, which the storage gives out once, so that processes never do the same one. Who works
on a trial holds its lock; the kernel drops it with the process, and the trial is then taken over with its runs.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from filelock import FileLock, Timeout

from senti.config import Config, TrainConfig, to_dict
from senti.errors import BadConfig, Diverged, RunFailed, SentiError, Stopped
from senti.experiment import conduct, create, prepare, resume
from senti.runs import Run, open_run
from senti.studies.space import grid_points
from senti.studies.storage import here, place_of
from senti.studies.sweep import FIRST, Begun, Sweep, counted, run_name, working

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial, Trial

PRUNED = "its sweep saw it below the median of the other trials"
Heard = Callable[[dict[str, Any]], None]


def work(begun: Begun, on_event: Heard | None = None) -> Iterator["FrozenTrial"]:
    """Do trials until there are enough, and yield each as it ends. Raises Stopped, and what no other trial can mend."""
    root, sweep, study = begun.root, begun.sweep, begun.study
    with working(root, sweep.name):
        while claimed := _claim(begun):
            trial, lock = claimed
            try:
                state, value = _result(begun, trial, on_event)
                study.tell(trial, value, state=_state(state))
            finally:
                lock.release()
            Path(lock.lock_file).unlink(missing_ok=True)
            yield study.get_trials(deepcopy=False)[trial.number]


def _claim(begun: Begun) -> tuple["Trial", FileLock] | None:
    """The next trial, which nobody else will do, with its lock held; None where there are enough. Raises Stopped."""
    root, sweep, study = begun.root, begun.sweep, begun.study
    if place_of(root, sweep.name, ".stop").exists():
        raise Stopped(_stopped(sweep))
    claimed = _left_behind(begun)
    if not claimed:
        if len(counted(study)) >= sweep.total:
            return None
        claimed = _begun(begun)
    if claimed is None:  # another process took the new one for left behind
        return _claim(begun)
    trial, lock = claimed
    if _place(begun, trial) < sweep.total:
        return claimed
    trial.set_user_attr("surplus", True)  # another process was faster
    study.tell(trial, state=_state("FAIL"))
    lock.release()
    return None


def _begun(begun: Begun) -> tuple["Trial", FileLock] | None:
    """A new trial, which says from its first moment where it is done: if its process is killed then, it is found."""
    from optuna.trial import Trial, create_trial

    mark = {"folder": here(begun.root), "claim": uuid4().hex}
    begun.study.add_trial(create_trial(state=_state("RUNNING"), user_attrs=mark))
    running = begun.study.get_trials(deepcopy=False, states=(_state("RUNNING"),))
    (mine,) = (trial for trial in running if trial.user_attrs.get("claim") == mark["claim"])
    lock = _lock(begun, mine.number)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return Trial(begun.study, mine._trial_id), lock


def _left_behind(begun: Begun) -> tuple["Trial", FileLock] | None:
    """A trial that a process on this folder of runs had begun before it died."""
    from optuna.trial import Trial

    for frozen in begun.study.get_trials(deepcopy=False, states=(_state("RUNNING"),)):
        if frozen.user_attrs.get("folder") != here(begun.root):
            continue
        lock = _lock(begun, frozen.number)
        try:
            lock.acquire(timeout=0)
        except Timeout:  # it is being worked on
            continue
        if begun.study.get_trials(deepcopy=False)[frozen.number].state == _state("RUNNING"):
            return Trial(begun.study, frozen._trial_id), lock
        lock.release()
    return None


def _place(begun: Begun, trial: "Trial") -> int:
    """How many trials come before this one."""
    return sum(other.number < trial.number for other in counted(begun.study))


def _chosen(begun: Begun, trial: "Trial") -> Config:
    """The config of a trial: its values are chosen now, unless they were before. Raises BadConfig."""
    begun.study.sampler = _sampler(begun.sweep, _place(begun, trial))
    for axis in begun.sweep.space:
        axis.suggest(trial)
    return begun.sweep.with_values(trial.params)


def _sampler(sweep: Sweep, place: int) -> Any:
    """Who chooses the values of a trial; each has a seed of its own, so that no two processes choose alike."""
    from optuna.samplers import BaseSampler, RandomSampler, TPESampler

    if sweep.sampler != "grid":
        seed = 1000 * sweep.config.seed + place
        return RandomSampler(seed) if sweep.sampler == "random" else TPESampler(seed=seed, n_startup_trials=FIRST)
    point = grid_points(sweep.space)[place]

    class Point(BaseSampler):
        """One point of the grid; Optuna's own GridSampler may give the same one to two processes."""

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            return {}

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            return point[param_name]

    return Point()


def _result(begun: Begun, trial: "Trial", on_event: Heard | None) -> tuple[str, float | None]:
    """Do a claimed trial; returns the name of the state it ends in, and its value. Raises SentiError."""
    try:
        config = _chosen(begun, trial)
        if twin := _twin(begun, trial, config):
            trial.set_user_attr("same_as", twin.number)
            return "COMPLETE", twin.value
        return _trained(begun, trial, config, on_event)
    except Stopped:
        raise Stopped(_stopped(begun.sweep)) from None
    except SentiError as e:
        trial.set_user_attr("error", str(e))
        if isinstance(e, RunFailed):  # of these knobs: memory ran out, the loss diverged
            return "FAIL", None
        begun.study.tell(trial, state=_state("FAIL"))
        raise


def _trained(begun: Begun, trial: "Trial", config: Config, on_event: Heard | None) -> tuple[str, float | None]:
    """Train a trial's runs, a seed each; its value is their mean accuracy on validation. Raises SentiError."""
    began = time.perf_counter()
    accuracies: list[float] = []
    for i in range(begun.sweep.seeds):
        run = _queued(begun, replace(config, seed=config.seed + i), run_name(begun.sweep.name, trial.number, i))
        try:
            result = run.result or conduct(replace(run, on_event=_listener(begun, trial, run, accuracies, on_event)))
        except Stopped:
            if run.stop_reason != PRUNED:
                raise
            shutil.rmtree(run.path / "state", ignore_errors=True)  # nobody goes on from there
            return "PRUNED", None
        accuracies.append(result["scores"]["validation"]["accuracy"])
    trial.set_user_attr("seconds", time.perf_counter() - began)
    return "COMPLETE", sum(accuracies) / len(accuracies)


def _queued(begun: Begun, config: Config, name: str) -> Run:
    """The run of a trial: new, or the one that a process before had begun. Raises SentiError."""
    if not Path(begun.root, name, "config.json").exists():
        return create(begun.root, prepare(config), name)
    run = open_run(begun.root, name)
    if not to_dict(config).items() <= run.facts.items():
        raise BadConfig(f"{name} is another sweep's run; delete it, or choose another --name.")
    if (run.error or {}).get("type") == Diverged.__name__:
        raise Diverged((run.error or {})["message"])
    return run if run.status in ("finished", "queued") else resume(begun.root, name).run


def _listener(begun: Begun, trial: "Trial", run: Run, before: list[float], on_event: Heard | None) -> Heard:
    """What hears a run's events: tells the study each epoch's accuracy, and stops the run where that is too low."""
    sweep, told = begun.sweep, set(begun.study.get_trials(deepcopy=False)[trial.number].intermediate_values)
    epochs = sweep.config.epochs if isinstance(sweep.config, TrainConfig) else 1
    past = list(before)

    def hear(row: dict[str, Any]) -> None:
        if on_event:
            on_event(row)
        if row["split"] != "validation" or not sweep.pruned or row["epoch"] < 1:  # before the first nothing is learned
            return
        step = len(past) * epochs + round(row["epoch"])
        if step not in told:
            trial.report(sum([*past, row["accuracy"]]) / (len(past) + 1), step)
        if row["step"] < row["total_steps"] and trial.should_prune():
            run.request_stop(PRUNED)

    return hear


def _twin(begun: Begun, trial: "Trial", config: Config) -> "FrozenTrial | None":
    """A finished trial with the very same knobs: its answer would come again."""
    for other in counted(begun.study):
        if other.number != trial.number and other.state == _state("COMPLETE"):
            if begun.sweep.with_values(other.params) == config:
                return other
    return None


def _lock(begun: Begun, number: int) -> FileLock:
    path = place_of(begun.root, begun.sweep.name, f"-{number:04d}.trial")
    path.parent.mkdir(parents=True, exist_ok=True)
    return FileLock(path)


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _stopped(sweep: Sweep) -> str:
    return f"The sweep {sweep.name} was stopped; the same command goes on where it was."
