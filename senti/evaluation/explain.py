"""Why a run says what it says of a text: occlusion for every method, and the method's own way where it has one.

>>> explain(open_run(root, "reference-lora"), "a gorgeous but strangely empty film").words
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from senti.config import TfidfConfig, TrainConfig
from senti.encoder import make_lean, settle
from senti.errors import BadConfig
from senti.evaluation.contributions import contributions
from senti.evaluation.faithful import faithfulness
from senti.evaluation.gradients import integrated_gradients
from senti.evaluation.occlusion import occlusion
from senti.evaluation.reading import pieces_read
from senti.evaluation.remember import remembered
from senti.evaluation.table import run_title
from senti.methods import linear, restore
from senti.runs import Run

KEPT_IN_MEMORY = 4  # float32 classifiers; a MiniLM takes 90 MB, a DistilBERT 260 MB
KEPT = 64  # explanations


@dataclass(frozen=True)
class Explanation:
    """One run on one text. label: the class it is about, by name, and its probability.

    words, those that the run reads: word, start, end, occlusion (in probability), and own, where the method has a way
    of its own, named by `way`: integrated gradients (in logits) or linear contributions (in margins); above zero speaks
    for the label.  Where a run reads a part of a long text, a word that is left out makes room for the next unread one.
    expected and total: what `own` should add up to, and does, with what lies between the words.  comprehensiveness and
    sufficiency of the occlusion's ranking, as `faithfulness`.
    """

    run: str
    title: str
    text: str
    label: str
    probability: float
    words: pd.DataFrame
    way: str
    expected: float
    total: float
    comprehensiveness: float
    sufficiency: float


def explain(run: Run, text: str, label: str = "") -> Explanation:
    """Explain the label that the run gives, or another. Raises UnknownRun, BadConfig for a label it does not know.

    The last ones are kept in memory.
    """
    labels = run.facts["data"]["labels"]
    if label and label not in labels:
        raise BadConfig(f"label is {label!r}; {run.name} knows {', '.join(labels)}.")
    return _explained(run.path, run.saved, text, label)


@functools.lru_cache(maxsize=KEPT)
def _explained(path: Path, saved: int, text: str, label: str) -> Explanation:
    run = Run(path)
    labels, predict = list(run.facts["data"]["labels"]), remembered(run)
    # asks for the text itself as well
    words = occlusion(predict, text, labels.index(label) if label else None, pieces_read(run, text))
    chance = predict([text])[0]
    index = labels.index(label) if label else int(chance.argmax())
    own, way, expected, total = _own(run, text, index)
    faithful = faithfulness(predict, text, words, index)
    words = words.rename(columns={"effect": "occlusion"})
    if own is not None:
        words = words.assign(own=own["effect"].to_numpy())
    return Explanation(run.name, run_title(run.config), text, labels[index], float(chance[index]), words, way, expected,
                       total, *faithful)  # fmt: skip


def _own(run: Run, text: str, label: int) -> tuple[pd.DataFrame | None, str, float, float]:
    if isinstance(run.config, TrainConfig):
        classifier, tokenizer = _classifier(run.path, run.saved)
        found = integrated_gradients(classifier, tokenizer, text, label, run.config.max_length, run.config.truncation)
        return found.words, "integrated gradients", found.difference, found.total
    if isinstance(run.config, TfidfConfig):
        model = linear.restore(run.model_path)
        if label not in model.classes_:
            raise BadConfig(f"{run.name} saw no training review of that label, so its words have no weights for it.")
        exact = contributions(model, text, label)
        return exact.words, "linear contributions", exact.margin, exact.intercept + float(exact.words["effect"].sum())
    return None, "", 0.0, 0.0


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _classifier(path: Path, saved: int) -> tuple[Any, Any]:
    """The run's classifier in float32: gradients of bf16 are too coarse to be complete. Only inputs have gradients."""
    classifier, tokenizer = restore(Run(path))
    classifier = settle(classifier, "fp32").requires_grad_(False).eval()
    make_lean(classifier, first_token=True)
    return classifier, tokenizer
