"""The same work through senti. Every function returns seconds and what it computed."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inputs import dataset, model_folder, splits, texts
from benchmarks.peers import WARM


def features(scratch: Path, size: str, n: int, pooling: str, precision: str = "auto") -> dict[str, Any]:
    """The feature engine without its cache."""
    from senti.encoder import features, resolve_model

    backbone = resolve_model(model_folder(size, scratch))
    how: dict[str, Any] = {"pooling": pooling, "precision": precision, "cache": False}
    features(backbone, WARM * 8, **how)
    began = time.perf_counter()
    vectors = features(backbone, texts(n), **how)
    return {"seconds": time.perf_counter() - began, "vectors": vectors}


def features_twice(scratch: Path, n: int) -> dict[str, Any]:
    """The first and the second of two identical calls."""
    from senti.encoder import features, resolve_model

    backbone, marks, found = resolve_model("minilm"), [time.perf_counter()], []
    for _ in range(2):
        found.append(features(backbone, texts(n)))
        marks.append(time.perf_counter())
    return {"first": marks[1] - marks[0], "second": marks[2] - marks[1], "same": bool((found[0] == found[1]).all())}


def memory(scratch: Path, n: int) -> dict[str, Any]:
    """Peak memory in MB of the features of n texts, without texts and results, on a tiny model."""
    import resource

    from transformers import AutoTokenizer, DistilBertConfig, DistilBertModel

    from senti.encoder import features, resolve_model

    folder = scratch / "tiny"
    if not folder.exists():
        DistilBertModel(DistilBertConfig(dim=32, hidden_dim=64, n_layers=1, n_heads=2)).save_pretrained(folder)
        AutoTokenizer.from_pretrained(model_folder("minilm", scratch)).save_pretrained(folder)
    backbone, every = resolve_model(str(folder)), texts(n)
    features(backbone, every[:9000], cache=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    began = time.perf_counter()
    vectors = features(backbone, every, cache=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - began, "before": before, "peak": peak, "results": vectors.nbytes / 2**20}


def training(scratch: Path, method: str, **knobs: Any) -> dict[str, Any]:
    """One run, as `python -m senti METHOD` does it, its validation score from the saved model."""
    began = time.perf_counter()
    from senti.config import METHODS
    from senti.experiment import conduct, create, prepare

    config = METHODS[method](dataset=dataset(), model="minilm", **knobs)
    run = create(scratch / "runs", prepare(config))
    result = conduct(run)
    seconds, rows = result["seconds"]["train"], result["dataset"]["rows"]["train"]
    return {"seconds": seconds, "whole": time.perf_counter() - began, "run": str(run.path),
            "accuracy": result["scores"]["validation"]["accuracy"], "test": result["scores"]["test"]["accuracy"],
            "rate": knobs.get("epochs", 1) * rows / seconds}  # fmt: skip


def one_text(scratch: Path, runs: dict[str, str], n: int) -> dict[str, Any]:
    """One text through the three saved runs, as the Compare tab asks."""
    from senti.evaluation import load_predictor
    from senti.runs import Run

    predictors = [load_predictor(Run(Path(path))) for path in runs.values()]
    seconds = []
    for i, text in enumerate(texts(n + 5)):
        began = time.perf_counter()
        for predict in predictors:
            predict([text])
        if i >= 5:
            seconds.append(time.perf_counter() - began)
    return {"seconds": float(np.median(seconds))}


def predict(scratch: Path, runs: dict[str, str], n: int) -> dict[str, Any]:
    """n texts through the fine-tuned run."""
    from senti.methods import load
    from senti.runs import Run

    probabilities = load(Run(Path(runs["finetune"])))
    probabilities(WARM)
    began = time.perf_counter()
    vectors = probabilities(texts(n))
    return {"seconds": time.perf_counter() - began, "vectors": vectors}


def svm_accuracy(train: np.ndarray, test: np.ndarray) -> float:
    """What a linear SVM on these features scores on the test split; for telling whether two sets of them are equal."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    svm = make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))
    frames = splits()
    svm.fit(train, frames["train"]["label"][: len(train)])
    return float(svm.score(test, frames["test"]["label"][: len(test)]))
