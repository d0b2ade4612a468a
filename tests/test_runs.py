"""The run directory: derived status, torn lines, the queue, and processes that die."""

import json
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from senti.config import LoraConfig, MajorityConfig, to_dict
from senti.errors import BadConfig, Stopped, UnknownRun
from senti.runs import Run, create_run, delete_run, hold, list_runs, open_run, queue_place, stop_run, wait_turn
from senti.runs.events import LAST


def make(root: Path, name: str = "", config: MajorityConfig | LoraConfig | None = None) -> Run:
    config = config or MajorityConfig()
    return create_run(root, config, to_dict(config), name)


def hold_until_killed(path: Path) -> None:
    with hold(Run(path)):
        (path / "queued").unlink()
        (path / "ready").touch()
        time.sleep(60)


@pytest.fixture
def worker(root: Path):
    run = make(root)
    process = multiprocessing.get_context("spawn").Process(target=hold_until_killed, args=(run.path,))
    process.start()
    while not (run.path / "ready").exists():
        time.sleep(0.02)
    yield run, process
    process.kill()
    process.join()


def test_config_survives_the_disk(root):
    run = make(root, config=LoraConfig(lr=1e-3, subset=100))
    assert open_run(root, run.name).config == LoraConfig(lr=1e-3, subset=100)


def test_status_is_derived_from_files(root):
    run = make(root)
    assert run.status == "queued"
    os.utime(run.path / "queued", (0, 0))
    assert run.status == "interrupted"
    (run.path / "stop").touch()
    assert run.status == "stopped"
    run.write_json("error.json", {"message": "x"})
    assert run.status == "failed"
    run.write_json("result.json", {})
    assert run.status == "unreadable"
    run.write_json("config.json", run.facts | {"data": {"labels": ["a", "b"]}})
    run.write_json("result.json", {"scores": {"validation": {"accuracy": 1}, "test": {"accuracy": 1}}})
    assert run.status == "finished"


def test_a_killed_worker_is_known_at_once(worker):
    run, process = worker
    assert run.status == "running"
    os.kill(process.pid, signal.SIGKILL)  # nobody waits for the child: its pid still looks alive
    deadline = time.monotonic() + 2
    while run.status == "running" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert run.status == "interrupted"


def test_stop_becomes_firm_when_the_worker_does_not_listen(worker):
    run, process = worker
    began = time.monotonic()
    stop_run(run.path.parent, run.name, polite_seconds=0.3)
    process.join(5)
    assert not process.is_alive() and time.monotonic() - began < 5
    assert run.status == "stopped"
    assert stop_run(run.path.parent, run.name).status == "stopped"  # again: nothing happens


def test_stop_never_signals_a_foreign_process(root):
    run = make(root)
    (run.path / "lock").touch()
    run.write_json("worker.json", {"pid": os.getpid()})  # as after a reboot: the pid is someone else's
    (run.path / "queued").unlink()
    assert stop_run(root, run.name, polite_seconds=0.1).status == "interrupted"


def test_a_worker_that_ended_meanwhile_is_not_signalled(root):
    from senti.runs.launch import _signal

    run = make(root)
    (run.path / "lock").touch()
    with subprocess.Popen(["sleep", "30"]) as stranger:  # has the dead worker's pid now
        run.write_json("worker.json", {"pid": stranger.pid})
        _signal(run, signal.SIGKILL)
        time.sleep(0.2)
        assert stranger.poll() is None
        stranger.kill()


def test_torn_event_lines_lose_no_whole_ones(root):
    run = make(root)
    for step in range(5):
        run.record({"step": step, "split": "train", "loss": 1.0 / (step + 1)})
    path = run.path / "events.jsonl"
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        lines = whole[:cut].count(b"\n")
        assert len(run.events()) == lines
        assert run.last_event.get("step", -1) == lines - 1
    path.write_bytes(whole.replace(b'"step": 2', b'"step" 2'))
    assert list(run.events()["step"]) == [0, 1, 3, 4]


def test_the_last_event_is_found_without_reading_all(root):
    run = make(root)
    assert run.last_event == {}
    for step in range(400):
        run.record({"step": step, "split": "train", "loss": 0.5, "samples_per_second": 12.345678})
    assert run.events_size > 2 * LAST
    assert run.last_event == {"step": 399, "split": "train", "loss": 0.5, "samples_per_second": 12.345678}


def test_events_reach_disk_before_record_returns(root):
    run = make(root)
    run.record({"step": 7, "split": "train", "loss": 0.5})
    assert json.loads((run.path / "events.jsonl").read_text()) == {"step": 7, "split": "train", "loss": 0.5}


def test_runs_queue_in_order_of_creation(root):
    first, second, third = (make(root, name) for name in ("c", "b", "a"))
    assert [queue_place(run) for run in (first, second, third)] == [0, 1, 2]
    first.write_json("result.json", {})
    assert [queue_place(run) for run in (second, third)] == [0, 1]
    with wait_turn(second):
        assert not (second.path / "queued").exists()


def test_only_one_run_has_the_machine(root):
    run = make(root)
    later = threading.Timer(0.5, (run.path / "stop").touch)
    with FileLock(root / ".training.lock"):
        later.start()
        with pytest.raises(Stopped, match="waited in the queue"), wait_turn(run, poll=0.05):
            pytest.fail("two runs at once")


def test_two_workers_cannot_hold_one_run(worker):
    run, _ = worker
    with pytest.raises(UnknownRun, match="already running"), hold(Run(run.path)):
        pytest.fail("held twice")


@pytest.mark.parametrize("name", ["../x", "/abs", "a/b", ".", "-rf", "x\0y", "a" * 81, "naïve"])
def test_odd_names_are_refused(root, name):
    with pytest.raises(BadConfig, match="cannot name a run"):
        make(root, name)
    with pytest.raises(UnknownRun):
        open_run(root, name)


def test_a_taken_name_is_refused(root):
    make(root, "mine")
    with pytest.raises(BadConfig, match="exists"):
        make(root, "mine")


def test_runs_made_in_one_second_are_all_kept(root):
    assert len({make(root).name for _ in range(20)}) == 20
    assert len(list_runs(root)) == 20


def test_newest_first(root):
    names = [make(root, name).name for name in ("a", "b", "c")]
    assert [run.name for run in list_runs(root)] == names[::-1]


def test_delete(root, worker):
    running, _ = worker
    with pytest.raises(UnknownRun, match="stop it first"):
        delete_run(running.path.parent, running.name)
    run = make(root)
    run.write_json("result.json", {})
    delete_run(root, run.name)
    assert not run.path.exists()


def test_a_link_out_of_the_folder_is_no_run(root, tmp_path):
    outside = make(tmp_path / "elsewhere", "secret")
    make(root, "mine")
    (root / "secret").symlink_to(outside.path)
    assert [run.name for run in list_runs(root)] == ["mine"]
    with pytest.raises(UnknownRun):
        open_run(root, "secret")
