"""Facts about a corpus, against counts and sums done by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from senti.corpus import Corpus, label_balance, lengths, split_sizes, telling_words, token_lengths, truncation


def frame(*rows: tuple[str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["text", "label"])


@pytest.fixture
def corpus() -> Corpus:
    splits = {
        "train": frame(("Bad, bad film", 0), ("bad acting", 0), ("good film", 1), ("It's GOOD 10 times", 1)),
        "validation": frame(("good", 1)),
        "test": frame(("a bad one", 0), ("fine", 1)),
    }
    return Corpus("tiny", splits, ("negative", "positive"), "here")


def test_sizes_and_balance(corpus: Corpus) -> None:
    assert split_sizes(corpus).to_numpy().tolist() == [["train", 4], ["validation", 1], ["test", 2]]
    balance = label_balance(corpus)
    assert list(balance.columns) == ["split", "label", "count", "share"]
    assert balance.to_numpy().tolist() == [
        ["train", "negative", 2, 0.5],
        ["train", "positive", 2, 0.5],
        ["validation", "negative", 0, 0.0],
        ["validation", "positive", 1, 1.0],
        ["test", "negative", 1, 0.5],
        ["test", "positive", 1, 0.5],
    ]


def test_lengths_are_words_per_text(corpus: Corpus) -> None:
    table = lengths(corpus)
    assert list(table.columns) == ["split", "label", "words"] and len(table) == 7
    assert list(table["words"]) == [3, 2, 2, 4, 1, 3, 1]
    assert list(table["label"])[:3] == ["negative", "negative", "positive"]


def test_truncation_is_the_share_of_longer_texts() -> None:
    assert truncation(np.array([1, 5, 6, 9]), 5) == 0.5
    assert truncation(np.array([], dtype=int), 5) == 0.0


def test_token_lengths_count_special_tokens_and_warn_of_nothing(capfd: pytest.CaptureFixture) -> None:
    from tokenizers import BertWordPieceTokenizer
    from transformers import DistilBertTokenizer

    pieces = BertWordPieceTokenizer()
    pieces.train_from_iterator(["good film", "bad film"] * 3, vocab_size=100, show_progress=False)
    tokenizer = DistilBertTokenizer(vocab=pieces.get_vocab(), model_max_length=4)
    assert list(token_lengths(["good film", "film", "film " * 9], tokenizer)) == [4, 3, 11]
    assert len(token_lengths([], tokenizer)) == 0
    assert capfd.readouterr().err == ""


def by_hand(here: dict[str, int], there: dict[str, int]) -> dict[str, float]:
    """Monroe et al. 2008, equations 15 (log-odds), 20 (variance) and 22 (z), word by word, from plain dicts."""
    words = set(here) | set(there)
    alpha = {w: here.get(w, 0) + there.get(w, 0) for w in words}
    a0, ni, nj = sum(alpha.values()), sum(here.values()), sum(there.values())
    z = {}
    for w in words:
        yi, yj, a = here.get(w, 0), there.get(w, 0), alpha[w]
        delta = math.log((yi + a) / (ni + a0 - yi - a)) - math.log((yj + a) / (nj + a0 - yj - a))
        z[w] = delta / math.sqrt(1 / (yi + a) + 1 / (yj + a))
    return z


def test_telling_words_match_the_sums_done_by_hand(corpus: Corpus) -> None:
    negative = {"bad": 3, "film": 1, "acting": 1}
    positive = {"good": 2, "film": 1, "it's": 1, "times": 1}
    table = telling_words(corpus)
    assert list(table.columns) == ["label", "word", "log_odds", "count"]
    for name, here, there in (("negative", negative, positive), ("positive", positive, negative)):
        expected = {word: score for word, score in by_hand(here, there).items() if score > 0}
        rows = table[table["label"] == name]
        assert dict(zip(rows["word"], rows["log_odds"], strict=True)) == pytest.approx(expected)
        assert dict(zip(rows["word"], rows["count"], strict=True)) == {word: here.get(word, 0) for word in expected}
        assert list(rows["log_odds"]) == sorted(rows["log_odds"], reverse=True)
    assert table.iloc[0]["word"] == "bad"
    # one of them by calculator: "bad", 3 of 5 words here, 0 of 5 there, prior 3 of 10
    delta = math.log(6 / (15 - 6)) - math.log(3 / (15 - 3))
    assert table.iloc[0]["log_odds"] == pytest.approx(delta / math.sqrt(1 / 6 + 1 / 3))


def test_telling_words_are_at_most_n_of_each_of_many_classes() -> None:
    rows = [(f"{word} film", i) for i, word in enumerate(("dull", "plain", "great")) for _ in range(3)]
    train = frame(*rows)
    table = telling_words(Corpus("three", {"train": train}, ("low", "middle", "high"), "here"), n=1)
    assert table[["label", "word"]].to_numpy().tolist() == [["low", "dull"], ["middle", "plain"], ["high", "great"]]


def test_telling_words_of_texts_without_words() -> None:
    for texts in (("!", "?"), ("same", "same")):
        train = frame((texts[0], 0), (texts[1], 1))
        assert telling_words(Corpus("none", {"train": train}, ("a", "b"), "here")).empty
