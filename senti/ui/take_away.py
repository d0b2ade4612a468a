"""A finished run as a file: taken away from the table of runs, brought back on the tab Compare."""

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import gradio as gr

from senti.bundle import pack, unpack
from senti.errors import BadData
from senti.limits import limits
from senti.runs import Run, one_at_a_time, open_run
from senti.ui import html
from senti.ui.known import current_visitor
from senti.ui.warm import await_models
from senti.ui.widgets import friendly
from senti.visitors import check_may_keep

KEPT_SECONDS = 3600


def fresh_folder(prefix: str) -> Path:
    """A folder for files that a visitor takes away; those of an hour ago are removed, Gradio made its own copies."""
    for old in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        if time.time() - old.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=prefix))


def buttons(run: Run | None) -> tuple[Any, Any]:
    """For the run that is shown: the button that packs it, and none yet to download it."""
    finished = run is not None and run.status == "finished"
    return gr.Button(visible=finished), gr.DownloadButton(visible=False)


@friendly
def packed(root: Path, name: str) -> tuple[Any, Any]:
    """The run as a file, and the button to download it in place of that which packs it. Raises UnknownRun."""
    run = open_run(root, name)
    path = pack(run, fresh_folder("senti-run-") / f"{name}.zip")
    label = f"Download {path.name} ({path.stat().st_size / 1e6:.1f} MB)"
    return gr.Button(visible=False), gr.DownloadButton(label, value=str(path), visible=True)


@friendly
def brought_back(root: Path, upload: str | None) -> str:
    """The name under which an uploaded run is here again. Raises BadData, BadConfig for a limit of a shared page."""
    if not upload:
        raise BadData("No file came in; choose the zip file of a run.")
    await_models()
    who = current_visitor()
    with one_at_a_time(root):
        check_may_keep(root, who, limits())
        name = unpack(root, Path(upload), owner=who.owner).name
    gr.Info(html.h(f"{name} is here again, and among the chosen runs."))
    return name
