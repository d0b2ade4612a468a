"""TF-IDF over words and word pairs, then a linear SVM."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from senti.config import TfidfConfig
from senti.corpus import Corpus
from senti.methods import linear
from senti.methods.fitted import Fitted
from senti.runs import Run


def fit(config: TfidfConfig, corpus: Corpus, run: Run) -> Fitted:
    """Fit on the training split and save the model."""
    unfitted, train = pipeline(config), corpus.splits["train"]  # loads scikit-learn, which is no training
    began = time.perf_counter()
    texts = train["text"].to_numpy(dtype=object)
    model, notes = linear.fit_linear(config, unfitted, texts, train, run)
    linear.save(model, run.model_path)
    seconds = time.perf_counter() - began
    return Fitted(load(run), linear.size_of(model), linear.size_of(model), seconds, notes)


def pipeline(config: TfidfConfig) -> Any:
    """Texts to labels, unfitted."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    return make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC(C=config.C, random_state=config.seed))


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved model."""
    model = linear.restore(run.model_path)
    classes = len(run.facts["data"]["labels"])
    return lambda texts: linear.spread(model, model.predict_proba(np.array(list(texts), dtype=object)), classes)
