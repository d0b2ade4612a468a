"""The process that is ready before it is needed: real processes, real ends."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from senti.config import TfidfConfig
from senti.experiment import create, prepare
from senti.runs import spawn, standby

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals")


def start(root, config):
    run = create(root, prepare(config))
    spawn(run)
    return run


@pytest.fixture
def none_left(monkeypatch):
    """All processes that wait for jobs are ended afterwards."""
    yield
    monkeypatch.setenv("SENTI_STANDBY", "0")  # no more of them
    while standby._ready:
        left = standby._ready.pop()
        left.kill()
        left.communicate()


@pytest.fixture
def ready(none_left):
    """A process that waits for jobs."""
    standby.keep_ready()
    (process,) = standby._ready
    return process


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def worker_of(run):
    return json.loads((run.path / "worker.json").read_text())["pid"]


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        return int(f.read().rpartition(")")[2].split()[1])


def test_what_is_ready_does_one_run_after_the_other_each_a_process_of_its_own(root, tiny_folder, ready):
    standby.keep_ready()
    assert standby._ready == [ready]  # one is enough
    workers = []
    for seed in (1, 2):
        run = start(root, TfidfConfig(dataset=str(tiny_folder), seed=seed))
        until(lambda run=run: (run.path / "worker.json").exists())
        workers.append(worker_of(run))
        assert standby.FORKS == (os.getsid(workers[-1]) == workers[-1] != ready.pid)
        assert not standby.FORKS or parent_of(workers[-1]) == ready.pid
        until(lambda run=run: run.status == "finished")
        assert "finished" not in run.log()
    assert len(set(workers)) == 2
    until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in workers))  # nor as zombies


def test_where_forking_is_not_safe_it_does_one_job_and_another_follows(root, tiny_folder, none_left, monkeypatch):
    root.mkdir()  # Python runs a file of this name before all else
    (root / "sitecustomize.py").write_text("from senti.runs import standby\nstandby.FORKS = False\n")
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setattr(standby, "FORKS", False)
    standby.keep_ready()
    (first,) = standby._ready
    run = start(root, TfidfConfig(dataset=str(tiny_folder)))
    until(lambda: run.status == "finished")
    assert worker_of(run) == first.pid and "finished" not in run.log()
    until(lambda: standby._ready and standby._ready != [first])
    assert first.returncode == 0


def test_a_dead_one_loses_no_run(root, tiny_folder, ready):
    os.kill(ready.pid, signal.SIGKILL)
    ready.wait()
    run = start(root, TfidfConfig(dataset=str(tiny_folder)))
    until(lambda: run.status == "finished")
    assert worker_of(run) != ready.pid
    until(lambda: standby._ready and standby._ready != [ready])


def test_none_where_it_is_forbidden(monkeypatch, tmp_path):
    monkeypatch.setenv("SENTI_STANDBY", "0")
    standby.keep_ready()
    assert not standby._ready and not standby.hand_over([], tmp_path / "log")


PARENT = """
import sys, time
from senti.config import FinetuneConfig
from senti.experiment import create, prepare
from senti.runs import spawn, standby
standby.keep_ready()
print(standby._ready[0].pid, flush=True)
if len(sys.argv) > 1:
    from pathlib import Path
    config = FinetuneConfig(dataset=sys.argv[2], model="distilbert", epochs=2)
    run = create(Path(sys.argv[1]), prepare(config))
    spawn(run)
    print(run.name, flush=True)
time.sleep(600)
"""


def test_it_goes_with_the_app_even_if_that_is_killed():
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    until(lambda: not alive(pid))


def test_work_gives_way_to_the_pages(tmp_path):
    said = tmp_path / "said"
    code = ("import os, pathlib; from senti.cli import run; run([]); at = pathlib.Path('/proc/self')\n"
            "print(os.getpriority(os.PRIO_PROCESS, 0), (at / 'oom_score_adj').read_text().strip())\n"
            "print((at / 'autogroup').read_text() if (at / 'autogroup').exists() else 'nice 5')")  # fmt: skip
    with said.open("w") as file:
        subprocess.run([sys.executable, "-c", code], check=True, **standby.detached(file))
    *_, priority, group = said.read_text().strip().splitlines()
    assert priority == f"{min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)} 1000"
    assert group.endswith("nice 5")  # Linux weighs sessions: niceness alone says nothing to another one


def test_a_run_outlives_the_app_that_started_it(root, tiny_folder, with_hub_cache):
    from senti.runs import open_run

    words = [sys.executable, "-c", PARENT, str(root), str(tiny_folder)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:
        pid = int(parent.stdout.readline())
        run = open_run(root, parent.stdout.readline().strip())
        parent.kill()
    until(lambda: (run.path / "worker.json").exists())
    with open(f"/proc/{worker_of(run)}/cmdline") as words:  # what was ready does it, or a fork of that
        assert "senti.cli.standby" in words.read()
    until(lambda: run.status not in ("queued", "running"))
    assert run.status == "finished", run.log()
    until(lambda: not alive(pid))
