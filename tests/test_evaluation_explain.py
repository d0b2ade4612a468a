"""Attributions: complete, exact where they can be, as captum gives them; faithful explanations told from false ones."""

import copy
import os

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import PRAISE

from senti.config import FinetuneConfig, SvmConfig, TfidfConfig
from senti.encoder import load_classifier, load_tokenizer, make_lean, resolve_model
from senti.errors import BadConfig
from senti.evaluation import explain
from senti.evaluation.contributions import contributions
from senti.evaluation.faithful import faithfulness
from senti.evaluation.gradients import _integral, integrated_gradients
from senti.evaluation.occlusion import without, words_of
from senti.evaluation.remember import remembering
from senti.experiment import conduct, create, prepare
from senti.methods import linear, restore

TEXT = "A tender, unflinchingly honest film about two sisters!"


@pytest.fixture(scope="module")
def classifier():
    """MiniLM with a head of large random weights, so that there is something to attribute."""
    torch.manual_seed(0)
    minilm = resolve_model("minilm")
    model = load_classifier(minilm, ["negative", "positive"])
    torch.nn.init.normal_(model.classifier.weight, std=1.0)
    return model.eval(), load_tokenizer(minilm)


def test_integrated_gradients_are_complete_and_keep_to_words(classifier):
    found = integrated_gradients(*classifier, TEXT, label=1)
    assert found.total == pytest.approx(found.difference, abs=0.02 * abs(found.difference) + 0.01)
    assert list(found.words["word"]) == ["A", "tender", "unflinchingly", "honest", "film", "about", "two", "sisters"]
    assert [TEXT[row.start : row.end] for row in found.words.itertuples()] == list(found.words["word"])
    rest = found.total - found.words["effect"].sum()
    assert abs(rest) < abs(found.words["effect"]).sum()  # punctuation alone: the marks do not change
    other = integrated_gradients(*classifier, TEXT, label=0)
    np.testing.assert_allclose(other.words["effect"], -found.words["effect"], atol=1e-5)


def test_integrated_gradients_are_captum_s(classifier):
    """The same path from the same baseline, looked at in 64 places, without any of our short cuts."""
    from captum.attr import IntegratedGradients

    model, tokenizer = classifier
    encoded = tokenizer(TEXT, return_tensors="pt", return_special_tokens_mask=True)
    ids, marks = encoded["input_ids"], encoded["special_tokens_mask"].bool()
    table = model.get_input_embeddings()
    end = table(ids).detach()
    start = table(torch.where(marks, ids, torch.full_like(ids, tokenizer.pad_token_id))).detach()

    def target(path):
        logits = model(inputs_embeds=path).logits
        return logits[:, 1] - logits[:, 0]

    theirs = IntegratedGradients(target).attribute(end, start, n_steps=64)
    pieces = pd.Series(theirs.sum(dim=-1)[0].numpy()).groupby(encoded.word_ids()).sum()
    expected = pieces.drop([2, 9]).to_numpy()  # all but the comma and the exclamation mark
    found = integrated_gradients(lean(model), tokenizer, TEXT, label=1, tolerance=0.001)
    np.testing.assert_allclose(found.words["effect"], expected, atol=0.005 * np.abs(expected).max())


def lean(model):
    """A copy as `explain` uses it: the quick forward pass, the last layer for [CLS] alone."""
    copied = copy.deepcopy(model).requires_grad_(False)
    make_lean(copied, first_token=True)
    return copied


def test_the_path_is_looked_at_closely_only_where_the_answer_turns():
    """A step of height 6 at 0.3, a thirtieth wide, and a gentle slope beside it; the integral is known."""
    asked = []

    def look(shares):
        asked.extend(shares)
        x = np.array(shares)
        steep = 1 / (1 + np.exp(-(x - 0.3) * 120))
        pieces = np.stack([6 * 120 * steep * (1 - steep), 2 * x, -3 * x**2], axis=1)
        return 6 * steep + x**2 - x**3, pieces

    pieces, difference = _integral(look, 0.02)
    steps = [6 / (1 + np.exp(-(x - 0.3) * 120)) for x in (0, 1)]
    np.testing.assert_allclose(pieces, [steps[1] - steps[0], 1, -1], atol=0.02)
    assert difference == pytest.approx(steps[1] - steps[0]) and len(asked) == len(set(asked)) < 40
    assert sum(0.2 < x < 0.4 for x in asked) > 0.4 * len(asked) > 0.4 * 17
    asked.clear()
    _integral(look, 1e9)
    assert len(asked) == 17  # nothing is halved where every gap is small enough


@pytest.fixture(scope="module")
def tfidf(tmp_path_factory, tiny_folder):
    run = create(tmp_path_factory.mktemp("runs"), prepare(TfidfConfig(dataset=str(tiny_folder))))
    conduct(run)
    return linear.restore(run.model_path)


def test_a_model_is_read_once_until_its_file_changes(tfidf, tmp_path):
    linear.save(tfidf, tmp_path)
    first = linear.restore(tmp_path)
    assert linear.restore(tmp_path) is first
    os.utime(tmp_path / "model.skops", ns=(1, 1))
    assert linear.restore(tmp_path) is not first


@pytest.mark.parametrize("text", ["a tender film of two sisters", "Tender TENDER film, dull!", "zzz", "the Film i x y"])
def test_contributions_add_up_to_the_margin(tfidf, text):
    margin = tfidf.calibrated_classifiers_[0].estimator.decision_function(np.array([text], dtype=object))[0]
    for label, sign in ((1, 1), (0, -1)):
        found = contributions(tfidf, text, label)
        assert found.margin == pytest.approx(sign * margin)
        assert found.intercept + found.words["effect"].sum() == pytest.approx(sign * margin)
    words = contributions(tfidf, "a tender film", 1).words.set_index("word")["effect"]
    assert words["tender"] > 0 and words["tender"] > words["film"] and words["a"] == 0


def counting(texts):
    scores = np.array([0.5 + 0.1 * text.split().count("good") - 0.2 * text.split().count("bad") for text in texts])
    return np.stack([1 - scores, scores], axis=1)


def test_a_true_explanation_is_more_faithful_than_a_false_one():
    text = "good film with a bad end and good music"
    words = words_of(text)
    true = words.assign(effect=[0.1 * (w == "good") - 0.2 * (w == "bad") for w in words["word"]])
    false = true.assign(effect=-true["effect"])
    comprehensive, sufficient = faithfulness(counting, text, true, 1)
    # nine words: cuts of 1, 2 and 4 (ties in reading order); without them 0.4, 0.3, 0.3; alone 0.6, 0.7, 0.7; all 0.5
    assert comprehensive == pytest.approx(0.5 - (0.4 + 0.3 + 0.3) / 3)
    assert sufficient == pytest.approx(0.5 - (0.6 + 0.7 + 0.7) / 3)
    worse, lacking = faithfulness(counting, text, false, 1)
    assert worse < comprehensive and lacking > sufficient
    assert faithfulness(counting, "...", words_of("...").assign(effect=0.0), 1) == (0.0, 0.0)


def test_words_are_taken_out_cleanly():
    assert without("a good film", [(2, 6)]) == "a film" and without("good, film", [(0, 4)]) == ", film"
    assert without("a good film", [(0, 1), (7, 11)]) == "good "


def test_no_text_is_asked_twice():
    asked = []

    def predict(texts):
        asked.append(list(texts))
        return counting(texts)

    answer = remembering(predict, most=3)
    np.testing.assert_array_equal(answer(["good", "bad", "good"]), counting(["good", "bad", "good"]))
    np.testing.assert_array_equal(answer(["bad", "film", "bad bad"]), counting(["bad", "film", "bad bad"]))
    assert asked == [["good", "bad"], ["film", "bad bad"]]
    answer(["bad"])
    answer(["good"])  # the oldest was let go of
    assert asked[2:] == [["good"]]


@pytest.mark.usefixtures("with_hub_cache")
def test_every_method_speaks_of_the_same_words_and_any_of_three_labels(root, tmp_path):
    said = {"bad": ("grim", "dull"), "fair": ("plain", "usual"), "good": ("warm", "bright")}
    rows = [(f"the {noun} was {word}", label) for noun in ("film", "end", "plot", "cast", "pace", "music")
            for label, words in said.items() for word in words]  # fmt: skip
    file = tmp_path / "three.csv"
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(file, index=False)
    text = "A <b>bright</b>, un-usual film; isn't it grim?"
    for config in (TfidfConfig(str(file)), SvmConfig(str(file), model="distilbert"),
                   FinetuneConfig(str(file), model="distilbert", epochs=1)):  # fmt: skip
        run = create(root, prepare(config))
        conduct(run)
        each = {label: explain(run, text, label) for label in ("bad", "fair", "good")}
        for label, found in each.items():
            assert found.label == label and list(found.words["word"]) == list(words_of(text)["word"])
            assert [text[row.start : row.end] for row in found.words.itertuples()] == list(found.words["word"])
            assert found.total == pytest.approx(found.expected, abs=0.05)
        assert sum(found.probability for found in each.values()) == pytest.approx(1)
        # occlusions of all labels add up to nothing, as their probabilities add up to one
        np.testing.assert_allclose(sum(found.words["occlusion"] for found in each.values()), 0, atol=1e-6)
        surest = max(each.values(), key=lambda found: found.probability)
        assert explain(run, text).label == surest.label
        if isinstance(config, FinetuneConfig):
            # the target of each label is its logit less the mean of the others: over all labels nothing is left
            np.testing.assert_allclose(sum(found.words["own"] for found in each.values()), 0, atol=0.05)
        with pytest.raises(BadConfig, match="bad, fair, good"):
            explain(run, text, "great")


@pytest.mark.usefixtures("with_hub_cache")
def test_a_trained_run_is_explained_by_the_words_that_it_learned(root, tiny_folder):
    run = create(root, prepare(FinetuneConfig(dataset=str(tiny_folder), model="distilbert", lr=1e-2, epochs=4)))
    conduct(run)
    classifier, tokenizer = restore(run)
    learned, others = [], []
    for word in PRAISE:
        text = f"what a {word} evening at the cinema"
        found = integrated_gradients(classifier.float(), tokenizer, text, 1)
        effects = found.words.set_index("word")["effect"]
        learned.append(effects[word])
        others.append(effects.drop(word).mean())
    assert np.mean(learned) > np.mean(others) + 0.1
