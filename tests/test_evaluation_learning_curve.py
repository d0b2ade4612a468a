"""The learning curve against a plain loop; its samples are nested and stratified; it is kept."""

import numpy as np
import pandas as pd
import pytest

from senti.config import SvmConfig, TfidfConfig
from senti.corpus import Corpus
from senti.encoder import features, resolve_model
from senti.errors import BadConfig, Stopped
from senti.evaluation import known_learning_curve, learning_curve, wilson
from senti.evaluation.learning_curve import DRAWS, SIZES, nested_samples

pytestmark = pytest.mark.usefixtures("with_hub_cache")
WORDS = {0: ["dull", "clumsy", "tired", "loud", "lazy"], 1: ["tender", "funny", "warm", "clever", "lovely"]}


def corpus(n: int = 300) -> Corpus:
    """Noisy reviews: more of them help."""
    draw = np.random.default_rng(0)

    def made(rows: int) -> pd.DataFrame:
        labels = draw.integers(0, 2, rows)
        texts = [" ".join(draw.choice(WORDS[label if draw.random() < 0.7 else 1 - label]) for _ in range(5))
                 for label in labels]  # fmt: skip
        return pd.DataFrame({"text": texts, "label": labels})

    return Corpus("made", {"train": made(n), "validation": made(120), "test": made(20)}, ("bad", "good"), "made up")


@pytest.fixture(scope="module")
def made():
    return corpus()


def configs():
    svm = {"model": "distilbert", "precision": "fp32"}
    return [TfidfConfig(), SvmConfig(**svm), SvmConfig(**svm, pooling="mean")]


def test_samples_are_nested_stratified_and_differ_from_draw_to_draw():
    labels = np.repeat([0, 1, 2], [1500, 900, 12])
    samples = nested_samples(labels, seed=1)
    assert [len(each) for each in samples] == [size for size in SIZES for _ in range(DRAWS)] + [len(labels)]
    for draw in range(DRAWS):
        first, second, third = (set(samples[i * DRAWS + draw]) for i in range(3))
        assert first < second < third and len(third) == 1024
    for each in samples:
        shares = np.bincount(labels[each], minlength=3)
        assert (np.abs(shares - len(each) * np.bincount(labels) / len(labels)) <= 1.01).all() and shares.min() >= 1
    assert len({tuple(sorted(each)) for each in samples[:DRAWS]}) == DRAWS
    assert all((a == b).all() for a, b in zip(samples, nested_samples(labels, seed=1), strict=True))
    assert [len(each) for each in nested_samples(labels[::80])] == [len(labels[::80])]  # fewer than 64: all of them


def test_every_point_is_that_of_a_plain_loop(made):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    shares = []
    found = learning_curve(made, configs(), on_progress=lambda share, what: shares.append(share))
    assert shares == sorted(shares) and 0 <= shares[0] and shares[-1] <= 1
    train, validation = made.splits["train"], made.splits["validation"]
    truth, backbone = validation["label"].to_numpy(), resolve_model("distilbert")
    read = {pooling: [features(backbone, list(rows["text"]), pooling=pooling, precision="fp32", cache=False)
                      for rows in (train, validation)] for pooling in ("cls", "mean")}  # fmt: skip
    for config in configs():
        mine = found[found["title"] == title(config)].set_index("size")
        assert list(mine.index) == [64, 256, 300] and list(mine["draws"]) == [DRAWS, DRAWS, 1]
        for size, rows in mine.iterrows():
            right = []
            for places in (p for p in nested_samples(train["label"].to_numpy()) if len(p) == size):
                if isinstance(config, TfidfConfig):
                    step = TfidfVectorizer(ngram_range=(1, 2)).fit(train["text"].iloc[places])
                    known, asked = step.transform(train["text"].iloc[places]), step.transform(validation["text"])
                    svc = LinearSVC(C=1.0, random_state=0)
                else:
                    vectors, others = read[config.pooling]
                    step = StandardScaler().fit(vectors[places])
                    known, asked = step.transform(vectors[places]), step.transform(others)
                    svc = LinearSVC(C=0.01, dual=False, random_state=0)
                right.append((svc.fit(known, train["label"].iloc[places]).predict(asked) == truth).mean())
            assert rows["accuracy"] == pytest.approx(np.mean(right), abs=0.5 / len(truth))
            assert rows["lowest"] == pytest.approx(min(right), abs=1.5 / len(truth))
            assert rows["highest"] == pytest.approx(max(right), abs=1.5 / len(truth))
            assert (rows["low"], rows["high"]) == pytest.approx(wilson(rows["accuracy"] * 120, 120))
    words = found[found["method"] == "tfidf"].set_index("size")["accuracy"]
    assert words[300] > words[64] and words[300] > 0.7


def title(config) -> str:
    from senti.evaluation.table import run_title

    return run_title(config)


def test_it_is_kept_and_what_changes_it_has_a_curve_of_its_own(made):
    first = learning_curve(made, configs())
    pd.testing.assert_frame_equal(known_learning_curve(made, configs()), first)
    pd.testing.assert_frame_equal(
        learning_curve(made, configs(), should_stop=lambda: True), first
    )  # read, not measured: nothing to stop
    assert known_learning_curve(made, configs(), seed=1) is None
    assert known_learning_curve(made, [TfidfConfig(C=3.0)]) is None
    assert known_learning_curve(corpus(280), configs()) is None


def test_it_stops_and_refuses(made):
    with pytest.raises(Stopped):
        learning_curve(made, [TfidfConfig()], seed=9, should_stop=lambda: True)
    assert known_learning_curve(made, [TfidfConfig()], seed=9) is None
    with pytest.raises(BadConfig, match="layer"):
        learning_curve(made, [SvmConfig(model="distilbert", layer=40)])


def test_both_poolings_come_from_one_reading_and_are_those_of_two(monkeypatch, tmp_path):
    texts, backbone = [f"a tender film {i}" for i in range(8)], resolve_model("distilbert")
    alone = {pooling: features(backbone, texts, pooling=pooling, cache=False) for pooling in ("cls", "mean")}
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    np.testing.assert_allclose(features(backbone, texts, also=("cls", "mean")), alone["cls"], atol=2e-2)
    assert len(list((tmp_path / "features").iterdir())) == 2
    told = []
    kept = features(backbone, texts, pooling="mean", on_progress=lambda done, total: told.append(done))
    assert told == [8]  # found at once
    np.testing.assert_allclose(kept, alone["mean"], atol=2e-2)
    with pytest.raises(BadConfig, match="pooling is 'median'"):
        features(backbone, texts, also=("median",))
