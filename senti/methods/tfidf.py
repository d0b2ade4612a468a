"""TF-IDF over words and word pairs, then a linear SVM."""

import time
from collections.abc import Callable, Sequence

import numpy as np

from senti.config import TfidfConfig
from senti.corpus import Corpus
from senti.methods import linear
from senti.methods.fitted import Fitted
from senti.runs import Run


def fit(config: TfidfConfig, corpus: Corpus, run: Run) -> Fitted:
    """Fit on the training split and save the model."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    began = time.perf_counter()
    train = corpus.splits["train"]
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LinearSVC(C=config.C, random_state=config.seed))
    model = linear.fit_linear(pipeline, train["text"].to_numpy(dtype=object), train["label"])
    linear.save(model, run.model_path)
    seconds = time.perf_counter() - began
    return Fitted(load(run), linear.size_of(model), linear.size_of(model), seconds)


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved model."""
    model = linear.restore(run.model_path)
    classes = len(run.facts["data"]["labels"])
    return lambda texts: linear.spread(model, model.predict_proba(np.array(list(texts), dtype=object)), classes)
