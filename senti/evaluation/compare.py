"""Texts through several runs side by side, and the test sentences on which runs disagree."""

import functools
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from senti.corpus import Corpus, in_cache, load_corpus
from senti.errors import BadData, UnknownRun
from senti.evaluation.table import run_title
from senti.methods import load_predictor
from senti.runs import Run, list_runs, open_run, saved_probabilities


def finished_runs(root: Path) -> list[Run]:
    """Finished runs, newest first."""
    return [run for run in list_runs(root) if run.status == "finished"]


def runs_on(root: Path, corpus: Corpus) -> list[Run]:
    """Finished runs on these very reviews, newest first."""
    return [run for run in finished_runs(root) if run.facts["data"]["checksum"] == corpus.checksum]


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


def check_same_reviews(runs: Sequence[Run]) -> None:
    """Raises BadData where runs were not tested on the same reviews."""
    if len({run.facts["data"]["checksum"] for run in runs}) != 1:
        raise BadData("These runs were tested on different reviews; choose runs on the same dataset.")


def answers(runs: Sequence[Run], split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """The true classes (n,) of a split, and the probabilities that each run gave its reviews (runs, n, classes).

    Raises BadData where the runs were not tested on the same reviews.
    """
    check_same_reviews(runs)
    tables = [saved_probabilities(run, split) for run in runs]
    return tables[0][0], np.stack([probabilities for _, probabilities in tables])


def disagreements(root: Path, names: Sequence[str], split: str = "test", n: int = 50) -> pd.DataFrame:
    """The sentences of a split on which the named runs differ, most confidently opposed first.

    Columns: text, label, then one per run with the label it gave. All runs must have seen the same data; costs no
    inference. Raises BadData where the runs' reviews differ or are not on this machine.
    """
    runs = [open_run(root, name) for name in names]
    truth, chance = answers(runs, split)
    labels, texts = runs[0].facts["data"]["labels"], list(run_corpus(runs[0]).splits[split]["text"])
    guesses = chance.argmax(axis=2)
    differ = np.flatnonzero((guesses != guesses[0]).any(axis=0))
    spread = (chance.max(axis=0) - chance.min(axis=0)).max(axis=1)[differ]
    rows = differ[np.argsort(-spread, kind="stable")][:n]
    frame = pd.DataFrame({"text": [texts[i] for i in rows], "label": [labels[i] for i in truth[rows]]})
    return frame.assign(**{run.name: [labels[g] for g in guesses[i, rows]] for i, run in enumerate(runs)})


def run_corpus(run: Run) -> Corpus:
    """The reviews a run was made with. Raises BadData if what is here now is not what was used then."""
    c = run.config
    return _corpus(c.dataset, c.text_column, c.label_column, c.subset, c.seed, run.facts["data"]["checksum"])


@functools.lru_cache(maxsize=4)
def _corpus(
    dataset: str, text_column: str | None, label_column: str | None, subset: int | None, seed: int, checksum: str
) -> Corpus:
    if not in_cache(dataset):
        raise BadData(f"The reviews of {dataset} are not on this machine, so the run's sentences cannot be shown.")
    corpus = load_corpus(dataset, text_column=text_column, label_column=label_column, subset=subset, seed=seed)
    if corpus.checksum != checksum:
        raise BadData(f"{dataset} changed since the run was trained on it; retrain to compare sentence by sentence.")
    return corpus
