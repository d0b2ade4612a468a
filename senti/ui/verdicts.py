"""What each run says of a sentence, and what each run is worth, as HTML."""

from collections.abc import Sequence

import pandas as pd

from senti.evaluation.seeds import MEANING, SAME, mean_and_deviation, seeds_title
from senti.evaluation.table import beyond
from senti.numbers import count, duration, interval, milliseconds, percent, size
from senti.plots import METHOD_COLORS, label_colors
from senti.ui.header import dataset_title
from senti.ui.html import VARIABLES, h, label_mark, notes, table

SHIPPED = "reference-"  # runs that come with senti are named so
MOST_BARS = 5  # classes shown in a card
COLUMNS = [
    "Method", "Model", "Parameters", "Training", "Validation", "Test", "95 % interval", "Sentence", "On disk",
]  # fmt: skip


def cards(rows: pd.DataFrame, pinned: pd.DataFrame | None = None) -> str:
    """One card per run for one sentence; rows as `evaluation.compare` gives them, `pinned` of another one."""
    before = [None] * len(rows) if pinned is None else pinned.to_dict("records")
    told = (_card(row, other) for row, other in zip(rows.to_dict("records"), before, strict=True))
    return f'<div class="s-verdicts">{"".join(told)}</div>'


def _card(row: dict, pinned: dict | None) -> str:
    labels = list(row["probabilities"])
    colors = label_colors(labels)
    says = VARIABLES.get(colors[row["label"]], colors[row["label"]])
    origin = "included" if row["run"].startswith(SHIPPED) else ""
    parts = (row["model"], dataset_title(row["dataset"]), milliseconds(row["milliseconds"]), origin)
    about = " · ".join(part for part in parts if part)
    return (
        f'<article class="s-card s-verdict"><h3><i style="background:{METHOD_COLORS[row["method"]]}"></i>'
        f"{h(row['title'])}</h3><p>{h(about)}</p>"
        f'<strong style="color:{says}">{h(row["label"])}</strong>{chance_bar(row["probabilities"], colors)}'
        f"{_before(row, pinned, colors) if pinned else ''}</article>"
    )


def _before(row: dict, pinned: dict, colors: dict[str, str]) -> str:
    """What the run said of the pinned sentence, and how far the answer moved."""
    moved = row["probabilities"][pinned["label"]] - pinned["confidence"]
    turned = "turned over" if row["label"] != pinned["label"] else "same label"
    return (f'<p class="s-pinned">pinned: {h(pinned["label"])}; {turned}, {100 * moved:+.0f} points</p>'
            f"{chance_bar(pinned['probabilities'], colors)}")  # fmt: skip


def chance_bar(chances: dict[str, float], colors: dict[str, str]) -> str:
    """The probabilities as one bar, then in words."""
    parts = [(name, chances[name], VARIABLES.get(color, color)) for name, color in colors.items()]
    fills = "".join(f'<i style="width:{share * 100:.2f}%;background:{color}"></i>' for _, share, color in parts)
    shown = parts if len(parts) == 2 else sorted(parts, key=lambda part: -part[1])[:MOST_BARS]
    words = "".join(f"<span>{h(name)} {percent(share, 0)}</span>" for name, share, _ in shown)
    return f'<div class="s-chances">{fills}</div><div class="s-chances-words">{words}</div>'


def results(rows: pd.DataFrame, groups: pd.DataFrame | None = None) -> str:
    """The results table, one card per dataset: runs on different reviews are never ranked together.

    groups: rows of `seed_groups`, shown below the runs on the same reviews.
    """
    repeated = pd.DataFrame(columns=["data"]) if groups is None else groups
    parts = [_group(mine, repeated[repeated["data"] == data]) for data, mine in rows.groupby("data", sort=False)]
    return f'<div class="s-stack">{"".join(parts)}</div>'


def _group(rows: pd.DataFrame, repeated: pd.DataFrame) -> str:
    first = rows.iloc[0]
    axis = (min(rows["test_low"].min(), 0.5), max(rows["test_high"].max(), 0.9))
    more = beyond(rows)
    alike = rows["title"].duplicated(keep=False)
    cells = [_cells(row, axis, list(more), named) for row, named in zip(rows.to_dict("records"), alike, strict=True)]
    columns = [*COLUMNS[:7], *more.values(), *COLUMNS[7:]]
    numbers = [name for name in columns if name not in ("Method", "Model", "95 % interval")]
    title = f"{dataset_title(first['dataset'])}, {first['train_rows']:,} training reviews"
    told = [f"{row.title}: {row.note}" for row in rows.itertuples() if row.note]
    shown = table(columns, cells, numbers=numbers, wide="Method") + notes(told) + _seeds(repeated)
    return f"<section><h3>{h(title)}: results on {first['n_test']:,} test reviews</h3>{shown}</section>"


def _seeds(repeated: pd.DataFrame) -> str:
    """Runs that differ in the seed alone, a row for all of them."""
    if repeated.empty:
        return ""
    columns = ["Over seeds", "Validation", "Test", "Test from", "Runs"]
    cells = [[f"<b>{h(seeds_title(r.title, r.n_seeds))}</b>", mean_and_deviation(r.validation, r.validation_deviation),
              mean_and_deviation(r.test, r.test_deviation), f"{percent(r.test_lowest)} to {percent(r.test_highest)}",
              h(", ".join(r.runs))] for r in repeated.itertuples()]  # fmt: skip
    drawn = table(columns, cells, numbers=columns[1:4], wide="Over seeds", folds="Runs")
    same = [f"{r.title}: {SAME}" for r in repeated.itertuples() if not r.validation_deviation + r.test_deviation]
    return drawn + notes([MEANING, *same])


def _cells(row: dict, axis: tuple[float, float], more: list[str], named: bool) -> list[str]:
    """named: say the run's name too, for another one is called the same."""
    title = f"<b>{h(row['title'])}</b>"
    if row["run"].startswith(SHIPPED):
        title += ' <em class="s-badge">included</em>'
    elif named:
        title += f"<br><small>{h(row['run'])}</small>"
    return [
        title, h(row["model"] or "–"), count(row["trained"]), duration(row["train_seconds"]),
        percent(row["validation"]), interval(row["test"], row["test_low"], row["test_high"]), dot(row, axis),
        *(f"{row[name]:.2f}" for name in more), milliseconds(row["ms"]), size(row["bytes"]),
    ]  # fmt: skip


def dot(row: dict, axis: tuple[float, float]) -> str:
    """The test accuracy as a dot on its interval; all rows of a group share the axis."""
    low, high = axis
    at = {name: (row[name] - low) / (high - low) * 94 + 8 for name in ("test_low", "test", "test_high")}
    color = METHOD_COLORS[row["method"]]
    return (f'<svg class="s-dot" width="110" height="18" role="img" aria-label="{percent(row["test"])}">'
            f'<line x1="8" x2="102" y1="9" y2="9" class="s-axis"/>'
            f'<line x1="{at["test_low"]:.1f}" x2="{at["test_high"]:.1f}" y1="9" y2="9" stroke="{color}" '
            f'stroke-width="7" stroke-linecap="round" opacity=".45"/>'
            f'<circle cx="{at["test"]:.1f}" cy="9" r="5" fill="{color}"/></svg>')  # fmt: skip


def disagreements(rows: pd.DataFrame, titles: dict[str, str], labels: Sequence[str]) -> str:
    """Sentences on which runs differ; columns text, label, then one per run."""
    columns = ["Sentence", "True label", *titles.values()]
    cells = [
        [h(row["text"]), label_mark(row["label"], labels), *(label_mark(row[run], labels) for run in titles)]
        for row in rows.to_dict("records")
    ]
    return table(columns, cells, wide="Sentence", pickable="explain sentence")


STYLE = """
.s-verdicts { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 16px; }
.s-verdict { padding: 14px 18px 16px; overflow-wrap: anywhere; }
.gradio-container .s-verdict h3 { font-size: 16px; font-weight: 700; margin: 0; color: var(--s-ink); display: flex;
  align-items: center; gap: 8px; flex-wrap: wrap; }
.s-verdict h3 i { width: 10px; height: 10px; border-radius: 50%; flex: none; }
.gradio-container .s-verdict p { margin: 2px 0 10px; color: var(--s-quiet); font-size: 14px; }
.s-verdict strong { font-size: 24px; font-weight: 700; }
.s-chances { display: flex; height: 12px; border-radius: 6px; overflow: hidden; gap: 2px; margin: 10px 0 6px; }
.s-chances-words { display: flex; justify-content: space-between; flex-wrap: wrap; gap: 2px 12px; font-size: 15px; }
.gradio-container .s-verdict .s-pinned { margin: 12px 0 0; border-top: 1px solid var(--s-line); padding-top: 10px; }
.s-badge { font-style: normal; font-weight: 400; font-size: 13px; color: var(--s-quiet); white-space: nowrap;
  border: 1px solid var(--s-line); border-radius: 999px; padding: 1px 9px; }
.s-offer { align-items: center; border: 1px dashed var(--s-line); border-radius: 12px; padding: 12px 18px; }
.gradio-container .s-offer p { margin: 0; }
.s-stack { display: grid; gap: 20px; }
.gradio-container .s-stack h3 { font-size: 16px; font-weight: 700; margin: 0 0 8px; color: var(--s-ink); }
.s-stack > section { min-width: 0; }
.s-dot { display: block; } .s-axis { stroke: var(--s-line); stroke-width: 2; }
"""
