"""Figures of a whole split and of cost: what they show, and that no text of a user becomes markup."""

import json

import numpy as np
import pandas as pd
import pytest

from senti import plots
from senti.evaluation.cost import written
from senti.plots.cost import _short
from senti.plots.curves import DRAWN

EVIL = '<b onclick="x">&$x^2$ %{x}</b>'
RELIABLE = pd.DataFrame({"low": [0.5, 0.9], "high": [0.6, 1.0], "n": [10, 90], "confidence": [0.55, 0.97],
                         "accuracy": [0.6, 0.9], "accuracy_low": [0.3, 0.82],
                         "accuracy_high": [0.83, 0.95]})  # fmt: skip
CURVE = pd.DataFrame({"threshold": [np.inf, 0.9, 0.1], "false_rate": [0, 0.1, 1], "true_rate": [0, 0.8, 1.0]})
PRECISION = pd.DataFrame({"threshold": [0.9, 0.1], "recall": [0.8, 1], "precision": [0.9, 0.5]})
COVERED = pd.DataFrame({"threshold": [0.6, 0.9, 0.99], "coverage": [1, 0.5, 0.005], "accuracy": [0.8, 0.9, 0.0]})
RUNS = pd.DataFrame({
    "title": ["floor", "SVM", "LoRA", EVIL], "method": ["majority", "svm", "lora", "lora"], "by": ["", "", "", "LoRA"],
    "test": [0.5, 0.78, 0.84, 0.83], "test_low": [0.45, 0.75, 0.81, 0.8], "test_high": [0.55, 0.81, 0.87, 0.86],
    "n_test": 1066, "trained": [0, 385, 74_498, 22_700_000], "memory": [300.0, 900.0, 1900.0, 2170.0],
})  # fmt: skip


def all_figures() -> dict:
    return {
        "reliability": plots.reliability_diagram([(EVIL, "lora", RELIABLE)]),
        "roc": plots.roc_curves([(EVIL, "svm", CURVE)], EVIL),
        "precision": plots.precision_recall_curves([(EVIL, "svm", PRECISION)], EVIL, 0.5),
        "coverage": plots.coverage_curves([(EVIL, "svm", COVERED)], [(0.5, 0.9)]),
        "cost": plots.cost_and_quality(RUNS, "trained", "parameters trained"),
    }


@pytest.mark.parametrize("name", list(all_figures()))
def test_they_are_transparent_and_no_text_becomes_markup(name):
    figure = all_figures()[name]
    assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)" and figure.layout.title.text is None
    said = json.dumps(json.loads(figure.to_json()))
    assert "<b onclick" not in said and "$x" not in said
    for trace in figure.data:
        assert "%{x}" not in (trace.hovertemplate or "")


def test_reliability_keeps_dots_intervals_and_the_diagonal():
    line, dots = all_figures()["reliability"].data
    assert list(line.x) == list(line.y) == [0.5, 1] and list(dots.y) == [0.6, 0.9]
    assert dots.error_y.array[1] == pytest.approx(0.05) and dots.error_y.arrayminus[0] == pytest.approx(0.3)
    assert dots.marker.size[1] > dots.marker.size[0]
    assert "of 90 answers given with 90% to 100%, on average 97%, 90% are right" in dots.text[1]


def test_a_curve_of_a_large_split_is_thinned_but_keeps_its_ends():
    rows = pd.DataFrame({"threshold": np.linspace(1, 0, 25_001)}).assign(recall=lambda f: 1 - f["threshold"],
                                                                        precision=0.7)  # fmt: skip
    x = plots.precision_recall_curves([("a", "svm", rows)], "good", 0.3).data[0].x
    assert len(x) <= DRAWN and (x[0], x[-1]) == (0, 1)


def test_coverage_begins_at_one_per_cent_and_a_silent_run_has_no_dot():
    figure = plots.coverage_curves([("a", "svm", COVERED), ("b", "svm", COVERED[:1])], [(0.5, 0.9), (0, np.nan)])
    lines, point, dot = figure.data
    assert list(lines.x) == [1, 0.5] and (lines.line.dash, point.line.dash) == ("solid", "dash")
    assert point.mode == "markers" and (dot.x, dot.y) == ((0.5,), (0.9,))


def test_dominated_runs_are_hollow_and_the_front_joins_the_others():
    front, *dots = all_figures()["cost"].data
    assert [dot.marker.symbol for dot in dots] == ["circle", "circle", "circle", "circle-open"]
    assert list(front.y) == [0.5, 0.78, 0.84] and "LoRA is at least as right and costs no more" in dots[3].hovertext[0]
    assert "floor: 50.0 % of 1,066 test reviews right, parameters trained 0" in dots[0].hovertext[0]


def test_nothing_trained_has_a_place_of_its_own_on_a_logarithmic_axis():
    figure = all_figures()["cost"]
    axis, places = figure.layout.xaxis, [dot.x[0] for dot in figure.data[1:]]
    assert axis.type == "log" and axis.ticktext[0] == "0" and places[0] == axis.tickvals[0]
    assert 0 < places[0] < min(axis.tickvals[1:]) and places[0] < places[1] / 10
    assert axis.range[0] < np.log10(places[0]) and axis.range[1] > np.log10(places[-1])
    assert figure.layout.annotations[0].text == "//"


@pytest.mark.parametrize("trained", [[0, 0, 0, 0], [0, 385, 385, 385], [100, 200, 300, 400]])
def test_what_does_not_span_decades_is_linear_from_zero(trained):
    axis = plots.cost_and_quality(RUNS.assign(trained=trained), "trained", "parameters trained").layout.xaxis
    assert axis.type != "log" and axis.tickvals[0] == 0 and axis.ticktext[0] == "0" and axis.range[1] > max(trained)


def test_ticks_have_units():
    axis = plots.cost_and_quality(RUNS, "memory", "peak memory").layout.xaxis
    assert list(axis.ticktext) == ["0", "500 MB", "1 GB", "1.5 GB", "2 GB"]
    assert [_short(written("train_seconds", s)) for s in (0.001, 0.1, 60, 3600)] == ["1 ms", "0.1 s", "1 min", "1 h"]


def test_of_many_runs_only_those_worth_their_cost_are_named():
    many = pd.concat([RUNS] * 3, ignore_index=True)
    dots = plots.cost_and_quality(many, "trained", "parameters trained").data[1:]
    assert [dot.text[0] for dot in dots if dot.marker.symbol == "circle-open"] == [""] * 3


@pytest.mark.parametrize(("cost", "value", "said"), [
    ("train_seconds", 193.4, "3 min 13 s"), ("train_seconds", 0.001, "1.0 ms"), ("train_seconds", 0.00004, "0.04 ms"),
    ("trained", 74_498, "74,498"), ("memory", 2170.6, "2.2 GB"), ("bytes", 302_713, "303 kB"),
    ("ms", 0.0011, "0.001 ms"), ("ms", 10.1, "10 ms"), ("memory", None, "–"), ("ms", None, "–"),
    ("train_seconds", 0, "0 ms"),
])  # fmt: skip
def test_costs_as_people_read_them(cost, value, said):
    assert written(cost, value) == said
