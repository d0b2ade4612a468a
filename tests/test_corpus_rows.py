"""Columns are found, rows cleaned, labels numbered; what cannot be trained on is refused with its way out."""

from pathlib import Path

import pandas as pd
import pytest
from test_corpus_load import load, refusal, reviews

from senti.corpus import find_text_column, load_corpus
from senti.errors import BadData


@pytest.mark.parametrize(
    ("columns", "text", "label"),
    [
        (["Review", "Sentiment"], "Review", "Sentiment"),
        (["id", "sentence", "stars"], "sentence", "stars"),
        (["stars", "label", "text"], "text", "label"),
        (["comment", "TARGET", "date"], "comment", "TARGET"),
    ],
)
def test_columns_are_found_by_name(tmp_path: Path, columns: list[str], text: str, label: str) -> None:
    frame = pd.DataFrame({name: [str(i) for i in range(20)] for name in columns})
    frame[text] = list(reviews()["text"])
    frame[label] = [1, 2] * 10
    corpus = load(frame, tmp_path)
    assert set(pd.concat(corpus.splits.values())["text"]) == set(frame[text]) and corpus.labels == ("1", "2")


def test_columns_can_be_named(tmp_path: Path) -> None:
    frame = reviews().assign(other="x", mood=["up", "down"] * 10)
    assert load(frame, tmp_path, label_column="mood").labels == ("down", "up")
    assert load(frame, tmp_path, label_column="MOOD", text_column="Text").labels == ("down", "up")
    taken = frame.drop(columns="label").rename(columns={"mood": "review"})
    assert load(taken, tmp_path, label_column="review").labels == ("down", "up")


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        (
            ["text", "review", "label"],
            {},
            "several columns may hold the text ('text', 'review'); choose one with --text-column",
        ),
        (
            ["text", "class", "label"],
            {},
            "several columns may hold the label ('class', 'label'); choose one with --label-column",
        ),
        (
            ["a", "label"],
            {},
            "no column is named like a text; the columns are 'a', 'label': choose one with --text-column",
        ),
        (["text", "<img onerror=x>"], {}, "no column is named like a label; the columns are 'text', '<img onerror=x>'"),
        (
            ["text", "label"],
            {"text_column": "body"},
            "there is no column 'body'; give --text-column one of 'text', 'label'",
        ),
        (["text", "label"], {"label_column": "mood"}, "there is no column 'mood'; give --label-column one of"),
        (["text", "label"], {"label_column": "text", "text_column": "text"}, "'text' cannot be both text and label"),
    ],
)
def test_columns_that_cannot_be_chosen(tmp_path: Path, columns: list[str], options: dict, message: str) -> None:
    frame = pd.DataFrame({name: [f"{name}{i}" for i in range(20)] for name in columns})
    assert message in refusal(frame, tmp_path, **options)


def test_a_text_column_without_labels() -> None:
    assert find_text_column(pd.DataFrame({"whatever": ["a"]})) == "whatever"
    assert find_text_column(pd.DataFrame({"id": ["1"], "Review": ["a"]})) == "Review"
    assert find_text_column(pd.DataFrame({"id": ["1"], "note": ["a"]}), "note") == "note"
    with pytest.raises(BadData, match="choose one with --text-column"):
        find_text_column(pd.DataFrame({"id": ["1"], "note": ["a"]}))


# --- rows


def test_empty_texts_and_blank_labels_are_left_out_and_counted(tmp_path: Path) -> None:
    frame = reviews(24).astype({"label": object})
    frame.loc[[1, 3], "text"] = ["", " \u200b\ufeff "]
    frame.loc[[5], "label"] = " "
    corpus = load(frame, tmp_path)
    assert sum(corpus.rows.values()) == 21
    assert corpus.notices[:2] == (
        "2 rows have an empty text and were left out (lines 3, 5).",
        "1 row has no label and was left out (line 7).",
    )


def test_long_texts_are_cut_and_counted(tmp_path: Path) -> None:
    frame = reviews()
    frame.loc[4, "text"] = "x" * 200_000
    corpus = load(frame, tmp_path)
    assert corpus.notices[0] == "1 text was cut to 20,000 characters (line 6)."
    assert max(len(text) for part in corpus.splits.values() for text in part["text"]) == 20_000


def test_nul_characters_in_parquet_are_removed(tmp_path: Path) -> None:
    reviews().assign(text=[f"a\0b{i}" for i in range(20)]).to_parquet(tmp_path / "my.parquet")
    assert load_corpus(str(tmp_path / "my.parquet")).splits["train"]["text"].str.startswith("ab").all()


def test_stars_are_kept_when_whole_numbers(tmp_path: Path) -> None:
    corpus = load(reviews().assign(Stars=[1, 5] * 10), tmp_path)
    assert set(corpus.splits["train"]["stars"]) == {1, 5} and corpus.splits["train"]["stars"].dtype == "int64"
    for odd in ("many", "2.5", ""):
        corpus = load(reviews().assign(stars=[1, odd] * 10), tmp_path)
        assert "stars" not in corpus.splits["train"]
        assert corpus.notices[0].startswith("The column 'stars' is not used: it is not always a whole number (lines 3")


# --- labels


@pytest.mark.parametrize(
    ("written", "names", "notice"),
    [
        ((0, 1), ("negative", "positive"), ""),
        ((1.0, 0.0), ("negative", "positive"), ""),
        ((-1, 1), ("negative", "positive"), "The labels -1 and 1 are read as negative and positive."),
        (("pos", "neg"), ("negative", "positive"), ""),
        (("sad", "glad"), ("glad", "sad"), ""),
        ((10, 9), ("9", "10"), "The labels are numbered from 0: 9 is class 0, 10 is class 1."),
        ((0, 4), ("0", "4"), "The labels are numbered from 0: 0 is class 0, 4 is class 1."),
        ((0, 1, 2), ("0", "1", "2"), ""),
        ((True, False), ("False", "True"), ""),
        (("nan", "inf"), ("inf", "nan"), ""),
        (
            ("Pos", "neg", "Pos", "pos ", "POS"),
            ("negative", "positive"),
            "The labels 'Pos', 'POS', 'pos' are read as one: 'Pos'.",
        ),
    ],
)
def test_labels_are_numbered_in_order(tmp_path: Path, written: tuple, names: tuple[str, ...], notice: str) -> None:
    corpus = load(reviews(60, written), tmp_path)
    assert corpus.labels == names
    assert [line for line in corpus.notices if "label" in line] == ([notice] if notice else [])


def test_each_text_keeps_its_label(tmp_path: Path) -> None:
    frame = reviews(60, ("sad", "glad", "calm"))
    corpus = load(frame, tmp_path)
    truth = dict(zip(frame["text"], frame["label"], strict=True))
    for part in corpus.splits.values():
        assert [corpus.labels[label] for label in part["label"]] == [truth[text] for text in part["text"]]


# --- refusals


def prose(n: int) -> list[str]:
    return [f"this is quite a long sentence about film {i}" for i in range(n)]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (reviews(7), "there are 7 rows with text and label; at least 8 are needed"),
        (reviews(20, ("good",)), "every row has the label 'good'; add rows of at least one other label"),
        (reviews(210).assign(label=range(210)), "column 'label' has 210 different values such as '0', which looks"),
        (reviews(20).assign(label=prose(20)), "text or ids (at most 100 classes); choose another with --label-column"),
        (reviews(20).assign(text=""), "no training row has both a text in 'text' and a label in 'label'"),
        (reviews(20).assign(text="same"), "all training texts are the same"),
        (reviews(20).assign(label=["rare"] + ["a", "b"] * 9 + ["a"]),
         "the class 'rare' has 1 training row (line 2) and at least 4 are needed to split them; add more"),
        (reviews(20).assign(label=["rare"] * 3 + ["a", "b"] * 8 + ["a"]),
         "the class 'rare' has 3 training rows (lines 2, 3, 4) and at least 4 are needed to split them"),
        (reviews(20).assign(label=[2] + [0, 1] * 9 + [2], split=["train"] * 18 + ["dev", "test"]),
         "the class '2' has 1 training row (line 2) and at least 2 are needed; add more, or remove it"),
        (reviews(20).assign(split=["train"] * 19 + ["holdout"]),
         "column 'split' holds 'holdout' (line 21); use train, validation, test"),
        (reviews(20).assign(split="test"), "column 'split' never says train"),
        (reviews(20).assign(label=[2] + [0, 1] * 9 + [0], split=["test"] + ["train"] * 19),
         "the test split has the label '2' (line 2), which train never has"),
        (reviews(20).assign(split=["train"] * 19 + ["dev"], text=[*reviews(19)["text"], " "]), ""),
    ],
)  # fmt: skip
def test_what_cannot_be_trained_on(tmp_path: Path, frame: pd.DataFrame, message: str) -> None:
    if not message:  # a split whose rows all go is carved anew
        assert load(frame, tmp_path).rows == {"train": 15, "validation": 2, "test": 2}
        return
    assert message in refusal(frame, tmp_path)
