"""The one door through which tokenizers and weights are loaded; nothing else in senti may.

Only safetensors, never code from a repository; what the configuration asks for is checked before weights are read.
"""

import contextlib
import importlib.util
import threading
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from senti import hub
from senti.encoder.backbone import INDEX, TOKENIZERS, Backbone, local_file
from senti.encoder.checks import (
    check_adapter,
    check_config,
    check_size,
    check_tokenizer,
    check_weights,
    read_json,
    shard_names,
)
from senti.errors import MissingModel, SentiError

SENTENCEPIECE = ("spm.model", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")

_quietly = threading.RLock()


def load_tokenizer(backbone: Backbone) -> Any:
    """The tokenizer of a backbone; a `[SEP]` that a user typed stays text. Raises MissingModel."""
    return _tokenizer(backbone.path, load_config(backbone))


def load_config(backbone: Backbone) -> Any:
    """The configuration of a backbone, checked. Raises MissingModel."""
    return _config(backbone.path)


def load_backbone(backbone: Backbone, attention: str = "sdpa") -> Any:
    """The transformer without a head, for reading, in eval mode. Raises MissingModel.

    `attention="eager"` can tell its attention weights; "sdpa" is faster, where the architecture has it.
    """
    from transformers import AutoModel

    _config(backbone.path)
    options = {"attn_implementation": attention} if attention != "sdpa" else {}  # asked for by name, DeBERTa refuses
    model, absent = _weights(AutoModel, backbone.path, **options)
    check_weights(model, absent, _is_pooler, backbone.path)
    return model


def load_classifier(backbone: Backbone, labels: Sequence[str]) -> Any:
    """The transformer with a fresh, random classification head for these labels. Raises MissingModel."""
    from transformers import AutoModelForSequenceClassification

    _config(backbone.path)
    names = dict(enumerate(labels))
    model, absent = _weights(
        AutoModelForSequenceClassification, backbone.path, num_labels=len(names), id2label=names,
        label2id={name: i for i, name in names.items()},
    )  # fmt: skip
    body = f"{model.base_model_prefix}."
    check_weights(model, absent, lambda name: not name.startswith(body) or _is_pooler(name), backbone.path)
    head = {name for name, _ in model.named_parameters() if not name.startswith(body)}
    if not head <= absent:
        _renew_head(model)
    _settle_pooler(model, sorted(name for name in absent if name.startswith(body)))
    return model.eval()


def load_masked(backbone: Backbone) -> Any:
    """The transformer with the masked-language head that it was pre-trained with, in eval mode.

    Raises MissingModel, also where the weights hold no such head: transformers would draw one at random.
    """
    from transformers import AutoModelForMaskedLM

    _config(backbone.path)
    model, absent = _weights(AutoModelForMaskedLM, backbone.path)
    if head := sorted(name for name in absent if not name.startswith(f"{model.base_model_prefix}.")):
        raise MissingModel(
            f"{backbone.title} carries no masked-language head: its weights hold no {head[0]}, so cloze would guess "
            "at random; take --how cosine, or a model with such a head, distilbert for one."
        )
    check_weights(model, absent, lambda name: False, backbone.path)
    return model


def load_finetuned(folder: Path) -> tuple[Any, Any]:
    """A classifier that senti trained and saved, with its tokenizer. Raises MissingModel."""
    from transformers import AutoModelForSequenceClassification

    path = str(folder.resolve())  # a relative one would be taken for the name of a Hub repository
    config = _config(path)
    model, absent = _weights(AutoModelForSequenceClassification, path)
    check_weights(model, absent, lambda name: False, path)
    return model, _tokenizer(path, config)


def load_adapter(backbone: Backbone, folder: Path, labels: Sequence[str], adapter: str = "lora") -> Any:
    """A backbone with the adapter and head of a folder on top. The base is the caller's, not the adapter's.

    Raises MissingModel, also where the adapter was trained on another base.
    """
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors import safe_open

    check_adapter(folder, backbone.hub_id, adapter)
    base = load_classifier(backbone, labels)
    with readable(str(folder)), quiet():
        with safe_open(folder / "adapter_model.safetensors", "pt") as file:
            stored = set(file.keys())
        model = PeftModel.from_pretrained(base, str(folder), is_trainable=False)
        absent = set(get_peft_model_state_dict(model, save_embedding_layers=False)) - stored
    check_weights(model, absent, lambda name: False, str(folder))
    return model


def _config(path: str) -> Any:
    """The configuration in a folder or Hub repository, with all that is checked before weights are read."""
    from transformers import AutoConfig

    written = _fetched(path, "config.json")
    if written is None:
        raise MissingModel(f"{path} holds no config.json, so it is no model; check the name.")
    check_config(read_json(written), path)
    if _fetched(path, "adapter_config.json"):  # transformers would follow it to another model
        raise MissingModel(f"{path} carries an adapter (adapter_config.json); name the model that it was trained on.")
    if index := _fetched(path, INDEX):
        shard_names(index)
    config = _load(AutoConfig, path)
    with readable(path):
        check_size(config, path)
    return config


def _tokenizer(path: str, config: Any) -> Any:
    from transformers import AutoTokenizer

    settings = _fetched(path, "tokenizer_config.json")
    if settings and read_json(settings).get("auto_map"):
        raise MissingModel(f"{path} sets 'auto_map' in tokenizer_config.json, which senti never follows.")
    _check_readable(path)
    tokenizer = _load(AutoTokenizer, path, split_special_tokens=True)
    if not any(local_file(path, name) for name in TOKENIZERS):
        raise MissingModel(f"{path} has no tokenizer (tokenizer.json); download the model again.")
    check_tokenizer(tokenizer, config.vocab_size, path)
    return tokenizer


def _check_readable(path: str) -> None:
    """Refuse a SentencePiece file without tokenizer.json, as DeBERTa-v3 has it, where nothing here can read it."""
    if _fetched(path, "tokenizer.json"):
        return
    alone = next(filter(None, (_fetched(path, name) for name in SENTENCEPIECE)), None)
    if alone and importlib.util.find_spec("sentencepiece") is None:
        raise MissingModel(
            f"{path} holds its tokenizer as {alone.name} alone; `pip install sentencepiece`, or save a tokenizer.json."
        )


def _weights(auto: Any, path: str, **options: Any) -> tuple[Any, set[str]]:
    """A model in eval mode, and the names of its parameters that its file could not give."""
    import torch

    # float32 whatever the file holds: features are stored so, and training in half precision needs more than a cast
    model, report = _load(
        auto, path, use_safetensors=True, dtype=torch.float32, output_loading_info=True, ignore_mismatched_sizes=True,
        **options,
    )  # fmt: skip
    mismatched = {name for name, *_ in report["mismatched_keys"]}
    return model.eval(), set(report["missing_keys"]) | mismatched


def _is_pooler(name: str) -> bool:
    """RoBERTa and others come without the layer behind [CLS]; senti's features do not use it."""
    return "pooler" in name.split(".")


def _renew_head(model: Any) -> None:
    """A checkpoint that is itself a classifier brings its head, made for other labels: draw a random one."""
    fresh = type(model)(model.config)
    for name, _ in list(model.named_children()):
        if name != model.base_model_prefix:
            setattr(model, name, getattr(fresh, name))


def _settle_pooler(model: Any, names: Sequence[str]) -> None:
    """Draw a missing pooler from a seed of its own: LoRA neither trains nor saves it, so it must come out the same."""
    import torch

    spread = model.config.initializer_range
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for values in map(model.get_parameter, names):
            values.normal_(0, spread) if values.ndim > 1 else values.zero_()


def _load(cls: Any, path: str, **options: Any) -> Any:
    local = Path(path).is_dir() or not hub.online()
    with readable(path), quiet():
        return cls.from_pretrained(
            path, trust_remote_code=False, local_files_only=local, revision=_commit(path), **options
        )


def _commit(path: str) -> str | None:
    """The commit of a Hub model whose config.json was checked: what is loaded afterwards comes from the same one."""
    checked = None if Path(path).is_dir() else local_file(path, "config.json")
    return checked.parent.name if checked else None


def _fetched(path: str, name: str) -> Path | None:
    """One small file of a model, from the Hub where need be; None if the model has no such file."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, RepositoryNotFoundError

    if (found := local_file(path, name)) or Path(path).is_dir() or not hub.online():
        return found
    with readable(path), quiet():
        try:
            return Path(hf_hub_download(path, name, revision=_commit(path)))
        except EntryNotFoundError:
            return None
        except GatedRepoError as e:
            raise MissingModel(f"{path} is gated; ask for access on its page and log in with `hf auth login`.") from e
        except RepositoryNotFoundError as e:
            raise MissingModel(f"the Hub has no public model {path}; check its name on huggingface.co/models.") from e


@contextlib.contextmanager
def readable(path: str) -> Iterator[None]:
    """Whatever goes wrong while reading a model becomes one sentence: tokenizers raise a bare Exception."""
    try:
        yield
    except SentiError:
        raise
    except Exception as e:
        reason = " ".join(str(e).split())[:160].rstrip(".") or type(e).__name__
        raise MissingModel(f"{path} cannot be loaded ({reason}); use an encoder in undamaged safetensors.") from e


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Transformers without progress bars and load reports: a fresh head is no fault worth a warning.

    One thread at a time: two would restore each other's settings in the wrong order, and load the same files twice.
    """
    from transformers.utils import logging

    with _quietly, warnings.catch_warnings():
        level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()
        warnings.simplefilter("ignore")
        try:
            yield
        finally:
            logging.set_verbosity(level)
            if bars:
                logging.enable_progress_bar()
