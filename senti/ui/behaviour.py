"""The behavioural suite: how often each run passes, phenomenon by phenomenon, and what it failed."""

from functools import lru_cache
from pathlib import Path

import gradio as gr
import pandas as pd

from senti.errors import SentiError
from senti.evaluation import challenge, load_predictor, pass_rates
from senti.evaluation.table import run_title
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html, recipe, recipes
from senti.ui.chosen import chosen
from senti.ui.parts import Part
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly, page, pickable

SUITE = (
    "360 sentences written for senti, most of them in pairs that differ in one thing. A pair in which only a name, a "
    "place or a typo differs passes if both get one answer, right or wrong. A run with more than two grades "
    "answers with the side on which its expected grade lies. Click a phenomenon to read what failed."
)
CHECKLIST = ("Ribeiro et al. 2020, Beyond accuracy", "https://aclanthology.org/2020.acl-main.442/")


@friendly
def suite(root: Path, names: list[str]) -> tuple[str, str]:
    """Pass rates per phenomenon and run, and no failures yet."""
    answered = _answered_all(root, names)
    if not answered:
        return html.empty_state("Choose a run whose labels are grades, such as negative and positive, to test it."), ""
    rates = [pass_rates(rows).set_index("phenomenon") for _, rows in answered]
    first = rates[0]
    cells = [[f"<b>{html.h(name)}</b>" if name == "all" else html.h(name), f"{first.loc[name, 'n']:,}",
              *(_rate(each.loc[name]) for each in rates)] for name in first.index]  # fmt: skip
    titles = [run_title(run.config) for run, _ in answered]
    table = html.table(["Phenomenon", "Tests", *titles], cells, numbers=("Tests", *titles), wide="Phenomenon",
                       pickable="show the failures of", picks=list(first.index))  # fmt: skip
    return table + html.what(SUITE, *CHECKLIST), ""


@friendly
def failures(root: Path, names: list[str], event: gr.EventData) -> str:
    """The sentences of a phenomenon that any of the runs failed, and what each said."""
    answered, phenomenon = _answered_all(root, names), str(event.pick)
    rows = answered[0][1]
    mine = (rows["phenomenon"] == phenomenon) | (phenomenon == "all")
    failed = mine & ~pd.concat([each["passed"].astype(bool) for _, each in answered], axis=1).all(axis=1)
    if not failed.any():
        return html.paragraphs([f"No failures: {phenomenon}."])
    labels = ("negative", "positive")
    cells = [[html.h(rows["text"][i]), html.label_mark(rows["label"][i], labels),
              *(f"{html.label_mark(each['said'][i], labels)}{'' if each['passed'][i] else ' ✗'}"
                for _, each in answered)] for i in rows.index[failed]]  # fmt: skip
    return html.table(["Sentence", "Meant", *(run_title(run.config) for run, _ in answered)], cells, wide="Sentence")


def _answered_all(root: Path, names: list[str]) -> list[tuple[Run, pd.DataFrame]]:
    await_models()
    out = []
    for run in chosen(root, names):
        try:
            out.append((run, _answered(run, run.saved)))
        except SentiError:  # its labels are no grades
            continue
    return out


@lru_cache(maxsize=24)
def _answered(run: Run, saved: int) -> pd.DataFrame:
    return challenge(load_predictor(run), run.facts["data"]["labels"])


def _rate(row: pd.Series) -> str:
    return f"{percent(row['rate'], 0)}<br><small>± {(row['high'] - row['low']) * 50:.0f}</small>"


def build(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> Part:
    """The panel, in the open tab."""
    rates, failed = pickable(), page()
    rates.click(bound(failures, root), runs, failed, api_visibility="private", concurrency_limit=2)
    recipe.place(bound(recipes.behaviour, root), [runs])
    return Part(tab, bound(suite, root), [runs], [rates, failed], slow=rates)
