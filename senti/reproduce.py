"""A finished run once more, from its config.json: do scores, predictions and weights come out the same?

>>> reproduce(Path("checkpoints"), "reference-svm").same
True
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from senti.errors import UnknownRun
from senti.experiment import check_data, conduct, create, prepare
from senti.methods import linear
from senti.runs import Run, open_run, saved_chances
from senti.training.checkpoint import differences

SPLITS = ("validation", "test")


@dataclass(frozen=True)
class Reproduction:
    """A run beside its repetition; a difference of 0 means the same to the last bit, NaN that it cannot be told."""

    run: Run
    again: Run
    conditions: tuple[str, ...]  # versions and device that are not what they were
    scores: bool  # every score and every cell of the confusion matrices
    predictions: float  # the largest difference between two probabilities
    weights: float  # the largest difference between two numbers that were learned

    @property
    def same(self) -> bool:
        """True where nothing differs at all."""
        return self.scores and self.predictions == 0 and self.weights == 0


def reproduce(root: Path, name: str, on_event: Callable[[dict[str, Any]], None] | None = None) -> Reproduction:
    """Run it again, as a new run beside it, and compare. Raises UnknownRun, BadData where the reviews changed, ..."""
    run = open_run(root, name)
    if run.status != "finished":
        raise UnknownRun(f"{name} is {run.status}; only a finished run can be reproduced.")
    prepared = prepare(run.config, run.path.parent)
    check_data(run, prepared.corpus)
    again = create(root, prepared, f"{name[:66]}-again-{secrets.token_hex(2)}")
    conduct(replace(again, on_event=on_event))
    return compare(run, again)


def compare(run: Run, again: Run) -> Reproduction:
    """Two finished runs of the same config on the same reviews."""
    then, now = run.result or {}, again.result or {}
    here = [{"versions": each.facts.get("versions", {}), "device": result["device"]}
            for each, result in ((run, then), (again, now))]  # fmt: skip
    chances = [np.concatenate([saved_chances(each, split) for split in SPLITS]) for each in (run, again)]
    return Reproduction(
        run, again, tuple(differences(*here)), then["scores"] == now["scores"],
        _furthest(*({"p": each} for each in chances)), _furthest(learned(run), learned(again)),
    )  # fmt: skip


def learned(run: Run) -> dict[str, np.ndarray]:
    """The numbers that a finished run saved, by name, in float64: exact for every format they are kept in."""
    folder = run.model_path
    if (folder / "model.skops").exists():
        svc = linear.svc_of(linear.restore(folder))
        return {"coefficients": svc.coef_, "intercepts": svc.intercept_}
    if (folder / "shares.json").exists():
        return {"shares": np.array(json.loads((folder / "shares.json").read_text()))}
    from safetensors.torch import load_file

    return {name: tensor.double().numpy() for path in sorted(folder.glob("*.safetensors"))
            for name, tensor in load_file(path).items()}  # fmt: skip


def _furthest(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> float:
    if {name: values.shape for name, values in one.items()} != {name: values.shape for name, values in other.items()}:
        return float("nan")
    return max((float(np.abs(values - other[name]).max()) for name, values in one.items()), default=0.0)
