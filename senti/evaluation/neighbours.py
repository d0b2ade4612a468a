"""The training reviews nearest to a text, in the space in which a run compares texts.

>>> nearest(open_run(root, "reference-svm"), "a gorgeous but strangely empty film")
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from senti.config import Config, PromptConfig, SvmConfig, TfidfConfig, TrainConfig
from senti.encoder import batch_tokens, batches, clean_text, features_are_kept, resolve_model
from senti.errors import BadConfig, UnknownRun
from senti.evaluation.compare import run_corpus
from senti.evaluation.readers import Reader, changes_layers
from senti.methods import linear, load_predictor, prompt, svm
from senti.runs import Run

KEPT_IN_MEMORY = 4  # spaces; 8,530 reviews take 13 MB in 384 dimensions
Report = Callable[[int, int], None]


@dataclass(frozen=True)
class Space:
    """A run's training reviews as directions: `vectors` (n, width), rows of length 1, dense or sparse.

    find: a text as one more such row, (1, width); all zero where the run knows nothing of the text.
    """

    vectors: Any
    find: Callable[[str], Any]


def nearest(run: Run, text: str, k: int = 5, on_progress: Report | None = None) -> pd.DataFrame:
    """The k training reviews most similar to a text, nearest first: text, label, similarity, place, agrees.

    similarity: cosine between the vectors that the run itself compares: the standardised features of an SVM, the
    last layer's [CLS] of a run that trained a transformer, TF-IDF weights, the mean that is held against prompts.
    place: row of the training split, from 0.
    agrees: the label is what the run says of the text.  A review with nothing in common (cosine 0) is not listed.
    The training reviews are read once (on_progress: done, of how many) and kept on disk.  Raises BadText, BadConfig,
    BadData where the reviews are not here, UnknownRun for a run without a space of its own.
    """
    from sklearn.utils.extmath import safe_sparse_dot

    if k < 1:
        raise BadConfig(f"k is {k}; ask for at least 1 review.")
    text, space = clean_text(text), space_of(run, on_progress)
    train, labels = run_corpus(run).splits["train"], run.facts["data"]["labels"]
    similarity = safe_sparse_dot(space.vectors, space.find(text).T, dense_output=True)[:, 0]
    places = np.argsort(-similarity, kind="stable")[:k]
    places = places[similarity[places] != 0]
    rows = train.iloc[places]
    said = int(load_predictor(run)([text])[0].argmax())
    return pd.DataFrame({
        "text": rows["text"].to_numpy(), "label": [labels[i] for i in rows["label"]],
        "similarity": similarity[places].astype(float), "place": places, "agrees": (rows["label"] == said).to_numpy(),
    })  # fmt: skip


def has_read(run: Run) -> bool:
    """True if `nearest` answers at once, because the run's training reviews were read before. Loads no model.

    Raises BadData, UnknownRun as `nearest` does.
    """
    config, texts = run.config, list(run_corpus(run).splits["train"]["text"])
    if isinstance(config, TrainConfig):
        return _reader(run, config).has_read(texts)
    if isinstance(config, SvmConfig):
        return len(texts) < svm.WORTH_KEEPING or svm.are_kept(config, resolve_model(config.model), texts)
    if _by_prompts(config):
        return len(texts) < svm.WORTH_KEEPING or features_are_kept(
            resolve_model(config.model), texts, pooling="mean", max_length=config.max_length,
            truncation=config.truncation, precision=config.precision,
        )  # fmt: skip
    if isinstance(config, TfidfConfig):
        return True
    raise UnknownRun(f"{run.name} reads no texts, so it has no nearest ones; choose an SVM, LoRA or full run.")


def space_of(run: Run, on_progress: Report | None = None) -> Space:
    """The space in which a run compares texts, kept in memory. Raises BadData, UnknownRun."""
    if not run.model_path.is_dir():
        raise UnknownRun(f"{run.name} is {run.status} and has saved no model; choose a finished run.")
    if on_progress:  # the long part, kept on disk
        _train_vectors(run, on_progress)
    return _space(run.path, run.saved)


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _space(path: Path, saved: int) -> Space:
    from sklearn.preprocessing import normalize

    run = Run(path)
    config, vectors = run.config, _train_vectors(run)
    if isinstance(config, TrainConfig):
        reader = _reader(run, config)
        return Space(normalize(vectors), lambda text: normalize(_cls(reader, text, config)))
    if _by_prompts(config):
        return Space(vectors, lambda text: prompt.directions(config, resolve_model(config.model), [text]))
    transform = linear.inputs_of(linear.restore(run.model_path)).transform
    if isinstance(config, SvmConfig):
        backbone = resolve_model(config.model)
        return Space(normalize(transform(vectors)),
                     lambda text: normalize(transform(svm.vectors(config, backbone, [text]))))  # fmt: skip
    return Space(normalize(transform(vectors)), lambda text: normalize(transform([text])))


def _train_vectors(run: Run, on_progress: Report | None = None) -> Any:
    """The run's training reviews as its method reads them, before what it learned of them: one row each."""
    config, texts = run.config, list(run_corpus(run).splits["train"]["text"])
    if isinstance(config, TrainConfig):
        layers = _reader(run, config).layers(texts, config.max_length, config.truncation, on_progress)
        return np.asarray(layers[-1, 0], dtype=np.float32)
    if isinstance(config, SvmConfig):
        return svm.vectors(config, resolve_model(config.model), texts, on_progress)
    if _by_prompts(config):
        return prompt.directions(config, resolve_model(config.model), texts, on_progress)
    if isinstance(config, TfidfConfig):
        return texts
    raise UnknownRun(f"{run.name} turns no text into a vector, so none is near; choose TF-IDF, an SVM, LoRA or full.")


def _by_prompts(config: Config) -> TypeGuard[PromptConfig]:
    """True where texts are compared with prompts; a cloze compares nothing."""
    return isinstance(config, PromptConfig) and config.how == "cosine"


def _reader(run: Run, config: TrainConfig) -> Reader:
    if not changes_layers(config):
        raise UnknownRun(f"{run.name} learned made-up tokens, not vectors of texts; choose an SVM, LoRA or full run.")
    return Reader(run.name, resolve_model(config.model), run)


def _cls(reader: Reader, text: str, config: TrainConfig) -> np.ndarray:
    """The last layer's [CLS] of one text, (1, width)."""
    import torch

    model, tokenizer = reader.load()
    with torch.inference_mode():
        _, batch = next(iter(batches(tokenizer, [text], config.max_length, batch_tokens(), config.truncation)))
        states = model(**{name: values.to(model.device) for name, values in batch.items()}).last_hidden_state
        row: np.ndarray = states[:, 0].float().cpu().numpy()
    return row
