"""What a report is made of: runs in, numbers out; nothing here is a sentence or rounded."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.config import EncoderConfig
from senti.corpus import Corpus, label_balance, lengths, telling_words, truncation
from senti.errors import BadData, SentiError, UnknownRun
from senti.evaluation import chosen_runs, missed_by_all, pairwise, results_table, wrong_answers
from senti.evaluation.compare import run_corpus
from senti.methods.ensemble import learned_from_validation
from senti.report.names import names_of_data, titles_of
from senti.runs import Run

SAMPLES = 3  # reviews shown per label
TELLING = 10  # words per label


@dataclass(frozen=True)
class Reviews:
    """What the reviews look like: tables as `senti.corpus.facts` makes them, and a few of train drawn with seed 0."""

    corpus: Corpus
    balance: pd.DataFrame
    lengths: pd.DataFrame
    telling: pd.DataFrame
    samples: pd.DataFrame


@dataclass(frozen=True)
class Group:
    """Runs on the same reviews: only these may be compared.

    title: the reviews' name for people.  data: name, source, checksum, rows, labels.  reviews: None where they are not
    here; `absent` then says why.
    titles: a name for people per run, all different.  table: as `results_table`, with those titles.  pairs: as
    `pairwise`, every pair of runs on test.  best: the run with the best validation accuracy.  mistakes: its, as
    `wrong_answers`.  missed: test reviews that no run got right.
    """

    title: str
    data: dict[str, Any]
    reviews: Reviews | None
    absent: str
    runs: tuple[Run, ...]
    titles: dict[str, str]
    table: pd.DataFrame
    pairs: pd.DataFrame
    best: Run
    mistakes: pd.DataFrame
    missed: int

    @property
    def alone(self) -> pd.DataFrame:
        """The table without ensembles, which train nothing but how they combine what others learned."""
        return self.table[self.table["method"] != "ensemble"]

    def run(self, name: str) -> Run:
        """The run of that name."""
        return next(run for run in self.runs if run.name == name)


@dataclass(frozen=True)
class Facts:
    """All that a report tells.

    backbones: title -> what `model_facts` knows of it, with hub_id; only hub_id where it is not on this machine.
    tokens: title -> (median, longest, cut), the training texts of the first group in its pieces; cut is a share.
    root: the folder of runs, as it was given.  place: the way from the report to the folder it was written from, which
    root is relative to.  command: the words that make this report again.
    """

    groups: tuple[Group, ...]
    backbones: dict[str, dict[str, Any]]
    tokens: dict[str, tuple[float, int, float]]
    root: str
    place: str
    command: str
    made: date


def collect(root: Path, names: Sequence[str] = (), *, place: str = ".", command: str = "") -> Facts:
    """The facts of the named runs, or of all finished ones. Raises UnknownRun where one has nothing to tell."""
    runs = [_checked(run) for run in chosen_runs(root, list(dict.fromkeys(names)))]
    table = results_table(root)
    by_data: dict[str, list[Run]] = {}
    for run in runs:
        by_data.setdefault(run.facts["data"]["checksum"], []).append(run)
    largest_first = sorted(by_data.values(), key=len, reverse=True)
    reviews = names_of_data([members[0].facts["data"] for members in largest_first])
    groups = tuple(_group(title, members, table) for title, members in zip(reviews, largest_first, strict=True))
    backbones, tokens = _backbones(groups)
    return Facts(groups, backbones, tokens, root.as_posix(), place, command, date.today())


def _checked(run: Run) -> Run:
    if run.status != "finished":
        raise UnknownRun(f"{run.name} is {run.status}; a report tells of finished runs only.")
    if not (run.path / "predictions.parquet").is_file():
        raise UnknownRun(f"{run.name} has lost its predictions.parquet; name other runs, or train it again.")
    return run


def _group(title: str, runs: list[Run], table: pd.DataFrame) -> Group:
    rank = {name: i for i, name in enumerate(table["run"])}
    runs = sorted(runs, key=lambda run: rank[run.name])
    titles = titles_of(runs)
    mine = table[table["run"].isin(list(titles))].reset_index(drop=True)
    mine = mine.assign(title=mine["run"].map(titles))
    best = _best(runs, mine)
    reviews, absent = _reviews(best)
    return Group(
        title, runs[0].facts["data"], reviews, absent, tuple(runs), titles, mine, pairwise(runs), best,
        wrong_answers(best), len(missed_by_all(runs)),
    )  # fmt: skip


def _best(runs: list[Run], table: pd.DataFrame) -> Run:
    """The best on the validation reviews, which must not have taught it: that would be no choice but a memory."""
    fair = [i for i, run in enumerate(runs) if not learned_from_validation(run.config)] or list(range(len(runs)))
    return runs[max(fair, key=lambda i: table["validation"].iloc[i])]


def _reviews(run: Run) -> tuple[Reviews | None, str]:
    try:
        corpus = run_corpus(run)
    except BadData as e:
        return None, str(e)
    train = corpus.splits["train"]
    drawn = [mine.sample(min(SAMPLES, len(mine)), random_state=0)
             for i in range(len(corpus.labels)) if len(mine := train[train["label"] == i])]  # fmt: skip
    samples = pd.concat(drawn)
    samples = pd.DataFrame({"label": [corpus.labels[i] for i in samples["label"]], "text": samples["text"]})
    return Reviews(corpus, label_balance(corpus), lengths(corpus), telling_words(corpus, TELLING), samples), ""


def _backbones(groups: Sequence[Group]) -> tuple[dict[str, dict[str, Any]], dict[str, tuple[float, int, float]]]:
    found: dict[str, dict[str, Any]] = {}
    tokens: dict[str, tuple[float, int, float]] = {}
    for group in groups:
        for run in group.runs:
            title, config = run.facts.get("model_title", ""), run.config
            if title and title not in found and isinstance(config, EncoderConfig):
                found[title] = {"hub_id": run.facts.get("hub_id", ""), **_backbone(config.model)}
                reviews = groups[0].reviews
                if "layers" in found[title] and reviews:
                    tokens[title] = _tokens(config, list(reviews.corpus.splits["train"]["text"]))
    return found, tokens


def _backbone(name: str) -> dict[str, Any]:
    """What is known of a backbone without fetching anything."""
    from senti.encoder import model_facts, resolve_model
    from senti.encoder.backbone import cached_folder

    try:
        backbone = resolve_model(name)
        here = os.path.isabs(backbone.path) or cached_folder(backbone.path) is not None
        return model_facts(backbone) if here else {}
    except SentiError:  # it is gone; its runs still tell their numbers
        return {}


def _tokens(config: EncoderConfig, texts: list[str]) -> tuple[float, int, float]:
    from senti.encoder import count_tokens, load_tokenizer, resolve_model

    counts = count_tokens(load_tokenizer(resolve_model(config.model)), texts)
    return float(np.median(counts)), int(counts.max()), truncation(counts, config.max_length)
