"""A linear SVM on frozen features: how much sentiment a transformer knows before it is adapted."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from senti.config import SvmConfig
from senti.corpus import Corpus
from senti.encoder import Backbone, features, features_are_kept, model_facts, resolve_model
from senti.methods import linear
from senti.methods.fitted import Fitted
from senti.runs import Run

LADDER = ("cls", "mean")  # poolings that are set side by side: one reading makes both
WORTH_KEEPING = 100  # texts; fewer are a person trying sentences
FROM_DISK = "Its reviews had been read before and the vectors came from disk: its training time leaves the reading out."


def fit(config: SvmConfig, corpus: Corpus, run: Run) -> Fitted:
    """Read every training text with the frozen backbone, standardise the vectors, fit the SVM, save it."""
    backbone, train = resolve_model(config.model), corpus.splits["train"]
    texts = list(train["text"])
    kept = len(texts) >= WORTH_KEEPING and are_kept(config, backbone, texts)
    began = time.perf_counter()
    read = vectors(config, backbone, texts, linear.recorder(run, "features", began),
                   lambda: run.stop_requested, also=LADDER)  # fmt: skip
    model, notes = linear.fit_linear(config, pipeline(config), read, train, run)
    linear.save(model, run.model_path)
    seconds = time.perf_counter() - began
    trained = linear.size_of(model)
    return Fitted(_predictor(model, backbone, config, len(corpus.labels), LADDER), trained,
                  trained + model_facts(backbone)["parameters"], seconds,
                  notes + ((FROM_DISK,) if kept else ()))  # fmt: skip


def pipeline(config: SvmConfig) -> Any:
    """Vectors to labels, unfitted."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    return make_pipeline(StandardScaler(), LinearSVC(C=config.C, dual=False, random_state=config.seed))


def vectors(
    config: SvmConfig, backbone: Backbone, texts: Sequence[str], on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None, also: Sequence[str] = (),
) -> np.ndarray:  # fmt: skip
    """The features that the config asks for, (n, width), not yet standardised; many texts' are kept on disk.

    also: poolings to be kept from the same reading.
    """
    return features(
        backbone, texts, layer=config.layer, pooling=config.pooling, max_length=config.max_length,
        truncation=config.truncation, precision=config.precision, on_progress=on_progress, should_stop=should_stop,
        cache=len(texts) >= WORTH_KEEPING, also=also,
    )  # fmt: skip


def are_kept(config: SvmConfig, backbone: Backbone, texts: Sequence[str]) -> bool:
    """True if the features that the config asks for lie on disk. Loads no model."""
    return features_are_kept(
        backbone, texts, layer=config.layer, pooling=config.pooling, max_length=config.max_length,
        truncation=config.truncation, precision=config.precision,
    )  # fmt: skip


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved SVM and the backbone it was trained on."""
    config = run.config
    assert isinstance(config, SvmConfig)
    classes = len(run.facts["data"]["labels"])
    return _predictor(linear.restore(run.model_path), resolve_model(config.model), config, classes)


def _predictor(
    model: Any, backbone: Backbone, config: SvmConfig, classes: int, also: Sequence[str] = ()
) -> Callable[[Sequence[str]], np.ndarray]:
    def probabilities(texts: Sequence[str]) -> np.ndarray:
        return linear.spread(model, model.predict_proba(vectors(config, backbone, list(texts), also=also)), classes)

    return probabilities
