"""Datasets of the Hub: fetched into the Hub's own cache, or found there when the network is away."""

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from senti import hub
from senti.cache import cache_dir
from senti.corpus.sources import Benchmark, benchmark
from senti.corpus.table import Tables, numbered, strings
from senti.errors import BadData
from senti.imports import importing

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

_DATA = ("*.parquet", "*.csv", "*.tsv", "*.jsonl", "*.json")


def read_hub(name: str) -> tuple[Tables, str]:
    """The splits of a Hub dataset, and one line on where they came from. Downloads it if need be; raises BadData."""
    known = benchmark(name)
    hub_id, _, config = (known.hub_id if known else name).partition(":")
    folder = cached_folder(name) or _download(hub_id, known)
    splits = _load(folder, hub_id, config, known)
    tables = {split: _table(data) for split, data in splits.items()}
    notices = (known.remark,) if known and known.remark else ()
    return Tables(tables, notices, _class_names(splits)), f"Hub: {hub_id}@{folder.name[:7]}"


def cached_folder(name: str) -> Path | None:
    """The folder of a Hub dataset on this machine, if all its labelled splits are there; asks no network."""
    known = benchmark(name)
    hub_id = known.hub_id if known else name.partition(":")[0]
    try:
        folder = _snapshot(hub_id, known, local_files_only=True)
    except (OSError, ValueError):
        return None
    files = _data_files(folder, known)
    return folder if files and all(files.values()) else None


def _snapshot(hub_id: str, known: Benchmark | None, *, local_files_only: bool) -> Path:
    from huggingface_hub import snapshot_download

    # The README of a known benchmark is not read, and that of any other names its splits, classes and configurations.
    patterns = [f"*{split}[-.]*" for split in known.splits] if known else [*_DATA, "README.md"]
    folder = snapshot_download(
        hub_id,
        repo_type="dataset",
        revision=known.revision if known else None,
        allow_patterns=patterns,
        local_files_only=local_files_only,
    )
    return Path(folder)


def _download(hub_id: str, known: Benchmark | None) -> Path:
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    if not hub.online():
        twin = f" (for the folder of that name write ./{hub_id})" if os.path.exists(hub_id) else ""
        raise BadData(
            f"{hub_id} is not on this machine and the Hub does not answer; "
            f"connect once, or use --dataset bundled{twin}."
        )
    try:
        return _snapshot(hub_id, known, local_files_only=False)
    except GatedRepoError as error:
        raise BadData(f"{hub_id} is gated; ask for access on its page and log in with `hf auth login`.") from error
    except RepositoryNotFoundError as error:
        raise BadData(f"the Hub has no public dataset {hub_id}; check its name on huggingface.co/datasets.") from error
    except (OSError, ValueError) as error:
        kind = type(error).__name__
        raise BadData(f"{hub_id} could not be fetched ({kind}); try again or use --dataset bundled.") from error


def _data_files(folder: Path, known: Benchmark | None) -> dict[str, list[str]]:
    """The data files of a snapshot, by labelled split for a known benchmark, else all under one name."""
    files = sorted(str(path.relative_to(folder)) for pattern in _DATA for path in folder.rglob(pattern))
    if known is None:
        return {"data": files}
    return {split: [f for f in files if Path(f).name.startswith(split)] for split in known.splits}


def _load(folder: Path, hub_id: str, config: str, known: Benchmark | None) -> "DatasetDict":
    import datasets
    from datasets.exceptions import DatasetsError

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    if not any(_data_files(folder, known).values()):
        raise BadData(f"{hub_id} holds no parquet, csv or jsonl files; pick another dataset or a file of your own.")
    # A known benchmark is read by its file names: its README also speaks of splits that are not fetched.
    files: dict[str, Any] = {"data_files": _data_files(folder, known)} if known else {}
    load = functools.partial(datasets.load_dataset, str(folder), cache_dir=str(cache_dir("datasets")))
    try:
        with importing:  # datasets asks transformers what a tokenizer is
            return load(_config(folder, hub_id, config), **files) if not known else load(**files)
    except (DatasetsError, OSError, ValueError, RuntimeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise BadData(f"{hub_id} cannot be read ({reason}); pick another dataset or a file of your own.") from error


def _config(folder: Path, hub_id: str, asked: str) -> str | None:
    """The configuration to read: the only one there is, or the one asked for. Raises BadData listing them."""
    from datasets import get_dataset_config_names

    configs = [str(config) for config in get_dataset_config_names(str(folder))]
    if asked and asked not in configs:
        raise BadData(f"{hub_id} has no configuration {asked!r}; choose one of {', '.join(configs)}.")
    if len(configs) > 1 and not asked:
        raise BadData(
            f"{hub_id} has several configurations ({', '.join(configs)}); "
            f"choose one, as in --dataset {hub_id}:{configs[0]}."
        )
    return asked or None


def _class_names(splits: "DatasetDict") -> dict[str, tuple[str, ...]]:
    from datasets import ClassLabel

    features = next(iter(splits.values())).features
    return {name: tuple(kind.names) for name, kind in features.items() if isinstance(kind, ClassLabel)}


def _table(data: "Dataset") -> pd.DataFrame:
    """The plain columns of a split, as strings; lists, images and the like are left behind."""
    from datasets import ClassLabel, Value

    plain = [name for name, kind in data.features.items() if isinstance(kind, (Value, ClassLabel))]
    return strings(numbered(data.select_columns(plain).to_pandas()))
