"""`senti sweep`: try many knobs of a method, and show what came of it."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

from senti.cli.answer import Answer, records, table
from senti.cli.flags import read_config
from senti.cli.progress import note, watcher
from senti.config import METHODS, Config, command_line
from senti.errors import BadConfig
from senti.numbers import UNKNOWN, duration, interval, percent


def sweep(args: argparse.Namespace) -> Answer:
    """Announce a sweep, do its trials, and show them; the same command again goes on where it was."""
    from senti.studies.sweep import begin
    from senti.studies.trials import work

    begun = begin(args.output_dir, asked(args), args.storage)
    note("\n".join(begun.announcement))
    for trial in work(begun, watcher()):
        note(_told(begun, trial))
    return _answer(args.output_dir, begun.sweep, begun.study)


def show(args: argparse.Namespace) -> Answer:
    """The trials of a sweep so far; trains nothing."""
    from senti.studies.storage import known_sweeps
    from senti.studies.sweep import reopen

    if not args.show:
        known = ", ".join(known_sweeps(args.output_dir)) or "none yet"
        raise BadConfig(f"Name a method to sweep (svm, lora, ...), or a sweep to --show (there are: {known}).")
    return _answer(args.output_dir, *reopen(args.output_dir, args.show, args.storage))


def asked(args: argparse.Namespace) -> Any:
    """The sweep that the flags ask for. Raises BadConfig."""
    from senti.studies.space import parse_space
    from senti.studies.sweep import TRIALS, Sweep

    config = read_config(METHODS[args.method], args)
    space = parse_space(config, args.space)
    both = [axis.knob for axis in space if hasattr(args, axis.knob)]
    if both:
        raise BadConfig(f"{both[0]} is both fixed by a flag and in --space; leave out one.")
    trials = args.trials or (1000 if args.sampler == "grid" else TRIALS)
    return Sweep(args.name or f"sweep-{args.method}", config, space, args.sampler, trials, args.seeds, args.prune)


def _told(begun: Any, trial: Any) -> str:
    """A trial that has just ended, in a line."""
    from senti.studies.outcome import STATES
    from senti.studies.sweep import counted, mean_seconds

    sweep, trials = begun.sweep, counted(begun.study)
    values = ", ".join(f"{axis.knob}={axis.rounded(trial.params[axis.knob])}" for axis in sweep.space)
    ended = percent(trial.value) if trial.value is not None else STATES[trial.state.name]
    best = max((t.value for t in trials if t.value is not None), default=None)
    seconds, left = mean_seconds(trials), sweep.total - sum(t.state.is_finished() for t in trials)
    rest = f", about {duration(seconds * left)} left" if seconds and left > 0 else ""
    return f"trial {trial.number}: {values}: {ended} (best {percent(best)}){rest}"


def _answer(root: Path, sweep: Any, study: Any) -> Answer:
    from senti.studies.outcome import best_config, best_first, best_run, importances, trial_table

    rows = best_first(trial_table(sweep, study))
    config, run, weights = best_config(sweep, rows), best_run(sweep, rows), importances(study)
    knobs = [axis.knob for axis in sweep.space]
    lines = table(["trial", *knobs, "validation", "time", ""], [_cells(row, knobs) for row in rows.to_dict("records")])
    if weights:
        shares = ", ".join(f"{knob} {percent(share, 0)}" for knob, share in weights.items())
        lines += ["", f"of the differences between trials, by fANOVA: {shares}"]
    payload = {"sweep": sweep.name, "trials": records(rows), "importances": weights, "best": None}
    if config is None:
        return Answer(payload, [*lines, "", "No trial has finished yet."])
    command = _command(config)
    return Answer(payload | {"best": {"run": run, "command": command}}, [
        *lines, "", f"best: {run}; once more: {command}",
        "Picked on validation, so its validation accuracy is a little too good; what it is worth, test reviews tell:",
        f"  python -m senti differences --runs {run} OTHER",
    ])  # fmt: skip


def _cells(row: dict[str, Any], knobs: list[str]) -> list[str]:
    accuracy = interval(row["accuracy"], row["low"], row["high"]) if row["accuracy"] == row["accuracy"] else "-"
    says = row["state"] if row["state"] != "finished" else ""
    if not pd.isna(row["same_as"]):
        says = f"as trial {row['same_as']:.0f}"
    spent = UNKNOWN if pd.isna(row["seconds"]) else duration(row["seconds"])
    return [str(row["number"]), *(_value(row[knob]) for knob in knobs), accuracy, spent,
            f"{says}: {row['why']}" if row["why"] else says]  # fmt: skip


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _command(config: Config) -> str:
    import shlex

    return shlex.join(["python", "-m", "senti", *command_line(config)])
