"""How long runs will take, judging by those that are there."""

from pathlib import Path

from senti.config import Config, TrainConfig, method_name
from senti.runs import list_runs


def run_seconds(root: Path, config: Config, rows: int, model: str) -> float | None:
    """Seconds that a run would take, as the newest finished run of its method and model did; None if there is none.

    rows: training reviews.  model: its title.  Time is taken to grow with reviews times epochs.
    """
    for run in list_runs(root):
        if run.facts.get("model_title", "") == model and run.status == "finished" and _alike(config, run.config):
            result = run.result or {}
            done = result["dataset"]["rows"]["train"] * _passes(run.config)
            return float(result["seconds"]["total"] * rows * _passes(config) / done)
    return None


def _alike(config: Config, other: Config) -> bool:
    return method_name(config) == method_name(other) and getattr(config, "upper_layers", 0) == getattr(
        other, "upper_layers", 0
    )


def _passes(config: Config) -> int:
    return config.epochs if isinstance(config, TrainConfig) else 1
