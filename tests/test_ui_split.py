"""The panels «Whole split» and «Cost against quality»: each view, what a click opens, two classes and three."""

import json
import re
from types import SimpleNamespace

import gradio as gr
import pytest
from known import three_classes, three_runs, trained

from senti.config import MajorityConfig, TfidfConfig
from senti.evaluation import COSTS
from senti.ui import cost, split

THREE = ["first", "second"]


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_folder):
    """Five finished runs: three on reviews of three classes, two on the tiny ones; folder and names."""
    root = tmp_path_factory.mktemp("runs")
    majority, _, _ = three_runs(root, three_classes(tmp_path_factory.mktemp("data") / "three"))
    return root, majority.name, [trained(root, tiny_folder, cls).name for cls in (MajorityConfig, TfidfConfig)]


@pytest.fixture
def root(made):
    return made[0]


@pytest.fixture
def majority(made):
    """The run on three classes that says the same of everything."""
    return made[1]


@pytest.fixture
def two(made):
    """The runs on two classes: majority and TF-IDF."""
    return made[2]


def view(root, names, name, split_name="test", label=None, threshold=90.0):
    """What a view fills, by part."""
    shown = split.show(root, names, split_name, name, label, threshold)
    assert shown[-1] == ""  # the reviews of the view before
    return dict(zip(split.PARTS, shown[:-1], strict=True))


def click(root, names, pick, split_name="test"):
    return split.take(root, names, split_name, SimpleNamespace(pick=pick))


def body(html):
    """The rows of the list of reviews."""
    return re.findall(r"<tr>.*?</tr>", html.split("<tbody>")[1])


def test_a_confusion_cell_opens_its_reviews_surest_first(root):
    cells = view(root, THREE, "Confusion")["cells"]
    assert cells.count("s-matrix\"") == 2 and 'data-pick="cell first|0|2"' in cells
    assert "|1\"" not in cells  # nobody says fair, and an empty cell is not to click
    _, reviews = click(root, THREE, "cell first|2|2")
    assert "labelled good that it called good (2, surest first)" in reviews
    assert [re.findall(r"row \d", row) for row in body(click(root, THREE, "cell first|0|2")[1])] == [["row 1"]]
    assert ["row 5" in row for row in body(reviews)] == [True, False] and "100 %" in body(reviews)[0]


def test_agreement_of_two_runs_and_of_three(root, majority):
    cells = view(root, THREE, "Agreement")["cells"]
    assert "same answer to 50.0 % of the reviews; κ is 0.18" in cells and "Two by two" not in cells
    assert "both right: <b>2</b> (33.3 %)" in cells and "both wrong: <b>2</b>" in cells
    cells = view(root, [majority, *THREE], "Agreement")["cells"]
    assert "All 3 runs together" in cells and cells.count('data-pick="pair') == 3 + 2 * 4
    again, reviews = click(root, [majority, *THREE], f"pair {majority}|second")
    assert f'class="picked" style="--share:50%" data-pick="pair {majority}|second"' in again and reviews == ""


def test_a_part_opens_its_reviews(root):
    _, reviews = click(root, THREE, "pair first|second|only_first")
    assert len(body(reviews)) == 1 and "row 4" in reviews
    _, reviews = click(root, THREE, "all all wrong")
    assert len(body(reviews)) == 2 and "row 2" in reviews and "row 3" in reviews
    with pytest.raises(gr.Error, match="not among the chosen runs"):
        click(root, THREE, "pair first|gone|both_wrong")
    with pytest.raises(gr.Error, match="not among the chosen runs"):
        click(root, THREE, "cell gone|0|0")


def test_calibration_in_a_figure_and_in_words(root, two):
    shown = view(root, two, "Calibration")
    assert len(json.loads(shown["reliability"])["data"]) == 3
    assert "as sure as it is right" in shown["numbers"] and "too modest by" in shown["numbers"]


@pytest.mark.parametrize("label", [None, "bad", "fair", "of other reviews"])
def test_any_label_can_be_the_one_to_be_found(root, label):
    shown = view(root, THREE, "ROC and precision", label=label)
    chosen = label if label in ("bad", "fair") else "good"
    assert shown["label"].value == chosen and [name for name, _ in shown["label"].choices] == ["bad", "fair", "good"]
    assert f"labelled {chosen}" in json.loads(shown["roc"])["layout"]["yaxis"]["title"]["text"]
    assert "AUC, all labels" in shown["numbers"] and len(json.loads(shown["precision"])["data"]) == 3


def test_two_classes_need_no_mean_over_labels(root, two):
    shown = view(root, two, "ROC and precision", split_name="validation")
    assert "all labels" not in shown["numbers"] and "before another 100 % of the time" in shown["numbers"]
    assert shown["label"].value == "positive"


def test_the_threshold_moves_a_dot_and_says_what_it_buys(root, majority):
    shown = view(root, THREE, "Coverage", threshold=75)
    assert re.search(r"answers 50\s% of the reviews and is right on 66\.7\s% of these", shown["told"])
    marks = [trace for trace in json.loads(shown["covered"])["data"] if trace["mode"] == "markers"]
    assert (marks[0]["x"], marks[0]["y"]) == ([0.5], [pytest.approx(2 / 3)])
    assert "answers none of the reviews" in view(root, [majority], "Coverage", threshold=99)["told"]


def test_slices_open_their_mistakes(root, two):
    cells = view(root, two, "Slices")["cells"]
    assert 'data-pick="slice label: positive"' in cells and "0.0 ± 5.4 %" in cells
    # majority says negative: all of the negative are right, none of the positive; TF-IDF is right on all reviews
    assert cells.count(">▲</i>") == 1 and cells.count(">▼</i>") >= 1
    row = next(part for part in cells.split("<tr") if "slice label: positive" in part)
    assert row.count(">▼</i>") == 1 and row.count("></i>") == 1
    _, reviews = click(root, two, "slice label: positive")
    assert len(body(reviews)) == 16 and "reviews that a run got wrong (16, surest first)" in reviews


def test_runs_on_other_reviews_are_left_out_and_that_is_said(root, two):
    for name in split.VIEWS:
        shown = view(root, [*two, "first"], name)
        told = "".join(part for part in shown.values() if isinstance(part, str))
        assert "Left out, since tested on other reviews: Majority class (2)." in told


def test_without_runs_or_with_lost_files_a_sentence_says_what_to_do(root, tmp_path, two):
    from senti.runs import open_run

    assert "No trained run is chosen" in view(tmp_path, [], "Confusion")["cells"]
    assert "No trained run is chosen" in view(tmp_path, ["gone"], "Coverage")["told"]
    file = open_run(root, two[0]).path / "predictions.parquet"
    kept = file.read_bytes()
    file.unlink()
    assert "lost its predictions" in view(root, two, "Calibration")["numbers"]
    file.write_bytes(kept)


def test_only_the_parts_of_a_view_are_seen():
    shown = {name: [part.visible for part in split.turn(name)[:5]] for name in split.VIEWS}
    assert shown["Confusion"] == shown["Slices"] == [False, False, False, False, True]
    assert shown["Calibration"] == [True, False, False, True, False]
    assert shown["Coverage"] == [False, False, True, False, False]


@pytest.mark.parametrize("name", list(COSTS))
def test_every_cost_is_drawn_and_told(root, two, name):
    for run, megabytes in zip(two, (100.0, 200.0), strict=True):  # one process trained them all, and held the same
        file = root / run / "result.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"peak_memory_mb": megabytes}))
    drawn, told = cost.show(root, two, name)
    assert "Majority class; TF-IDF + SVM" in told and "Dominated" not in told
    assert {trace["hovertext"][0].split(":")[0] for trace in json.loads(drawn)["data"] if "hovertext" in trace} == {
        "Majority class", "TF-IDF + SVM"
    }  # fmt: skip


def test_who_dominates_is_said_and_an_unknown_cost_too(root):
    faster = root / "second" / "result.json"
    kept = faster.read_text()
    result = json.loads(kept) | {"peak_memory_mb": None}
    result["scores"]["test"]["accuracy"] = 0.9
    result["ms_per_sentence"] = 0.0
    faster.write_text(json.dumps(result))
    drawn, told = cost.show(root, THREE, "ms")
    assert told.count("(by Majority class (") == 2
    hollow = [t for t in json.loads(drawn)["data"] if t.get("marker", {}).get("symbol") == "circle-open"]
    assert len(hollow) == 2 and all("is at least as right and costs no more" in t["hovertext"][0] for t in hollow)
    assert "Not shown, since theirs is not known: Majority class" in cost.show(root, THREE, "memory")[1]
    faster.write_text(kept)
