"""Pieces of page as HTML strings; every text from outside goes through `h`."""

import html
from collections.abc import Iterable, Sequence

import pandas as pd

from senti.plots import NEGATIVE, POSITIVE, label_colors
from senti.signs import SEEN

SIGNS = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"}) | SEEN
VARIABLES = {POSITIVE: "var(--s-positive)", NEGATIVE: "var(--s-negative)"}  # these two have a dark twin


def h(text: object) -> str:
    """Text as HTML that shows it letter by letter, also inside an attribute or a page template."""
    return html.escape(str(text), quote=True).translate(SIGNS)


def message(text: str) -> str:
    """Text for a toast, which takes HTML; programs read the same, so quotes stay as they are."""
    return html.escape(text.translate(SEEN), quote=False)


def lead(sentence: str) -> str:
    """The sentence a tab opens with."""
    return f'<p class="s-lead">{h(sentence)}</p>'


def tiles(values: Iterable[tuple[str, str]]) -> str:
    """Number tiles side by side: (name, value) pairs."""
    cells = (f'<div class="s-tile"><span>{h(name)}</span><b>{h(value)}</b></div>' for name, value in values)
    return f'<div class="s-tiles">{"".join(cells)}</div>'


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[str] = (),
    wide: str = "",
    folds: str = "",
    pickable: str = "",
    picks: Sequence[str] = (),
) -> str:
    """A table card. Cells are HTML already; `numbers` are set flush right, `wide` takes the room that is left, and
    `folds` is set in lines where it is long.

    With `pickable` (what picking does, for screen readers) each row can be clicked, or focused and entered;
    it is picked by its place, or by its name in `picks`.
    """
    kinds = ["n" if name in numbers else "w" if name == wide else "f" if name == folds else "t" for name in columns]
    head = "".join(f'<th class="{kind}" scope="col">{h(name)}</th>' for name, kind in zip(columns, kinds, strict=True))
    names = picks or [str(i) for i in range(len(rows))]
    body = "".join(_row(name, cells, kinds, pickable) for name, cells in zip(names, rows, strict=True))
    inner = f'<table class="s-table"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="s-card s-scroll">{inner}</div>'


def label_mark(label: str, labels: Sequence[str]) -> str:
    """A label as a word with its colour beside it."""
    color = label_colors(labels).get(label, "var(--s-quiet)")
    return f'<span class="s-label"><i style="background:{VARIABLES.get(color, color)}"></i>{h(label)}</span>'


def token_strip(tokens: pd.DataFrame, cut: tuple[int, int] = (0, 0)) -> str:
    """Pieces with their ids; columns piece, id, word, start, end, special. A continuation joins the piece before it.

    cut: before which piece some are not read, and how many.
    """
    words = tokens["word"].fillna(-1).astype(int)
    joined = (words >= 0) & (words == words.shift())
    cells = [_token(row, joins=joins) for row, joins in zip(tokens.itertuples(), joined, strict=True)]
    if cut[1]:
        cells.insert(cut[0], f'<div class="s-token gap" role="listitem"><b>…</b><span>{cut[1]:,} not read</span></div>')
    return f'<div class="s-tokens" role="list">{"".join(cells)}</div>'


def empty_state(sentence: str) -> str:
    """What stands where there is nothing yet: a sentence that says what to do."""
    return f'<div class="s-empty">{h(sentence)}</div>'


def notes(sentences: Iterable[str]) -> str:
    """Plain remarks, one line each; nothing at all where there are none."""
    lines = "".join(f"<li>{h(sentence)}</li>" for sentence in sentences)
    return f'<ul class="s-notes">{lines}</ul>' if lines else ""


def what(explanation: str, source: str = "", link: str = "") -> str:
    """The folded «what am I looking at?» of a panel, with its source."""
    if not explanation:
        return ""
    cited = f' <a href="{h(link)}" target="_blank" rel="noopener">{h(source)}</a>' if link else f" {h(source)}"
    return (f'<details class="s-what"><summary>What am I looking at?</summary>'
            f"<p>{h(explanation)}{cited if source else ''}</p></details>")  # fmt: skip


def buttons(texts: Sequence[str], label: str) -> str:
    """Small things to click in a row, each picked by its place."""
    each = "".join(f'<button type="button" data-pick="{i}">{h(text)}</button>' for i, text in enumerate(texts))
    return f'<div class="s-buttons" role="group" aria-label="{h(label)}"><span>{h(label)}</span>{each}</div>'


def chips(parts: Iterable[tuple[str, str, str]]) -> str:
    """The header's chips, (name, value, remark) each; those with a name open the switch."""
    return f'<div class="s-chips">{"".join(_chip(*part) for part in parts)}</div>'


def flow(steps: Iterable[tuple[str, str]]) -> str:
    """Things that turn into one another, left to right: (in words, shape) each."""
    each = (f"<span><b>{h(words)}</b> <code>{h(shape)}</code></span>" for words, shape in steps)
    return f'<div class="s-flow">{"<i>→</i>".join(each)}</div>'


def paragraphs(sentences: Iterable[str]) -> str:
    """Plain text below a control."""
    return "".join(f'<p class="s-text">{h(sentence)}</p>' for sentence in sentences)


def problem(sentence: str) -> str:
    """What went wrong, in one sentence."""
    return f'<div class="s-problem" role="alert">{h(sentence)}</div>'


def folded(summary: str, text: str) -> str:
    """Text letter by letter below its name; a click folds it away."""
    return f'<details open class="s-what"><summary>{h(summary)}</summary><pre class="s-pre">{h(text)}</pre></details>'


def progress(share: float, label: str) -> str:
    """A bar filled from the left; the label is for screen readers."""
    wide = min(max(share, 0.0), 1.0) * 100
    return (f'<div class="s-bar" role="progressbar" aria-label="{h(label)}" aria-valuenow="{wide:.0f}" '
            f'aria-valuemin="0" aria-valuemax="100"><i style="width:{wide:.1f}%"></i></div>')  # fmt: skip


def matrices(width: int, rank: int) -> str:
    """A frozen weight matrix beside the two thin ones that LoRA trains, drawn to scale."""
    side = 110.0
    thin = max(2.0, side * rank / width)
    says = f"W stays as it is: {width} × {width}. LoRA adds B times A: {width} × {rank} and {rank} × {width}."
    return (
        f'<svg class="s-matrices" viewBox="0 0 320 150" role="img" aria-label="{h(says)}">'
        f'<rect class="frozen" x="0" y="6" width="{side}" height="{side}" rx="3"/>'
        f'<text x="{side / 2}" y="66" text-anchor="middle">W, frozen</text>'
        f'<text x="{side / 2}" y="136" text-anchor="middle">{width} × {width}</text><text x="124" y="66">+</text>'
        f'<rect class="moving" x="146" y="6" width="{thin:.1f}" height="{side}" rx="1"/>'
        f'<text x="146" y="136">B {width} × {rank}</text>'
        f'<rect class="moving" x="{160 + thin:.1f}" y="6" width="{side}" height="{thin:.1f}" rx="1"/>'
        f'<text x="{160 + thin:.1f}" y="{28 + thin:.1f}">A {rank} × {width}</text></svg>'
    )


def _chip(name: str, value: str, remark: str) -> str:
    inner = f"<span>{h(name)}</span> <b>{h(value)}</b> <span>{h(remark)}</span>"
    if not name:
        return f'<span class="s-chip still">{inner}</span>'
    says = "change model or reviews"
    return f'<button type="button" class="s-chip" data-pick="{h(name)}" title="{says}">{inner}</button>'


def _row(name: str, cells: Sequence[str], kinds: Sequence[str], pickable: str) -> str:
    picks = (
        f' data-pick="{h(name)}" tabindex="0" role="button" aria-label="{h(pickable)} {h(name)}"' if pickable else ""
    )
    inner = "".join(f'<td class="{kind}">{cell}</td>' for cell, kind in zip(cells, kinds, strict=True))
    return f"<tr{picks}>{inner}</tr>"


def _token(row: object, *, joins: bool) -> str:
    piece, special = str(row.piece), bool(row.special)  # type: ignore[attr-defined]
    kind = "special" if special else "joins" if joins else ""
    says = "a mark that the tokenizer adds" if special else _origin(row)
    return (f'<div class="s-token {kind}" role="listitem" tabindex="0" title="{h(says)}">'
            f"<b>{h(piece)}</b><span>{int(row.id)}</span></div>")  # type: ignore[attr-defined]  # fmt: skip


def _origin(row: object) -> str:
    word, start, end = row.word, row.start, row.end  # type: ignore[attr-defined]
    place = "" if pd.isna(word) else f"from word {int(word) + 1}, "
    return f"{place}letters {int(start) + 1} to {int(end)} of the text"
