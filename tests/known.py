"""Runs whose answers are known: reviews of three classes, and copies of a run that say of them what a test wants."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from senti.config import Config, MajorityConfig
from senti.experiment import conduct, create, prepare
from senti.runs import Run

NAMES = ["bad", "fair", "good"]
WORDS = {"bad": "dull clumsy tired", "fair": "usual steady plain", "good": "tender funny warm"}
# six reviews of three classes, and what two runs say of them; nobody ever says fair
TRUTH = [0, 0, 1, 1, 2, 2]
FIRST, SECOND = [0, 2, 0, 2, 2, 2], [0, 0, 0, 0, 0, 2]
SURE = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]  # of the first; the second is so the other way round


def three_classes(folder: Path) -> Path:
    """Reviews of three classes as a folder of splits; six to be tested on, whose labels are TRUTH."""
    folder.mkdir()
    rows = [(f"a {word} film number {i}", label) for label, words in WORDS.items() for word in words.split()
            for i in range(4)]  # fmt: skip
    test = [(f"the {WORDS[NAMES[label]].split()[i % 3]} one of row {i}", NAMES[label]) for i, label in enumerate(TRUTH)]
    for name, each in {"train": rows, "validation": rows[::3], "test": test}.items():
        pd.DataFrame(each, columns=["text", "label"]).to_csv(folder / f"{name}.csv", index=False)
    return folder


def trained(root: Path, folder: Path, cls: type[Config] = MajorityConfig) -> Run:
    """A finished run on a folder of splits."""
    run = create(root, prepare(cls(dataset=str(folder))))
    conduct(run)
    return run


def saying(run: Run, name: str, said: list[int], sure: list[float]) -> Run:
    """A copy of a run that gives its test reviews these classes, as sure as that."""
    copy = Run(shutil.copytree(run.path, run.path.parent / name))
    rest = (1 - np.array(sure)) / (len(NAMES) - 1)
    chances = np.where(np.eye(len(NAMES))[said] == 1, np.array(sure)[:, None], rest[:, None]).astype("float32")
    rows = {"split": "test", "row": range(len(said)), "label": TRUTH, **{f"p{i}": chances[:, i] for i in range(3)}}
    pd.DataFrame(rows).to_parquet(copy.path / "predictions.parquet")
    return copy


def three_runs(root: Path, folder: Path) -> tuple[Run, Run, Run]:
    """A majority run, and two copies of it that say FIRST and SECOND."""
    majority = trained(root, folder)
    return majority, saying(majority, "first", FIRST, SURE), saying(majority, "second", SECOND, SURE[::-1])
