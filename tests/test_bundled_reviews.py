"""The bundled reviews: enough of them, balanced, no near-duplicates, neither trivial nor noise."""

from collections import defaultdict
from itertools import combinations
from pathlib import Path

import pandas as pd
import pytest

import senti.corpus
from senti.corpus import load_corpus

CSV = Path(senti.corpus.__file__).parent / "samples" / "reviews.csv"
REAL = Path(__file__).parents[2] / "shared" / "data" / "rotten_tomatoes" / "test.parquet"


@pytest.fixture(scope="module")
def reviews() -> pd.DataFrame:
    return pd.read_csv(CSV, keep_default_na=False)


def grams(text: str) -> frozenset[tuple[str, ...]]:
    words = "".join(c.lower() if c.isalnum() or c == "'" else " " for c in text).split()
    return frozenset(zip(*(words[i:] for i in range(5)), strict=False)) or frozenset([tuple(words)])


def test_shape(reviews):
    assert list(reviews.columns) == ["text", "label", "stars", "split"]
    assert len(reviews) >= 1200
    assert reviews["text"].str.split().str.len().between(5, 45).all()
    assert not reviews["text"].str.lower().duplicated().any()


def test_balanced_and_stratified(reviews):
    assert abs(reviews["label"].mean() - 0.5) < 0.005
    shares = reviews["split"].value_counts(normalize=True)
    assert shares["train"] == pytest.approx(0.7, abs=0.01)
    assert shares["validation"] == pytest.approx(0.15, abs=0.01) == shares["test"]
    assert (reviews.groupby("split")["label"].mean() - 0.5).abs().max() < 0.01


def test_stars_agree_with_labels(reviews):
    assert set(reviews[reviews["label"] == 0]["stars"]) == {1, 2, 3}
    assert set(reviews[reviews["label"] == 1]["stars"]) == {3, 4, 5}


def test_no_near_duplicates(reviews):
    sets, holders = [grams(text) for text in reviews["text"]], defaultdict(set)
    for i, mine in enumerate(sets):
        for gram in mine:
            holders[gram].add(i)
    for pair in {pair for rows in holders.values() for pair in combinations(sorted(rows), 2)}:
        a, b = (sets[i] for i in pair)
        assert len(a & b) / len(a | b) <= 0.3, list(reviews["text"].iloc[list(pair)])


def test_none_is_a_real_review(reviews):
    if not REAL.exists():
        pytest.skip("the real Rotten Tomatoes reviews are not on this machine")
    splits = [pd.read_parquet(REAL.with_name(f"{split}.parquet")) for split in ("train", "validation", "test")]
    real = [grams(text) for split in splits for text in split["text"]]
    holders = defaultdict(set)
    for i, theirs in enumerate(real):
        for gram in theirs:
            holders[gram].add(i)
    for text in reviews["text"]:
        mine = grams(text)
        for i in {i for gram in mine for i in holders.get(gram, ())}:
            assert len(mine & real[i]) / len(mine | real[i]) <= 0.3, text


def test_not_trivial_and_not_noise(reviews):
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    model = make_pipeline(CountVectorizer(), LinearSVC(C=0.1, random_state=0))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    accuracy = cross_val_score(model, reviews["text"], reviews["label"], cv=folds).mean()
    assert 0.65 <= accuracy <= 0.90


def test_they_load():
    corpus = load_corpus("bundled")
    assert corpus.name == "bundled" and corpus.labels == ("negative", "positive")
    assert list(corpus.rows) == ["train", "validation", "test"]
    assert not any("repeat" in notice for notice in corpus.notices)
