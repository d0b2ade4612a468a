"""Differences and calibration against scipy, statsmodels' textbook forms and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from senti.evaluation.calibration import coverage, expected_calibration_error, reliability
from senti.evaluation.significance import holm, mcnemar, paired_bootstrap, pairwise, sentence


def answers(both: int, first: int, second: int, none: int) -> tuple[np.ndarray, np.ndarray]:
    """Two runs' right answers with so many reviews of each kind."""
    kinds = [(True, True)] * both + [(True, False)] * first + [(False, True)] * second + [(False, False)] * none
    a, b = np.array(kinds).T
    return a, b


@pytest.mark.parametrize(("first", "second"), [(5, 5), (9, 1), (0, 12), (60, 41), (0, 0), (130, 95)])
def test_mcnemar_is_a_binomial_test_of_the_differing_reviews(first, second):
    a, b = answers(300, first, second, 40)
    expected = stats.binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(a, b) == pytest.approx(expected) == mcnemar(b, a)


def test_the_bootstrap_draws_the_same_reviews_for_both():
    a, b = answers(700, 60, 30, 210)
    low, high = paired_bootstrap(a, b)
    theirs = stats.bootstrap((a.astype(float) - b.astype(float),), np.mean, n_resamples=4000, method="percentile",
                             rng=np.random.default_rng(1)).confidence_interval  # fmt: skip
    assert (low, high) == pytest.approx((theirs.low, theirs.high), abs=0.003)
    assert low < 0.03 < high


def test_holm_as_worked_out_by_hand():
    # sorted 0.01 0.02 0.03 0.5 times 4 3 2 1: 0.04 0.06 0.06 0.5, never falling
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == pytest.approx([1, 1]) and len(holm([])) == 0


def test_sentences_claim_no_more_than_p_carries():
    assert sentence("Full fine-tuning", "LoRA", 0.008, 0.38, 1066) == (
        "Full fine-tuning is better than LoRA by 0.8 points here; with 1,066 reviews that could be chance, p = 0.38."
    )
    assert "hardly chance, p < 0.001" in sentence("A", "B", 0.1, 1e-9, 500)
    assert "hardly chance, p = 0.0021" in sentence("A", "B", 0.1, 0.0021, 500)
    assert "equally good" in sentence("A", "B", 0.0, 1.0, 500)


def test_every_pair_of_runs_is_tested(tmp_path, tiny_folder):
    from senti.config import MajorityConfig, TfidfConfig
    from senti.experiment import conduct, create, prepare

    runs = []
    for config in (MajorityConfig(dataset=str(tiny_folder)), TfidfConfig(dataset=str(tiny_folder)),
                   TfidfConfig(dataset=str(tiny_folder), C=1e-6)):  # fmt: skip
        runs.append(create(tmp_path, prepare(config)))
        conduct(runs[-1])
    found = pairwise(runs)
    assert len(found) == 3 and (found["difference"] >= 0).all() and (found["corrected"] >= found["p"]).all()
    best = found[(found["first"] == runs[1].name) & (found["second"] == runs[0].name)].iloc[0]
    alike = found[(found["first"] != runs[0].name) & (found["second"] != runs[0].name)].iloc[0]
    assert all(run.name in alike["sentence"] for run in runs[1:])  # both are called TF-IDF + SVM
    assert best["difference"] == pytest.approx(0.5) and best["p"] == pytest.approx(2 / 2**16) and best["n"] == 32


def drawn() -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    positive = draw.random(4000)
    return np.stack([1 - positive, positive], axis=1), (draw.random(4000) < positive).astype(int)


def test_reliability_is_scikit_learn_s_calibration_curve():
    from sklearn.calibration import calibration_curve

    probabilities, labels = drawn()
    found = reliability(probabilities, labels)
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    accuracy, confidence = calibration_curve(right, sure, n_bins=10)
    np.testing.assert_allclose(found["accuracy"], accuracy)
    np.testing.assert_allclose(found["confidence"], confidence)
    assert found["n"].sum() == 4000 and (found["accuracy_low"] < found["accuracy"]).all()


def test_what_is_calibrated_has_hardly_any_ece_and_what_boasts_has_much():
    probabilities, labels = drawn()
    assert expected_calibration_error(probabilities, labels) < 0.02
    boasting = np.where(probabilities > 0.5, 1.0, 0.0)
    right = (boasting.argmax(axis=1) == labels).mean()
    assert expected_calibration_error(boasting, labels) == pytest.approx(1 - right)


def test_coverage_worked_out():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.2, 0.8]])
    found = coverage(probabilities, np.array([0, 1, 1, 0]))
    expected = pd.DataFrame({"threshold": [0.6, 0.8, 0.9], "coverage": [1, 0.75, 0.25], "accuracy": [0.5, 2 / 3, 1.0],
                             "n": [4, 3, 1]})  # fmt: skip
    pd.testing.assert_frame_equal(found, expected)
