"""The parts of a report, whatever it is written in. Texts are plain: each writer escapes them in its own way."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Paragraph:
    """Running text."""

    text: str


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Cells as text. `kinds` has a letter per column: t a short text, n a number, w running text."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    kinds: str


@dataclass(frozen=True)
class Figure:
    """A plotly figure, a file name for it, and the Python that draws it in a notebook."""

    caption: str
    figure: "go.Figure"
    name: str
    code: str


@dataclass(frozen=True)
class Listing:
    """Lines to be shown letter by letter, and the language they are in."""

    lines: tuple[str, ...]
    language: str = "bash"


@dataclass(frozen=True)
class Words:
    """A place for the student's own words."""

    question: str


@dataclass(frozen=True)
class Check:
    """Python that computes numbers of the report again and fails if they differ; only the notebook shows it."""

    code: str


@dataclass(frozen=True)
class Sources:
    """What was cited: (work, address) each."""

    works: tuple[tuple[str, str], ...]


Block = Paragraph | Heading | Bullets | Table | Figure | Listing | Words | Check | Sources


@dataclass(frozen=True)
class Section:
    """A numbered section."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Outline:
    """A whole report; `remark` is the line below the title, `front` what stands before the first section."""

    title: str
    remark: str
    front: tuple[Block, ...]
    sections: tuple[Section, ...]


def numbered(sections: Iterable[Section]) -> tuple[Section, ...]:
    """Sections as 1, 2, ...; tables and figures counted through, each kind by itself."""
    counts = {Table: 0, Figure: 0}
    out = []
    for number, section in enumerate(sections, 1):
        blocks: list[Block] = []
        for block in section.blocks:
            if isinstance(block, Table | Figure):
                counts[type(block)] += 1
                word = type(block).__name__
                block = replace(block, caption=f"{word} {counts[type(block)]}. {block.caption}")
            blocks.append(block)
        out.append(Section(f"{number}. {section.title}", tuple(blocks)))
    return tuple(out)
