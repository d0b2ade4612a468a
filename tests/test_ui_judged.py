"""Why, whether a difference is real, and the suite, through the handlers of the Compare tab."""

import dataclasses
import json
from types import SimpleNamespace

import pytest

from senti.config import FinetuneConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.evaluation import nearest
from senti.evaluation.deletion import Deletion
from senti.experiment import conduct, create, prepare
from senti.runs import open_run
from senti.ui import behaviour, differences, disagreement, why
from senti.ui.disagreement import Sentence


@pytest.fixture(scope="module")
def runs(tmp_path_factory, tiny_folder):
    """Two finished runs on the tiny reviews: (folder, names)."""
    root, names = tmp_path_factory.mktemp("runs"), []
    for cls in (MajorityConfig, TfidfConfig):
        run = create(root, prepare(cls(dataset=str(tiny_folder))))
        conduct(run)
        names.append(run.name)
    return root, names


def test_words_are_marked_with_what_they_do(runs):
    root, names = runs
    shown = why.why(root, "a <b>tender</b> film", names[1:])
    assert "tender<sub>+" in shown and "<b>tender" not in shown and "linear contributions" in shown
    assert "Choose a run" in why.why(root, "a film", [])
    other = why.why(root, "a <b>tender</b> film", names[1:], "negative")
    assert "for negative" in other and "tender<sub>-" in other
    assert "knows negative, positive" in why.why(root, "a film", names[1:], "three stars")
    assert not why.offer_labels(root, names).visible  # two labels are one another's reverse


def test_differences_are_told_in_sentences(runs):
    root, names = runs
    assert "TF-IDF + SVM is better than Majority class by 50.0 points here" in differences.differences(root, names)
    assert "Choose two runs" in differences.differences(root, names[:1])


def test_the_suite_counts_and_shows_what_failed(runs):
    root, names = runs
    table, unclicked = behaviour.suite(root, [*names, "gone"])
    assert unclicked == "" and table.count("data-pick") == 16 and "irony" in table and "Majority class" in table
    failed = behaviour.failures(root, names, SimpleNamespace(pick="negation"))
    assert "✗" in failed and "not a film worth seeing" in failed
    assert "Choose a run" in behaviour.suite(root, [])[0]


@pytest.fixture(scope="module")
def layered(tmp_path_factory, tiny_folder, hub_cache):
    """An SVM and a fine-tuned run on the tiny DistilBERT beside TF-IDF: (folder, names)."""
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        patch.setenv("SENTI_CACHE", str(tmp_path_factory.mktemp("cache")))
        root, data = tmp_path_factory.mktemp("runs"), str(tiny_folder)
        for name, config in (("words", TfidfConfig(data)), ("svm", SvmConfig(data, model="distilbert")),
                             ("full", FinetuneConfig(data, model="distilbert", epochs=1))):  # fmt: skip
            conduct(create(root, prepare(config), name))
        yield root, ["words", "svm", "full"]


def test_a_disagreement_is_shown_with_all_its_parts(layered):
    root, names = layered
    picked = Sentence("a <i>tender</i> film about two sisters", "positive", ("negative", "positive"))
    panel, head, *_ = disagreement.opened(picked)
    assert panel.visible and "&lt;i&gt;tender" in head and "true label" in head and "positive" in head
    cards, unread = disagreement.sides(root, names, picked)
    assert cards.count("<article") == 3 and unread.visible and "<i>tender" not in cards
    assert disagreement.layers(root, names, picked)[1] is None  # nothing is probed unasked
    shares = []
    cards, unread = disagreement.read(root, names, picked, lambda share, desc: shares.append(share))
    assert not unread.visible and shares and all(0 <= share <= 1 for share in shares)
    for name in names:
        for row in nearest(open_run(root, name), picked.text, 3).itertuples():
            assert row.text in cards
    told, figure, drawing = disagreement.layers(root, names, picked)
    assert "part" in told and "TF-IDF + SVM has no layers" in told and drawing.visible
    assert {trace["name"] for trace in json.loads(figure)["data"]} == {"DistilBERT, as it came", "Full fine-tuning"}
    assert "The smallest change" in disagreement.change(root, names, picked, lambda share, desc: None)


def test_the_change_is_struck_out_and_says_what_is_proven():
    found = Deletion(("strangely", "<b>"), ((6, 15), (20, 23)), "a but empty", 1, 0.87, True)
    shown = disagreement._change("a but strangely and <b> empty", found, ["negative", "positive"])
    assert "a but <del>strangely</del> and <del>&lt;b&gt;</del> empty" in shown and "No smaller one" in shown
    assert "87 % sure" in shown and "Delete “strangely”, “&lt;b&gt;”" in shown
    unproven = dataclasses.replace(found, proven=False)
    assert "A smaller one may exist" in disagreement._change("a but strangely and <b> empty", unproven, ["x", "y"])
    assert "No deletion was found" in disagreement._change("a film", None, ["x", "y"])
    assert "None is needed" in disagreement._change("a", Deletion((), (), "a", 0, 0.9, True), ["x", "y"])


def test_no_sentence_or_no_second_run_is_no_card(layered):
    root, names = layered
    picked = Sentence("a film", "positive", ("negative", "positive"))
    for runs, sentence in ((names, None), (names[:1], picked), (["gone"], picked)):
        assert disagreement.sides(root, runs, sentence)[0] == ""
        assert disagreement.layers(root, runs, sentence)[:2] == ("", None)
        assert disagreement.change(root, runs, sentence) == ""
