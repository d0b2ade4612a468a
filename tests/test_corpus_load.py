"""From a name to a corpus: files, folders, the bundled reviews, and names that mean nothing."""

import os
import shutil
from pathlib import Path

import pandas as pd
import pytest

from senti.corpus import SOURCES, Corpus, in_cache, load_corpus, resolve_source
from senti.errors import BadData

MEASURING = Path(__file__).parents[2] / "shared" / "data"
WORDS = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"]


def reviews(n: int = 20, labels: tuple[object, ...] = (0, 1)) -> pd.DataFrame:
    """n different texts whose labels take turns."""
    texts = [f"{WORDS[i % 10]} {WORDS[i // 10 % 10]} {i}" for i in range(n)]
    return pd.DataFrame({"text": texts, "label": [labels[i % len(labels)] for i in range(n)]})


def save(frame: pd.DataFrame, folder: Path, name: str = "my.csv") -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False)
    return str(path)


def load(frame: pd.DataFrame, folder: Path, **options: object) -> Corpus:
    return load_corpus(save(frame, folder), **options)


def refusal(frame: pd.DataFrame, folder: Path, **options: object) -> str:
    with pytest.raises(BadData) as caught:
        load(frame, folder, **options)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)
    return str(caught.value)


def test_bundled_reviews_are_a_clean_corpus() -> None:
    corpus = load_corpus("bundled")
    assert corpus.name == "bundled" and corpus.labels == ("negative", "positive")
    assert corpus.source == f"{sum(corpus.rows.values()):,} reviews that come with senti"
    assert list(corpus.splits) == ["train", "validation", "test"] and corpus.notices == ()
    assert all(set(frame["label"]) == {0, 1} and frame["stars"].between(1, 5).all() for frame in corpus.splits.values())


def test_a_file_becomes_three_splits(tmp_path: Path) -> None:
    corpus = load(reviews(40), tmp_path)
    assert (corpus.name, corpus.source, corpus.why) == ("my", "file: my.csv", "")
    assert corpus.rows == {"train": 32, "validation": 4, "test": 4}
    assert corpus.labels == ("negative", "positive")
    train = corpus.splits["train"]
    assert list(train.columns) == ["text", "label"] and list(train.index) == list(range(32))
    assert train["label"].dtype == "int64" and isinstance(train["text"][0], str)


@pytest.mark.parametrize("validation", ["validation", "valid", "val", "dev"])
def test_a_folder_has_a_file_per_split(tmp_path: Path, validation: str) -> None:
    frame = reviews(30)
    for split, part in {"train": frame[:20], validation: frame[20:26], "test": frame[26:]}.items():
        save(part, tmp_path / "mine", f"{split}.csv")
    (tmp_path / "mine" / "notes.md").write_text("mine")
    corpus = load_corpus(str(tmp_path / "mine"))
    assert (corpus.name, corpus.source) == ("mine", "folder: mine")
    assert corpus.rows == {"train": 20, "validation": 6, "test": 4} and corpus.notices == ()
    assert list(corpus.splits["validation"]["text"]) == list(frame["text"][20:26])


def test_a_folder_without_test_carves_one(tmp_path: Path) -> None:
    save(reviews(20), tmp_path, "train.csv")
    save(reviews(30)[20:], tmp_path, "dev.csv")
    corpus = load_corpus(str(tmp_path))
    assert corpus.rows == {"train": 18, "validation": 10, "test": 2}
    assert corpus.notices == ("There is no test split: 2 rows of train, drawn with seed 0, serve as one.",)


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    save(reviews(), tmp_path / "a", "test.csv")
    with pytest.raises(BadData, match=r"a has no training file \(it holds test.csv\); add train.csv, or give one file"):
        load_corpus(str(tmp_path / "a"))
    save(reviews(), tmp_path / "b", "train.csv")
    save(reviews(), tmp_path / "b", "train.tsv")
    with pytest.raises(BadData, match=r"b has two files for train \(train.csv, train.tsv\); remove one"):
        load_corpus(str(tmp_path / "b"))
    save(reviews(), tmp_path / "c", "train.csv")
    save(reviews().rename(columns={"label": "mood"}), tmp_path / "c", "test.csv")
    with pytest.raises(BadData, match="the test split has no column 'label', only 'text', 'mood'"):
        load_corpus(str(tmp_path / "c"))


@pytest.mark.parametrize(
    "name", ["nonsense", "", "my file", "owner/../x", "a/b/c", "a/b@main", "http://x.y/z", "owner/"]
)
def test_unknown_names_list_what_there_is(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        BadData, match="use one of auto, bundled, rotten_tomatoes, sst2, imdb, a Hub id such as owner/name"
    ):
        load_corpus(name)


@pytest.mark.parametrize(
    "name", ["./none", "../none.csv", "none.csv", "/none/at/all", "~nobody/none.csv", "x" * 300 + ".csv"]
)
def test_paths_that_do_not_exist_say_so(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not in_cache(name)
    with pytest.raises(BadData, match="is not on this machine; check the path"):
        load_corpus(name)


def test_a_hub_id_is_never_replaced_by_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(reviews(), tmp_path / "owner" / "name", "train.csv")
    save(reviews(), tmp_path / "imdb", "train.csv")
    save(reviews(), tmp_path / "plain", "train.csv")
    with pytest.raises(
        BadData, match=r"owner/name is not on this machine and .*for the folder of that name write ./owner"
    ):
        load_corpus("owner/name")
    with pytest.raises(BadData, match="stanfordnlp/imdb is not on this machine"):
        load_corpus("imdb")
    assert load_corpus("./owner/name").source == load_corpus("owner/name/train.csv").source.replace(
        "file: train.csv", "folder: name"
    )
    assert load_corpus("plain").source == "folder: plain" and in_cache("plain")


def test_auto_and_other_names_resolve() -> None:
    assert resolve_source("auto") == (
        "bundled",
        "Rotten Tomatoes is not on this machine and the Hub did not answer, so the bundled reviews are used.",
    )
    assert resolve_source("sst2") == ("sst2", "") and resolve_source("a/b") == ("a/b", "")
    assert in_cache("auto") and in_cache("bundled") and not in_cache("sst2") and not in_cache("a/b")
    assert set(SOURCES) == {"auto", "bundled", "rotten_tomatoes", "sst2", "imdb"}


@pytest.mark.parametrize(
    ("folder", "rows", "classes"),
    [("rotten_tomatoes", (8530, 1066, 1066), 2), ("sst5", (8544, 1101, 2210), 5)],
)
def test_real_data_by_path(folder: str, rows: tuple[int, ...], classes: int) -> None:
    if not (MEASURING / folder).is_dir():
        pytest.skip(f"the data for measuring ({folder}) is not on this machine")
    corpus = load_corpus(str(MEASURING / folder))
    assert tuple(corpus.rows.values()) == rows and len(corpus.labels) == classes and corpus.name == folder


def test_real_data_with_a_test_split_only(tmp_path: Path) -> None:
    if not (MEASURING / "customer_reviews").is_dir():
        pytest.skip("the data for measuring (customer_reviews) is not on this machine")
    with pytest.raises(BadData, match="customer_reviews has no training file"):
        load_corpus(str(MEASURING / "customer_reviews"))
    shutil.copy(MEASURING / "customer_reviews" / "test.parquet", tmp_path / "reviews.parquet")
    corpus = load_corpus(os.fspath(tmp_path / "reviews.parquet"))
    assert corpus.rows == {"train": 1440, "validation": 180, "test": 180}
