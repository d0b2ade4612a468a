"""Figures: what they show, that they say it in sentences, and that no text of a user becomes markup."""

import functools
import json

import numpy as np
import pandas as pd
import pytest

from senti import plots

EVIL = '<b onclick="x">&$x^2$</b>'
LABELS = ("negative", "positive")
EVENTS = pd.DataFrame(
    {
        "step": [0, 1, 5, 10, 10],
        "total_steps": [40] * 5,
        "split": ["validation", "train", "train", "train", "validation"],
        "loss": [0.7, 0.69, 0.6, 0.5, 0.55],
        "accuracy": [0.5, None, None, None, 0.8],
        "lr": [None, 1e-5, 2e-5, 1.5e-5, None],
    }
)
RESULTS = pd.DataFrame(
    {"title": ["LoRA, rank 8", EVIL], "method": ["lora", "svm"], "test": [0.82, 0.73], "test_low": [0.79, 0.7],
     "test_high": [0.84, 0.76], "n_test": [1066, 1066]}
)  # fmt: skip
LENGTHS = pd.DataFrame({"label": ["negative", "negative", "positive"], "words": [3, 4, 90]})
WORDS = pd.DataFrame(
    {"label": ["negative", "positive"], "word": ["dull", EVIL], "log_odds": [3.0, 2.0], "count": [9, 1200]}
)
PIECES = ["[CLS]", "the", "the", EVIL]
MARGINS = pd.DataFrame({"layer": [0, 1], "label": [EVIL, "positive"], "margin": [-0.5, 1.2]})
SQUARE = np.full((4, 4), 0.25)


@functools.cache
def all_figures() -> dict:
    return {
        "lengths": plots.length_histogram(LENGTHS, LABELS),
        "words": plots.telling_words(WORDS, LABELS),
        "hidden": plots.hidden_states(np.ones((4, 6)), PIECES),
        "similarity": plots.similarity_map(SQUARE, PIECES),
        "attention": plots.attention_map(SQUARE, PIECES),
        "first": plots.looks_of_first(SQUARE[:2], PIECES),
        "confusion": plots.confusion([[30, 2], [4, 28]], [EVIL, "positive"]),
        "loss": plots.loss_curves(EVENTS),
        "accuracy": plots.accuracy_curve(EVENTS),
        "lr": plots.learning_rate(EVENTS),
        "results": plots.results_dots(RESULTS),
        "parting": plots.parting_curves([(EVIL, "svm", MARGINS), ("LoRA", "lora", MARGINS)], EVIL, EVIL, 1),
        "study": plots.weights_and_accuracy(RESULTS.assign(trained=[74498, 22_000_000], name=EVIL, mark=EVIL)),
    }


@pytest.mark.parametrize("name", list(all_figures()))
def test_every_figure_is_transparent_untitled_and_keeps_zoom(name: str) -> None:
    layout = all_figures()[name].layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.title.text is None and layout.uirevision and layout.height
    assert layout.font.size >= 14


@pytest.mark.parametrize("name", list(all_figures()))
def test_no_text_of_a_user_becomes_markup_or_a_formula(name: str) -> None:
    written = json.dumps(json.loads(all_figures()[name].to_json()))
    assert "<b onclick" not in written
    assert "&$" not in written and "$x" not in written


def test_two_sentiments_have_their_fixed_colours_and_grades_pass_through_grey() -> None:
    assert plots.label_colors(LABELS) == {"negative": plots.NEGATIVE, "positive": plots.POSITIVE}
    five = list(plots.label_colors(["very negative", "negative", "neutral", "positive", "very positive"]).values())
    assert (five[0], five[2], five[-1]) == (plots.NEGATIVE, "#8A94A6", plots.POSITIVE)


def test_a_colour_goes_with_the_meaning_of_a_label_not_with_its_place() -> None:
    by_alphabet = ["negative", "neutral", "positive", "very negative", "very positive"]
    by_grade = ["very negative", "negative", "neutral", "positive", "very positive"]
    assert list(plots.label_colors(by_alphabet).items()) == list(plots.label_colors(by_grade).items())
    assert plots.label_colors(["positive", "negative"])["positive"] == plots.POSITIVE
    assert list(plots.label_colors(["10 stars", "2 stars", "1 star"])) == ["1 star", "2 stars", "10 stars"]


def test_labels_without_an_order_never_borrow_the_sentiment_colours() -> None:
    assert not {plots.POSITIVE, plots.NEGATIVE} & set(plots.label_colors(["spam", "ham"]).values())


def test_the_length_histogram_counts_every_text_once() -> None:
    counts = {trace.name: sum(trace.y[:-1]) for trace in plots.length_histogram(LENGTHS, LABELS).data}
    assert counts == {"negative": 2, "positive": 1}
    assert "2 negative reviews have 3 to 5 words" in " ".join(plots.length_histogram(LENGTHS, LABELS).data[0].text)


def test_an_empty_corpus_still_gives_figures() -> None:
    assert plots.length_histogram(LENGTHS[:0], LABELS).data
    assert plots.telling_words(WORDS[:0], LABELS).data


def test_telling_words_are_said_in_a_sentence_with_separators() -> None:
    says = plots.telling_words(WORDS, LABELS).data[1].hovertext[0]
    assert "1,200 times" in says and "speaks for positive" in says


def test_both_square_maps_share_one_hue_and_one_scale_from_zero() -> None:
    one, other = (f(SQUARE, PIECES).data[0] for f in (plots.similarity_map, plots.attention_map))
    assert one.colorscale == other.colorscale
    assert (one.zmin, one.zmax) == (other.zmin, other.zmax) == (0, 1)


def test_hidden_states_are_coloured_around_zero_and_an_outlier_does_not_wash_them_out() -> None:
    layer = np.random.default_rng(0).normal(size=(4, 400))
    layer[0, 7] = 500
    trace = plots.hidden_states(layer, PIECES).data[0]
    assert trace.zmin == -trace.zmax
    assert trace.zmax < 10


def test_confusion_shows_counts_coloured_by_their_share_of_the_row() -> None:
    figure = plots.confusion([[30, 10], [0, 0]], LABELS)
    trace = figure.data[0]
    assert [note.text for note in figure.layout.annotations] == ["30", "10", "0", "0"]
    assert trace.z.tolist() == [[0.75, 0.25], [0, 0]]
    assert trace.hovertext[0][1] == "10 negative reviews were called positive: 25% of them"


def test_curves_keep_the_splits_apart_and_the_axis_spans_the_whole_run() -> None:
    figure = plots.loss_curves(EVENTS)
    train, validation = figure.data
    assert list(train.x) == [1, 5, 10] and list(validation.x) == [0, 10]
    assert figure.layout.xaxis.range[1] >= 40
    assert list(plots.accuracy_curve(EVENTS).data[0].y) == [0.5, 0.8]


def test_a_run_without_events_gives_an_empty_frame() -> None:
    assert plots.loss_curves(EVENTS[:0]).layout.xaxis.range[0] == 0


def test_results_carry_their_interval() -> None:
    error = plots.results_dots(RESULTS).data[0].error_x
    assert error.array[0] == pytest.approx(0.02) and error.arrayminus[0] == pytest.approx(0.03)


def test_the_place_where_runs_part_is_marked_and_each_layer_says_its_verdict() -> None:
    figure = all_figures()["parting"]
    assert [shape.x0 for shape in figure.layout.shapes if shape.x0 == shape.x1] == [0.5]
    assert figure.data[0].text[1] == f"{plots.plain(EVIL)}, layer 1: its probe says positive, 1.20 from the line"
    assert len(plots.parting_curves([("LoRA", "lora", MARGINS)], "a", "b", None).layout.shapes) == 1  # zero alone
