"""Scores against hand computations and scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_score, recall_score

from senti.evaluation.scores import score, wilson


def test_wilson_against_published_values():
    # Newcombe (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29
    for correct, n, low, high in [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
                                  (1, 29, 0.0061, 0.1718)]:  # fmt: skip
        assert wilson(correct, n) == pytest.approx((low, high), abs=5e-5)


def test_wilson_of_nothing_is_everything():
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("classes", [2, 5])
def test_score_agrees_with_scikit_learn(classes):
    rng = np.random.default_rng(classes)
    truth, chance = rng.integers(0, classes, 300), rng.dirichlet(np.ones(classes), 300)
    guesses, names = chance.argmax(axis=1), [f"class {i}" for i in range(classes)]
    got = score(truth, chance, names)
    assert got["accuracy"] == accuracy_score(truth, guesses)
    assert got["macro_f1"] == pytest.approx(f1_score(truth, guesses, average="macro"))
    assert got["macro_precision"] == pytest.approx(precision_score(truth, guesses, average="macro"))
    assert got["macro_recall"] == pytest.approx(recall_score(truth, guesses, average="macro"))
    assert got["confusion"] == confusion_matrix(truth, guesses).tolist()
    assert got["accuracy_low"] < got["accuracy"] < got["accuracy_high"]
    assert [each["n"] for each in got["per_class"].values()] == np.bincount(truth, minlength=classes).tolist()


def test_a_class_nobody_predicted_scores_zero():
    got = score([0, 1, 1], np.array([[0.9, 0.1]] * 3), ["negative", "positive"])
    assert got["per_class"]["positive"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 2}
    assert got["confusion"] == [[1, 0], [2, 0]]


def test_a_class_without_texts_keeps_its_place():
    got = score([0, 1], np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]]), ["bad", "good", "unseen"])
    assert [each["n"] for each in got["per_class"].values()] == [1, 1, 0]
    assert got["confusion"] == [[1, 0, 0], [0, 1, 0], [0, 0, 0]]
