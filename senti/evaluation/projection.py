"""A map of many vectors: their two principal components.

UMAP would bring numba and LLVM (some 150 MB) and a map on which distances between groups mean nothing; PCA's axes are
exact, the same every time, and say how much of the whole they show.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Projection:
    """points: (n, 2), centred. shares: what part of all variance the first and the second axis show."""

    points: np.ndarray
    shares: tuple[float, float]


def principal(vectors: np.ndarray) -> Projection:
    """The first two principal components of (n, width) vectors; each axis points where its largest loading is positive.

    Pearson 1901. Fewer than two dimensions, or texts, leave an axis at zero.
    """
    centred = np.asarray(vectors, dtype=np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    values, axes = np.linalg.eigh(centred.T @ centred)
    axes, values = axes[:, ::-1][:, :2], np.maximum(values[::-1], 0)
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    points = np.zeros((len(centred), 2))
    points[:, : axes.shape[1]] = centred @ axes
    total = values.sum() or 1.0
    shares = [*(values[:2] / total), 0.0][:2]
    return Projection(points, (float(shares[0]), float(shares[1])))
