"""Commands that train: each method, the two baselines, and the quickstart."""

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from senti.cli.answer import Answer
from senti.cli.flags import read_config
from senti.cli.progress import note, watcher
from senti.config import Config, MajorityConfig, TfidfConfig, TrainConfig
from senti.errors import SentiError
from senti.numbers import duration, interval
from senti.processes import rank, share_of, tell, world
from senti.quickstart import CONFIGS
from senti.runs import Run, open_run, queue_place


def method(args: argparse.Namespace) -> Answer:
    """Train one method in the foreground, or work off the queued run that `--run` names."""
    config = read_config(args.config_class, args)
    result = train(args.output_dir, config, args.run)
    return Answer(result, summary(result))


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

    if name and (root / name / "queued").exists() and os.environ.get("SENTI_BACKGROUND"):
        run = open_run(root, name)
    else:
        prepared = prepare(config)
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
    """A finished run in five lines; none from a process that only had its share in it."""
    if not result:
        return []
    scores, parameters = result["scores"], result["parameters"]
    model = f" · {result['model']}" if result["model"] else ""
    return [
        f"{result['method']}{model} · {result['dataset']['name']} ({result['dataset']['rows']['train']:,} reviews)",
        *[f"  {split:10}  {_accuracy(scores[split])}" for split in ("validation", "test")],
        f"  trained     {parameters['trained']:,} of {parameters['total']:,} parameters"
        f" in {duration(result['seconds']['train'])}",
        f"  run         {result['run']}",
    ]


def _accuracy(scores: dict[str, Any]) -> str:
    return interval(scores["accuracy"], scores["accuracy_low"], scores["accuracy_high"])
