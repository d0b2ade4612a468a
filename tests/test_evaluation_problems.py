"""Label errors as cleanlab finds them, outliers by their distances, and every planted problem found with its row."""

import warnings

import numpy as np
import pandas as pd
import pytest
from conftest import tiny_splits

from senti.corpus import Corpus
from senti.encoder import resolve_model
from senti.evaluation import problems
from senti.evaluation.problems import far_out, label_issues, neighbour_distance, out_of_fold


def drawn(classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities that mostly agree."""
    draw = np.random.default_rng(seed)
    labels = draw.integers(0, classes, 400)
    chances = draw.dirichlet(np.full(classes, 0.7), 400)
    chances[np.arange(400), labels] += 1.2 * draw.random(400)
    return labels, chances / chances.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("seed", range(3))
def test_label_errors_are_cleanlab_s(classes, seed):
    with warnings.catch_warnings():  # cleanlab's own
        warnings.simplefilter("ignore")
        from cleanlab.filter import find_label_issues

        labels, chances = drawn(classes, seed)
        theirs = find_label_issues(labels, chances, filter_by="confident_learning", n_jobs=1,
                                   return_indices_ranked_by="self_confidence")  # fmt: skip
    assert len(theirs) > 5
    assert list(label_issues(labels, chances)) == list(theirs)


def test_a_label_error_worked_out():
    labels = np.array([0, 0, 0, 1, 1, 1])
    chances = np.array([[0.9, 0.1], [0.7, 0.3], [0.1, 0.9], [0.2, 0.8], [0.4, 0.6], [0.45, 0.55]])
    # bars: class 0 mean(0.9, 0.7, 0.1) = 0.567, class 1 mean(0.8, 0.6, 0.55) = 0.65; only row 2 clears the other's
    assert list(label_issues(labels, chances)) == [2]


def test_out_of_fold_means_unseen():
    """Pure noise is not learned by heart, planted flips are seen through."""
    draw = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    noise = draw.normal(size=(200, 60))
    assert (out_of_fold(noise, labels).argmax(axis=1) == labels).mean() < 0.65
    clear = noise + 4 * labels[:, None] * (np.arange(60) < 5)
    flipped = labels.copy()
    flipped[[3, 150]] = 1 - flipped[[3, 150]]
    chances = out_of_fold(clear, flipped)
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    assert chances[3, 0] > 0.8 and chances[150, 1] > 0.8  # what they were before
    assert label_issues(flipped, chances)[0] in (3, 150)


def test_distances_are_means_of_the_nearest_cosines():
    vectors = np.random.default_rng(0).normal(size=(30, 6))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    expected = 1 - np.sort(cosines, axis=1)[:, -4:].mean(axis=1)
    np.testing.assert_allclose(neighbour_distance(vectors, 4), expected, atol=1e-7)
    assert list(neighbour_distance(vectors[:1])) == [0]


def test_far_is_told_by_the_median():
    distances = np.array([1.0, 1.1, 0.9, 1.0, 1.2, 9.0, 4.0])
    # median 1.1, deviations .1 0 .2 .1 .1 7.9 2.9: MAD 0.1, so the bar is 1.1 + 3.5 * 0.14826 = 1.62
    assert list(far_out(distances)) == [5, 6]
    assert list(far_out(np.ones(5))) == []


@pytest.mark.usefixtures("with_hub_cache")
def test_every_planted_problem_is_found_with_its_row():
    splits = tiny_splits()
    twin = splits["train"]["text"][0]
    splits["test"] = pd.concat([splits["test"], pd.DataFrame({"text": [twin], "label": [splits["train"]["label"][0]]})],
                               ignore_index=True)  # fmt: skip
    splits["validation"].loc[3, "text"] = "a tender film about two sisters " * 4
    splits["train"] = splits["train"][splits["train"]["label"].eq(0) | (splits["train"].index % 8 == 0)]
    splits["train"] = splits["train"].reset_index(drop=True)
    corpus = Corpus("tiny", splits, ("negative", "positive"), "here")
    found = problems(corpus, resolve_model("distilbert"), max_length=16)
    rows = found.rows
    crossing = rows[rows["problem"] == "twin across splits"]
    assert ("test", len(splits["test"])) in set(zip(crossing["split"], crossing["number"], strict=True))
    assert any("the same as train 1" in why for why in crossing["why"])
    cut = rows[rows["problem"] == "cut"]
    assert cut.iloc[0][["split", "number"]].tolist() == ["validation", 4] and "16 are read" in cut.iloc[0]["why"]
    assert cut.iloc[0]["text"].startswith("a tender film about two sisters")
    assert len(found.notices) == 1 and "positive" in found.notices[0]  # imbalance
    every = np.concatenate([frame["text"] for frame in splits.values()])
    assert all(every[place] == text for place, text in zip(rows["place"], rows["text"], strict=True))
