"""The probabilities in the SVM tab: do they mean what they say, and what did the temperature do?"""

from pathlib import Path
from typing import Any

from senti import plots
from senti.errors import SentiError
from senti.evaluation import temperature
from senti.numbers import percent
from senti.ui.measured import filled, unfilled
from senti.ui.warm import await_models
from senti.ui.watch import find
from senti.ui.widgets import Caption, friendly

LEAD = "When the run says 80 %, is it right eight times in ten?"
RELIABILITY = Caption(
    "Are its probabilities right?",
    "validation reviews, grouped by how sure the answer is; bars: 95 % interval",
    "An SVM gives margins, not probabilities. Before: the margin taken for a log-odds, through the sigmoid. After: all "
    "margins divided by one temperature, which was fitted on margins of training reviews that the SVM had not seen. No "
    "answer changes, only how sure it is. Above the dotted line the run is too timid, below it too sure. The expected "
    "calibration error is the mean distance from that line, weighted by the number of reviews.",
    "Guo et al. 2017, On calibration of modern neural networks",
    "https://arxiv.org/abs/1706.04599",
)


@friendly
def show_calibration(root: Path, name: str) -> tuple[Any, ...]:
    """The reliability before and after, and the errors in a sentence."""
    run = find(root, name)
    if run is None:
        return unfilled("Train an SVM first, or choose one below.")
    await_models()
    try:
        found = temperature(run)
    except SentiError as e:
        return unfilled(str(e))
    method = str(run.facts["method"])
    curves = [("after the temperature", method, found.after), ("before", method, found.before)]
    way = "surer" if found.temperature < 1 else "less sure"
    said = (f"Expected calibration error on {found.n:,} validation reviews: {percent(found.error_before)} before, "
            f"{percent(found.error_after)} after. A temperature of {found.temperature:.2f} makes the answers {way}; "
            "none of them changes.")  # fmt: skip
    return filled(plots.reliability_diagram(curves).to_json(), said)
