"""The ladder of the SVM tab: majority, TF-IDF, SVM on [CLS], SVM on the mean, and what each step adds."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti.config import Config, SvmConfig
from senti.errors import SentiError
from senti.evaluation import ladder, missing_rungs
from senti.numbers import duration, interval
from senti.runs import ACTIVE, Run
from senti.ui import html
from senti.ui.begin import begin
from senti.ui.verdicts import dot
from senti.ui.watch import find
from senti.ui.widgets import friendly

LEAD = "What does each step add? Click a rung to look at its run above."
COLUMNS = ["Rung", "Validation", "Test", "Training"]
WHY = (
    "All rungs learn from the same reviews and answer the same test reviews; none of them changes the transformer. The "
    "interval is Wilson's. Each step is tested with McNemar's exact test against the rung below, on the reviews that "
    "one of the two got right and the other did not, with Holm's correction for the number of steps."
)
SOURCE = ("McNemar 1947; Holm 1979", "https://doi.org/10.1007/BF02295996")


def begin_with_ladder(root: Path, config: Config) -> Run:
    """Queue the SVM, then each rung of its ladder that has no run yet, within the limits. Raises SentiError."""
    run = begin(root, config)
    config = run.config
    assert isinstance(config, SvmConfig)
    for rung in missing_rungs(root, config, run.facts["data"]["checksum"], run.facts["hub_id"]):
        try:
            begin(root, rung)
        except SentiError as e:  # a limit: the run that was asked for has begun all the same
            gr.Info(f"The rest of the ladder is not trained: {html.h(e)}")
            break
    return run


@friendly
def show_ladder(root: Path, name: str) -> tuple[str, gr.Timer]:
    """The rungs on the reviews of the run that is shown; look again while one of them is on its way."""
    run = find(root, name)
    if run is None:
        return "", gr.Timer(active=False)
    rows = ladder(root, run)
    ends = rows[["test_low", "test_high"]].stack()
    axis = (min(0.5, ends.min()), max(0.9, ends.max())) if len(ends) else (0.5, 0.9)
    cells = [_cells(row, axis, name) for row in rows.to_dict("records")]
    table = html.table(COLUMNS, cells, numbers=COLUMNS[1:], wide="Rung",
                       pickable="show the run of", picks=list(rows["run"]))  # fmt: skip
    return table + html.what(WHY, *SOURCE), gr.Timer(active=bool(rows["status"].isin(ACTIVE).any()))


def _cells(row: dict[str, Any], axis: tuple[float, float], shown: str) -> list[str]:
    badge = {"": "not trained yet", "finished": "shown above" * (row["run"] == shown)}.get(row["status"], row["status"])
    title = f"<b>{html.h(row['title'])}</b>" + (f' <em class="s-badge">{html.h(badge)}</em>' if badge else "")
    adds = html.h(row["adds"]).replace("p &lt; ", "p&nbsp;&lt;&nbsp;")
    said = f"{title}<br>{html.h(row['what'])}" + (f"<br><small>{adds}</small>" if adds else "")
    test = interval(row["test"], row["test_low"], row["test_high"])
    drawn = dot(row, axis) if not pd.isna(row["test"]) else ""
    validation = interval(row["validation"], row["validation_low"], row["validation_high"])
    return [said, validation, test + drawn, duration(row["train_seconds"])]


def take_run(event: gr.EventData) -> Any:
    """The run of the rung that was clicked; nothing where it has none yet."""
    return str(event.pick) or gr.skip()
