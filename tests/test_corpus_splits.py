"""Splits are honoured or carved, samples drawn, duplicates counted, data told apart."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
from test_corpus_load import load, refusal, reviews, save

from senti.corpus import Corpus, load_corpus


def test_a_split_column_is_honoured(tmp_path: Path) -> None:
    frame = reviews(40).assign(Split=["train", "Train ", "valid", "test"] * 10)
    frame["label"] = [0, 1, 0, 1, 1, 0, 1, 0] * 5
    corpus = load(frame, tmp_path)
    assert corpus.rows == {"train": 20, "validation": 10, "test": 10} and corpus.notices == ()
    assert list(corpus.splits["test"]["text"]) == list(frame["text"][3::4])


def test_carving_is_seeded_stratified_and_said(tmp_path: Path) -> None:
    frame = reviews(200, ("a", "a", "a", "b"))
    corpus = load(frame, tmp_path)
    assert corpus.rows == {"train": 160, "validation": 20, "test": 20}
    for part in corpus.splits.values():
        assert (part["label"] == 1).mean() == 0.25
        assert list(part["text"]) == [text for text in frame["text"] if text in set(part["text"])]
    assert corpus.notices == (
        "There is no validation split: 20 rows of train, drawn with seed 0, serve as one.",
        "There is no test split: 20 rows of train, drawn with seed 0, serve as one.",
    )
    texts = [set(part["text"]) for part in corpus.splits.values()]
    assert set.union(*texts) == set(frame["text"]) and not texts[0] & texts[1] and not texts[0] & texts[2]
    assert load(frame, tmp_path).checksum == corpus.checksum
    assert load(frame, tmp_path, seed=1).checksum != corpus.checksum


def test_every_class_is_carved_even_a_rare_one(tmp_path: Path) -> None:
    frame = reviews(100).assign(label=["rare"] * 4 + ["a", "b"] * 48)
    corpus = load(frame, tmp_path)
    assert corpus.rows == {"train": 80, "validation": 10, "test": 10}
    assert [int((part["label"] == 2).sum()) for part in corpus.splits.values()] == [2, 1, 1]


def test_carving_leaves_no_copy_behind(tmp_path: Path) -> None:
    frame = pd.concat([reviews(40)] + [reviews(10)] * 5, ignore_index=True)
    corpus = load(frame, tmp_path)
    assert corpus.notices[2:] == ("50 training rows repeat an earlier training text.",)


def test_subset_is_stratified_seeded_and_in_order(tmp_path: Path) -> None:
    frame = reviews(400, ("a", "a", "a", "b"))
    whole, part = load(frame, tmp_path), load(frame, tmp_path, subset=40)
    assert part.rows == {"train": 40, "validation": 40, "test": 40}
    assert [int(p["label"].sum()) for p in part.splits.values()] == [10, 10, 10]
    positions = [list(whole.splits["train"]["text"]).index(text) for text in part.splits["train"]["text"]]
    assert positions == sorted(positions)
    assert "A stratified sample of 120 of 400 rows is used, drawn with seed 0." in part.notices
    assert load(frame, tmp_path, subset=40).checksum == part.checksum
    assert load(frame, tmp_path, subset=1000).checksum == whole.checksum


def test_subset_keeps_rare_classes(tmp_path: Path) -> None:
    frame = reviews(300).assign(label=["rare"] * 6 + ["a", "b"] * 147)
    corpus = load(frame, tmp_path, subset=5)
    assert corpus.rows == {"train": 5, "validation": 5, "test": 5}
    assert all(set(part["label"]) == {0, 1, 2} for part in corpus.splits.values())
    frame["label"] = ["rare"] * 6 + ["odd"] * 6 + ["most"] * 288
    assert load(frame, tmp_path, subset=5).rows == {"train": 5, "validation": 5, "test": 5}
    assert "subset is 2, fewer than the 3 classes; use at least 3" in refusal(frame, tmp_path, subset=2)


# --- duplicates and checksum


def test_duplicates_leaks_and_conflicts_are_counted(tmp_path: Path) -> None:
    train = pd.DataFrame(
        {
            "text": ["Good  film", "good ＦＩＬＭ", "bad", "bad ", "ugly", "odd", "even", "plain"],
            "label": [1, 1, 0, 1, 0, 1, 0, 1],
        }
    )
    validation = pd.DataFrame({"text": ["BAD", "fresh"], "label": [0, 1]})
    test = pd.DataFrame({"text": ["ugly", "new", "good\tfilm"], "label": [0, 1, 0]})
    for name, frame in {"train": train, "val": validation, "test": test}.items():
        save(frame, tmp_path, f"{name}.csv")
    corpus = load_corpus(str(tmp_path))
    assert corpus.rows == {"train": 8, "validation": 2, "test": 3}
    assert corpus.notices == (
        "2 training rows repeat an earlier training text.",
        "1 validation row repeats a training text, which flatters the score.",
        "2 test rows repeat a training text, which flatters the score.",
        "2 texts occur under different labels.",
    )


def test_the_checksum_tells_data_apart(tmp_path: Path) -> None:
    corpus = load(reviews(), tmp_path)
    assert len(corpus.checksum) == 16 and int(corpus.checksum, 16) >= 0
    assert replace(corpus, name="other", labels=("x", "y"), notices=("z",)).checksum == corpus.checksum
    train = corpus.splits["train"]
    changes = {
        "order": train.iloc[::-1],
        "label": train.assign(label=1 - train["label"]),
        "text": train.assign(text=train["text"] + "."),
        "row": train.iloc[1:],
    }
    sums = {replace(corpus, splits={**corpus.splits, "train": frame}).checksum for frame in changes.values()}
    assert len(sums | {corpus.checksum}) == 5


def test_the_checksum_is_stable_between_versions() -> None:
    splits = {"train": pd.DataFrame({"text": ["good", "schön"], "label": [1, 0]})}
    assert Corpus("x", splits, ("negative", "positive"), "here").checksum == "a058c0d11fac21fb"
