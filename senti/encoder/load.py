"""The one door through which tokenizers and weights are loaded; nothing else in senti may.

Only safetensors, never code from a repository; what the configuration asks for is checked before weights are read.
"""

import contextlib
import json
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from senti import hub
from senti.encoder.backbone import Backbone
from senti.errors import MissingModel

ENCODERS = {
    "albert", "bert", "camembert", "deberta", "deberta-v2", "distilbert", "electra", "modernbert", "mpnet",
    "roberta", "xlm-roberta",
}  # fmt: skip
REFUSED = ("auto_map", "_attn_implementation", "_attn_implementation_internal", "quantization_config")


def load_tokenizer(backbone: Backbone) -> Any:
    """The tokenizer of a backbone; a `[SEP]` that a user typed stays text."""
    from transformers import AutoTokenizer

    return _load(AutoTokenizer, backbone.path, split_special_tokens=True)


def load_config(backbone: Backbone) -> Any:
    """The configuration of a backbone, checked."""
    from transformers import AutoConfig

    config = _load(AutoConfig, backbone.path)
    _check(config.to_dict() | _raw_config(backbone.path), backbone.path)
    return config


def load_backbone(backbone: Backbone, attention: str = "sdpa") -> Any:
    """The transformer without a head, for reading. `attention="eager"` can tell its attention weights."""
    from transformers import AutoModel

    load_config(backbone)
    return _load(AutoModel, backbone.path, attn_implementation=attention, use_safetensors=True).eval()


def load_classifier(backbone: Backbone, labels: Sequence[str]) -> Any:
    """The transformer with a fresh, random classification head for these labels."""
    from transformers import AutoModelForSequenceClassification

    load_config(backbone)
    names = dict(enumerate(labels))
    return _load(
        AutoModelForSequenceClassification, backbone.path, use_safetensors=True, num_labels=len(names),
        id2label=names, label2id={name: i for i, name in names.items()},
    )  # fmt: skip


def load_finetuned(folder: Path) -> tuple[Any, Any]:
    """A classifier that senti trained and saved, with its tokenizer."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    _check(_raw_config(str(folder)), str(folder))
    model = _load(AutoModelForSequenceClassification, str(folder), use_safetensors=True)
    return model, _load(AutoTokenizer, str(folder), split_special_tokens=True)


def load_adapter(backbone: Backbone, folder: Path, labels: Sequence[str]) -> Any:
    """A backbone with the LoRA adapter and head of a folder on top. The base is the caller's, not the adapter's."""
    from peft import PeftModel

    if not (folder / "adapter_model.safetensors").is_file():
        raise MissingModel(f"{folder} holds no adapter_model.safetensors; train the run again.")
    base = load_classifier(backbone, labels)
    with _readable(str(folder)), quiet():
        return PeftModel.from_pretrained(base, str(folder), is_trainable=False)


def _load(cls: Any, path: str, **options: Any) -> Any:
    local = Path(path).is_dir() or not hub.online()
    with _readable(path), quiet():
        return cls.from_pretrained(path, trust_remote_code=False, local_files_only=local, **options)


def _raw_config(path: str) -> dict[str, Any]:
    """config.json as written, before transformers has filled in or dropped anything."""
    file = Path(path) / "config.json" if Path(path).is_dir() else hub.cached_file(path, "config.json")
    if file is None or not file.is_file():
        return {}
    if file.stat().st_size > 1_000_000:
        raise MissingModel(f"{path} has a config.json of over 1 MB, which no encoder needs; pick another model.")
    with _readable(path):
        values = json.loads(file.read_text(encoding="utf-8"))
    return values if isinstance(values, dict) else {}


def _check(config: dict[str, Any], path: str) -> None:
    for key in REFUSED:
        if config.get(key):
            raise MissingModel(f"{path} sets {key!r} in config.json, which senti never follows; pick another model.")
    if config.get("model_type") not in ENCODERS:
        raise MissingModel(
            f"{path} is of type {config.get('model_type')!r}; senti adapts encoders: {', '.join(sorted(ENCODERS))}."
        )


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
    """Whatever goes wrong while reading a model becomes one sentence."""
    from safetensors import SafetensorError

    try:
        yield
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError) as e:
        reason = str(e).strip().partition("\n")[0][:160]
        raise MissingModel(f"{path} cannot be loaded ({reason}); use an encoder in undamaged safetensors.") from e


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Transformers without progress bars and load reports: a fresh head is no fault worth a warning."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
