"""Tables and arrays in, plotly figures out; every colour of senti is declared in `palette`.

A figure has no title (the label beside it is its title), a transparent ground that suits the light and the dark page,
its legend on top, and hovers that read as sentences.
"""

from senti.plots.calibration import reliability_diagram
from senti.plots.corpus import length_histogram, telling_words
from senti.plots.cost import cost_and_quality
from senti.plots.curves import coverage_curves, precision_recall_curves, roc_curves
from senti.plots.depth import drift_curves, parting_curves, probe_curves, word_drift
from senti.plots.domain import drops, repair_curves
from senti.plots.frame import plain
from senti.plots.inside import attention_map, cross_similarity, hidden_states, looks_of_first, similarity_map
from senti.plots.linear import accuracy_per_C, learning_curves
from senti.plots.map import review_map
from senti.plots.palette import ACCENT, DARK, METHOD_COLORS, NEGATIVE, POSITIVE, label_colors, one_hue
from senti.plots.prompts import prompt_bars
from senti.plots.rates import loss_over_rates
from senti.plots.results import confusion, results_dots, weights_and_accuracy
from senti.plots.sweep import sweep_history, sweep_importances, sweep_lines
from senti.plots.training import accuracy_curve, learning_rate, loss_curves

__all__ = [
    "ACCENT",
    "DARK",
    "METHOD_COLORS",
    "NEGATIVE",
    "POSITIVE",
    "accuracy_curve",
    "accuracy_per_C",
    "attention_map",
    "confusion",
    "cost_and_quality",
    "coverage_curves",
    "cross_similarity",
    "drift_curves",
    "drops",
    "hidden_states",
    "label_colors",
    "learning_curves",
    "learning_rate",
    "length_histogram",
    "looks_of_first",
    "loss_curves",
    "loss_over_rates",
    "one_hue",
    "parting_curves",
    "plain",
    "precision_recall_curves",
    "probe_curves",
    "prompt_bars",
    "reliability_diagram",
    "repair_curves",
    "results_dots",
    "review_map",
    "roc_curves",
    "similarity_map",
    "sweep_history",
    "sweep_importances",
    "sweep_lines",
    "telling_words",
    "weights_and_accuracy",
    "word_drift",
]
