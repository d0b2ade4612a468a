"""Training shared by two real processes: one run directory, one score, the same as alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "senti"]
ACCELERATE = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2",
              "--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no", "-m", "senti"]  # fmt: skip


def together(launcher, *words):
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    return subprocess.run([*launcher, *words], capture_output=True, text=True, env=env, timeout=240)


@pytest.fixture
def knobs(tiny_folder, with_hub_cache, root):
    return ["--dataset", str(tiny_folder), "--model", "distilbert", "--lr", "1e-2", "--epochs", "4",
            "--batch_size", "8", "--precision", "fp32", "--output_dir", str(root)]  # fmt: skip


@pytest.mark.parametrize(("launcher", "method"), [(TORCHRUN, "finetune"), (ACCELERATE, "lora")])
def test_two_processes_train_one_run_as_one_alone_would(root, knobs, launcher, method):
    done = together(launcher, method, *knobs, "--name", "shared", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    shared = json.loads(done.stdout.strip().splitlines()[-1])
    assert done.stdout.count('"run"') == 1  # the first process alone speaks
    alone = subprocess.run([sys.executable, "-m", "senti", method, *knobs, "--run", "alone", "--json"],
                           capture_output=True, text=True, cwd=PROJECT, check=True)  # fmt: skip
    single = json.loads(alone.stdout)
    assert sorted(p.name for p in root.iterdir() if p.is_dir()) == ["alone", "shared"]
    assert shared["device"].endswith("2 processes") and "processes" not in single["device"]
    for split in ("validation", "test"):
        a, b = (result["scores"][split]["accuracy"] for result in (shared, single))
        assert abs(a - b) <= 3 / 32
    rows = {name: [json.loads(line) for line in (root / name / "events.jsonl").read_text().splitlines()]
            for name in ("shared", "alone")}  # fmt: skip
    steps = {name: [(r["step"], r["split"]) for r in each] for name, each in rows.items()}
    assert steps["shared"] == steps["alone"]  # as many updates, each written once
    losses = {name: [r["loss"] for r in each] for name, each in rows.items()}
    assert losses["shared"][:2] == pytest.approx(losses["alone"][:2], rel=1e-3)  # before the first update
    assert losses["shared"][-1] == pytest.approx(losses["alone"][-1], abs=0.15)


def test_bf16_is_shared_too(knobs):
    words = [word if word != "fp32" else "bf16" for word in knobs]
    done = together(TORCHRUN, "finetune", *words, "--epochs", "1", "--json")
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_mistake_is_said_once(knobs):
    done = together(TORCHRUN, "finetune", *knobs, "--batch_size", "7")
    assert done.returncode != 0
    assert done.stderr.count("choose a multiple of 2") == 1 and "Traceback" not in done.stderr.split("choose")[0]


def test_other_methods_run_in_the_first_process(root, knobs):
    words = [*knobs[:2], *knobs[-2:]]
    done = together(TORCHRUN, "tfidf", *words, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    assert len([p for p in root.iterdir() if p.is_dir()]) == 1
