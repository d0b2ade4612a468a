"""Training shared by two real processes: one run directory, one score, the same as alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from senti import cli
from senti.runs import list_runs

PROJECT = Path(__file__).parents[1]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "senti"]
ACCELERATE = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
              "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "-m", "senti"]  # fmt: skip


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


def test_two_processes_train_one_run_as_one_alone_would(root, knobs, capsys):
    done = together(ACCELERATE, "finetune", *knobs, "--name", "shared", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count('"run"') == 1  # the first process alone speaks
    assert [path.name for path in root.iterdir() if path.is_dir()] == ["shared"]
    the_same(json.loads(done.stdout.strip().splitlines()[-1]), "finetune", knobs, root, capsys)


def test_one_command_after_the_other(root, knobs, tmp_path, capsys):
    """In one pair of processes, since it takes long to start: a mistake is said once, a method without processes runs
    in the first, bf16 is shared too, and so is LoRA."""
    wrong = ["finetune", *knobs, "--batch_size", "7"]
    first = ["tfidf", *knobs[:2], *knobs[-2:], "--json"]
    half = ["finetune", *(word if word != "fp32" else "bf16" for word in knobs), "--epochs", "1", "--json"]
    lora = ["lora", *knobs, "--json"]
    script = tmp_path / "four.py"
    script.write_text(EACH.format([wrong, first, half, lora]))
    done = together([*TORCHRUN[:-2], str(script)])
    assert done.returncode == 0, done.stderr[-3000:]
    ended = [line for line in done.stdout.splitlines() if line.startswith("ended")]
    assert sorted(ended) == ["ended 0"] * 6 + ["ended 2"] * 2
    assert done.stderr.count("choose a multiple of 2") == 1 and "Traceback" not in done.stderr.split("choose")[0]
    assert sorted(run.facts["method"] for run in list_runs(root)) == ["finetune", "lora", "tfidf"]
    told = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    the_same(next(each for each in told if "lora" in each["run"]), "lora", knobs, root, capsys)
