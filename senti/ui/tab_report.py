"""The lab report of the chosen runs: written here, read here, taken away as files."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr

from senti.errors import BadConfig, UnknownRun
from senti.evaluation import results_table
from senti.report import FORMATS, Facts, collect, outline, to_html, write_report
from senti.ui import html
from senti.ui.chosen import chosen
from senti.ui.header import dataset_title
from senti.ui.take_away import fresh_folder
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly, page

LEAD = "The lab report of your runs, written from what was measured. Your own words go where the report asks for them."
EMPTY = "No trained model yet. Train one on another tab, or all three on the tab Compare; then come back."
BEFORE = "Press «Write the report»: it appears here, and as files to take away."
TITLES = {"html": "Web page", "markdown": "Markdown", "latex": "LaTeX tables", "notebook": "Notebook",
          "cards": "Model cards"}  # fmt: skip
FOLDER = "senti-report-"
PAPER = "width:100%;height:820px;border:1px solid var(--s-line);border-radius:12px;background:#fff"


def refresh(root: Path, names: list[str]) -> tuple[Any, Any]:
    """The runs to choose from; those on the reviews that most runs share are chosen until someone chooses."""
    rows = results_table(root)
    choices = [(f"{row.title} · {dataset_title(row.dataset)} · {row.run}", row.run) for row in rows.itertuples()]
    kept = [run.name for run in chosen(root, names)]
    if not kept and len(rows):
        kept = list(rows.loc[rows["data"] == rows.groupby("data", sort=False).size().idxmax(), "run"])
    return gr.Dropdown(choices, value=kept, multiselect=True), gr.skip() if choices else html.empty_state(EMPTY)


@friendly
def write(root: Path, names: list[str], formats: list[str]) -> tuple[Any, str]:
    """The files of the report, and the report to be read on the page. Raises SentiError."""
    if not formats:
        raise BadConfig("No form is chosen; tick at least one, for example Web page.")
    runs = [run.name for run in chosen(root, names)]
    if not runs:
        raise UnknownRun("No run is chosen; choose at least one, or train one on another tab.")
    await_models()
    facts = collect(root, runs)
    if facts.root.startswith("/") or ":" in facts.root:  # a visitor needs no path of the server
        facts = replace(facts, root=root.name)
    return gr.File(written(facts, formats), visible=True), preview(facts)


def written(facts: Facts, formats: list[str]) -> list[str]:
    """The paths of what was just written, in a folder of its own: all of it zipped, and what stands alone."""
    folder = fresh_folder(FOLDER)
    files = write_report(facts, folder / "lab-report", formats)
    whole = shutil.make_archive(str(folder / "lab-report"), "zip", folder, "lab-report")
    alone = [path for path in files if path.parent.name == "lab-report" and path.suffix != ".md"]
    return [whole, *map(str, alone)]


def preview(facts: Facts) -> str:
    """The report in a frame of its own in which no script runs."""
    paper = html.h(to_html(outline(facts), interactive=False))
    return (f'<iframe title="The report" sandbox="allow-popups allow-popups-to-escape-sandbox" style="{PAPER}" '
            f'srcdoc="{paper}"></iframe>')  # fmt: skip


def build(root: Path) -> None:
    """The tab."""
    with gr.Tab("Report", id="report") as tab:
        page(html.lead(LEAD))
        with gr.Row(equal_height=True):
            runs = gr.Dropdown([], value=[], multiselect=True, label="Runs", scale=3, min_width=320)
            forms = gr.CheckboxGroup([(TITLES[name], name) for name in FORMATS], value=list(FORMATS),
                                     label="Take away as", scale=2, min_width=320)  # fmt: skip
        begin = gr.Button("Write the report", variant="primary", elem_classes=["s-right"])
        files = gr.File(label="To take away", file_count="multiple", visible=False, interactive=False)
        paper = page(html.empty_state(BEFORE))
    quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4, "show_progress": "hidden"}
    tab.select(bound(refresh, root), runs, [runs, paper], **quiet)
    begin.click(bound(write, root), [runs, forms], [files, paper], api_visibility="private", concurrency_limit=2,
                show_progress_on=paper)  # fmt: skip
