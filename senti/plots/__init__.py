"""Tables and arrays in, plotly figures out; every colour of senti is declared in `palette`.

A figure has no title (the label beside it is its title), a transparent ground that suits the light and the dark page,
its legend on top, and hovers that read as sentences.
"""

from senti.plots.corpus import length_histogram, telling_words
from senti.plots.frame import plain
from senti.plots.inside import attention_map, hidden_states, looks_of_first, similarity_map
from senti.plots.palette import ACCENT, DARK, GRADES, METHOD_COLORS, NEGATIVE, POSITIVE, label_colors, one_hue
from senti.plots.results import confusion, results_dots, weights_and_accuracy
from senti.plots.training import accuracy_curve, learning_rate, loss_curves

__all__ = [
    "ACCENT",
    "DARK",
    "GRADES",
    "METHOD_COLORS",
    "NEGATIVE",
    "POSITIVE",
    "accuracy_curve",
    "attention_map",
    "confusion",
    "hidden_states",
    "label_colors",
    "learning_rate",
    "length_histogram",
    "looks_of_first",
    "loss_curves",
    "one_hue",
    "plain",
    "results_dots",
    "similarity_map",
    "telling_words",
    "weights_and_accuracy",
]
