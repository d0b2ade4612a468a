"""Slices, near-duplicates and safe exports, against memberships and likenesses worked out by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest

from senti.corpus import Corpus, all_rows, combined, near_duplicates, slices, write_csv
from senti.corpus.slices import rare_share
from senti.errors import BadConfig

TRAIN = [
    "a warm film", "not a warm film", "but is it a film ?", "number 9 in the row of films about nothing at all really",
]  # fmt: skip
TEST = ["it isn't warm , yet warm", "zyx wvu film"]


@pytest.fixture
def rows():
    frames = {
        "train": pd.DataFrame({"text": TRAIN, "label": [1, 0, 1, 0], "stars": [5, 1, 4, 2]}),
        "test": pd.DataFrame({"text": TEST, "label": [0, 1], "stars": [2, 5]}),
    }
    return all_rows(Corpus("tiny", frames, ("bad", "good"), "here"))


def members(masks, name):
    return list(np.flatnonzero(masks[name]))


def test_every_review_is_in_its_slices(rows):
    masks = slices(rows)
    assert members(masks, "label: good") == [0, 2, 5]
    assert members(masks, "negation") == [1, 3, 4]  # not, nothing, isn't
    assert members(masks, "contrast") == [2, 4]  # but, yet
    assert members(masks, "question") == [2] and members(masks, "numbers") == [3]
    assert members(masks, "short") == [0, 5] and members(masks, "long") == [3]  # quartiles of train: 3.75 and 7.5 words
    assert members(masks, "stars: 5") == [0, 5] and "stars: 3" not in masks


def test_a_word_is_rare_if_no_other_training_review_has_it(rows):
    # not; but, is, it; all eleven; and of the test reviews isn't, yet; zyx, wvu
    assert list(rare_share(rows)) == pytest.approx([0 / 3, 1 / 4, 3 / 5, 11 / 11, 2 / 4, 2 / 3])


def test_slices_combine(rows):
    masks = slices(rows)
    assert list(combined(masks, ["negation", "contrast"])) == [False] * 4 + [True, False]
    assert combined(masks, []).all()
    with pytest.raises(BadConfig, match="choose some of"):
        combined(masks, ["irony"])


def test_rows_keep_split_number_and_label(rows):
    assert list(rows["number"]) == [1, 2, 3, 4, 1, 2] and list(rows["label"]) == [
        "good", "bad", "good", "bad", "bad", "good",
    ]  # fmt: skip


def jaccard(a: str, b: str) -> float:
    """The definition, for texts of plain words."""
    sets = []
    for text in (a, b):
        words = text.lower().split()
        sets.append({tuple(words[i : i + 3]) for i in range(len(words) - 2)} or {tuple(words)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


def test_near_duplicates_are_those_of_the_definition():
    draw = np.random.default_rng(0)
    words = list("abcdefg")
    texts = [" ".join(draw.choice(words, draw.integers(1, 9))) for _ in range(120)]
    expected = {(i, j): jaccard(texts[i], texts[j]) for i, j in itertools.combinations(range(120), 2)}
    expected = {pair: likeness for pair, likeness in expected.items() if likeness >= 0.3}
    found = near_duplicates(texts, 0.3)
    assert len(expected) > 20
    assert dict(zip(zip(found["a"], found["b"], strict=True), found["similarity"], strict=True)) == pytest.approx(
        expected
    )
    assert found["similarity"].is_monotonic_decreasing


def test_near_duplicates_see_through_case_and_marks_and_find_nothing_in_nothing():
    found = near_duplicates(["A warm, warm film!", "a warm warm film", "quite another thing"])
    assert found.to_dict("records") == [{"a": 0, "b": 1, "similarity": 1.0}]
    assert near_duplicates([]).empty and near_duplicates(["one"]).empty


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =cmd|'/c calc'!A1", "＝1"])
def test_a_spreadsheet_computes_nothing_of_ours(tmp_path, text):
    write_csv(pd.DataFrame({"text": [text, "fine = fine"], "score": [-1.5, 2.0]}), tmp_path / "out.csv")
    back = pd.read_csv(tmp_path / "out.csv", encoding="utf-8-sig")
    assert back["text"][0] == f"'{text}" and back["text"][1] == "fine = fine" and back["score"][0] == -1.5
