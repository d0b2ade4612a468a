"""The worker that is ready before it is needed: real processes, real ends."""

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
def ready():
    """An idle worker; all that are left are ended afterwards."""
    standby.keep_ready()
    (worker,) = standby._idle
    yield worker
    while standby._idle:
        left = standby._idle.pop()
        left.kill()
        left.communicate()


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


def test_the_ready_worker_does_the_run_and_is_followed_by_another(root, tiny_folder, ready):
    standby.keep_ready()
    assert standby._idle == [ready]  # one is enough
    run = start(root, TfidfConfig(dataset=str(tiny_folder)))
    until(lambda: run.status == "finished")
    assert worker_of(run) == ready.pid and "finished" not in run.log()
    until(lambda: standby._idle and standby._idle != [ready])
    assert ready.returncode == 0


def test_a_dead_worker_loses_no_run(root, tiny_folder, ready):
    os.kill(ready.pid, signal.SIGKILL)
    ready.wait()
    run = start(root, TfidfConfig(dataset=str(tiny_folder)))
    until(lambda: run.status == "finished")
    assert worker_of(run) != ready.pid


def test_none_where_it_is_forbidden(monkeypatch):
    monkeypatch.setenv("SENTI_STANDBY", "0")
    standby.keep_ready()
    assert not standby._idle and standby.hand_over({}) is None


PARENT = """
import sys, time
from senti.config import FinetuneConfig
from senti.experiment import create, prepare
from senti.runs import spawn, standby
standby.keep_ready()
print(standby._idle[0].pid, flush=True)
if len(sys.argv) > 1:
    from pathlib import Path
    config = FinetuneConfig(dataset=sys.argv[2], model="distilbert", epochs=2)
    run = create(Path(sys.argv[1]), prepare(config))
    spawn(run)
    print(run.name, flush=True)
time.sleep(600)
"""


def test_an_idle_worker_goes_with_the_app_even_if_that_is_killed():
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
    until(lambda: run.status not in ("queued", "running"))
    assert run.status == "finished", run.log()
    assert worker_of(run) == pid
