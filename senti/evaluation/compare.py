"""Texts through several runs side by side, and the test sentences on which runs disagree."""

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from senti.config import Config
from senti.corpus import in_cache, load_corpus
from senti.errors import BadData, UnknownRun
from senti.evaluation.table import run_title
from senti.methods import load
from senti.runs import Run, list_runs, open_run

KEPT_IN_MEMORY = 8  # predictors; a MiniLM takes 90 MB, a DistilBERT 260 MB


def load_predictor(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """What a run learned, kept in memory for the next call: n texts to (n, classes) probabilities."""
    saved = run.model_path.stat().st_mtime_ns if run.model_path.is_dir() else 0
    return _predictor(run.path, saved)


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _predictor(path: Path, saved: int) -> Callable[[Sequence[str]], np.ndarray]:
    predict = load(Run(path))
    predict(["a film"])  # loads what is loaded on first use, so that no visitor's time tells of it
    return predict


def finished_runs(root: Path) -> list[Run]:
    """Finished runs, newest first."""
    return [run for run in list_runs(root) if run.status == "finished"]


def compare(root: Path, texts: Sequence[str], names: Sequence[str] = ()) -> pd.DataFrame:
    """Every text through every run (all finished ones if none is named), one row per pair.

    Columns: text, run, title, method, model, dataset, label, confidence, probabilities (dict by label name),
    milliseconds (per text). Raises UnknownRun where there is nothing to compare.
    """
    return pd.DataFrame([row for run in chosen_runs(root, names) for row in _rows(run, texts)])


def chosen_runs(root: Path, names: Sequence[str] = ()) -> list[Run]:
    """The runs of those names, or all finished ones. Raises UnknownRun where there is none."""
    runs = [open_run(root, name) for name in names] or finished_runs(root)
    if not runs:
        raise UnknownRun(f"No finished run in {root}; train one first, for example with `python -m senti quickstart`.")
    return runs


def _rows(run: Run, texts: Sequence[str]) -> list[dict[str, object]]:
    predict, labels = load_predictor(run), run.facts["data"]["labels"]
    began = time.perf_counter()
    probabilities = predict(texts)
    milliseconds = (time.perf_counter() - began) * 1000 / len(texts)
    same = {
        "run": run.name, "title": run_title(run.config), "method": run.facts["method"],
        "model": run.facts.get("model_title", ""), "dataset": run.facts["data"]["name"], "milliseconds": milliseconds,
    }  # fmt: skip
    return [
        {"text": text, **same, "label": labels[int(p.argmax())], "confidence": float(p.max()),
         "probabilities": dict(zip(labels, map(float, p), strict=True))}
        for text, p in zip(texts, probabilities, strict=True)
    ]  # fmt: skip


def saved_predictions(run: Run, split: str) -> pd.DataFrame:
    """What a run predicted for a split when it was trained: row, label, p0, p1, ... as written then."""
    frame = pd.read_parquet(run.path / "predictions.parquet")
    return frame[frame["split"] == split].drop(columns="split").reset_index(drop=True)


def disagreements(root: Path, names: Sequence[str], split: str = "test", n: int = 50) -> pd.DataFrame:
    """The sentences of a split on which the named runs differ, most confidently opposed first.

    Columns: text, label, then one per run with the label it gave. All runs must have seen the same data; costs no
    inference. Raises BadData where the runs' reviews differ or are not on this machine.
    """
    runs = [open_run(root, name) for name in names]
    checksums = {run.facts["data"]["checksum"] for run in runs}
    if len(checksums) != 1:
        raise BadData("These runs were tested on different reviews; choose runs on the same dataset.")
    labels, texts = runs[0].facts["data"]["labels"], corpus_texts(runs[0].config, checksums.pop(), split)
    tables = [saved_predictions(run, split) for run in runs]
    chance = np.stack([t.filter(regex=r"^p\d+$").to_numpy() for t in tables])  # runs, texts, classes
    guesses = chance.argmax(axis=2)
    differ = np.flatnonzero((guesses != guesses[0]).any(axis=0))
    spread = (chance.max(axis=0) - chance.min(axis=0)).max(axis=1)[differ]
    rows = differ[np.argsort(-spread, kind="stable")][:n]
    frame = pd.DataFrame({"text": [texts[i] for i in rows], "label": [labels[i] for i in tables[0]["label"][rows]]})
    return frame.assign(**{run.name: [labels[g] for g in guesses[i, rows]] for i, run in enumerate(runs)})


def corpus_texts(config: Config, checksum: str, split: str) -> list[str]:
    """The texts of a split a run was made with. Raises BadData if what is here now is not what was used then."""
    c = config
    return list(_corpus(c.dataset, c.text_column, c.label_column, c.subset, c.seed, checksum)[split])


@functools.lru_cache(maxsize=4)
def _corpus(
    dataset: str, text_column: str | None, label_column: str | None, subset: int | None, seed: int, checksum: str
) -> dict[str, tuple[str, ...]]:
    if not in_cache(dataset):
        raise BadData(f"The reviews of {dataset} are not on this machine, so the run's sentences cannot be shown.")
    corpus = load_corpus(dataset, text_column=text_column, label_column=label_column, subset=subset, seed=seed)
    if corpus.checksum != checksum:
        raise BadData(f"{dataset} changed since the run was trained on it; retrain to compare sentence by sentence.")
    return {name: tuple(frame["text"]) for name, frame in corpus.splits.items()}
