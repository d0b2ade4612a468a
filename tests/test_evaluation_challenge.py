"""The behavioural suite: its sentences are what they should be, and passing is counted as it says."""

import numpy as np
import pandas as pd
import pytest

from senti.errors import BadData
from senti.evaluation.challenge import challenge, challenge_sentences, pass_rates


def test_the_sentences_are_many_balanced_and_paired():
    rows = challenge_sentences()
    assert len(rows) >= 300 and not rows["text"].str.lower().duplicated().any()
    assert rows["phenomenon"].nunique() >= 12 and rows.groupby("phenomenon").size().min() >= 18
    assert rows["label"].eq("positive").groupby(rows["phenomenon"]).mean().between(0.4, 0.6).all()
    same = rows[rows["kind"] == "same"].groupby("pair")
    assert (same.size() >= 2).all() and (same["label"].nunique() == 1).all()
    assert set(rows["kind"]) == {"label", "same"} and set(rows["label"]) == {"negative", "positive"}


def reads_good(texts):
    positive = np.array([0.9 if "good" in text else 0.2 for text in texts])
    return np.stack([positive, 1 - positive], axis=1)  # class 0 is positive here


def test_passing_worked_out():
    rows = pd.DataFrame([
        ("n1", "negation", "label", "a good film", "positive"),
        ("n1", "negation", "label", "not a good film", "negative"),
        ("s1", "names", "same", "ada is good", "positive"), ("s1", "names", "same", "bo is good", "positive"),
        ("s2", "names", "same", "a goodd film", "positive"), ("s2", "names", "same", "a god film", "positive"),
    ], columns=["pair", "phenomenon", "kind", "text", "label"])  # fmt: skip
    answered = challenge(reads_good, ("pos", "neg"), rows)
    assert list(answered["said"]) == ["positive", "positive", "positive", "positive", "positive", "negative"]
    assert list(answered["passed"]) == [True, False, True, True, False, False]
    rates = pass_rates(answered).set_index("phenomenon")
    assert rates.loc["negation", ["passed", "n"]].tolist() == [1, 2]
    assert rates.loc["names", ["passed", "n"]].tolist() == [1, 2]  # two pairs
    assert rates.loc["all", ["passed", "n", "rate"]].tolist() == [2, 4, 0.5]
    assert rates.loc["all", "low"] < 0.5 < rates.loc["all", "high"]


def test_other_labels_are_refused():
    with pytest.raises(BadData, match="praise or blame"):
        challenge(reads_good, ("spam", "ham"))
