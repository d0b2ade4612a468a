"""Commands that train: each method, the two baselines, and the quickstart."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from senti.cli.answer import Answer, table
from senti.cli.flags import read_config
from senti.cli.progress import note, watcher
from senti.config import Config, DistillConfig, EnsembleConfig, MajorityConfig, TfidfConfig, TrainConfig
from senti.errors import SentiError
from senti.numbers import duration, interval
from senti.processes import rank, share_of, tell, world
from senti.quickstart import CONFIGS
from senti.runs import Run, open_run, queue_place


def method(args: argparse.Namespace) -> Answer:
    """Train one method in the foreground, or work off the queued run that `--run` names."""
    config = read_config(args.config_class, args)
    from senti.evaluation import hints

    result = train(args.output_dir, config, args.run)
    told = hints(open_run(args.output_dir, result["run"])) if result else []
    return Answer(result, [*summary(result), *(f"  {hint}" for hint in told)])


def ensemble(args: argparse.Namespace) -> Answer:
    """Combine finished runs, and tell what that gains over the best of them."""
    from senti.evaluation import gain

    config = read_config(EnsembleConfig, args)
    config = replace(config, members=",".join([*args.runs, *config.names]))
    result = train(args.output_dir, config, args.run)
    return Answer(result, [*summary(result), f"  {gain(open_run(args.output_dir, result['run']))}"] if result else [])


def distill(args: argparse.Namespace) -> Answer:
    """Teach a smaller student, and tell what it lost and gained against its teacher."""
    from senti.evaluation import against_teacher

    result = train(args.output_dir, read_config(DistillConfig, args), args.run)
    said = against_teacher(open_run(args.output_dir, result["run"])) if result else []
    return Answer(result, [*summary(result), *(f"  {line}" for line in said)])


def baselines(args: argparse.Namespace) -> Answer:
    """Majority and TF-IDF on the same data."""
    tfidf = read_config(TfidfConfig, args)
    shared = {f: getattr(tfidf, f) for f in MajorityConfig.__dataclass_fields__}
    return _several(args.output_dir, (MajorityConfig(**shared), tfidf))


def quickstart(args: argparse.Namespace) -> Answer:
    """SVM, full fine-tuning and LoRA on the bundled reviews."""
    return _several(args.output_dir, CONFIGS)


def _several(root: Path, configs: tuple[Config, ...]) -> Answer:
    results = [train(root, config, "") for config in configs]
    return Answer({"runs": results}, [line for result in results for line in [*summary(result), ""]])


def reproduce(args: argparse.Namespace) -> Answer:
    """A finished run again, from its config.json; exit code 1 if anything differs."""
    from senti.reproduce import SPLITS
    from senti.reproduce import reproduce as repeat

    found = repeat(args.output_dir, args.run, watcher())
    then, now = (run.result or {} for run in (found.run, found.again))
    rows = [[split, _accuracy(then["scores"][split]), _accuracy(now["scores"][split])] for split in SPLITS]
    said = [f"{what}: {_difference(value)}" for what, value in (
        ("predictions", found.predictions), ("weights", found.weights))]  # fmt: skip
    payload = {"run": found.run.name, "again": found.again.name, "same": found.same, "scores": found.scores,
               "predictions": found.predictions, "weights": found.weights, "conditions": found.conditions,
               "then": then["scores"], "now": now["scores"]}  # fmt: skip
    lines = [f"{found.run.name}, again as {found.again.name}", *table(["", "then", "now"], rows), *said,
             *found.conditions]  # fmt: skip
    return Answer(payload, lines, code=0 if found.same else 1)


def _difference(value: float) -> str:
    return "the same, bit for bit" if value == 0 else f"they differ by at most {value:.2g}"


def train(root: Path, config: Config, name: str) -> dict[str, Any]:
    """Train in this process; a run waits for those before it. Returns result.json's content."""
    from senti.experiment import conduct

    if world() > 1:
        return _train_together(root, config, name)
    run = _queued(root, config, name)
    return conduct(replace(run, on_event=watcher()))


def _train_together(root: Path, config: Config, name: str) -> dict[str, Any]:
    """The same in several processes: the first keeps the run's folder, the others do their share."""
    from senti.experiment import conduct, follow

    if rank() > 0:
        path = tell()
        if path is None:  # the first has said why
            raise SystemExit(2)
        follow(Run(path))
        return {}
    try:
        if isinstance(config, TrainConfig):
            share_of(config.batch_size)
        run = _queued(root, config, name)
    except SentiError:
        tell(None)
        raise
    tell(run.path)
    return conduct(replace(run, on_event=watcher()))


def _queued(root: Path, config: Config, name: str) -> Run:
    from senti.experiment import create, prepare

    if name and os.path.exists(root / name / "queued") and os.environ.get("SENTI_BACKGROUND"):
        run = open_run(root, name)
    else:
        prepared = prepare(config, root)
        for line in (*prepared.why, *prepared.corpus.notices):
            note(line)
        run = create(root, prepared, name)
        model = f", model {prepared.backbone.title}" if prepared.backbone else ""
        note(f"{run.name}: reviews {prepared.corpus.name}{model}")
    place = queue_place(run)
    if place:
        note(f"waiting for {place} earlier run{'s' if place > 1 else ''}")
    return run


def summary(result: dict[str, Any]) -> list[str]:
    """A finished run in a few lines and its notes; none from a process that only had its share in it."""
    from senti.evaluation.scores import beyond_accuracy

    if not result:
        return []
    scores, parameters = result["scores"], result["parameters"]
    model = f" · {result['model']}" if result["model"] else ""
    beyond = " · ".join(f"{name} {value}" for name, value in beyond_accuracy(scores["test"]))
    return [
        f"{result['method']}{model} · {result['dataset']['name']} ({result['dataset']['rows']['train']:,} reviews)",
        *[f"  {split:10}  {_accuracy(scores[split])}" for split in ("validation", "test")],
        *([f"              {beyond}"] if beyond else []),
        f"  trained     {parameters['trained']:,} of {parameters['total']:,} parameters"
        f" in {duration(result['seconds']['train'])}",
        f"  run         {result['run']}",
        *[f"  {line}" for line in result["notes"]],
    ]


def _accuracy(scores: dict[str, Any]) -> str:
    return interval(scores["accuracy"], scores["accuracy_low"], scores["accuracy_high"])
