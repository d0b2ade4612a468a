"""What accuracy costs: every run on the chosen runs' reviews, and which of them another one makes pointless."""

from pathlib import Path

import gradio as gr
import pandas as pd

from senti import plots
from senti.evaluation import COSTS, dominated, finished_runs, results_table
from senti.ui import html, recipe, recipes
from senti.ui.chosen import chosen, on_same_reviews, titles
from senti.ui.parts import QUIET, Part
from senti.ui.widgets import Caption, bound, figure, friendly, page

COST = Caption(
    "Cost against quality",
    "hollow: another run is at least as right and costs no more",
    "Each dot is a finished run on these reviews, with the 95 % interval of its accuracy. A run is dominated, and "
    "hollow, if another is at least as good in both and better in one; the dotted line joins those that are not. "
    "Intervals that overlap mean that it could be otherwise on other reviews. Time and memory are those of the machine "
    "a run was trained on; memory counts the libraries too, and a run started here finds all of them loaded.",
)
MOST_TOLD = 6  # dominated runs by name; more would be a wall of words
CHOICES = [(words[0].upper() + words[1:], name) for name, words in COSTS.items()]


@friendly
def show(root: Path, names: list[str], cost: str) -> tuple[str | None, str]:
    """The figure for a cost, and in words which runs are dominated."""
    table = rows_of(root, names)
    known = table[table[cost].notna()] if len(table) else table
    if known.empty:
        return None, html.notes([f"No run says its {COSTS[cost]}."] if len(table) else [])
    by = dominated(known, cost).map(dict(zip(known["run"], known["title"], strict=True))).fillna("")
    drawn = plots.cost_and_quality(known.assign(by=by), cost, COSTS[cost])
    lost = [f"{title} (by {other})" for title, other in zip(known["title"], by, strict=True) if other]
    unknown = table[table[cost].isna()]["title"]
    told = [f"Worth their cost: {'; '.join(known['title'][by == ''])}."]
    if len(lost) > MOST_TOLD:
        told.append(f"{len(lost)} others are dominated: for each of them, another run is as right and costs no more.")
    elif lost:
        told.append(f"Dominated: {'; '.join(lost)}.")
    told += [f"Not shown, since theirs is not known: {'; '.join(unknown)}."] if len(unknown) else []
    return drawn.to_json(), html.paragraphs(told)


def rows_of(root: Path, names: list[str]) -> pd.DataFrame:
    """The results of all runs on the reviews of the named ones, or on those of most runs; titles are distinct."""
    same = on_same_reviews(chosen(root, names) or finished_runs(root))
    table = results_table(root)
    if not same:
        return table
    table = table[table["data"].str.endswith(f" {same[0].facts['data']['checksum']}")]
    runs = {run.name: run for run in finished_runs(root)}
    return table.assign(title=titles([runs[name] for name in table["run"]]))


def build(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> Part:
    """The figure with its choice of cost, in the open tab."""
    cost = gr.Radio(CHOICES, value=CHOICES[0][1], label="Which cost")
    drawn, told = figure(COST, height=400), page()
    part = Part(tab, bound(show, root), [runs, cost], [drawn, told])
    cost.input(part.show, part.inputs, part.outputs, **QUIET)
    recipe.place(bound(recipes.cost, root), [runs, cost])
    return part
