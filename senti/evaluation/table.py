"""The lab's results table: every finished run, grouped by the data it was trained and tested on."""

from pathlib import Path
from typing import Any

import pandas as pd

from senti.config import (
    ADAPTERS,
    Augmentation,
    Config,
    DistillConfig,
    EncoderConfig,
    EnsembleConfig,
    LoraConfig,
    PromptConfig,
    SvmConfig,
    from_dict,
    method_name,
)
from senti.methods import TITLES
from senti.runs import Run, list_runs

POOLINGS = {"cls": "[CLS]", "mean": "mean", "max": "max"}


def results_table(root: Path) -> pd.DataFrame:
    """One row per finished run; only runs with the same `data` may be ranked together.

    Shares are 0..1, times in seconds; `train_rows` tells how many reviews the run could learn from, `note` what a
    reader should know of it, such as an accuracy that is optimistic, `memory` the most its process held, in MB, None
    where the system did not say; macro_f1, qwk and mae are of the test reviews, the last two of ordered labels alone.
    """
    rows = [row(run) for run in list_runs(root) if run.status == "finished"]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["memory"] = frame["memory"].astype(object).where(frame["memory"].notna(), None)  # NaN is no JSON
    rank = frame["method"].map({name: i for i, name in enumerate(TITLES)})
    return frame.assign(rank=rank).sort_values(["data", "rank", "test"], kind="stable").drop(columns="rank")


def run_title(config: Config) -> str:
    """What a run is called on screen: `LoRA, rank 8`, `SVM on [CLS] features`, with what it reads if not the head, and
    how its reviews were augmented."""
    part = f", {config.truncation}" if isinstance(config, EncoderConfig) and config.truncation != "head" else ""
    if isinstance(config, Augmentation) and config.augment != "none":
        part += f", with {config.augment} x{config.augment_factor}"
    return _title(config) + part


def _title(config: Config) -> str:
    if isinstance(config, LoraConfig):
        rank = f", rank {config.lora_rank}" if config.adapter in ("lora", "dora") else ""
        return ADAPTERS[config.adapter] + rank
    if isinstance(config, SvmConfig):
        return f"SVM on {POOLINGS[config.pooling]} features"
    if isinstance(config, DistillConfig):
        return f"Distillation, {config.layers} layer{'s' if config.layers > 1 else ''}"
    if isinstance(config, EnsembleConfig):
        return f"Ensemble of {len(config.names)} ({config.how})"
    if isinstance(config, PromptConfig):
        few = f"{config.shots} per class" if config.shots else "zero-shot"
        return f"Prompt ({'cloze' if config.how == 'cloze' else few})"
    return TITLES[method_name(config)]


COLUMNS = [
    "run", "title", "method", "model", "dataset", "data", "train_rows", "trained", "total", "train_seconds",
    "validation", "validation_low", "validation_high", "test", "test_low", "test_high", "n_test", "ms", "bytes",
    "classes", "macro_f1", "qwk", "mae", "note", "memory",
]  # fmt: skip


def beyond(rows: pd.DataFrame) -> dict[str, str]:
    """The columns that rows of one dataset ask for beside accuracy, with their titles; of two classes, none."""
    titles = {"macro_f1": "Macro F1", "qwk": "Kappa", "mae": "Grades off"}
    return {name: title for name, title in titles.items() if rows["classes"].max() > 2 and rows[name].notna().any()}


def row(run: Run) -> dict[str, Any]:
    """A finished run as one row of the table."""
    result = run.result or {}
    validation, test = result["scores"]["validation"], result["scores"]["test"]
    data = result["dataset"]
    return {
        "run": run.name, "title": run_title(from_dict(run.facts)), "method": result["method"],
        "model": result["model"], "dataset": data["name"], "data": f"{data['name']} {data['checksum']}",
        "train_rows": data["rows"]["train"],
        "trained": result["parameters"]["trained"], "total": result["parameters"]["total"],
        "train_seconds": result["seconds"]["train"],
        "validation": validation["accuracy"], "validation_low": validation["accuracy_low"],
        "validation_high": validation["accuracy_high"],
        "test": test["accuracy"], "test_low": test["accuracy_low"], "test_high": test["accuracy_high"],
        "n_test": test["n"], "ms": result["ms_per_sentence"], "bytes": result["bytes_on_disk"],
        "classes": len(test["confusion"]), **{name: test.get(name) for name in ("macro_f1", "qwk", "mae")},
        "note": " ".join(result.get("notes", [])),
        "memory": result.get("peak_memory_mb"),
    }  # fmt: skip
