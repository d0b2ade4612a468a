"""A finished run judged on reviews of another kind: how much of its accuracy stays at home."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.cache import cache_dir
from senti.corpus import Corpus
from senti.corpus.duplicates import text_keys
from senti.corpus.mixed import aligned
from senti.corpus.splits import sample
from senti.errors import BadData
from senti.evaluation.compare import run_corpus
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.progress import Report
from senti.evaluation.scores import newcombe, wilson
from senti.evaluation.slices import right_answers
from senti.evaluation.table import run_title
from senti.methods import load_predictor
from senti.runs import Run

MOST_JUDGED = 2_000  # of the other reviews; then the interval of an accuracy is at most 2.2 points either way
PIECE = 256  # texts between two reports
COLUMNS = ["said"]


def transfer(runs: Sequence[Run], other: Corpus, on_progress: Report | None = None) -> pd.DataFrame:
    """One row per run: run, title, method, data, own, own_low, own_high, n_own, other, other_low, other_high, n_other,
    common, drop, low, high, sentence.

    own: accuracy on the run's own test reviews; other: on those of another corpus, all of them or a stratified sample
    of MOST_JUDGED, both with Wilson intervals; common: the share of their most frequent label, what a method that
    always says it would get.  drop: own less other, with Newcombe's interval, for the reviews are not the same.
    on_progress: share done, and of what.  Answers are kept on disk.  Raises BadData where a run learned from these very
    reviews, or its labels are others.
    """
    report = on_progress or (lambda share, what: None)
    rows = []
    for i, run in enumerate(runs):
        asked = judged_on(run, other)

        def told(done: int, i: int = i, run: Run = run, total: int = len(asked)) -> None:
            report((i + done / total) / len(runs), f"{run_title(run.config)}, {done:,} of {total:,} reviews")

        rows.append(_row(run, asked, _answers(run, asked, told)))
    return pd.DataFrame(rows)


def known_transfer(runs: Sequence[Run], other: Corpus) -> pd.DataFrame | None:
    """What `transfer` found earlier of all these runs, or None; loads no model."""
    return transfer(runs, other) if all(_path(run, judged_on(run, other)).exists() for run in runs) else None


def judged_on(run: Run, other: Corpus) -> pd.DataFrame:
    """The reviews of another corpus that a run is asked about: text, label as the run numbers it. Raises BadData."""
    if learned_from(run, other):
        raise BadData(f"{run.name} learned from {other.name}; choose other reviews for it, or another run.")
    return sample(aligned(other, run.facts["data"]["labels"])[0], MOST_JUDGED, seed=0).reset_index(drop=True)


def learned_from(run: Run, other: Corpus) -> bool:
    """True where these are the reviews the run was trained and tested on."""
    return bool(run.facts["data"]["checksum"] == other.checksum)


def transfer_notices(runs: Sequence[Run], other: Corpus) -> list[str]:
    """What a reader should know of such a comparison: how labels were matched, a sample, texts that a run had seen."""
    said = [line for run in runs for line in aligned(other, run.facts["data"]["labels"])[1]]
    if (total := sum(other.rows.values())) > MOST_JUDGED:
        said.append(f"A stratified sample of {MOST_JUDGED:,} of {total:,} reviews of {other.name} is judged.")
    said += [line for run in runs if (line := _seen_before(run, other))]
    return list(dict.fromkeys(said))


def _seen_before(run: Run, other: Corpus) -> str:
    try:
        train = run_corpus(run).splits["train"]
    except BadData:
        return (f"The training reviews of {run.facts['data']['name']} are not on this machine, so it is not known "
                f"whether some of {other.name} are among them.")  # fmt: skip
    seen = int(text_keys(judged_on(run, other)["text"]).isin(set(text_keys(train["text"]))).sum())
    name = run.facts["data"]["name"]
    return f"{seen:,} of these texts are also among the training reviews of {name}, which flatters." if seen else ""


def _row(run: Run, asked: pd.DataFrame, said: np.ndarray) -> dict[str, Any]:
    own, truth = right_answers(run, "test"), asked["label"].to_numpy()
    right, n_own, n_other = int((said == truth).sum()), len(own), len(asked)
    accuracy, there = float(own.mean()), right / n_other
    low, high = newcombe(float(own.sum()), n_own, right, n_other)
    own_low, own_high = wilson(float(own.sum()), n_own)
    other_low, other_high = wilson(right, n_other)
    return {
        "run": run.name, "title": run_title(run.config), "method": run.facts["method"],
        "data": run.facts["data"]["name"], "own": accuracy, "own_low": own_low, "own_high": own_high, "n_own": n_own,
        "other": there, "other_low": other_low, "other_high": other_high, "n_other": n_other,
        "common": float(asked["label"].value_counts(normalize=True).max()),
        "drop": accuracy - there, "low": low, "high": high, "sentence": sentence(accuracy - there, low, high),
    }  # fmt: skip


def sentence(drop: float, low: float, high: float) -> str:
    """A drop in words; claims no more than its interval carries."""
    if low > 0:
        return f"loses {100 * drop:.1f} points there"
    if high < 0:
        return f"is {-100 * drop:.1f} points better there"
    return "no difference is shown: it could be chance"


def _answers(run: Run, asked: pd.DataFrame, told: Any) -> np.ndarray:
    """The class that the run gives each review, (n,); read back where it was asked before."""
    path = _path(run, asked)
    kept = read_rows(path, COLUMNS)
    if kept is None or len(kept) != len(asked):
        predict, texts, said = load_predictor(run), list(asked["text"]), []
        for start in range(0, len(texts), PIECE):
            told(start)
            said.append(predict(texts[start : start + PIECE]).argmax(axis=1))
        kept = pd.DataFrame({"said": np.concatenate(said)})
        write_rows(path, kept)
    told(len(asked))
    answers: np.ndarray = kept["said"].to_numpy()
    return answers


def _path(run: Run, asked: pd.DataFrame) -> Path:
    """Where a run's answers to these texts are kept: by when its model was written, and by the texts."""
    texts = hashlib.sha256("\0".join(asked["text"]).encode()).hexdigest()
    parts = (str(run.path.resolve()), run.created, run.saved, texts)
    return cache_dir("transfer") / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}.json"
