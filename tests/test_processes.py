"""Training shared by two real processes of accelerate: one run directory, one score, the same as alone.

torchrun starts the processes that share a prediction, in test_predict_shards.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from senti import cli
from senti.runs import list_runs

PROJECT = Path(__file__).parents[1]
ACCELERATE = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
              "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]  # fmt: skip


EACH = """
import os
from senti import cli
for words in {}:
    try:
        code = cli.run(words)
    except SystemExit as e:
        code = e.code
    os.write(1, b"ended %d\\n" % code)  # at once, or the lines of the two would mix
"""


def together(launcher, *words):
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    return subprocess.run([*launcher, *words], capture_output=True, text=True, env=env, timeout=240)


@pytest.fixture
def knobs(tiny_folder, with_hub_cache, root):
    return ["--dataset", str(tiny_folder), "--model", "distilbert", "--lr", "1e-2", "--epochs", "4",
            "--batch_size", "8", "--precision", "fp32", "--output_dir", str(root)]  # fmt: skip


def the_same(shared, method, knobs, root, capsys):
    """Compare what two processes ended with, given by its result, with a run of this process alone."""
    name = f"alone-{method}"
    capsys.readouterr()
    assert cli.run([method, *knobs, "--run", name, "--json"]) == 0
    single = json.loads(capsys.readouterr().out)
    assert shared["device"].endswith("2 processes") and "processes" not in single["device"]
    for split in ("validation", "test"):
        a, b = (result["scores"][split]["accuracy"] for result in (shared, single))
        assert abs(a - b) <= 3 / 32
    rows = [[json.loads(line) for line in (root / run / "events.jsonl").read_text().splitlines()]
            for run in (shared["run"], name)]  # fmt: skip
    mine, its = ([(r["step"], r["split"]) for r in each] for each in rows)
    assert mine == its  # as many updates, each written once
    mine, its = ([r["loss"] for r in each] for each in rows)
    assert mine[:2] == pytest.approx(its[:2], rel=1e-3)  # before the first update
    assert mine[-1] == pytest.approx(its[-1], abs=0.15)


def test_two_processes_train_one_run_as_one_alone_would(root, knobs, tmp_path, capsys):
    """One command after the other in one pair of processes, since it takes long to start: a mistake is said once, a
    method without processes runs in the first, and both ways of fine-tuning are shared, bf16 too."""
    wrong = ["finetune", *knobs, "--batch_size", "7"]
    first = ["tfidf", *knobs[:2], *knobs[-2:], "--json"]
    half = ["finetune", *(word if word != "fp32" else "bf16" for word in knobs), "--epochs", "1", "--json"]
    full, lora = (["finetune", *knobs, "--name", "full", "--json"], ["lora", *knobs, "--name", "lora", "--json"])
    script = tmp_path / "five.py"
    script.write_text(EACH.format([wrong, first, half, full, lora]))
    done = together([*ACCELERATE, str(script)])
    assert done.returncode == 0, done.stderr[-3000:]
    ended = [line for line in done.stdout.splitlines() if line.startswith("ended")]
    assert sorted(ended) == ["ended 0"] * 8 + ["ended 2"] * 2
    assert done.stderr.count("choose a multiple of 2") == 1 and "Traceback" not in done.stderr.split("choose")[0]
    assert sorted(run.facts["method"] for run in list_runs(root)) == ["finetune", "finetune", "lora", "tfidf"]
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert len(told) == 4  # the first process alone speaks
    for each in told:
        if each["run"] in ("full", "lora"):
            the_same(each, "lora" if each["run"] == "lora" else "finetune", knobs, root, capsys)
