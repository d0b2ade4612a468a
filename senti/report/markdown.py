"""A report as Markdown (GitHub's), with its figures as SVG files beside it."""

import re
from typing import Any

from senti.plots.svg import to_svg
from senti.report.blocks import Block, Bullets, Figure, Heading, Listing, Outline, Paragraph, Sources, Table, Words

SIGNS = re.compile(r"([\\`*_{}\[\]|~])")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "<span>&#36;</span>"}  # GitHub's own way to keep a dollar
LEADING = re.compile(r"^([-+#=]|\d+[.)](?=\s|$))")  # what would begin a list or a heading
LINKS = re.compile(r"(?i)(://|www\.|@)")  # what would become a link by itself


def to_markdown(report: Outline) -> tuple[str, dict[str, str]]:
    """The text, and the SVG files it shows by their path beside it."""
    pictures: dict[str, str] = {}
    parts = [f"# {m(report.title)}", m(report.remark), *map(written, report.front)]
    for section in report.sections:
        parts.append(f"## {m(section.title)}")
        for block in section.blocks:
            if isinstance(block, Figure):
                pictures[f"figures/{block.name}.svg"] = to_svg(block.figure)
            parts.append(written(block))
    return "\n\n".join(part for part in parts if part) + "\n", pictures


def m(text: object) -> str:
    """Text that Markdown, and the formulas inside it, leave letter by letter; on one line."""
    line = " ".join(str(text).split())
    line = "".join(ENTITIES.get(sign, sign) for sign in line)
    line = SIGNS.sub(r"\\\1", line)
    return LINKS.sub(lambda found: "".join(f"&#{ord(c)};" if c in ":.@" else c for c in found[0]), line)


def begun(text: object) -> str:
    """The same at the beginning of a line, where a dash or a number would begin a list."""
    return LEADING.sub(lambda found: f"{found[1][:-1]}\\{found[1][-1]}", m(text))


def written(block: Block) -> str:
    """One block; what only a notebook shows is nothing."""
    writer: Any = WRITERS.get(type(block))
    return writer(block) if writer else ""


def _table(block: Table) -> str:
    rule = "".join(" --: |" if kind == "n" else " --- |" for kind in block.kinds)
    rows = [_row(block.columns), f"|{rule}", *map(_row, block.rows)]
    return f"{begun(block.caption)}\n\n" + "\n".join(rows)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(m(cell) for cell in cells) + " |"


def _listing(block: Listing) -> str:
    text = "\n".join(block.lines)
    longest = max((len(ticks) for ticks in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{block.language}\n{text}\n{fence}"


WRITERS: dict[type, Any] = {
    Paragraph: lambda block: begun(block.text),
    Heading: lambda block: f"### {m(block.text)}",
    Bullets: lambda block: "\n".join(f"- {begun(item)}" for item in block.items),
    Figure: lambda block: f"![{m(block.caption)}](figures/{block.name}.svg)\n\n{m(block.caption)}",
    Listing: _listing,
    Table: _table,
    Words: lambda block: f"> **Your words:** {m(block.question)}\n>\n> …",
    Sources: lambda block: "\n".join(f"- [{m(work)}]({link})" for work, link in block.works),
}
