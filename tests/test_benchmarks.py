"""The benchmark's own arithmetic; what it measures is not tested here, as times are no facts about the code."""

import ast
import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks import figure, machine
from benchmarks.__main__ import main, report
from benchmarks.guards import GUARDS, Guard
from benchmarks.rows import ROWS, Row

PROJECT = Path(__file__).parents[1]
FAST = Row("features <MiniLM>", "a loop & more", 600.0, 200.0, "texts/s", "≥ 2x", "cosine ≥ 0.99990")
SLOW = Row("first page", "bare", 4.0, 2.0, "s", "at most 1.3", "both answer")


def test_a_ratio_says_how_many_times_as_fast_senti_is():
    assert FAST.ratio == 3.0 and SLOW.ratio == 0.5


def test_the_report_has_a_line_per_row_with_its_equality_check():
    facts = {"machine": {"processor": "one", "cores": 2, "rates": {"fp32": 300.0, "bf16": 2000.0}}}
    lines = report([FAST, SLOW], facts).splitlines()
    assert len([line for line in lines if line.startswith("| ")]) == 3
    assert "**3.0x**" in lines[2] and "cosine ≥ 0.99990" in lines[2] and "**0.5x**" in lines[3]
    share = 600 * 27.4 * 10.6e6 * 2 / 1e9 / 2000
    assert f"({100 * share:.0f} %)" in lines[-1]


def test_the_figure_is_an_svg_with_a_bar_per_faster_row():
    drawn = ElementTree.fromstring(figure.draw([FAST, SLOW]))
    bars = [bar for bar in drawn.iter("{http://www.w3.org/2000/svg}rect") if bar.get("rx")]
    assert len(bars) == 1 and "3.0x" in "".join(drawn.itertext())


def test_a_loaded_machine_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--only", "cache"])
    monkeypatch.setattr(machine, "BUSY", -1.0)
    with pytest.raises(SystemExit, match="close what runs"):
        main()


def test_a_side_runs_in_a_process_of_its_own_and_tells_its_figures(tmp_path):
    words = [sys.executable, "-m", "benchmarks.side", "ours.features_twice", str(tmp_path), '{"n": 40}']
    done = subprocess.run(words, capture_output=True, text=True, cwd=PROJECT, check=True)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["same"] and figures["second"] < figures["first"] and figures["peak_mb"] > 100
    assert set(ROWS) >= {"features_st", "full", "lora", "fast_lora", "svm", "one_text", "predict", "first_page"}


@pytest.mark.parametrize("file", sorted((PROJECT / "benchmarks").glob("*.py")), ids=lambda file: file.stem)
def test_what_a_benchmark_takes_from_senti_is_there_also_in_the_scripts_that_it_writes(file: Path):
    module = ast.parse(file.read_text())
    texts = [node.value for node in ast.walk(module) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    scripts = [ast.parse(text) for text in texts if "from senti" in text]
    for node in (node for tree in (module, *scripts) for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("senti"):
            exec(ast.unparse(node), {})


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.promise}-{guard.test}")
def test_every_guard_is_where_the_campaign_takes_it_out(guard: Guard):
    file, _, name = guard.test.partition("::")
    assert (PROJECT / "senti" / guard.file).read_text().count(guard.old) == 1
    assert f"def {name}(" in (PROJECT / "tests" / file).read_text()


def test_every_promise_has_a_guard():
    assert {guard.promise for guard in GUARDS} == set(range(1, 13))
