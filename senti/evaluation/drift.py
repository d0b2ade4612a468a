"""How far fine-tuning moved each layer: linear CKA and mean cosine between two readers of the same texts."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from senti.encoder.layers import STATES
from senti.errors import BadConfig
from senti.evaluation.readers import Reader


def drift(
    before: Reader, after: Reader, texts: Sequence[str], max_length: int | None = None, truncation: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per layer and pooling: layer, pooling, cka, cosine. 1 is no change. Raises BadConfig, MissingModel.

    Both read the texts cut as `Reader.cut` says of the one after.
    """
    cut = after.cut(max_length, truncation)
    x, y = (reader.layers(texts, *cut, on_progress) for reader in (before, after))
    if x.shape != y.shape:
        raise BadConfig(
            f"{before.title} and {after.title} differ in layers or width; choose a run on the same backbone."
        )
    rows = []
    for layer in range(len(x)):
        for place, pooling in enumerate(STATES):
            pair = [np.asarray(each[layer, place], dtype=np.float64) for each in (x, y)]
            rows.append((layer, pooling, linear_cka(*pair), mean_cosine(*pair)))
    return pd.DataFrame(rows, columns=["layer", "pooling", "cka", "cosine"])


def linear_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Linear centered kernel alignment of two (n, width) matrices of the same n texts, 0..1.

    Kornblith et al. 2019, Similarity of neural network representations revisited, equation 3; blind to rotation and
    scale. Where all vectors of one side are the same (the [CLS] embedding), it is 1 if those of both are, else 0.
    """
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    norms = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    still = [bool(np.abs(each).max() < 1e-9) for each in (x, y)]
    if any(still):
        return float(all(still))
    return float(np.linalg.norm(y.T @ x) ** 2 / norms)


def mean_cosine(x: np.ndarray, y: np.ndarray) -> float:
    """The mean over texts of the cosine between a text's two vectors, -1..1."""
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    return float(((x * y).sum(axis=1) / np.maximum(norms, 1e-12)).mean())
