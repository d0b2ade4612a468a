"""What looks wrong with the reviews: labels, twins, outliers, cut ends, imbalance; each with its rows.

>>> problems(corpus, resolve_model("minilm")).rows["problem"].value_counts()
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from senti.config import SvmConfig
from senti.corpus import Corpus, all_rows, near_duplicates
from senti.encoder import Backbone, count_tokens, features, load_tokenizer
from senti.encoder.states import unit

KINDS = {
    "label": "likely label errors",
    "twin": "near-duplicates",
    "twin across splits": "near-duplicates across splits",
    "outlier": "outliers",
    "cut": "longer than what is read",
}
NEIGHBOURS = 10
FAR = 3.5  # robust standard deviations from the median distance (Iglewicz & Hoaglin 1993)
FEW = 0.5  # a class with fewer than this share of an even split is said to be rare
FOLDS = 5
COLUMNS = ["problem", "split", "number", "text", "label", "score", "why", "place"]


@dataclass(frozen=True)
class Problems:
    """rows: one per finding, worst first within its kind: problem (a key of KINDS), split, number (from 1), text,
    label, score (higher is worse), why (a sentence), place (in `all_rows`).  notices: what concerns no single row.
    """

    rows: pd.DataFrame
    notices: tuple[str, ...]


def problems(
    corpus: Corpus, backbone: Backbone, max_length: int = 128, seed: int = 0,
    on_progress: Callable[[int, int], None] | None = None, truncation: str = "head",
) -> Problems:  # fmt: skip
    """Look at every review of every split. Raises BadConfig, MissingModel."""
    rows = all_rows(corpus)
    texts, labels = list(rows["text"]), np.concatenate([frame["label"] for frame in corpus.splits.values()])
    vectors = features(backbone, texts, pooling="mean", max_length=max_length, truncation=truncation,
                       on_progress=on_progress)  # fmt: skip
    found = [
        *_label_errors(out_of_fold(vectors, labels, seed), labels, corpus.labels),
        *_twins(rows),
        *_outliers(neighbour_distance(vectors)),
        *_cut(count_tokens(load_tokenizer(backbone), texts), max_length, truncation),
    ]
    frame = pd.DataFrame(found, columns=["problem", "place", "score", "why"])
    frame = frame.join(rows[["split", "number", "text", "label"]], on="place")[COLUMNS]
    return Problems(frame, _imbalance(corpus))


def out_of_fold(vectors: np.ndarray, labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Probabilities (n, classes) of a linear SVM that has not seen the row, from stratified folds.

    The margins of all folds become probabilities by one logistic regression on them (Platt 1999).
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    svm = make_pipeline(StandardScaler(), LinearSVC(C=SvmConfig().C, dual=False, random_state=seed))
    folds = StratifiedKFold(int(min(FOLDS, np.bincount(labels).min())), shuffle=True, random_state=seed)
    margins = cross_val_predict(svm, vectors, labels, cv=folds, method="decision_function")
    margins = margins.reshape(len(labels), -1)
    chances: np.ndarray = LogisticRegression().fit(margins, labels).predict_proba(margins)
    return chances


def label_issues(labels: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Places of likely label errors, least self-confident first, as cleanlab's `filter_by="confident_learning"`.

    Confident learning (Northcutt, Jiang & Chuang 2021): class j is confident for a row if its probability reaches the
    mean that rows labelled j have for j. A row whose confident class (the most probable one, if several) is not its
    label is an off-diagonal of the confident joint; it counts unless the model itself would choose the label.
    chances: (n, classes), out of fold.
    """
    classes = range(chances.shape[1])
    bars = np.array([chances[labels == j, j].mean() if (labels == j).any() else np.inf for j in classes])
    confident = chances >= bars - 1e-6
    best = chances.argmax(axis=1)
    several = confident.sum(axis=1) > 1
    guess = np.where(several, best, confident.argmax(axis=1))
    issue = confident.any(axis=1) & (guess != labels) & (best != labels)
    places = np.flatnonzero(issue)
    own = chances[places, labels[places]]
    order: np.ndarray = places[np.argsort(own, kind="stable")]
    return order


def neighbour_distance(vectors: np.ndarray, neighbours: int = NEIGHBOURS) -> np.ndarray:
    """The mean cosine distance of each vector to its nearest others (n,), 0..2."""
    from sklearn.neighbors import NearestNeighbors

    k = min(neighbours, len(vectors) - 1)
    if k < 1:
        return np.zeros(len(vectors))
    points = unit(vectors)
    squared, _ = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(points).kneighbors(points)
    distance: np.ndarray = (squared[:, 1:] ** 2 / 2).mean(axis=1)  # of unit vectors: |a-b|^2 = 2 (1 - cos)
    return distance


def far_out(distances: np.ndarray, far: float = FAR) -> np.ndarray:
    """Places more than `far` robust standard deviations (1.4826 MAD) above the median distance, worst first."""
    middle = np.median(distances)
    spread = 1.4826 * np.median(np.abs(distances - middle))
    places = np.flatnonzero(distances > middle + far * max(spread, 1e-9))
    worst: np.ndarray = places[np.argsort(-distances[places], kind="stable")]
    return worst


Finding = tuple[str, int, float, str]


def _label_errors(chances: np.ndarray, labels: np.ndarray, names: tuple[str, ...]) -> list[Finding]:
    return [
        ("label", int(i), float(1 - chances[i, labels[i]]),
         f"an SVM says {names[chances[i].argmax()]}, {chances[i].max():.0%} sure")
        for i in label_issues(labels, chances)
    ]  # fmt: skip


def _twins(rows: pd.DataFrame) -> list[Finding]:
    """Both sides of each pair name the other; a twin in another split is the graver kind."""
    found = []
    where = [f"{split} {number}" for split, number in zip(rows["split"], rows["number"], strict=True)]
    for pair in near_duplicates(list(rows["text"])).itertuples():
        across = rows["split"].iloc[pair.a] != rows["split"].iloc[pair.b]
        differ = rows["label"].iloc[pair.a] != rows["label"].iloc[pair.b]
        for mine, other in ((pair.a, pair.b), (pair.b, pair.a)):
            why = f"{pair.similarity:.0%} the same as {where[other]}{', which has another label' if differ else ''}"
            found.append(("twin across splits" if across else "twin", int(mine), float(pair.similarity), why))
    return found


def _outliers(distances: np.ndarray) -> list[Finding]:
    usual = float(np.median(distances))
    return [("outlier", int(i), float(distances[i]),
             f"{distances[i] / max(usual, 1e-9):.1f} times as far from its nearest reviews as is usual")
            for i in far_out(distances)]  # fmt: skip


def _cut(tokens: np.ndarray, max_length: int, truncation: str) -> list[Finding]:
    over = np.flatnonzero(tokens > max_length)
    said = f"{max_length} are read ({truncation})"
    return [("cut", int(i), float(tokens[i] - max_length), f"{tokens[i]:,} tokens, {said}")
            for i in over[np.argsort(-tokens[over], kind="stable")]]  # fmt: skip


def _imbalance(corpus: Corpus) -> tuple[str, ...]:
    """A sentence per class that is rare in the training reviews."""
    shares = corpus.splits["train"]["label"].value_counts(normalize=True)
    even = 1 / len(corpus.labels)
    return tuple(
        f"Only {shares.get(i, 0):.1%} of the training reviews are {name}; an even share would be {even:.0%}."
        for i, name in enumerate(corpus.labels) if shares.get(i, 0) < FEW * even
    )  # fmt: skip
