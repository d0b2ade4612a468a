"""A linear SVM on frozen features: how much sentiment a transformer knows before it is adapted."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from senti.config import SvmConfig
from senti.corpus import Corpus
from senti.encoder import Backbone, features, model_facts, resolve_model
from senti.methods import linear
from senti.methods.fitted import Fitted
from senti.runs import Run

WORTH_KEEPING = 100  # texts; fewer are a person trying sentences


def fit(config: SvmConfig, corpus: Corpus, run: Run) -> Fitted:
    """Read every training text with the frozen backbone, standardise the vectors, fit the SVM, save it."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    backbone = resolve_model(config.model)
    train = corpus.splits["train"]
    began = time.perf_counter()
    vectors = features(
        backbone, list(train["text"]), layer=config.layer, pooling=config.pooling, max_length=config.max_length,
        precision=config.precision, on_progress=_recorder(run, began), should_stop=lambda: run.stop_requested,
    )  # fmt: skip
    pipeline = make_pipeline(StandardScaler(), LinearSVC(C=config.C, dual=False, random_state=config.seed))
    model = linear.fit_linear(pipeline, vectors, train["label"])
    linear.save(model, run.model_path)
    seconds = time.perf_counter() - began
    trained = linear.size_of(model)
    return Fitted(_predictor(model, backbone, config, len(corpus.labels)), trained,
                  trained + model_facts(backbone)["parameters"], seconds)  # fmt: skip


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved SVM and the backbone it was trained on."""
    config = run.config
    assert isinstance(config, SvmConfig)
    classes = len(run.facts["data"]["labels"])
    return _predictor(linear.restore(run.model_path), resolve_model(config.model), config, classes)


def _predictor(
    model: object, backbone: Backbone, config: SvmConfig, classes: int
) -> Callable[[Sequence[str]], np.ndarray]:
    def probabilities(texts: Sequence[str]) -> np.ndarray:
        vectors = features(
            backbone, list(texts), layer=config.layer, pooling=config.pooling, max_length=config.max_length,
            precision=config.precision, cache=len(texts) >= WORTH_KEEPING,
        )  # fmt: skip
        return linear.spread(model, model.predict_proba(vectors), classes)  # type: ignore[attr-defined]

    return probabilities


def _recorder(run: Run, began: float) -> Callable[[int, int], None]:
    """Write progress rows at most twice a second."""
    last = [0.0]

    def record(done: int, total: int) -> None:
        now = time.perf_counter()
        if now - last[0] < 0.5 and done < total:
            return
        last[0] = now
        seconds = now - began
        rate = done / seconds if seconds else 0.0
        eta = (total - done) / rate if rate else None
        run.record({"step": done, "total_steps": total, "split": "features", "samples_per_second": rate,
                    "seconds": seconds, "eta": eta})  # fmt: skip

    return record
