"""The floor: answer the most frequent training label, whatever the text says."""

import json
import time
from collections.abc import Callable, Sequence

import numpy as np

from senti.config import MajorityConfig
from senti.corpus import Corpus
from senti.errors import MissingModel
from senti.methods.fitted import Fitted
from senti.runs import Run


def fit(config: MajorityConfig, corpus: Corpus, run: Run) -> Fitted:
    """Count the training labels; the shares are the probabilities of every text."""
    began = time.perf_counter()
    counts = corpus.splits["train"]["label"].value_counts()
    shares = [float(counts.get(i, 0)) / float(counts.sum()) for i in range(len(corpus.labels))]
    run.model_path.mkdir(exist_ok=True)
    (run.model_path / "shares.json").write_text(json.dumps(shares))
    return Fitted(load(run), trained=0, total=0, train_seconds=time.perf_counter() - began)


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved shares. Raises MissingModel where they are damaged."""
    file = run.model_path / "shares.json"
    try:
        shares = np.array(json.loads(file.read_text()), dtype=float)
    except (OSError, ValueError, TypeError) as e:
        raise MissingModel(f"{file} is damaged ({type(e).__name__}); train the run again.") from e
    return lambda texts: np.tile(shares, (len(texts), 1))
