"""Several finished runs asked together: how their probabilities become one answer. None of them is trained anew.

mean      the mean of the members' probabilities; all count alike (Kittler et al. 1998, the sum rule)
weighted  the same with weights that are not negative and sum to one, fitted on the validation reviews (Breiman 1996)
vote      the share of members that say a label; a tie goes to the label of the higher mean probability
stacking  logistic regression on the members' log probabilities, fitted on the validation reviews (Wolpert 1992)

A prediction asks every member, so its size is the sum of theirs: a backbone under two members counts twice.
"""

import importlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from senti.config import Config, EnsembleConfig, with_knobs_of
from senti.corpus import Corpus
from senti.errors import BadConfig, BadData, UnknownRun
from senti.methods import load_predictor
from senti.methods.classifier import softmax
from senti.methods.fitted import Fitted
from senti.runs import Run, open_run, saved_chances

MOST_MEMBERS = 8  # each is held in memory
LEAST = 1e-6  # probability that is taken for zero, whose logarithm would be infinite
TIE = 1e-3  # share of the vote that goes to the winner beforehand, so that a tie is decided
CLOSE = 1e-5  # how near the weights come to the least log loss
MOST_STEPS = 10_000
FITTED = "Fitted on the validation reviews: its accuracy there is optimistic, judge it by the test reviews."


def learned_from_validation(config: Config) -> bool:
    """True for an ensemble whose combiner was fitted on the validation reviews."""
    return isinstance(config, EnsembleConfig) and config.how in ("weighted", "stacking")


def find_members(config: EnsembleConfig, root: Path) -> list[Run]:
    """The members, all finished and trained on the same reviews. Raises BadConfig, BadData, UnknownRun naming one."""
    names = config.names
    if not 2 <= len(set(names)) == len(names) <= MOST_MEMBERS:
        raise BadConfig(
            f"members is {config.members!r}; name 2 to {MOST_MEMBERS} different finished runs, `senti runs` lists them."
        )
    runs = [_member(root, name) for name in names]
    first = runs[0].facts["data"]
    for run in runs[1:]:
        data, pair = run.facts["data"], f"{runs[0].name} and {run.name}"
        if data["checksum"] != first["checksum"]:
            raise BadData(f"{pair} were trained on different reviews; combine runs on the same dataset and subset.")
        if data["labels"] != first["labels"]:
            raise BadData(f"{pair} have different names for their labels; combine runs with the same.")
    return runs


def same_reviews(config: EnsembleConfig, member: Run) -> EnsembleConfig:
    """The config on the reviews of a member. Raises BadConfig where it asks for others."""
    why = "an ensemble takes the reviews of its members"
    config = with_knobs_of(config, member.config, Config, member.name, why)
    return replace(config, members=",".join(config.names))


def fit(config: EnsembleConfig, corpus: Corpus, run: Run) -> Fitted:
    """Fit what the way of combining has to fit, on the members' saved probabilities, and save it."""
    members = find_members(config, run.path.parent)
    known = {split: np.stack([saved_chances(member, split) for member in members]) for split in ("validation", "test")}
    if config.how == "stacking":
        importlib.import_module("sklearn.linear_model")  # the time of loading it is not that of fitting
    began = time.perf_counter()
    learned = fit_combiner(config.how, known["validation"], corpus.splits["validation"]["label"].to_numpy())
    seconds = time.perf_counter() - began
    combiner = {"how": config.how, "members": [{"name": m.name, "created": m.created} for m in members], **learned}
    run.model_path.mkdir(exist_ok=True)
    (run.model_path / "combiner.json").write_text(json.dumps(combiner, indent=2) + "\n")
    trained = sum(np.size(learned[name]) for name in ("weights", "coefficients", "intercepts") if name in learned)
    total = sum(member.result["parameters"]["total"] for member in members if member.result) + trained
    return Fitted(load(run), trained, total, seconds, _notes(combiner),
                  {split: combine(combiner, chances) for split, chances in known.items()})  # fmt: skip


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, through every member. Raises UnknownRun naming a member that is gone."""
    combiner = json.loads((run.model_path / "combiner.json").read_text())
    predictors = [load_predictor(member) for member in _same_members(run, combiner["members"])]
    return lambda texts: combine(combiner, np.stack([predict(texts) for predict in predictors]))


def fit_combiner(how: str, chances: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """What a way of combining learns from the members' probabilities (members, n, classes); nothing for most."""
    if how == "weighted":
        return {"weights": fit_weights(chances, labels).tolist()}
    return fit_stacking(chances, labels) if how == "stacking" else {}


def combine(combiner: dict[str, Any], chances: np.ndarray) -> np.ndarray:
    """The members' probabilities (members, n, classes) as one (n, classes); rows sum to 1."""
    if combiner["how"] == "weighted":
        return np.tensordot(np.asarray(combiner["weights"]), chances, axes=1)
    if combiner["how"] == "vote":
        return vote(chances)
    return stack(combiner, chances) if combiner["how"] == "stacking" else chances.mean(axis=0)


def fit_weights(chances: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The weights (members,) of the mean with the least log loss: not negative, sum 1.

    Expectation maximisation for the weights of a mixture (Dempster et al. 1977): no step makes it worse, and as the
    loss is convex, no pull above 1 + CLOSE means that the best weights are better by less than CLOSE.
    """
    given = np.maximum(chances[:, np.arange(len(labels)), labels], LEAST)  # what each gave the true label
    weights = np.full(len(chances), 1 / len(chances))
    for _ in range(MOST_STEPS):
        pulls = (given / (weights @ given)).mean(axis=1)
        if pulls.max() < 1 + CLOSE:
            break
        weights = weights * pulls
    return weights


def vote(chances: np.ndarray) -> np.ndarray:
    """The share of members that say each label, all but for TIE, which the winner has beforehand."""
    votes = np.eye(chances.shape[2])[chances.argmax(axis=2)]
    shares = votes.mean(axis=0)
    leads = votes.sum(axis=0) == votes.sum(axis=0).max(axis=1, keepdims=True)
    winner = np.where(leads, chances.mean(axis=0), -1).argmax(axis=1)
    return (1 - TIE) * shares + TIE * np.eye(chances.shape[2])[winner]


def fit_stacking(chances: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Coefficients (classes, members * classes), or one row of two classes, and intercepts; scikit-learn's L2 of 1."""
    from sklearn.linear_model import LogisticRegression

    if len(np.unique(labels)) < 2:
        raise BadData("All validation reviews have the same label, which teaches stacking nothing; choose the mean.")
    model = LogisticRegression(max_iter=2000).fit(_logs(chances), labels)
    return {"classes": model.classes_.tolist(), "coefficients": model.coef_.tolist(),
            "intercepts": model.intercept_.tolist()}  # fmt: skip


def stack(combiner: dict[str, Any], chances: np.ndarray) -> np.ndarray:
    """What the logistic regression makes of the members' probabilities; 0 for a label it never saw."""
    scores = _logs(chances) @ np.array(combiner["coefficients"]).T + np.array(combiner["intercepts"])
    if scores.shape[1] == 1:  # of two classes, only the second has a score
        scores = np.hstack([np.zeros_like(scores), scores])
    full = np.zeros(chances.shape[1:])
    full[:, combiner["classes"]] = softmax(scores)
    return full


def _logs(chances: np.ndarray) -> np.ndarray:
    """(members, n, classes) probabilities as (n, members * classes) logarithms."""
    return np.log(np.maximum(np.hstack(list(chances)), LEAST))


def _member(root: Path, name: str) -> Run:
    run = open_run(root, name)
    config = run.config
    if isinstance(config, EnsembleConfig):
        raise BadConfig(f"{name} is itself an ensemble; name its members instead: {', '.join(config.names)}.")
    if run.status != "finished":
        raise UnknownRun(f"{name} is {run.status}; an ensemble combines finished runs.")
    return run


def _same_members(run: Run, then: list[dict[str, Any]]) -> list[Run]:
    """The members as they were `then`: by name, and when each was created."""
    config = run.config
    assert isinstance(config, EnsembleConfig)
    try:
        members = find_members(config, run.path.parent)
    except UnknownRun as e:
        raise UnknownRun(f"{run.name} needs all its members; bring them back or delete it. {e}") from None
    same = run.facts["data"]["labels"] == members[0].facts["data"]["labels"]
    if not same or [{"name": m.name, "created": m.created} for m in members] != then:
        raise UnknownRun(
            f"{run.name} combines other runs than {', '.join(config.names)} as they are now; "
            f"delete {run.name} and combine anew."
        )
    return members


def _notes(combiner: dict[str, Any]) -> tuple[str, ...]:
    names = [member["name"] for member in combiner["members"]]
    if combiner["how"] == "weighted":
        names = [f"{name} ({weight:.2f})" for name, weight in zip(names, combiner["weights"], strict=True)]
    combines = f"Combines {', '.join(names[:-1])} and {names[-1]}."
    return (combines, FITTED) if combiner["how"] in ("weighted", "stacking") else (combines,)
