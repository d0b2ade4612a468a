"""What finished runs are worth: scores with intervals, side-by-side predictions, tables, disagreements."""

from senti.evaluation.agreement import agreement, cohen_kappa, pair_agreement
from senti.evaluation.batch import label_file
from senti.evaluation.bulk import predict_files
from senti.evaluation.calibration import coverage, expected_calibration_error, reliability
from senti.evaluation.challenge import challenge, pass_rates
from senti.evaluation.compare import (
    chosen_runs,
    compare,
    disagreements,
    finished_runs,
    run_corpus,
    runs_on,
)
from senti.evaluation.cost import COSTS, dominated
from senti.evaluation.cross_validation import cross_validation, known_cross_validation, used_C
from senti.evaluation.curves import areas, auc, average_precision, precision_recall, roc
from senti.evaluation.disagreement import Disagreement, explain_disagreement
from senti.evaluation.drift import drift
from senti.evaluation.ensembles import gain
from senti.evaluation.explain import Explanation, explain
from senti.evaluation.hints import hints
from senti.evaluation.ladder import ladder, missing_rungs, rung_runs
from senti.evaluation.learning_curve import known_learning_curve, learning_curve
from senti.evaluation.mistakes import missed_by_all, mistakes, wrong_answers
from senti.evaluation.neighbours import nearest
from senti.evaluation.occlusion import occlusion
from senti.evaluation.probe import known_probe, probe
from senti.evaluation.problems import KINDS, Problems, problems
from senti.evaluation.projection import Projection, principal
from senti.evaluation.readers import BACKBONE, Reader, find_reader, readers
from senti.evaluation.scores import score, wilson
from senti.evaluation.seeds import seed_groups
from senti.evaluation.significance import pairwise
from senti.evaluation.slices import right_answers, slice_scores
from senti.evaluation.split import answered, confusion, split_figures, split_reviews
from senti.evaluation.students import against_teacher, beside_teacher
from senti.evaluation.table import results_table
from senti.evaluation.temperature import temperature
from senti.evaluation.unknown import unknown_notice, unknown_notices
from senti.methods import load_predictor
from senti.runs import saved_predictions, saved_probabilities

__all__ = [
    "BACKBONE",
    "COSTS",
    "KINDS",
    "Disagreement",
    "Explanation",
    "Problems",
    "Projection",
    "Reader",
    "against_teacher",
    "agreement",
    "answered",
    "areas",
    "auc",
    "average_precision",
    "beside_teacher",
    "challenge",
    "chosen_runs",
    "cohen_kappa",
    "compare",
    "confusion",
    "coverage",
    "cross_validation",
    "disagreements",
    "dominated",
    "drift",
    "expected_calibration_error",
    "explain",
    "explain_disagreement",
    "find_reader",
    "finished_runs",
    "gain",
    "hints",
    "known_cross_validation",
    "known_learning_curve",
    "known_probe",
    "label_file",
    "ladder",
    "learning_curve",
    "load_predictor",
    "missed_by_all",
    "missing_rungs",
    "mistakes",
    "nearest",
    "occlusion",
    "pair_agreement",
    "pairwise",
    "pass_rates",
    "precision_recall",
    "predict_files",
    "principal",
    "probe",
    "problems",
    "readers",
    "reliability",
    "results_table",
    "right_answers",
    "roc",
    "run_corpus",
    "rung_runs",
    "runs_on",
    "saved_predictions",
    "saved_probabilities",
    "score",
    "seed_groups",
    "slice_scores",
    "split_figures",
    "split_reviews",
    "temperature",
    "unknown_notice",
    "unknown_notices",
    "used_C",
    "wilson",
    "wrong_answers",
]
