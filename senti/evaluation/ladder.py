"""The ladder: what each rung adds to the one below it, on the same reviews.

Majority, TF-IDF, an SVM on [CLS], an SVM on the mean: none of them changes the transformer.
"""

import itertools
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.config import Config, EncoderConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.evaluation.significance import LEVEL, holm, mcnemar, shown_p
from senti.evaluation.slices import right_answers
from senti.evaluation.table import row, run_title
from senti.runs import ACTIVE, Run, list_runs

USABLE = (*ACTIVE, "finished")
RUNGS = {
    "majority": "Says the most frequent label, whatever the text: the floor.",
    "tfidf": "Counts words and word pairs; knows nothing of what they mean.",
    "cls": "One vector of a transformer that never saw a label: its first token.",
    "mean": "The mean over all tokens of the same transformer.",
    "max": "The largest value over all tokens of the same transformer.",
}
ALWAYS = ("majority", "tfidf", "cls", "mean")
COLUMNS = [
    "rung", "run", "status", "title", "method", "what", "adds", "train_seconds", "validation", "validation_low",
    "validation_high", "test", "test_low", "test_high", "n_test", "difference", "p",
]  # fmt: skip


def rung_configs(config: SvmConfig) -> dict[str, Config]:
    """A config per rung, lowest first, with the reviews, the seed and the knobs of an SVM's config."""
    shared = {f.name: getattr(config, f.name) for f in fields(MajorityConfig)}
    return {
        "majority": MajorityConfig(**shared), "tfidf": TfidfConfig(**shared, tune_C=config.tune_C),
        **{pooling: replace(config, pooling=pooling) for pooling in ("cls", "mean", "max")},
    }  # fmt: skip


def rung_runs(root: Path, config: SvmConfig, data: str, model: str) -> dict[str, Run]:
    """The run on each rung, where there is one: with the rung's knobs, on the reviews of a checksum and the backbone of
    a Hub id; the newest finished one, else one that waits or runs.
    """
    runs = [run for run in list_runs(root) if run.status in USABLE and run.facts["data"]["checksum"] == data]
    runs.sort(key=lambda run: run.status != "finished")
    found = {}
    for rung, wanted in rung_configs(config).items():
        fit = (run for run in runs if _knobs(run.config) == _knobs(wanted)
               and run.facts.get("hub_id", "") in ("", model))  # fmt: skip
        if run := next(fit, None):
            found[rung] = run
    return found


def missing_rungs(root: Path, config: SvmConfig, data: str, model: str) -> list[Config]:
    """The configs to train so that each of ALWAYS has a run; arguments as `rung_runs`."""
    there = rung_runs(root, config, data, model)
    return [each for rung, each in rung_configs(config).items() if rung in ALWAYS and rung not in there]


def ladder(root: Path, shown: Run) -> pd.DataFrame:
    """One row per rung, lowest first: COLUMNS; numbers are NaN where its run has not finished, `run` is empty where
    there is none.

    shown: a run of an SVM, or of a rung below (which then stands beside the newest SVM on its reviews); it stands on
    its own rung.  difference and p compare the test answers with those of the finished rung below: McNemar's exact
    test on the same reviews, Holm-corrected over the rungs.  adds: that in words.
    """
    runs = _runs_beside(root, shown)
    frame = pd.DataFrame([_rung_row(rung, runs.get(rung)) for rung in RUNGS if rung in (*ALWAYS, *runs)])[COLUMNS]
    finished = [i for i in frame.index if frame.loc[i, "status"] == "finished"]
    right = {i: right_answers(runs[frame.loc[i, "rung"]], "test") for i in finished}
    pairs = list(itertools.pairwise(finished))
    for (below, i), p in zip(pairs, holm([mcnemar(right[below], right[i]) for below, i in pairs]), strict=True):
        frame.loc[i, "difference"] = right[i].mean() - right[below].mean()
        frame.loc[i, "p"] = p
        frame.loc[i, "adds"] = _adds(frame.loc[i, "difference"], p, str(frame.loc[below, "title"]))
    return frame


def _runs_beside(root: Path, shown: Run) -> dict[str, Run]:
    """The run per rung, the shown one on its own."""
    data, svm = shown.facts["data"]["checksum"], shown
    if not isinstance(shown.config, SvmConfig):
        svm = next((run for run in list_runs(root) if run.facts.get("method") == "svm" and run.status in USABLE
                    and run.facts["data"]["checksum"] == data), shown)  # fmt: skip
    config = svm.config if isinstance(svm.config, SvmConfig) else SvmConfig()
    runs = rung_runs(root, config, data, svm.facts.get("hub_id", ""))
    own = shown.config.pooling if isinstance(shown.config, SvmConfig) else shown.facts["method"]
    return runs | {own: shown} if own in RUNGS else runs


def _knobs(config: Config) -> Config:
    """A config without the names of reviews and model, which may be written in several ways."""
    config = replace(config, dataset="auto", text_column=None, label_column=None)
    return replace(config, model="auto") if isinstance(config, EncoderConfig) else config


def _rung_row(rung: str, run: Run | None) -> dict[str, Any]:
    title = run_title(run.config if run else rung_configs(SvmConfig())[rung])
    said = {"rung": rung, "run": run.name if run else "", "status": run.status if run else "", "title": title,
            "method": rung if rung in ("majority", "tfidf") else "svm", "what": RUNGS[rung], "adds": ""}  # fmt: skip
    numbers = dict.fromkeys(COLUMNS[7:], np.nan)
    if run is None or run.result is None:
        return said | numbers
    values = row(run)
    return said | numbers | {name: values[name] for name in COLUMNS[7:15]}


def _adds(difference: float, p: float, below: str) -> str:
    """A step in words; claims no more than the corrected p-value carries."""
    if difference == 0:
        return f"As good as {below} on these reviews."
    points = f"{abs(100 * difference):.1f} points {'above' if difference > 0 else 'below'} {below}"
    return f"{points}; {'hardly chance' if p < LEVEL else 'that could be chance'}, {shown_p(p)}."
