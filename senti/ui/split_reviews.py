"""The reviews that a click on a figure opens, with what each run said of them; and the look of what is clicked."""

from collections.abc import Sequence

import pandas as pd

from senti.numbers import percent
from senti.plots import METHOD_COLORS
from senti.runs import Run
from senti.ui import html
from senti.ui.chosen import titles

LISTED = 100  # reviews below a click


def listed(rows: pd.DataFrame, runs: Sequence[Run], title: str) -> str:
    """Reviews (as `split_reviews`) with what each run said of them, the most confident first."""
    labels, names = runs[0].facts["data"]["labels"], titles(runs)
    shown = rows.sort_values("confidence", ascending=False, kind="stable")[:LISTED]
    cells = [[html.h(r.text), html.label_mark(r.label, labels),
              *(f"{html.label_mark(said, labels)} <small>{percent(sure, 0)}</small>"
                for said, sure in zip(r.said, r.sure, strict=True))] for r in shown.itertuples()]  # fmt: skip
    many = f"the {len(shown):,} surest of {len(rows):,}" if len(shown) < len(rows) else f"{len(rows):,}, surest first"
    table = html.table(["Review", "Is", *names], cells, wide="Review")
    return f'<div class="s-stack s-listed"><section><h3>{html.h(title)} ({many})</h3>{table}</section></div>'


def mark(run: Run) -> str:
    """A run's colour as a dot."""
    return f'<i class="s-method" style="background:{METHOD_COLORS.get(run.facts["method"], "var(--s-quiet)")}"></i>'


STYLE = """
.s-matrices-grid { display: grid; gap: 16px;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--wide)), 1fr)); }
.gradio-container .s-matrices-grid header { display: block; }
.s-two { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; }
@media (max-width: 1150px) { .s-two { grid-template-columns: 1fr; } }
.s-method { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 8px; }
.gradio-container .s-matrix { width: 100%; min-width: var(--wide); table-layout: fixed; margin: 0 !important;
  border-collapse: separate !important; border-spacing: 3px !important;
  border: 0 !important; font-size: 15px; }
.gradio-container .s-matrix :is(td, th, tr, thead, tbody) { border: 0 !important; }
.gradio-container .s-matrix :is(th, thead td) { font-weight: 400; font-size: 14px; color: var(--s-quiet);
  background: none; padding: 4px 8px; text-align: center; vertical-align: bottom; }
.gradio-container .s-matrix :is(tbody th, thead td) { text-align: left; vertical-align: middle; }
.gradio-container .s-matrix th { white-space: normal; overflow-wrap: anywhere; }
.gradio-container .s-matrix tbody td { text-align: center; padding: 10px 6px; border-radius: 8px; color: var(--s-ink);
  background: color-mix(in srgb, var(--s-accent) var(--share, 0%), transparent); white-space: nowrap; }
.s-matrix b { font-size: 17px; }
.s-matrix small { font-size: 13px; color: var(--s-ink); }
.s-matrix [data-pick], .s-parts [data-pick] { cursor: pointer; }
.s-matrix [data-pick]:is(:hover, .picked) { box-shadow: inset 0 0 0 2px var(--s-accent); }
.s-parts { display: flex; height: 26px; border-radius: 8px; overflow: hidden; gap: 2px; margin: 8px 0; }
.s-parts i, .s-parts-words i { background: color-mix(in srgb, var(--s-accent) var(--tint),
  color-mix(in srgb, var(--s-quiet) 45%, var(--s-card))); }
.s-sign { display: inline-block; width: 1.2em; font-style: normal; font-size: 13px; }
.s-parts i:is(:hover, .picked) { opacity: .75; }
.s-parts-words { display: flex; flex-wrap: wrap; gap: 6px; }
.gradio-container .s-parts-words > * { margin: 0 !important; }
.s-parts-words button { border: 1px solid var(--s-line); background: none; color: var(--s-ink); font: inherit;
  border-radius: 999px; padding: 3px 12px; cursor: pointer; }
.s-parts-words button:is(:hover, .picked) { border-color: var(--s-accent); background: var(--s-soft); }
.s-parts-words button[disabled] { cursor: default; color: var(--s-quiet); }
.s-parts-words i { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; }
.s-says { display: grid; gap: 4px; font-size: 16px; }
.gradio-container .s-says p { margin: 0; color: var(--s-ink); }
"""
