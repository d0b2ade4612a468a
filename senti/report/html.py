"""A report as one HTML file: nothing is fetched, figures answer the mouse, and without scripts they are pictures.

Words can be typed into the marked places and stay where the page is printed, or saved by the browser.
"""

import html
import re
from collections.abc import Iterable
from typing import Any

from senti.plots.svg import to_svg
from senti.report.blocks import (
    Block,
    Bullets,
    Figure,
    Heading,
    Listing,
    Outline,
    Paragraph,
    Sources,
    Table,
    Words,
)

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: #f6f7fb; color: #1e293b; font: 16px/1.55 "Source Sans 3", "Source Sans Pro", system-ui,
  sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 980px; margin: 0 auto; padding: 40px 48px 64px; background: #fff; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 4px; } h2 { font-size: 23px; margin: 48px 0 12px;
  padding-top: 20px; border-top: 1px solid #e4e7ef; } h3 { font-size: 18px; margin: 28px 0 8px; }
p, li { max-width: 76ch; } p { margin: 0 0 12px; } ul { padding-left: 22px; margin: 0 0 14px; } li { margin: 4px 0; }
.remark, figcaption { color: #5b687d; }
nav ul { list-style: none; padding: 0; margin: 22px 0 28px; columns: 2; } nav li { margin: 0; padding: 2px 0; }
a { color: #4f46e5; }
figure { margin: 22px 0 26px; } figcaption { font-size: 15px; padding: 0 0 8px; max-width: 76ch; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 15px; line-height: 1.35; border-top: 2px solid #1e293b;
  border-bottom: 2px solid #1e293b; }
th { font-weight: 600; text-align: left; vertical-align: bottom; border-bottom: 1px solid #1e293b; }
th, td { padding: 6px 12px 6px 0; } td { vertical-align: top; border-bottom: 1px solid #edf0f5; }
:is(th, td):last-child { padding-right: 0; } .n { text-align: right; } td.n, td.t { white-space: nowrap; }
th.n { padding-left: 10px; } td.w { min-width: 260px; overflow-wrap: anywhere; }
td.long { white-space: normal; }
pre { background: #f6f7fb; border: 1px solid #e4e7ef; border-radius: 8px; padding: 12px 14px; font: 14px/1.5
  "IBM Plex Mono", ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.words { border: 2px dashed #b9b5f3; border-radius: 10px; padding: 12px 16px; margin: 20px 0; }
.words b { color: #4338ca; font-size: 15px; } .words div { min-height: 3.2em; margin-top: 6px; white-space: pre-wrap; }
.words [contenteditable]:empty::before { content: "Click here and write."; color: #5b687d; }
.figure svg { width: 100%; height: auto; display: block; }
@media (max-width: 700px) { main { padding: 24px 18px; } nav ul { columns: 1; } }
@media print { body { background: #fff; font-size: 11pt; } main { max-width: none; padding: 0; }
  nav, .words [contenteditable]:empty::before { display: none; } figure, tr, .words { break-inside: avoid; }
  h2, h3 { break-after: avoid; } .scroll { overflow: visible; } table { font-size: 9pt; } td { white-space: normal; } }
"""
DRAW = """
document.querySelectorAll('.figure').forEach(box => {
  const figure = JSON.parse(document.getElementById(box.dataset.figure).textContent);
  box.textContent = '';
  box.style.height = figure.layout.height + 'px';
  Plotly.newPlot(box, figure.data, figure.layout, {responsive: true, displaylogo: false, displayModeBar: false});
});
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data: blob:"  # the browser itself keeps it offline
TOGETHER = re.compile(r"(?<=\d) %|\bp [=<] (?=\d)|\([\w., ]{1,14}\)")  # what a line must not break
LONG = 18  # letters from which a short text may be broken


def to_html(report: Outline, *, interactive: bool = True) -> str:
    """The whole page. Not interactive, it holds no script at all: pictures in place of figures."""
    front = _written(report.front, interactive)
    sections = "".join(
        f'<section><h2 id="s{i}">{h(section.title)}</h2>{_written(section.blocks, interactive)}</section>\n'
        for i, section in enumerate(report.sections, 1)
    )
    contents = "".join(f'<li><a href="#s{i}">{h(s.title)}</a></li>' for i, s in enumerate(report.sections, 1))
    policy = POLICY + ("; script-src 'unsafe-inline'" if interactive else "")
    scripts = f"<script>{_plotly()}</script><script>{DRAW}</script>" if interactive else ""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{h(report.title)}</title>'
        f"<style>{STYLE}</style></head>\n<body><main><header><h1>{h(report.title)}</h1>"
        f'<p class="remark">{h(report.remark)}</p>{front}</header>\n'
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav>\n{sections}</main>{scripts}</body></html>\n'
    )


def h(text: object) -> str:
    """Text that the page shows letter by letter."""
    kept = TOGETHER.sub(lambda found: found[0].replace(" ", "\u00a0"), str(text))
    return html.escape(kept, quote=True)


def _written(blocks: Iterable[Block], interactive: bool) -> str:
    """Blocks one after another; what only a notebook shows is nothing."""
    parts = []
    for block in blocks:
        writer: Any = WRITERS.get(type(block))
        if isinstance(block, Figure | Words):
            parts.append(_figure(block, interactive) if isinstance(block, Figure) else _words(block, interactive))
        elif writer:
            parts.append(writer(block))
    return "\n".join(parts)


def _figure(block: Figure, interactive: bool) -> str:
    """The picture, and what turns it into a figure that answers the mouse."""
    picture = to_svg(block.figure).replace("<svg ", f'<svg role="img" aria-label="{h(block.caption)}" ', 1)
    caption = f"<figcaption>{h(block.caption)}</figcaption>"
    if not interactive:
        return f'<figure>{caption}<div class="figure">{picture}</div></figure>'
    data = str(block.figure.to_json()).replace("<", "\\u003c")
    name = h(f"figure-{block.name}")
    return (f'<figure>{caption}<div class="figure" data-figure="{name}">{picture}</div>'
            f'<script type="application/json" id="{name}">{data}</script></figure>')  # fmt: skip


def _table(block: Table) -> str:
    head = "".join(f'<th class="{kind}" scope="col">{h(name)}</th>'
                   for name, kind in zip(block.columns, block.kinds, strict=True))  # fmt: skip
    rows = "".join(f"<tr>{''.join(map(_cell, row, block.kinds))}</tr>" for row in block.rows)
    return (f'<figure><figcaption>{h(block.caption)}</figcaption><div class="scroll"><table><thead><tr>{head}</tr>'
            f"</thead><tbody>{rows}</tbody></table></div></figure>")  # fmt: skip


def _cell(text: str, kind: str) -> str:
    return f'<td class="{kind}{" long" if kind == "t" and len(text) > LONG else ""}">{h(text)}</td>'


def _words(block: Words, interactive: bool) -> str:
    typed = f' contenteditable="true" role="textbox" aria-label="{h(block.question)}"' if interactive else ""
    return f'<div class="words"><b>Your words: {h(block.question)}</b><div{typed}></div></div>'


def _sources(block: Sources) -> str:
    away = 'target="_blank" rel="noopener"'
    items = "".join(f'<li><a href="{h(link)}" {away}>{h(work)}</a></li>' for work, link in block.works)
    return f"<ul>{items}</ul>"


WRITERS: dict[type, Any] = {
    Paragraph: lambda block: f"<p>{h(block.text)}</p>",
    Heading: lambda block: f"<h3>{h(block.text)}</h3>",
    Bullets: lambda block: f"<ul>{''.join(f'<li>{h(item)}</li>' for item in block.items)}</ul>",
    Listing: lambda block: f"<pre>{h(chr(10).join(block.lines))}</pre>",
    Table: _table,
    Sources: _sources,
}


def _plotly() -> str:
    """plotly.js as it comes with plotly; it must not end the element it stands in."""
    from plotly.offline import get_plotlyjs

    return get_plotlyjs().replace("</script", "<\\/script")
