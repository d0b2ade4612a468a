"""ROC, precision-recall and their areas against scikit-learn; a worked example; classes that are missing."""

import numpy as np
import pytest
from sklearn import metrics

from senti.evaluation.curves import areas, auc, average_precision, overall_areas, precision_recall, roc


def drawn(classes: int, n: int = 400, digits: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (n, classes) that know something of the labels (n,); few digits make many ties."""
    draw = np.random.default_rng(classes)
    labels = draw.integers(0, classes, n)
    raw = draw.random((n, classes)) + 0.6 * np.eye(classes)[labels]
    return (raw / raw.sum(axis=1, keepdims=True)).round(digits), labels


@pytest.mark.parametrize("digits", [8, 1])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_every_class_against_the_rest_is_scikit_learn_s_curve(classes, digits):
    probabilities, labels = drawn(classes, digits=digits)
    for i in range(classes):
        chances, members = probabilities[:, i], labels == i
        false_rate, true_rate, thresholds = metrics.roc_curve(members, chances, drop_intermediate=False)
        mine = roc(chances, members)
        np.testing.assert_allclose(mine[["threshold", "false_rate", "true_rate"]].T,
                                   [thresholds, false_rate, true_rate])  # fmt: skip
        precision, recall, thresholds = metrics.precision_recall_curve(members, chances)
        mine = precision_recall(chances, members).iloc[::-1]
        np.testing.assert_allclose(mine[["threshold", "recall", "precision"]].T,
                                   [thresholds, recall[:-1], precision[:-1]])  # fmt: skip
        assert auc(chances, members) == pytest.approx(metrics.roc_auc_score(members, chances))
        assert average_precision(chances, members) == pytest.approx(metrics.average_precision_score(members, chances))


def test_one_number_is_the_second_class_of_two_and_the_mean_of_more():
    probabilities, labels = drawn(2)
    assert overall_areas(probabilities, labels) == pytest.approx(
        (metrics.roc_auc_score(labels, probabilities[:, 1]),
         metrics.average_precision_score(labels, probabilities[:, 1]))
    )  # fmt: skip
    probabilities, labels = drawn(4)
    assert overall_areas(probabilities, labels) == pytest.approx(
        (metrics.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"),
         metrics.average_precision_score(np.eye(4)[labels], probabilities, average="macro"))
    )  # fmt: skip


def test_worked_out_by_hand():
    # taken in turn: a member at 0.9; one of each at 0.8; another that is none at 0.3; the last member at 0.1
    chances, members = np.array([0.8, 0.3, 0.9, 0.1, 0.8]), np.array([True, False, True, True, False])
    assert roc(chances, members).to_numpy() == pytest.approx(np.array(
        [[np.inf, 0, 0], [0.9, 0, 1 / 3], [0.8, 1 / 2, 2 / 3], [0.3, 1, 2 / 3], [0.1, 1, 1]]
    ))  # fmt: skip
    assert list(precision_recall(chances, members)["precision"]) == pytest.approx([1, 2 / 3, 2 / 4, 3 / 5])
    assert auc(chances, members) == pytest.approx((1 + 0.5 + 1 + 1) / 6)  # of six pairs three are in order, one is tied
    assert average_precision(chances, members) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)


def test_a_method_that_says_the_same_of_everything_knows_nothing():
    members = np.array([True, False, False, True, False])
    assert auc(np.full(5, 0.5), members) == 0.5 and average_precision(np.full(5, 0.5), members) == pytest.approx(0.4)


@pytest.mark.parametrize("probabilities", [drawn(3)[0], np.full((400, 3), 1 / 3)])
def test_a_class_that_no_review_has_is_left_out(probabilities):
    labels = np.arange(400) % 2
    found = areas(probabilities, labels)
    assert list(found["n"]) == [200, 200, 0] and found.loc[2, ["auc", "average_precision"]].isna().all()
    assert found.loc[:1, ["auc", "average_precision"]].notna().all(axis=None)
    two = [metrics.roc_auc_score(labels == i, probabilities[:, i]) for i in (0, 1)]
    assert overall_areas(probabilities, labels)[0] == pytest.approx(np.mean(two))
