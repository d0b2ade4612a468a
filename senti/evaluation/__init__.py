"""What finished runs are worth: scores with intervals, side-by-side predictions, tables, disagreements."""

from senti.evaluation.compare import compare, disagreements, finished_runs, load_predictor, saved_predictions
from senti.evaluation.scores import score, wilson
from senti.evaluation.table import results_table

__all__ = [
    "compare",
    "disagreements",
    "finished_runs",
    "load_predictor",
    "results_table",
    "saved_predictions",
    "score",
    "wilson",
]
