"""What runs get right together, kappa, confusion and the figures of a split: known answers, scikit-learn, real runs."""

import warnings

import numpy as np
import pytest
from known import FIRST, NAMES, SECOND, TRUTH, three_classes, three_runs, trained
from sklearn import metrics

from senti.config import TfidfConfig
from senti.errors import BadData
from senti.evaluation import (
    agreement,
    answered,
    cohen_kappa,
    confusion,
    coverage,
    pair_agreement,
    results_table,
    saved_predictions,
    split_figures,
    split_reviews,
)
from senti.evaluation.agreement import PARTS, parts


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return three_classes(tmp_path_factory.mktemp("data") / "three")


@pytest.fixture(scope="module")
def runs(tmp_path_factory, folder):
    return three_runs(tmp_path_factory.mktemp("runs"), folder)


def test_parts_worked_out():
    truth = np.array(TRUTH)
    found = parts(truth, np.array([FIRST, SECOND, [0, 0, 0, 1, 1, 1]]))
    assert list(found) == ["all right", "some right", "all wrong", "some right", "some right", "some right"]
    assert set(parts(truth, np.array([FIRST]))) == {"all right", "all wrong"}


def test_two_runs_worked_out(runs):
    majority, first, second = runs
    (pair,) = pair_agreement([majority, first]).to_dict("records")  # right on reviews 1 2, and on 1 5 6
    assert (pair["both_right"], pair["only_first"], pair["only_second"], pair["both_wrong"]) == (1, 1, 2, 2)
    assert dict(agreement([first, second]).set_index("part")["n"]) == dict(zip(PARTS, [2, 2, 2], strict=True))
    (pair,) = pair_agreement([first, second]).to_dict("records")
    assert (pair["both_right"], pair["only_first"], pair["only_second"], pair["both_wrong"]) == (2, 1, 1, 2)
    assert pair["same"] == pytest.approx(3 / 6) and pair["n"] == 6
    # by chance: 2/6 x 5/6 both say bad, 4/6 x 1/6 both say good: 14/36; (18 - 14) / (36 - 14)
    assert pair["kappa"] == pytest.approx(4 / 22) == pytest.approx(metrics.cohen_kappa_score(FIRST, SECOND))
    assert len(pair_agreement(runs)) == 3 and agreement(runs)["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_kappa_and_confusion_are_scikit_learn_s(classes):
    draw = np.random.default_rng(classes)
    a = draw.integers(0, classes, 300)
    b = np.where(draw.random(300) < 0.6, a, draw.integers(0, classes - 1, 300))  # hardly ever says the last class
    assert cohen_kappa(a, b) == pytest.approx(metrics.cohen_kappa_score(a, b)) == cohen_kappa(b, a)
    np.testing.assert_array_equal(confusion(a, b, classes), metrics.confusion_matrix(a, b))


def test_kappa_of_two_runs_that_know_one_answer_is_not_a_number():
    same = np.full(9, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(cohen_kappa(same, same)) and cohen_kappa(same, np.arange(9) % 3) == 0


def test_a_class_never_said_has_an_empty_column(runs):
    _, first, _ = runs
    assert confusion(np.array(TRUTH), np.array(FIRST), 3).tolist() == [[1, 0, 1], [1, 0, 1], [0, 0, 2]]
    row = split_figures([first]).iloc[0]
    assert row["accuracy"] == pytest.approx(3 / 6) and 0 <= row["auc"] <= 1


def test_figures_of_a_split_worked_out(runs):
    majority, first, _ = runs
    rows = split_figures([majority, first], threshold=0.75).set_index("run")
    mine = rows.loc["first"]
    assert mine["confidence"] == pytest.approx(0.75) and mine["coverage"] == pytest.approx(3 / 6)
    assert mine["accuracy_covered"] == pytest.approx(2 / 3)  # of 80, 90 and 100 % sure the last two
    # right at 50, 90 and 100 %; bins of a tenth hold one each
    assert mine["ece"] == pytest.approx((0.5 + 0.6 + 0.7 + 0.8 + 0.1 + 0) / 6)
    assert rows.loc[majority.name, "coverage"] == 0 and np.isnan(rows.loc[majority.name, "accuracy_covered"])
    assert rows.loc[majority.name, "auc"] == pytest.approx(0.5)
    assert rows.loc[majority.name, "accuracy"] == pytest.approx(2 / 6)


def test_a_confidence_at_the_threshold_is_answered():
    curve = coverage(np.array([[0.75, 0.25], [0.5, 0.5]]), np.array([0, 1]))
    assert answered(curve, 0.75) == (0.5, 1.0) and answered(curve, 0.5) == (1.0, 0.5)
    assert answered(curve, 0.76)[0] == 0 and np.isnan(answered(curve, 0.76)[1])


def test_every_review_with_what_was_said_of_it(runs):
    _, first, second = runs
    rows = split_reviews([first, second])
    assert list(rows["number"]) == [1, 2, 3, 4, 5, 6] and list(rows["label"]) == [NAMES[i] for i in TRUTH]
    assert rows["said"][1] == ("good", "bad") and rows["sure"][1] == pytest.approx((0.6, 0.9))
    assert rows["confidence"].tolist() == pytest.approx([0.75] * 6) and rows["part"][1] == "some right"
    assert "clumsy" in rows["text"][1]


def test_real_runs_agree_with_their_saved_predictions(tmp_path, folder, tiny_folder):
    majority, tfidf = trained(tmp_path, folder), trained(tmp_path, folder, TfidfConfig)
    for split in ("validation", "test"):
        (pair,) = pair_agreement([majority, tfidf], split).to_dict("records")
        both = 0
        for (_, a), (_, b) in zip(saved_predictions(majority, split).iterrows(),
                                  saved_predictions(tfidf, split).iterrows(), strict=True):  # fmt: skip
            both += max(range(3), key=lambda i: a[f"p{i}"]) == a["label"] == max(range(3), key=lambda i: b[f"p{i}"])
        assert pair["both_right"] == both and both > 0
        assert split_figures([tfidf], split)["accuracy"][0] == tfidf.result["scores"][split]["accuracy"]
    elsewhere = trained(tmp_path, tiny_folder)
    for refused in (agreement, pair_agreement, split_reviews):
        with pytest.raises(BadData, match="different reviews"):
            refused([majority, elsewhere])
    assert len(split_figures([majority, elsewhere])) == 2  # each on its own reviews
    assert results_table(tmp_path)["memory"].gt(0).all()
