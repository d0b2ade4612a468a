"""What a sweep has found: its trials as a table, the best of them, and which knob mattered."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from senti.config import Config
from senti.evaluation.scores import wilson
from senti.studies.sweep import SPEC, Sweep, counted, run_name

if TYPE_CHECKING:
    from optuna.study import Study

STATES = {"COMPLETE": "finished", "PRUNED": "pruned", "FAIL": "failed", "RUNNING": "running", "WAITING": "running"}
FEW = 4  # finished trials below which nothing is said of the knobs


def trial_table(sweep: Sweep, study: "Study") -> pd.DataFrame:
    """One row per trial in order: number, state, the knobs that vary, accuracy (mean on validation; NaN unless
    finished), low, high, seconds, reports (epochs that it told of), same_as, why (of a failure).
    """
    n = study.user_attrs[SPEC]["rows"]["validation"]
    rows = []
    for trial in counted(study):
        value = trial.value if trial.value is not None else float("nan")
        low, high = wilson(value * n, n) if value == value else (float("nan"), float("nan"))
        known = {axis.knob: axis.rounded(trial.params[axis.knob]) if axis.knob in trial.params else None
                 for axis in sweep.space}  # fmt: skip
        rows.append({"number": trial.number, "state": STATES[trial.state.name], **known, "accuracy": value,
                     "low": low, "high": high, "seconds": trial.user_attrs.get("seconds"),
                     "reports": len(trial.intermediate_values), "same_as": trial.user_attrs.get("same_as"),
                     "why": trial.user_attrs.get("error", "")})  # fmt: skip
    columns = ["number", "state", *(axis.knob for axis in sweep.space), "accuracy", "low", "high", "seconds",
               "reports", "same_as", "why"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns, dtype=object)  # a whole number must stay one beside one not chosen yet
    numbers = ["number", "reports", "accuracy", "low", "high", "seconds", "same_as"]
    return table.assign(**{name: pd.to_numeric(table[name]) for name in numbers})


def best_first(table: pd.DataFrame) -> pd.DataFrame:
    """Finished trials by accuracy, of equals the earlier; then those that never came to one, in order."""
    return table.sort_values(["accuracy", "number"], ascending=[False, True], na_position="last", ignore_index=True)


def best_config(sweep: Sweep, table: pd.DataFrame) -> Config | None:
    """The config of the best finished trial, None before there is one."""
    best = _best(table)
    return None if best is None else sweep.with_values({axis.knob: best[axis.knob] for axis in sweep.space})


def best_run(sweep: Sweep, table: pd.DataFrame) -> str:
    """The name of the best trial's first run, "" before there is one."""
    best = _best(table)
    if best is None:
        return ""
    twin = best["same_as"]
    return run_name(sweep.name, int(best["number"] if pd.isna(twin) else twin), 0)


def importances(study: "Study") -> dict[str, float]:
    """Share of the differences in accuracy that each knob accounts for, most important first; {} of too few trials.

    Functional ANOVA on a random forest over the finished trials (Hutter et al. 2014).
    """
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    finished = [trial for trial in counted(study) if trial.state.name == "COMPLETE"]
    if len(finished) < FEW or len({trial.value for trial in finished}) < 2:
        return {}
    shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {knob: float(share) for knob, share in shares.items()}


def _best(table: pd.DataFrame) -> dict[str, Any] | None:
    ranked = best_first(table)
    return None if ranked.empty or pd.isna(ranked["accuracy"].iloc[0]) else ranked.iloc[:1].to_dict("records")[0]
