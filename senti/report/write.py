"""A report as files in a folder."""

from collections.abc import Sequence
from pathlib import Path

from senti.errors import BadConfig
from senti.report.card import to_card
from senti.report.facts import Facts
from senti.report.html import to_html
from senti.report.latex import to_latex
from senti.report.markdown import to_markdown
from senti.report.notebook import to_notebook
from senti.report.outline import outline

FORMATS = {
    "html": "one page that opens anywhere, figures answer the mouse",
    "markdown": "text with figures beside it, to be edited",
    "latex": "all tables, for \\input",
    "notebook": "cells that compute the numbers again",
    "cards": "a model card per run",
}


def write_report(facts: Facts, folder: Path, formats: Sequence[str] = tuple(FORMATS)) -> list[Path]:
    """Write the report in the given formats below `folder`; returns the files. Raises BadConfig where it cannot."""
    texts = report_files(facts, formats)
    try:
        for name, text in texts.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as e:
        raise BadConfig(f"{folder} cannot be written ({e.strerror}); choose another folder with --out.") from e
    return [folder / name for name in texts]


def report_files(facts: Facts, formats: Sequence[str]) -> dict[str, str]:
    """The report's texts by the path they belong at. Raises BadConfig for an unknown format."""
    for name in formats:
        if name not in FORMATS:
            raise BadConfig(f"format is {name!r}; choose among {', '.join(FORMATS)}.")
    report, files = outline(facts), {}
    if "html" in formats:
        files["report.html"] = to_html(report)
    if "markdown" in formats:
        files["report.md"], pictures = to_markdown(report)
        files |= pictures
    if "latex" in formats:
        files["tables.tex"] = to_latex(report)
    if "notebook" in formats:
        files["report.ipynb"] = to_notebook(report)
    if "cards" in formats:
        files |= {f"cards/{run.name}.md": to_card(run) for group in facts.groups for run in group.runs}
    return files
