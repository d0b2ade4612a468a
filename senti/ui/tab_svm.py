"""A linear SVM on frozen features, with the two methods beside it that know nothing of transformers."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import Config, MajorityConfig, TfidfConfig
from senti.evaluation import results_table
from senti.numbers import count, duration, interval
from senti.runs import Run, list_runs
from senti.ui import html
from senti.ui.watch import ACTIVE, SECONDS, find
from senti.ui.widgets import page
from senti.ui.workbench import Bench, Placed, begin, build_bench

BASELINES = {"majority": MajorityConfig, "tfidf": TfidfConfig}
COLUMNS = ["Method", "Reviews", "Trained weights", "Training", "Validation", "Test"]


def begin_with_baselines(root: Path, config: Config) -> Run:
    """Queue the SVM, then each baseline that has not yet been trained on the same reviews. Raises SentiError."""
    run = begin(root, config)
    data = run.facts["data"]["checksum"]
    usable = [r for r in list_runs(root) if r.status in (*ACTIVE, "finished")]
    there = {r.facts["method"] for r in usable if r.facts["data"]["checksum"] == data}
    for method, cls in BASELINES.items():
        if method not in there:
            begin(root, cls(config.dataset, config.text_column, config.label_column, config.subset, config.seed))
    return run


def show_beside(root: Path, name: str) -> tuple[str, gr.Timer]:
    """The methods that train no transformer, on the reviews of the run that is shown; look again while one runs."""
    run = find(root, name)
    if run is None:
        return "", gr.Timer(active=False)
    table = results_table(root)
    same = table[table["data"].str.endswith(run.facts["data"]["checksum"])]
    rows = [
        [html.h(r.title), count(r.train_rows), count(r.trained), duration(r.train_seconds),
         interval(r.validation, r.validation_low, r.validation_high), interval(r.test, r.test_low, r.test_high)]
        for r in same[same["method"].isin([*BASELINES, "svm"])].itertuples()
    ]  # fmt: skip
    waiting = any(r.status in ACTIVE for r in list_runs(root) if r.facts.get("method") in BASELINES)
    return html.table(COLUMNS, rows, numbers=COLUMNS[1:], wide="Method") if rows else "", gr.Timer(active=waiting)


BENCH = Bench(
    method="svm",
    tab="SVM baseline",
    lead="Leave the model as it is, read one vector per review off it, and let a linear SVM tell the vectors apart.",
    button="Train the SVM",
    empty="No SVM yet. Press «Train the SVM»: it reads every review once, which takes seconds; majority and TF-IDF are "
    "trained beside it.",
    curves=False,
    begin=begin_with_baselines,
)


def build(app: gr.Blocks, root: Path, choice: gr.State) -> Placed:
    """The tab."""
    return build_bench(app, root, choice, BENCH, more=partial(_place_beside, root))


def _place_beside(root: Path, placed: Placed) -> None:
    beside, timer = page(), gr.Timer(2 * SECONDS, active=False)
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    news = [placed.panel.stage.change, placed.tab.select, timer.tick]
    gr.on(news, partial(show_beside, root), placed.panel.name, [beside, timer], **quiet)
