"""The Compare tab: cards, table, disagreements; through the handlers."""

import shutil
from types import SimpleNamespace

import gradio as gr
import pandas as pd
import pytest

from senti.config import MajorityConfig, TfidfConfig
from senti.errors import Stopped
from senti.experiment import conduct, create, prepare
from senti.runs import open_run
from senti.ui import batch, differ, one_text, quickstart, tab_compare, verdicts


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_folder):
    """Two finished runs on the tiny reviews: (folder, majority's name, TF-IDF's name)."""
    root = tmp_path_factory.mktemp("runs")
    names = []
    for cls in (MajorityConfig, TfidfConfig):
        run = create(root, prepare(cls(dataset=str(tiny_folder))))
        conduct(run)
        names.append(run.name)
    return root, *names


def test_cards_tell_label_and_probabilities(runs):
    root, majority, tfidf = runs
    html = one_text.say(root, "a tender film about two sisters", [majority, tfidf])
    assert html.count("s-verdict") >= 2 and "TF-IDF + SVM" in html and "Majority class" in html
    assert "negative 50 %" in html and "positive" in html


def test_a_pinned_text_stays_beside_the_next_one(runs):
    root, majority, tfidf = runs
    html = one_text.say(root, "a dull film", [majority, tfidf], "a tender film")
    assert "pinned: positive; turned over" in html and "same label, +0 points" in html
    assert "pinned" not in one_text.say(root, "a film", [tfidf], "a film")
    text, told, button = one_text.pin("a <b>film</b>")
    assert text == "a <b>film</b>" and "<b>" not in told and button.visible


def test_the_choice_survives_deleted_runs(runs):
    root, majority, tfidf = runs
    assert "TF-IDF" in one_text.say(root, "a tender film", [tfidf, "gone"])
    dropdown, board, offer = tab_compare.refresh(root, ["gone"])
    assert set(dropdown.value) == {majority, tfidf} and "results on 32 test reviews" in board and offer.visible


def test_without_runs_the_page_says_what_to_do(runs, tmp_path):
    assert "No trained model yet" in one_text.say(tmp_path, "a film", [])
    unchosen = one_text.say(runs[0], "a film", [])
    assert "Choose some runs" in unchosen and "No trained model" not in unchosen
    _, board, offer = tab_compare.refresh(tmp_path, [])
    assert "No trained model" in board and offer.visible


def test_the_quickstart_joins_what_is_compared_once_it_is_over(runs, tmp_path):
    root, majority, tfidf = runs
    waiting = create(root, prepare(MajorityConfig(dataset=open_run(root, majority).config.dataset, seed=1)))
    told, timer, names = quickstart.watch(root, [tfidf, waiting.name])
    assert "queued" in told and timer.active and names == gr.skip()  # nothing yet
    waiting.request_stop()
    with pytest.raises(Stopped):
        conduct(waiting)
    told, timer, names = quickstart.watch(root, [tfidf, waiting.name])
    assert "stopped" in told and not timer.active and names == f"{tfidf},{waiting.name}"
    dropdown, _, _ = tab_compare.admit(root, [majority], names)
    assert dropdown.value == [majority, tfidf]  # one that has not finished answers nothing
    assert tab_compare.admit(root, [tfidf, majority], names)[0].value == [majority, tfidf]  # each is there once
    assert tab_compare.admit(root, [majority] * 6, f"{tfidf},{tfidf}")[0].value == [majority] * 4 + [tfidf] * 2
    shutil.rmtree(waiting.path)


def test_a_file_comes_back_with_what_every_run_says(runs, tmp_path):
    root, majority, tfidf = runs
    path = tmp_path / "mine.csv"
    path.write_text("id,review\n7,a tender film\n8,\n9,=a dull <b>mess</b>\n")
    html, button = batch.label(root, str(path), "", [majority, tfidf])
    frame = pd.read_csv(button.value["path"], dtype=str, keep_default_na=False)
    assert list(frame["id"]) == ["7", "8", "9"] and list(frame[f"{tfidf} label"]) == ["positive", "", "negative"]
    probability = tab_compare.predict(root, "=a dull <b>mess</b>", [tfidf])[0]["confidence"]
    assert float(frame[f"{tfidf} confidence"][2]) == pytest.approx(probability, abs=1e-4)
    assert frame["review"][2] == "'=a dull <b>mess</b>"  # no formula for a spreadsheet
    assert "<b>mess" not in html and "no text" in html
    assert "Choose a file" in batch.label(root, None, "", [tfidf])[0]
    path.write_text("review\n" + "a film\n" * 20_001)
    with pytest.raises(gr.Error, match="20,001 rows"):
        batch.label(root, str(path), "", [tfidf])


def test_disagreements(runs):
    root, majority, tfidf = runs
    html, rows, picked, panel = differ.differ(root, [majority, tfidf])
    assert len(rows) == 16 and html.count("data-pick") == 16 and picked is None and not panel.visible
    sentence = differ.pick(rows, SimpleNamespace(pick="3"))
    assert sentence == rows[3] and sentence.label in sentence.labels
    assert "at least two runs" in differ.differ(root, [majority])[0]


def test_runs_on_other_reviews_stand_in_a_table_of_their_own(runs):
    from senti.evaluation import results_table

    rows = results_table(runs[0])
    other = rows.assign(data="elsewhere 123", dataset="elsewhere")
    html = verdicts.results(pd.concat([rows, other]))
    assert html.count("<table") == 2


def test_runs_that_are_called_the_same_are_told_apart_by_name(runs):
    from senti.evaluation import results_table

    rows = results_table(runs[0])
    assert "<small>" not in verdicts.results(rows)
    twice = pd.concat([rows, rows.assign(run=[f"again-{run}" for run in rows["run"]])])
    assert all(f"<small>{run}</small>" in verdicts.results(twice) for run in twice["run"])


def test_names_from_files_stay_text():
    hostile = "<img src=x onerror=alert(1)>"
    row = {"run": "r", "title": "TF-IDF", "method": "tfidf", "model": hostile, "dataset": hostile, "label": hostile,
           "milliseconds": 1.0, "probabilities": {hostile: 0.7, "b": 0.3}}  # fmt: skip
    assert "<img" not in verdicts.cards(pd.DataFrame([row]))
