"""Datasets of the Hub, read from a Hub cache that the tests build; no network."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from senti import hub
from senti.corpus import in_cache, load_corpus, resolve_source
from senti.corpus.sources import BENCHMARKS
from senti.errors import BadData

README = """---
dataset_info:
  features:
  - {{name: {text}, dtype: string}}
  - name: label
    dtype:
      class_label:
        names:
          '0': {low}
          '1': {high}
configs:
- config_name: default
  data_files:
{files}
---
A dataset.
"""


def reviews(n: int, start: int = 0) -> pd.DataFrame:
    return pd.DataFrame({"text": [f"review {i}" for i in range(start, start + n)], "label": [i % 2 for i in range(n)]})


def readme(files: dict[str, str], text: str = "text", low: str = "neg", high: str = "pos") -> str:
    lines = "\n".join(f"  - {{split: {split}, path: {path}}}" for split, path in files.items())
    return README.format(text=text, low=low, high=high, files=lines)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty Hub cache in place of the user's, and an empty cache of senti's own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / ".cache" / "hub"))
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path / "senti"))
    return tmp_path / ".cache" / "hub"


def put(cache: Path, hub_id: str, files: dict[str, pd.DataFrame | str], revision: str = "b" * 40) -> Path:
    """A dataset in a Hub cache, laid out as the Hub's client does."""
    repo = cache / f"datasets--{hub_id.replace('/', '--')}"
    (repo / "refs").mkdir(parents=True, exist_ok=True)
    (repo / "refs" / "main").write_text(revision)
    for name, content in files.items():
        blob, path = repo / "blobs" / name.replace("/", "-"), repo / "snapshots" / revision / name
        for folder in (blob.parent, path.parent):
            folder.mkdir(parents=True, exist_ok=True)
        blob.write_text(content) if isinstance(content, str) else content.to_parquet(blob, index=False)
        path.symlink_to(blob)
    return repo / "snapshots" / revision


def put_benchmark(cache: Path, name: str, files: dict[str, pd.DataFrame | str]) -> Path:
    return put(cache, BENCHMARKS[name].hub_id, files, BENCHMARKS[name].revision)


def tomatoes() -> dict[str, pd.DataFrame | str]:
    return {"train.parquet": reviews(30), "validation.parquet": reviews(6, 30), "test.parquet": reviews(8, 36)}


@pytest.mark.parametrize("name", ["rotten_tomatoes", "cornell-movie-review-data/rotten_tomatoes", "auto"])
@pytest.mark.parametrize("card", [True, False])
def test_rotten_tomatoes_from_the_cache(cache: Path, name: str, card: bool) -> None:
    files = {split: f"{split}.parquet" for split in ("train", "validation", "test")}
    put_benchmark(cache, "rotten_tomatoes", tomatoes() | ({"README.md": readme(files)} if card else {}))
    corpus = load_corpus(name)
    assert corpus.rows == {"train": 30, "validation": 6, "test": 8} and corpus.notices == ()
    assert corpus.labels == ("negative", "positive") and corpus.name == "rotten_tomatoes"
    assert corpus.source == "Hub: cornell-movie-review-data/rotten_tomatoes@aa13bc2"
    assert corpus.why == ("Rotten Tomatoes is already on this machine." if name == "auto" else "")
    assert in_cache(name) and resolve_source("auto")[0] == "rotten_tomatoes"
    assert corpus.splits["test"].equals(reviews(8, 36).astype({"text": "str"}))


def test_a_cache_that_lacks_a_split_is_not_used(cache: Path) -> None:
    files = tomatoes()
    del files["test.parquet"]
    put_benchmark(cache, "rotten_tomatoes", files)
    assert not in_cache("rotten_tomatoes") and resolve_source("auto")[0] == "bundled"
    with pytest.raises(
        BadData, match="rotten_tomatoes is not on this machine and the Hub does not answer; connect once"
    ):
        load_corpus("rotten_tomatoes")


def test_another_revision_is_not_the_benchmark(cache: Path) -> None:
    put(cache, BENCHMARKS["rotten_tomatoes"].hub_id, tomatoes())
    assert not in_cache("rotten_tomatoes")


def test_sst2_drops_its_unlabelled_test_split(cache: Path) -> None:
    frame = reviews(60).rename(columns={"text": "sentence"})
    hidden = frame[:10].assign(label=-1)
    files = {split: f"data/{split}-*" for split in ("train", "validation", "test")}
    put_benchmark(
        cache,
        "sst2",
        {
            "README.md": readme(files, text="sentence"),
            "data/train-00000-of-00001.parquet": frame[:50],
            "data/validation-00000-of-00001.parquet": frame[50:],
            "data/test-00000-of-00001.parquet": hidden,
        },
    )
    corpus = load_corpus("sst2")
    assert corpus.rows == {"train": 45, "validation": 10, "test": 5}
    assert corpus.notices == (
        "The test split of SST-2 has no labels and is not used.",
        "There is no test split: 5 rows of train, drawn with seed 0, serve as one.",
    )


def test_imdb_needs_no_unsupervised_split(cache: Path) -> None:
    files = {split: f"plain_text/{split}-*" for split in ("train", "test", "unsupervised")}
    put_benchmark(
        cache,
        "imdb",
        {
            "README.md": readme(files),
            "plain_text/train-00000-of-00001.parquet": reviews(40),
            "plain_text/test-00000-of-00001.parquet": reviews(20, 40),
        },
    )
    corpus = load_corpus("imdb")
    assert corpus.rows == {"train": 36, "validation": 4, "test": 20} and corpus.labels == ("negative", "positive")
    assert corpus.notices == ("There is no validation split: 4 rows of train, drawn with seed 0, serve as one.",)


def test_any_other_dataset_brings_its_class_names(cache: Path) -> None:
    files = {"train": "a.parquet", "test": "b.parquet", "extra": "c.parquet"}
    frames = {
        "a.parquet": reviews(40),
        "b.parquet": reviews(10, 40).assign(label=[-1] * 2 + [0, 1] * 4),
        "c.parquet": reviews(4),
    }
    folder = put(cache, "owner/name", {"README.md": readme(files, low="sad", high="glad"), **frames})
    corpus = load_corpus("owner/name")
    assert corpus.labels == ("sad", "glad") and corpus.name == "name" and corpus.source == f"Hub: owner/name@{'b' * 7}"
    assert corpus.rows == {"train": 36, "validation": 4, "test": 8}
    assert corpus.notices[:2] == (
        "Not used: the split extra.",
        "2 rows of test have no label and were left out (rows 1, 2).",
    )
    assert in_cache("owner/name") and (folder / "README.md").exists()


def test_other_formats_and_columns(cache: Path) -> None:
    lines = "".join(
        json.dumps({"review": f"r {i}", "mood": "up" if i % 2 else "down", "tags": ["x"]}) + "\n" for i in range(20)
    )
    put(cache, "owner/lines", {"train.jsonl": lines})
    with pytest.raises(BadData, match="no column is named like a label; the columns are 'review', 'mood'"):
        load_corpus("owner/lines")
    assert load_corpus("owner/lines", label_column="mood").labels == ("down", "up")


def test_several_configurations_are_listed(cache: Path) -> None:
    configs = "".join(f"- config_name: {name}\n  data_files: {name}/*.parquet\n" for name in ("films", "books"))
    files = {
        "README.md": f"---\nconfigs:\n{configs}---\n",
        "films/a.parquet": reviews(20),
        "books/a.parquet": reviews(30),
    }
    put(cache, "owner/two", files)
    with pytest.raises(
        BadData, match=r"several configurations \(films, books\); choose one, as in --dataset owner/two:films"
    ):
        load_corpus("owner/two")
    with pytest.raises(BadData, match="owner/two has no configuration 'songs'; choose one of films, books"):
        load_corpus("owner/two:songs")
    corpus = load_corpus("owner/two:books")
    assert sum(corpus.rows.values()) == 30 and corpus.name == "two:books"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"README.md": "only a card"}, "owner/odd is not on this machine and the Hub does not answer"),
        ({"train.parquet": "not parquet"}, "owner/odd cannot be read"),
        ({"test.parquet": reviews(20)}, "the dataset has no train split, only test; pick another one"),
    ],
)
def test_repositories_that_cannot_be_used(cache: Path, files: dict[str, pd.DataFrame | str], message: str) -> None:
    put(cache, "owner/odd", files)
    with pytest.raises(BadData, match=re.escape(message)) as caught:
        load_corpus("owner/odd")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        ("GatedRepoError", "owner/name is gated; ask for access on its page"),
        ("RepositoryNotFoundError", "the Hub has no public dataset owner/name; check its name"),
        ("LocalEntryNotFoundError", r"owner/name could not be fetched \(LocalEntryNotFoundError\); try again"),
    ],
)
def test_what_the_hub_may_answer(cache: Path, monkeypatch: pytest.MonkeyPatch, error: str, message: str) -> None:
    import huggingface_hub
    from huggingface_hub import errors

    def answer(*_: object, **options: object) -> str:
        kind = errors.LocalEntryNotFoundError if options["local_files_only"] else getattr(errors, error)
        raise kind.__new__(kind)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", answer)
    monkeypatch.setattr(hub, "online", lambda: True)
    with pytest.raises(BadData, match=message):
        load_corpus("owner/name")


def test_auto_takes_the_hub_when_it_answers_and_downloads_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "online", lambda: True)
    assert resolve_source("auto") == ("rotten_tomatoes", "The Hub answers, so Rotten Tomatoes can be downloaded.")
    assert not cache.exists()


def test_loading_is_quiet_and_writes_only_to_the_cache(
    cache: Path, capfd: pytest.CaptureFixture, caplog: pytest.LogCaptureFixture
) -> None:
    folder = put_benchmark(cache, "rotten_tomatoes", tomatoes())
    before = sorted(folder.rglob("*"))
    with caplog.at_level(logging.WARNING):
        load_corpus("rotten_tomatoes")
    assert capfd.readouterr() == ("", "") and caplog.records == []
    assert sorted(folder.rglob("*")) == before
    assert (cache.parents[1] / "senti" / "datasets").is_dir()


def test_importing_and_resolving_stay_light() -> None:
    code = (
        "import sys; from senti.corpus import resolve_source; resolve_source('bundled'); "
        "print([m for m in ('torch', 'sklearn', 'transformers', 'datasets', 'huggingface_hub') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    assert run.stdout.strip() == "[]"
