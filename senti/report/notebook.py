"""A report as a Jupyter notebook (nbformat 4.5): its text, and cells that compute its numbers again by the core."""

import json
from typing import Any

from senti.report.blocks import Block, Check, Figure, Outline
from senti.report.markdown import m, written

HOW = (
    "Run all cells (in Jupyter: Run, Run All Cells; `pip install notebook` brings it). Each code cell computes numbers "
    "of this report again from the runs, and stops with an error if they are not the same."
)


def to_notebook(report: Outline) -> str:
    """The notebook's JSON; text between two code cells is one cell."""
    cells = _cells((f"# {m(report.title)}", m(report.remark), HOW), report.front)
    for section in report.sections:
        cells += _cells((f"## {m(section.title)}",), section.blocks)
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    language = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                "language_info": {"name": "python"}}  # fmt: skip
    whole = {"cells": cells, "metadata": language, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _cells(opening: tuple[str, ...], blocks: tuple[Block, ...]) -> list[dict[str, Any]]:
    cells, said = [], list(opening)
    for block in blocks:
        if isinstance(block, Check | Figure):
            said += [m(block.caption)] if isinstance(block, Figure) else []
            cells += [_text("\n\n".join(said))] if said else []
            cells.append(_code(block.code))
            said = []
        else:
            said.append(written(block))
    return [*cells, _text("\n\n".join(said))] if said else cells


def _text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": source.splitlines(keepends=True)}


def _code(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
            "source": source.splitlines(keepends=True)}  # fmt: skip
