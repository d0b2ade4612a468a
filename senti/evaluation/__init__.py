"""What finished runs are worth: scores with intervals, side-by-side predictions, tables, disagreements."""

from senti.evaluation.bulk import predict_files
from senti.evaluation.compare import (
    chosen_runs,
    compare,
    disagreements,
    finished_runs,
    load_predictor,
    saved_predictions,
)
from senti.evaluation.scores import score, wilson
from senti.evaluation.table import results_table

__all__ = [
    "chosen_runs",
    "compare",
    "disagreements",
    "finished_runs",
    "load_predictor",
    "predict_files",
    "results_table",
    "saved_predictions",
    "score",
    "wilson",
]
