"""Words that weigh otherwise in reviews of another kind, and words that only one kind knows."""

from functools import lru_cache

import gradio as gr
import pandas as pd

from senti.evaluation.shifting_words import by_chance, in_words, shifting_words, words_of_one
from senti.ui import domain_recipes, html, recipe
from senti.ui.choice import Choice, Source, chosen_source, read
from senti.ui.domain_repair import ABSENT, SAME
from senti.ui.header import dataset_title
from senti.ui.parts import Part
from senti.ui.widgets import friendly, page

LEAD = "Which words mean another thing there, and which does only one kind of review know?"
SHOWN, ALONE = 12, 16
WHY = (
    "Two logistic regressions on bags of words, one per kind, from as many reviews of each (at most 3,000). A weight "
    "is what a word adds to the log-odds of the second label, the mean over 100 bootstrap samples of the reviews; the "
    "interval is that of the shift over these samples. A direction is named only where its sign is the same in "
    "95 % of them. A shifting word is in 10 reviews of both kinds; a word of one kind alone is in 10 of its reviews, "
    "and in none of the other. All lists show the largest of many, which are in part the luckiest."
)
SOURCE = ("Efron & Tibshirani 1993, An Introduction to the Bootstrap", "https://doi.org/10.1201/9780429246593")


@friendly
def show_words(choice: Choice, other: Choice) -> tuple[str, str, str]:
    """The words that shift, those of home alone, those of the other kind alone; or what is missing for them."""
    home, there = chosen_source(choice), chosen_source(other)
    if not (home.is_here and there.is_here):
        return html.empty_state(ABSENT), "", ""
    if read(home).checksum == read(there).checksum:
        return html.empty_state(SAME), "", ""
    return _told(home, there)


@lru_cache(maxsize=8)
def _told(home: Source, there: Source) -> tuple[str, str, str]:
    shifted, alone = shifting_words(read(home), read(there)), words_of_one(read(home), read(there))
    labels, names = read(home).labels, (dataset_title(read(home).name), dataset_title(read(there).name))
    columns = ["Word", *names, "Shift", "95 % interval", "In words"]
    cells = [[f"<b>{html.h(r.word)}</b>", f"{r.home:+.2f}", f"{r.other:+.2f}", f"{r.shift:+.2f}",
              f"{r.low:+.2f} to {r.high:+.2f}", html.h(in_words(r, labels))]
             for r in shifted.head(SHOWN).itertuples()]  # fmt: skip
    table = html.table(columns, cells, numbers=columns[1:5], wide="In words")
    said = html.paragraphs([f"Words of both kinds that shift most, weighed for {labels[1]}. {by_chance(shifted)}"])
    home_alone, other_alone = (_of_one(alone[alone["side"] == side], name, labels)
                               for side, name in zip(("home", "other"), names, strict=True))  # fmt: skip
    return said + table + html.what(WHY, *SOURCE), home_alone, other_alone


def _of_one(words: pd.DataFrame, name: str, labels: tuple[str, ...]) -> str:
    """The heaviest words of one kind alone, under the label that they speak for."""
    kinds = [(label, words[(words["weight"] > 0) == bool(i)].head(ALONE)) for i, label in enumerate(labels)]
    cells = [[html.label_mark(label, labels), html.h(", ".join(mine["word"]) or "none")] for label, mine in kinds]
    title = f"Only in {name}"
    return html.table(["", title], cells, wide=title)


def build(choice: gr.State, other: gr.State) -> Part:
    """The sub-tab."""
    with gr.Tab("Words that shift", id="shift") as tab:
        page(html.paragraphs([LEAD]))
        shown = page()
        with gr.Row():
            lists = [page(), page()]
        recipe.place(domain_recipes.shifting_words, [choice, other])
    return Part(tab, show_words, [choice, other], [shown, *lists], slow=shown)
