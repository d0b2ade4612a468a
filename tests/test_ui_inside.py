"""The panels of the Data and the Tokens tab through their handlers: what is selected, shown, hovered and toured."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from senti.config import FinetuneConfig
from senti.errors import SentiError
from senti.experiment import conduct, create, prepare
from senti.ui import attention, contrast, data_map, data_problems, data_slices, depth, offer, reviews, tour
from senti.ui.choice import Choice, chosen_source
from senti.ui.inside import inside_of
from senti.ui.selection import Selection

pytestmark = pytest.mark.usefixtures("with_hub_cache")
CHOICE = Choice("rotten_tomatoes", "distilbert")
EVIL = "<img src=x onerror=alert(1)> tender"


@pytest.fixture(scope="module")
def root(tmp_path_factory, hub_cache):
    """One finished full run on the tiny Rotten Tomatoes."""
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        folder = tmp_path_factory.mktemp("runs")
        conduct(create(folder, prepare(FinetuneConfig(dataset="rotten_tomatoes", model="distilbert", lr=1e-2)), "full"))
        return folder


def clicked(pick):
    return SimpleNamespace(pick=pick)


def quiet(*args, **kwargs):
    """In place of Gradio's progress bar."""


def test_a_selection_is_what_the_table_shows():
    rows = reviews.rows_of(chosen_source(CHOICE))
    selection = Selection("Some", (70, 3), ("odd", "odder"))
    card, line, _ = reviews.show_page(CHOICE, selection, "", reviews.ALL, reviews.ALL, 1)
    assert card.index(rows["text"][70]) < card.index(rows["text"][3])
    assert "odder" in card and "Why" in card and "1 to 2 of 2" in line
    assert "validation 7" in card and "training 4" in card  # place 70 is the 7th after 64 training rows
    text, said, _ = reviews.pick(CHOICE, selection, "", reviews.ALL, reviews.ALL, 1, clicked("1"))
    assert text == rows["text"][3] and "Selected" in said
    only, *_ = reviews.show_page(CHOICE, selection, "", "train", reviews.ALL, 1)
    assert rows["text"][70] not in only  # filters narrow a selection further


def test_the_other_tabs_offer_the_selected_reviews():
    rows = reviews.rows_of(chosen_source(CHOICE))
    buttons, texts, *others = offer(CHOICE, Selection("Some", tuple(range(9))))
    assert texts == list(rows["text"][:6]) and buttons.count("data-pick") == 6 and others == [buttons, texts]
    assert "unflinchingly" in offer(CHOICE, None)[0]


def test_the_map_has_a_point_per_review_and_picks_by_place(root):
    drawn, slider, _ = data_map.draw(root, CHOICE, "full", 9, "mean", "validation", "label", progress=quiet)
    figure = json.loads(drawn)
    places = [place for trace in figure["data"] for place in decoded(trace["customdata"])]
    assert sorted(places) == list(range(64, 96)) and slider.maximum == 2 and slider.value == 2
    assert {trace["name"] for trace in figure["data"]} == {"negative", "positive"}
    assert figure["layout"]["dragmode"] == "lasso"
    selection, *filters, text, _, bar = data_map.take(CHOICE, clicked([70]))
    assert selection.places == (70,) and filters == ["", reviews.ALL, reviews.ALL] and bar.visible
    assert text == reviews.rows_of(chosen_source(CHOICE))["text"][70]
    assert data_map.take(CHOICE, clicked([70, 71]))[0].places == (70, 71)


def decoded(values):
    if isinstance(values, dict):
        import base64

        return np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"]).tolist()
    return values


def test_the_map_is_coloured_by_what_a_run_got_right(root):
    from senti.evaluation import right_answers
    from senti.runs import open_run

    right = right_answers(open_run(root, "full"), "test")
    drawn, *_ = data_map.draw(root, CHOICE, "backbone", 1, "cls", "test", "run:full", progress=quiet)
    traces = {trace["name"]: trace for trace in json.loads(drawn)["data"]}
    assert sorted(decoded(traces["right"]["customdata"])) == [96 + i for i in np.flatnonzero(right)]
    _, colors = data_map.offer(root, CHOICE, "gone", "gone")
    assert colors.value == "label" and any(value == "run:full" for _, value in colors.choices)
    by_length, *_ = data_map.draw(root, CHOICE, "gone", 0, "mean", "train", "words", progress=quiet)
    assert "coloraxis" in by_length or "colorscale" in by_length


def test_slices_show_their_sizes_and_accuracies_and_select(root):
    table, names = data_slices.show(root, CHOICE, ["label: positive", "short"], "test")
    assert "label: positive and short" in table and "Full fine-tuning" in table and "±" in table
    assert names.value == ["label: positive", "short"]
    selection, *_ = data_slices.take(CHOICE, [], "test", clicked("label: positive"))
    rows = reviews.rows_of(chosen_source(CHOICE)).iloc[list(selection.places)]
    assert set(rows["label"]) == {"positive"} and set(rows["split"]) == {"test"} and len(rows) == 16
    both, *_ = data_slices.take(CHOICE, ["label: positive", "short"], "test", clicked(data_slices.BOTH))
    assert set(both.places) < set(selection.places)


def test_problems_are_counted_selected_and_taken_away():
    table, file = data_problems.check(CHOICE, progress=quiet)
    assert table.count("data-pick") == 5
    flagged = pd.read_csv(file.value["path"] if isinstance(file.value, dict) else file.value, encoding="utf-8-sig")
    assert set(flagged.columns) == {"problem", "split", "number", "text", "label", "score", "why"}
    kind = flagged["problem"].iloc[0]
    selection, *_ = data_problems.take(CHOICE, clicked(kind))
    assert len(selection.places) == len(selection.why) == (flagged["problem"] == kind).sum()


def test_hovering_shows_the_row_of_the_head():
    inside = inside_of(CHOICE, EVIL)
    strip, drawn = attention.one_head(inside, 2, 3)
    weights = json.loads(strip.split('data-weights="')[1].split('"')[0])
    np.testing.assert_allclose(np.array(weights) / 1000, inside.attention[1, 2], atol=6e-4)
    assert "<img" not in strip and json.loads(drawn)["data"][0]["type"] == "heatmap"


def test_every_head_has_its_picture():
    inside = inside_of(CHOICE, "a tender film")
    shown = attention.grid(inside, 2, 3)
    assert shown.count("data:image/png") == 8 and shown.count('class="picked"') == 1
    assert attention.take_head(clicked("2-3")) == (2, 3)
    from PIL import Image

    pixels = np.asarray(Image.open(attention.io.BytesIO(attention.base64.b64decode(
        attention._picture(np.array([[0.0, 1.0], [0.25, 0.75]])).partition(",")[2]
    ))))  # fmt: skip
    assert pixels[..., 3].tolist() == [[0, 255], [128, 221]]  # the root of the weight


def test_two_texts_are_contrasted():
    strips, alike, apart, layer = contrast.show(CHOICE, "a tender film", "a dull film", 9)
    assert strips.count("s-tokens") == 2 and layer.value == 2
    assert np.array(json.loads(alike)["data"][0]["z"], dtype=object).size
    assert {trace["name"] for trace in json.loads(apart)["data"]} >= {"[CLS]", "mean of all pieces", "“film”"}
    with pytest.raises(Exception, match="Two texts"):
        contrast.show(CHOICE, "a film", "  ", 0)


def test_layer_by_layer_says_what_is_missing_then_shows_it(root, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))  # nothing is known yet
    names, probes, drifts, notes = depth.offer(root, CHOICE, [], "mean")
    assert names.value == ["backbone", "full"] and probes is None and drifts is None and "Nothing measured" in notes
    probes, drifts, notes = depth.compute(root, CHOICE, ["backbone", "full"], "cls", progress=quiet)
    names = [curve["name"] for curve in json.loads(probes)["data"]]
    assert names == ["DistilBERT, as it came", "Full fine-tuning", *2 * ["from shuffled labels"]]
    assert len(json.loads(drifts)["data"]) == 2 and notes == ""


@pytest.mark.parametrize("step", range(len(tour.STOPS)))
def test_every_step_of_the_tour_speaks_of_the_visitor_s_sentence(root, step):
    card, back, forth, panel = tour.show(root, CHOICE, EVIL, step)
    assert tour.STOPS[step][0] in card.replace("&#x27;", "'") and panel.visible
    assert "<img" not in card
    told = [str(len(EVIL)), "tender", "“", tour.LIKENESS, "tender", "Cosine", "full", "tender"][step]
    assert told in card
    assert back.interactive is (step > 0) and (forth.value == "End") is (step == len(tour.STOPS) - 1)


def test_the_tour_goes_forth_and_back_and_ends():
    assert tour.forth(None) == 0 and tour.forth(0) == 1 and tour.forth(len(tour.STOPS) - 1) is None
    assert tour.back(0) == 0 and tour.back(3) == 2


def test_without_a_run_the_tour_says_what_to_do(tmp_path):
    assert "train" in tour.show(tmp_path, CHOICE, "a film", 6)[0].lower()


def test_marked_words_keep_the_text_and_tell_the_side():
    effects = pd.DataFrame({"word": ["good", "<b>"], "start": [2, 7], "end": [6, 10], "effect": [0.2, -0.1]})
    shown = tour.marked_words("a good <b> film", effects, ["negative", "positive"], 1)
    assert "&lt;b&gt;" in shown and "<b>" not in shown and "+20" in shown and "-10" in shown
    assert shown.index("--s-positive") < shown.index("--s-negative")


def test_no_text_is_a_sentence():
    with pytest.raises(SentiError, match="type a sentence"):
        inside_of(CHOICE, "  ")
