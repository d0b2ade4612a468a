"""The panels of the SVM tab through their handlers: what they show, what they start, what they say instead."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pytest

from senti import limits
from senti.config import MajorityConfig, SvmConfig, TfidfConfig
from senti.experiment import conduct, create, prepare
from senti.runs import list_runs, open_run, stop_run
from senti.ui import svm_amount, svm_calibration, svm_ladder, svm_mistakes, svm_nearest, svm_strength, tab_svm
from senti.ui.choice import Choice
from senti.ui.history import knobs

CHOICE = Choice("rotten_tomatoes", "distilbert")
TEXT = "a tender film about two dull sisters"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """What other tests have measured is not known here."""
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def root(tmp_path_factory, hub_cache):
    """Majority, TF-IDF and an SVM on [CLS], all finished, on the tiny Rotten Tomatoes."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        data = {"dataset": "rotten_tomatoes"}
        for name, config in (("floor", MajorityConfig(**data)), ("words", TfidfConfig(**data)),
                             ("vectors", SvmConfig(**data, model="distilbert"))):  # fmt: skip
            conduct(create(folder, prepare(config), name))
        yield folder


def quiet(*args, **kwargs):
    """In place of Gradio's progress bar."""


def clicked(pick):
    return SimpleNamespace(pick=pick)


def test_the_ladder_shows_four_rungs_the_shown_run_and_what_is_missing(root):
    table, timer = svm_ladder.show_ladder(root, "vectors")
    assert table.count("<tr data-pick") == 4 and table.count('class="s-dot"') == 3 and not timer.active
    assert "SVM on [CLS] features</b> <em class=\"s-badge\">shown above" in table
    assert "SVM on mean features</b> <em class=\"s-badge\">not trained yet" in table
    assert "points above Majority class; hardly chance, p&nbsp;&lt;&nbsp;0.001" in table
    assert svm_ladder.take_run(clicked("words")) == "words"
    assert not isinstance(svm_ladder.take_run(clicked("")), str)  # a rung without a run shows nothing else
    assert svm_ladder.show_ladder(root, "gone")[0] == ""


def test_the_button_queues_the_svm_and_the_rungs_that_are_missing(tmp_path, with_hub_cache, monkeypatch):
    monkeypatch.setenv("SENTI_STANDBY", "0")
    config = SvmConfig(dataset="rotten_tomatoes", model="distilbert")
    try:
        run = svm_ladder.begin_with_ladder(tmp_path, config)
        begun = [r.config for r in list_runs(tmp_path)]
        assert run.config == config and len(begun) == 4 and config in begun
        assert {getattr(c, "pooling", type(c)) for c in begun} == {"cls", "mean", MajorityConfig, TfidfConfig}
        table, timer = svm_ladder.show_ladder(tmp_path, run.name)
        assert timer.active and "not trained yet" not in table
        svm_ladder.begin_with_ladder(tmp_path, config)
        assert len(list_runs(tmp_path)) == 5  # what waits already is not missing
    finally:
        for each in list_runs(tmp_path):
            stop_run(tmp_path, each.name, polite_seconds=0)


def test_a_limit_leaves_the_run_that_was_asked_for(tmp_path, with_hub_cache, monkeypatch):
    monkeypatch.setenv("SENTI_STANDBY", "0")
    monkeypatch.setattr(limits, "LOCAL", replace(limits.LOCAL, waiting=2))
    try:
        run = svm_ladder.begin_with_ladder(tmp_path, SvmConfig(dataset="rotten_tomatoes", model="distilbert"))
        assert run.name in {each.name for each in list_runs(tmp_path)} and len(list_runs(tmp_path)) == 2
    finally:
        for each in list_runs(tmp_path):
            stop_run(tmp_path, each.name, polite_seconds=0)


def test_the_curve_waits_for_the_button_and_stays(root, with_hub_cache):
    note, drawn, figure, button = svm_amount.show_amount(CHOICE)
    assert "Not measured yet" in note and not drawn.visible and figure is None and button.visible
    note, drawn, figure, button = svm_amount.measure_amount(CHOICE, quiet)
    assert drawn.visible and not button.visible and note == ""
    names = [trace["name"] for trace in json.loads(figure)["data"]]
    assert names == ["TF-IDF + SVM", "SVM on [CLS] features", "SVM on mean features"]
    assert svm_amount.show_amount(CHOICE)[2] == figure
    absent = svm_amount.show_amount(Choice("imdb", "distilbert"))
    assert "Fetch the reviews first" in absent[0] and not absent[3].visible


def test_every_C_is_tried_once_and_marks_what_was_used(root):
    note, drawn, figure, button = svm_strength.show_strength(root, "words")
    assert "used C = 1, as given" in note and button.visible and figure is None and not drawn.visible
    note, drawn, figure, button = svm_strength.measure_strength(root, "words", quiet)
    assert "This run used C = 1, as given" in note and drawn.visible and not button.visible
    made = json.loads(figure)
    assert made["layout"]["shapes"][0]["x0"] == 1.0 and made["layout"]["annotations"][0]["text"] == "best"
    assert svm_strength.show_strength(root, "words")[2] == figure
    assert "Train an SVM first" in svm_strength.show_strength(root, "floor")[0]


def test_neighbours_are_told_in_a_sentence_and_a_table(root, with_hub_cache):
    shown = svm_nearest.find_nearest(root, "words", TEXT, quiet)
    assert "TF-IDF + SVM says" in shown and "of the 5 nearest training reviews are" in shown
    assert shown.count("<tr") == 6 and "Cosine" in shown
    assert "has a word in common" in svm_nearest.find_nearest(root, "words", "zzxqy", quiet)
    assert "<img" not in svm_nearest.find_nearest(root, "vectors", "<img src=x onerror=alert(1)> tender", quiet)
    for name, text in (("floor", TEXT), ("words", " "), ("", TEXT)):
        with pytest.raises(Exception, match=r"turns no text|is empty|No run is shown"):
            svm_nearest.find_nearest(root, name, text, quiet)


def test_mistakes_go_to_their_neighbours(root):
    table, texts, drawn, matrix = svm_mistakes.show_mistakes(root, "floor", "test")
    assert len(texts) == 16 == table.count("<tr data-pick") and drawn.visible
    assert json.loads(matrix)["data"][0]["type"] == "heatmap"
    tabs, text = tab_svm._send(texts, clicked("3"))
    assert (tabs.selected, text) == ("nearest", texts[3])
    assert "no mistake on the test reviews" in svm_mistakes.show_mistakes(root, "words", "test")[0]
    assert "Once the run has finished" in svm_mistakes.show_mistakes(root, "gone", "test")[0]


def test_reliability_before_and_after_and_why_there_is_none(root):
    note, drawn, figure, button = svm_calibration.show_calibration(root, "words")
    assert "Expected calibration error on 32 validation reviews" in note and drawn.visible and not button.visible
    assert {"after the temperature", "before"} <= {trace.get("name") for trace in json.loads(figure)["data"]}
    assert "has no margins" in svm_calibration.show_calibration(root, "floor")[0]


def test_a_tick_is_named_without_its_value(root):
    run = open_run(root, "words")
    facts = json.loads((run.path / "config.json").read_text())
    (run.path / "config.json").write_text(json.dumps(facts | {"tune_C": True}))
    assert knobs(run) == "Choose C for me"
    (run.path / "config.json").write_text(json.dumps(facts))
