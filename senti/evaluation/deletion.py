"""The smallest deletion: which few words must go from a text for all runs to say the same of it?

First every set of one word, then every set of two, and so on, so that the first that works is the smallest there is;
where the sets become too many, one word after the other, each time the one whose absence helps most.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from senti.evaluation.occlusion import without, words_of
from senti.evaluation.progress import Report
from senti.evaluation.remember import Predict

BUDGET = 600  # sets; about a second for a MiniLM on two cores
MOST = 12  # words that the greedy search takes

Places = tuple[int, ...]  # words by their place among the words of the text


@dataclass(frozen=True)
class Deletion:
    """The words whose absence makes every run say `label` (its place among the classes), and their places in the text.

    rest: the text without them.  confidence: the label's probability then, mean over the runs.  proven: no set of
    fewer words does it.
    """

    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    rest: str
    label: int
    confidence: float
    proven: bool


def smallest_deletion(
    predictors: Sequence[Predict], text: str, budget: int = BUDGET, on_progress: Report | None = None
) -> Deletion | None:
    """The fewest words to delete for all to give one label; None where none was found that leaves a word.

    predictors: n texts to (n, classes) probabilities, all of the same classes; the first is asked about every set of
    words, so let it be the quickest.  Of equally few words, those are taken after which the runs are surest on
    average.  Sizes are tried whole while that takes no more than `budget` sets in all; beyond, the search is greedy,
    once for each label that a run gives the whole text.  on_progress: share of what is spent at most, and of what.
    """
    words = words_of(text)
    search = _Search(_opposed_first(predictors, text), text, tuple(zip(words["start"], words["end"], strict=True)))
    report, n, size, tried = on_progress or (lambda share, what: None), len(words), 0, 1
    while size < max(n, 1) and tried <= budget:
        report(tried / budget, f"without every set of {size} of {n} words")
        if found := search.surest(itertools.combinations(range(n), size)):
            return search.deletion(found, proven=True)
        size += 1
        tried += math.comb(n, size)
    if size >= n:
        return None
    given = sorted({int(predict([text])[0].argmax()) for predict in predictors})
    sets = [found for label in given if (found := search.greedy(label, report))]
    best = min(sets, key=lambda found: (len(found.places), -found.confidence), default=None)
    return search.deletion(best, proven=len(best.places) <= size) if best else None


@dataclass(frozen=True)
class _Found:
    places: Places
    label: int
    confidence: float


@dataclass(frozen=True)
class _Search:
    """The words of one text, by their spans, and who is asked about it."""

    predictors: Sequence[Predict]
    text: str
    spans: tuple[tuple[int, int], ...]

    def without(self, places: Places) -> str:
        return without(self.text, [self.spans[i] for i in places])

    def surest(self, sets: Iterable[Places]) -> _Found | None:
        """Of the sets without which all agree, the one that leaves the highest mean probability, if there is any."""
        left = list(sets)
        labels, sums = np.zeros(len(left), dtype=int), np.zeros(len(left))
        for i, predict in enumerate(self.predictors):
            if not left:
                return None
            chance = predict([self.without(places) for places in left])
            says = chance.argmax(axis=1)
            same = says == labels if i else np.ones(len(left), dtype=bool)
            sums = (sums + chance[np.arange(len(left)), says])[same]
            labels, left = says[same], [places for places, keeps in zip(left, same, strict=True) if keeps]
        if not left:
            return None
        best = int(sums.argmax())
        return _Found(left[best], int(labels[best]), float(sums[best]) / len(self.predictors))

    def greedy(self, label: int, report: Report) -> _Found | None:
        """Take out word after word, the one that moves the least convinced run most; put back what was not needed."""
        taken: Places = ()
        for _ in range(min(MOST, len(self.spans) - 1)):
            report(len(taken) / MOST, f"word by word, {len(taken)} are out")
            sets = [tuple(sorted((*taken, i))) for i in range(len(self.spans)) if i not in taken]
            texts = [self.without(places) for places in sets]
            chance = np.stack([predict(texts) for predict in self.predictors])  # (runs, sets, classes)
            taken = sets[int(chance[:, :, label].min(axis=0).argmax())]
            if found := self.surest([taken]):
                while smaller := self.surest(itertools.combinations(found.places, len(found.places) - 1)):
                    found = smaller
                return found
        return None

    def deletion(self, found: _Found, proven: bool) -> Deletion:
        spans = tuple(self.spans[i] for i in found.places)
        return Deletion(tuple(self.text[start:end] for start, end in spans), spans, self.without(found.places),
                        found.label, found.confidence, proven)  # fmt: skip


def _opposed_first(predictors: Sequence[Predict], text: str) -> list[Predict]:
    """The first, then those that contradict it on the whole text: together they rule out most sets."""
    said = [int(predict([text])[0].argmax()) for predict in predictors]
    return [predictors[i] for i in sorted(range(len(said)), key=lambda i: (i > 0, said[i] == said[0]))]
