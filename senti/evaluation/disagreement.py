"""Why runs disagree on a text: the words that moved each, its nearest training reviews, the smallest deletion after
which they agree, and the layer at which they part.

>>> runs = [open_run(root, name) for name in ("reference-svm", "reference-lora")]
>>> explain_disagreement(runs, "not a dull moment").deletion
"""

import contextlib
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from senti.encoder import clean_text
from senti.errors import BadConfig, BadData, UnknownRun
from senti.evaluation.deletion import Deletion, smallest_deletion
from senti.evaluation.explain import Explanation, explain
from senti.evaluation.neighbours import has_read, nearest, space_of
from senti.evaluation.parting import Parting, is_probed, known_parting, probe_layers
from senti.evaluation.progress import Report
from senti.evaluation.remember import remembered
from senti.runs import Run

NEAREST = 3
PROBES = 0.8  # of the time that reading and probing take together


@dataclass(frozen=True)
class Side:
    """One run's side. chances: the probability of each label, by name. explanation: of the label that it gives.

    neighbours: as `nearest`; None where the run compares no texts, or its training reviews were not read yet.
    """

    run: Run
    chances: dict[str, float]
    explanation: Explanation
    neighbours: pd.DataFrame | None


@dataclass(frozen=True)
class Disagreement:
    """deletion: None where none was found. parting: None where the layers were not probed yet.

    complete: False where reading the training reviews would add neighbours or layers.
    """

    text: str
    labels: tuple[str, ...]
    sides: tuple[Side, ...]
    deletion: Deletion | None
    parting: Parting | None
    complete: bool


def explain_disagreement(
    runs: Sequence[Run], text: str, k: int = NEAREST, read: bool = False, on_progress: Report | None = None
) -> Disagreement:
    """Everything that tells why the runs say what they say of a text, be they of one mind or not.

    k: nearest training reviews of each.  read: first read the training reviews, and fit the probes, where that was not
    done before, about a minute per transformer for 10,000 reviews; else what is not known stays None.  on_progress:
    share done, and of what.  Raises BadConfig for fewer than two runs, BadData where their reviews differ, BadText.
    """
    text, report = clean_text(text), on_progress or (lambda share, what: None)
    check_comparable(runs)
    if read:
        read_reviews(runs, report)
    sides = tuple(side(run, text, k) for run in runs)
    labels, deletion = tuple(runs[0].facts["data"]["labels"]), deletion_of(runs, text, report)
    return Disagreement(text, labels, sides, deletion, known_parting(runs, text), is_read(runs))


def check_comparable(runs: Sequence[Run]) -> None:
    """Raise BadConfig for fewer than two runs, BadData where they were trained on different reviews."""
    if len(runs) < 2:
        raise BadConfig(f"{len(runs)} run given; a disagreement takes two or more.")
    if len({run.facts["data"]["checksum"] for run in runs}) > 1:
        raise BadData("These runs were trained on different reviews; choose runs on the same dataset.")


def side(run: Run, text: str, k: int = NEAREST) -> Side:
    """One run's side, with its neighbours if they are known at once."""
    labels = run.facts["data"]["labels"]
    chances = dict(zip(labels, map(float, remembered(run)([text])[0]), strict=True))
    return Side(run, chances, explain(run, text), nearest(run, text, k) if _has_read(run) else None)


def is_read(runs: Sequence[Run]) -> bool:
    """True if `read_reviews` would add nothing: neighbours and probes are known, as far as the runs have any."""
    return is_probed(runs) and all(_has_read(run) is not False for run in runs)


def _has_read(run: Run) -> bool | None:
    """Whether the run's nearest training reviews are found at once; None where it compares no texts."""
    try:
        return has_read(run)
    except UnknownRun:
        return None


def read_reviews(runs: Sequence[Run], report: Report) -> None:
    """Read the training reviews with every transformer among the runs, and probe its layers; kept on disk."""
    probe_layers(runs, lambda share, what: report(share * PROBES, what))
    for i, run in enumerate(runs):
        with contextlib.suppress(UnknownRun):  # it compares no texts
            space_of(run, functools.partial(_count, report, PROBES + (1 - PROBES) * i / len(runs), run.name))


def _count(report: Report, share: float, name: str, done: int, total: int) -> None:
    report(share, f"{name}: {done:,} of {total:,} reviews read")


def deletion_of(runs: Sequence[Run], text: str, report: Report | None = None) -> Deletion | None:
    """The smallest deletion after which all runs agree, as `smallest_deletion`; the quickest run is asked first."""
    quickest = sorted(runs, key=lambda run: (run.result or {}).get("ms_per_sentence", 0.0))
    return smallest_deletion([remembered(run) for run in quickest], text, on_progress=report)
