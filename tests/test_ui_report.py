"""The Report tab through its handlers: which runs it offers, what it hands out, and what a visitor is told."""

import os
import tempfile
import time
import zipfile
from html.parser import HTMLParser
from pathlib import Path

import gradio as gr
import pytest

from senti.config import MajorityConfig, TfidfConfig
from senti.experiment import conduct, create, prepare
from senti.ui import tab_report


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny_folder):
    """Two runs on the tiny reviews, and one on fewer of them."""
    root = tmp_path_factory.mktemp("runs")
    for name, config in (
        ("floor", MajorityConfig(dataset=str(tiny_folder))),
        ("words", TfidfConfig(dataset=str(tiny_folder))),
        ("fewer", TfidfConfig(dataset=str(tiny_folder), subset=20)),
    ):
        conduct(create(root, prepare(config), name))
    return root


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A temp folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_runs_on_the_reviews_that_most_share_are_chosen(root, tmp_path):
    runs, paper = tab_report.refresh(root, [])
    assert sorted(runs.value) == ["floor", "words"] and len(runs.choices) == 3
    assert tab_report.refresh(root, ["fewer"])[0].value == ["fewer"]
    runs, paper = tab_report.refresh(tmp_path, [])
    assert runs.value == [] and "No trained model yet" in paper


class Frame(HTMLParser):
    """The attributes of the iframe."""

    def handle_starttag(self, tag, attrs):
        self.found = dict(attrs) if tag == "iframe" else self.found


def test_what_is_handed_out_was_just_written(root, folder):
    old = folder / f"{tab_report.FOLDER}old"
    old.mkdir()
    (folder / "not-ours").mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    files, paper = tab_report.write(root, ["floor", "words"], ["html", "markdown", "latex", "notebook"])
    names = [Path(each["path"]).name for each in files.value]
    assert names == ["lab-report.zip", "report.html", "tables.tex", "report.ipynb"]
    assert not old.exists() and (folder / "not-ours").exists()
    written = next(folder.glob(f"{tab_report.FOLDER}*"))
    with zipfile.ZipFile(written / "lab-report.zip") as whole:
        names = set(whole.namelist())
    assert {"lab-report/report.html", "lab-report/report.md", "lab-report/figures/accuracy.svg"} <= names
    assert str(root) not in (written / "lab-report" / "report.ipynb").read_text()
    frame = Frame()
    frame.feed(paper)
    assert "allow-scripts" not in frame.found["sandbox"] and "allow-same-origin" not in frame.found["sandbox"]
    assert "<script" not in frame.found["srcdoc"] and "TF-IDF + SVM" in frame.found["srcdoc"]
    assert not set("{}$`") & set(paper)  # Gradio reads these as a template


@pytest.mark.parametrize(
    ("names", "formats", "told"),
    [([], ["html"], "No run is chosen"), (["gone"], ["html"], "No run is chosen"), (["words"], [], "No form is chosen"),
     (["words"], ["exe"], "format is")],
)  # fmt: skip
def test_a_visitor_is_told_what_is_missing(root, folder, names, formats, told):
    with pytest.raises(gr.Error, match=told):
        tab_report.write(root, names, formats)
