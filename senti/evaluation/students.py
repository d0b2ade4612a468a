"""A distilled student beside its teacher."""

from typing import Any

import pandas as pd

from senti.config import DistillConfig
from senti.errors import UnknownRun
from senti.evaluation.significance import pairwise
from senti.evaluation.table import row
from senti.numbers import milliseconds, size
from senti.runs import Run, open_run


def family(run: Run) -> list[Run]:
    """The teacher and its student. Raises UnknownRun where the teacher is gone, or no student is meant."""
    config = run.config
    if not isinstance(config, DistillConfig):
        raise UnknownRun(f"{run.name} had no teacher; choose a run of distillation.")
    return [open_run(run.path.parent, config.teacher), run]


def beside_teacher(run: Run) -> pd.DataFrame:
    """Teacher and student, a row each: run, title, test, test_low, test_high, bytes, ms, total. Raises UnknownRun."""
    columns = ["run", "title", "test", "test_low", "test_high", "bytes", "ms", "total"]
    return pd.DataFrame([row(each) for each in family(run)])[columns]


def against_teacher(run: Run) -> list[str]:
    """Accuracy, size and speed of a student against its teacher, a sentence each. Raises UnknownRun."""
    teacher, student = family(run)
    (pair,) = pairwise([student, teacher]).itertuples()
    then, now = (_measured(each) for each in (teacher, student))
    return [str(pair.sentence),
            f"{size(now['bytes'])} on disk against {size(then['bytes'])}; {milliseconds(now['ms'])} a sentence against "
            f"{milliseconds(then['ms'])}, each measured when its run ended."]  # fmt: skip


def _measured(run: Run) -> dict[str, Any]:
    result = run.result or {}
    return {"bytes": result["bytes_on_disk"], "ms": result["ms_per_sentence"]}
