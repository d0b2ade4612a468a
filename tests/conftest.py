"""What tests share: a tiny corpus, a tiny transformer in a Hub cache on disk, a folder for runs; no network."""

import gc
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from senti.imports import collect_rarely

os.environ["HF_HUB_OFFLINE"] = "1"  # read when huggingface_hub is imported, so it must come first
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what one of the many processes has compiled, the next ones read
os.environ["OMP_NUM_THREADS"] = "1"  # read when torch is imported; two workers share two cores

REVISIONS = {"rotten_tomatoes": "aa13bc287fa6fcab6daf52f0dfb9994269ffea28"}
collect_rarely()  # as each of senti's own processes does

PRAISE = ["tender", "funny", "gripping", "warm", "clever", "lovely", "moving", "bright"]
BLAME = ["dull", "clumsy", "tired", "empty", "loud", "lazy", "grim", "silly"]
FRAMES = [
    "a {} film about two sisters", "the script is {} from the start", "{} and very well aware of it",
    "my uncle found it {}", "what a {} evening at the cinema", "the second half turns {}",
    "{} music over {} pictures", "nothing here but {} ideas",
]  # fmt: skip


def tiny_rows() -> pd.DataFrame:
    """128 short reviews of two classes, as separable as words allow."""
    pairs = [(frame.format(word, word), label)
             for frame in FRAMES for label, words in ((1, PRAISE), (0, BLAME)) for word in words]  # fmt: skip
    return pd.DataFrame(pairs, columns=["text", "label"])


def tiny_splits() -> dict[str, pd.DataFrame]:
    """The tiny reviews as 64 / 32 / 32, balanced."""
    shuffled = tiny_rows().sample(frac=1, random_state=0, ignore_index=True)
    by_label = [shuffled[shuffled["label"] == label] for label in (0, 1)]
    cuts = {"train": slice(0, 32), "validation": slice(32, 48), "test": slice(48, 64)}
    return {name: pd.concat([part.iloc[cut] for part in by_label], ignore_index=True) for name, cut in cuts.items()}


@pytest.fixture(scope="session", autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Caches of this test session live in a folder of their own."""
    os.environ["SENTI_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module", autouse=True)
def loaded_for_good() -> None:
    """What a file of tests finds loaded stays: the Trainer looks for garbage after each run, a third of a tiny one."""
    gc.freeze()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that leaves this machine fails the test."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test reached for the network: {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder for runs."""
    return tmp_path / "checkpoints"


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], root: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[object, str, str]]:
    """Run `senti ...` in this process; returns (exit code, stdout, stderr). The folder of runs has a relative path, as
    the usual one has."""
    from senti import cli

    monkeypatch.chdir(root.parent)

    def call(*words: str) -> tuple[object, str, str]:
        capsys.readouterr()
        try:
            code: object = cli.run([*words, "--output_dir", root.name])
        except SystemExit as e:
            code = e.code
        out = capsys.readouterr()
        return code, out.out, out.err

    return call


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny reviews as a folder with one csv per split: a dataset that any command can load."""
    folder = tmp_path_factory.mktemp("data") / "tiny"
    folder.mkdir()
    for name, frame in tiny_splits().items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="session")
def hub_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hub cache with a tiny random DistilBERT and tiny Rotten Tomatoes, both under their real names."""
    cache = tmp_path_factory.mktemp("hub")
    model = cache / "models--distilbert--distilbert-base-uncased"
    save_tiny_distilbert(_snapshot(model, "12040accade4e8a0f71eabdb258fecc2e7e948be"))
    data = _snapshot(cache / "datasets--cornell-movie-review-data--rotten_tomatoes", REVISIONS["rotten_tomatoes"])
    for name, frame in tiny_splits().items():
        frame.to_parquet(data / f"{name}.parquet", index=False)
    return cache


@pytest.fixture(scope="session")
def lively_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny DistilBERT with dropout, where a random state that is lost shows."""
    folder = tmp_path_factory.mktemp("lively") / "tiny"
    save_tiny_distilbert(folder)
    told = folder / "config.json"
    told.write_text(json.dumps(json.loads(told.read_text()) | {"dropout": 0.1, "seq_classif_dropout": 0.2}))
    return folder


@pytest.fixture
def with_hub_cache(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Run the test with that Hub cache in place of the user's."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
    monkeypatch.setenv("HF_HUB_CACHE", str(hub_cache))  # for processes that the test starts
    return hub_cache


def _snapshot(repo: Path, revision: str) -> Path:
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(revision)
    folder = repo / "snapshots" / revision
    folder.mkdir(parents=True)
    return folder


def save_tiny_distilbert(folder: Path) -> None:
    """A DistilBERT of two layers, 32 wide, with random weights and a vocabulary made of the tiny reviews."""
    import torch
    from transformers import DistilBertConfig, DistilBertForMaskedLM, DistilBertTokenizer

    torch.manual_seed(0)
    # a trained vocabulary would break ties differently each time; this one is the same everywhere
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,'[]<>"
    words = sorted({word for text in tiny_rows()["text"] for word in text.split() if len(word) > 1})
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters), *words]
    tokenizer = DistilBertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)})
    tokenizer.model_max_length = 512
    # a wide start and no dropout: it learns its few words within a second
    config = DistilBertConfig(
        vocab_size=len(tokenizer), dim=32, hidden_dim=64, n_layers=2, n_heads=4, initializer_range=0.1,
        dropout=0.0, attention_dropout=0.0, seq_classif_dropout=0.0,
    )  # fmt: skip
    DistilBertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
