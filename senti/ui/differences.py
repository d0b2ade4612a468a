"""Is the difference between two runs real? Every pair of the chosen runs, tested and told in sentences."""

from pathlib import Path

import gradio as gr

from senti.evaluation import pairwise
from senti.ui import html, recipe, recipes
from senti.ui.chosen import chosen, on_same_reviews
from senti.ui.parts import Part
from senti.ui.widgets import bound, friendly, page

REAL = (
    "McNemar's exact test looks only at reviews that one of two runs got right and the other did not. The interval is "
    "a paired bootstrap. With many pairs, some differ by luck: Holm's correction answers for all of them together."
)
HOLM = ("McNemar 1947; Holm 1979", "https://doi.org/10.1007/BF02295996")


@friendly
def differences(root: Path, names: list[str]) -> str:
    """Every pair of the chosen runs that were tested on the same reviews, in sentences."""
    runs = on_same_reviews(chosen(root, names))
    if len(runs) < 2:
        return html.empty_state("Choose two runs on the same reviews to ask whether their difference is real.")
    found = pairwise(runs)
    cells = [[html.h(r.sentence), f"{100 * r.difference:.1f}", f"{100 * r.low:.1f} to {100 * r.high:.1f}",
              f"{r.p:.2g}", f"{r.corrected:.2g}"] for r in found.itertuples()]  # fmt: skip
    columns = ["In words", "Points", "95 % interval", "p", "p, Holm"]
    return html.table(columns, cells, numbers=columns[1:], wide="In words") + html.what(REAL, *HOLM)


def build(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> Part:
    """The panel, in the open tab."""
    tested = page()
    recipe.place(bound(recipes.differences, root), [runs])
    return Part(tab, bound(differences, root), [runs], [tested])
