"""Runs that are killed, stopped, starved of memory or disk: what they had stays, and what is said of them is true."""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock
from safetensors.torch import load_file, save_file
from test_checkpoint import at_step, stopped_at

from benchmarks.kills import Ward, cases, kills, weights
from senti.config import FinetuneConfig, LoraConfig, MajorityConfig, TfidfConfig
from senti.encoder import lora_parameters
from senti.errors import BadConfig, Diverged, MissingModel, RunFailed, UnknownRun
from senti.experiment import conduct, create, prepare, resume
from senti.runs import Run, explained, open_run, requeue, stop_run
from senti.runs.launch import POLITE_SECONDS
from senti.training.checkpoint import newest
from senti.training.space import needed

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals, limits of resources")


@pytest.fixture(autouse=True)
def after_every_step(monkeypatch) -> None:
    monkeypatch.setenv("SENTI_CHECKPOINT_SECONDS", "0")


@pytest.fixture
def config(lively_model, tiny_folder) -> FinetuneConfig:
    return FinetuneConfig(dataset=str(tiny_folder), model=str(lively_model), epochs=2, batch_size=8, lr=1e-3)


def test_five_killed_runs_end_with_the_weights_of_those_that_were_left_alone(tmp_path, lively_model, tiny_folder):
    chosen = cases(str(tiny_folder), str(lively_model))
    some = {name: chosen[name] for name in ("full fine-tuning, 2 batches per update", "LoRA")}
    found = [kill for _, kill in kills(Ward(tmp_path), some, 5, seed=9)]
    assert [kill.same for kill in found] == [True] * 5
    assert sum(kill.inside for kill in found) == 2
    assert all(kill.step % 4 for kill in found if kill.inside)  # in mid-epoch, where the random states tell


def work_with_a_child(path: Path, word: str) -> None:
    """A run in a session of its own, with a child process; it hangs where it first touches a file with this word."""
    os.setsid()
    child = subprocess.Popen(["sleep", "600"])
    (path / "child").write_text(str(child.pid))
    hung: list[str] = []

    def watch(event: str, args: tuple) -> None:
        if event in ("open", "os.mkdir") and word and word in str(args[0]) and not hung:
            hung.append(word)
            (path / "here").touch()
            os.kill(os.getpid(), signal.SIGSTOP)

    sys.addaudithook(watch)
    conduct(replace(Run(path), on_event=None if word else at_step(2, (path / "here").touch)))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("phase", "word"), [("queued", ""), ("loading", "tiny/config.json"), ("in a step", ""), ("saving", ".checkpoint-")]
)
def test_a_stop_from_two_pages_leaves_nobody(root, config, phase, word):
    run = create(root, prepare(replace(config, epochs=50)))
    machine = FileLock(root / ".training.lock")
    if phase == "queued":
        machine.acquire()
    process = Ward(root).context.Process(target=work_with_a_child, args=(run.path, word))
    process.start()
    until(lambda: run.alive if phase == "queued" else (run.path / "here").exists())
    began, polite = time.monotonic(), 0.2 if word else POLITE_SECONDS
    with ThreadPoolExecutor() as pages:
        list(pages.map(lambda _: stop_run(root, run.name, polite), range(2)))
    assert time.monotonic() - began < 15 and run.status == "stopped"
    stop_run(root, run.name)  # once more is no harm
    process.join(10)
    assert process.exitcode is not None
    child = int((run.path / "child").read_text())
    if word:  # one that ends by itself looks after what it started
        until(lambda: not alive(child), 5)
    else:
        os.kill(child, signal.SIGKILL)
    assert run.resumable and (newest(run.path / "state")[0] is not None) == (phase == "in a step")


def test_the_longest_stop_keeps_its_word():
    assert POLITE_SECONDS + 1.0 + 2.0 <= 15


def test_a_finished_run_cannot_be_stopped(root):
    run = create(root, prepare(MajorityConfig(dataset="bundled")))
    conduct(run)
    assert stop_run(root, run.name).status == "finished" and not (run.path / "stop").exists()


@contextlib.contextmanager
def small_files(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_ends_a_run_that_goes_on_when_there_is_room(root, config):
    whole, run = (create(root, prepare(config)) for _ in range(2))
    conduct(whole)
    with contextlib.ExitStack() as full, pytest.raises(RunFailed, match=r"The disk is full\. Free some .* resume"):
        conduct(replace(run, on_event=at_step(6, lambda: full.enter_context(small_files(50_000)))))
    assert run.status == "failed" and "disk is full" in run.error["message"]
    assert [p.name for p in (run.path / "state").iterdir() if p.name.startswith(".")] == []
    assert resume(root, run.name).step == 5
    conduct(run)
    assert weights(run.path) == weights(whole.path) and run.error is None


def save_arrow(path: Path) -> None:
    pd.DataFrame({"a": np.random.default_rng(0).random(10**4)}).to_parquet(path)


def save_tensors(path: Path) -> None:
    save_file({"a": torch.zeros(10**4)}, path)


@pytest.mark.parametrize("save", [save_arrow, save_tensors, lambda path: path.write_text("a" * 10**5)])
def test_a_full_disk_is_understood_in_everybody_s_words(tmp_path, save):
    with small_files(10_000), pytest.raises(Exception) as told:
        save(tmp_path / "file")
    assert "The disk is full" in str(explained(Run(tmp_path), told.value))


def test_a_disk_that_would_fill_up_is_told_before_the_start(root, config, monkeypatch):
    prepared = prepare(config)
    parameters = sum(each.numel() for each in load_file(Path(config.model) / "model.safetensors").values())
    assert needed(config, prepared.backbone) == parameters * (3 * 20 + 4)
    run = stopped_at(root, config, 5)
    written = sum(path.stat().st_size for path in (run.path / "state").rglob("*") if path.is_file())
    assert 1.5 * written < needed(config, prepared.backbone) < 4 * written  # two are kept; the file has another head
    small = LoraConfig(dataset=config.dataset, model=config.model, lora_rank=2)
    trained, _ = lora_parameters(prepared.backbone, 2, small)
    assert trained * 64 < needed(small, prepared.backbone) < needed(config, prepared.backbone) / 2
    usage = shutil.disk_usage(root)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2_000_000))
    with pytest.raises(BadConfig, match=r"writes up to 1\d\d MB below .*, where 2\.0 MB are free; free some space"):
        create(root, prepared, "other")
    with pytest.raises(BadConfig, match="free some space"):
        resume(root, run.name)
    assert run.status == "stopped" and not (root / "other").exists()
    create(root, prepare(TfidfConfig(dataset=config.dataset)))  # nothing to speak of


def work_with_little_memory(path: Path, more: int) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + more, used + more))
    with contextlib.suppress(RunFailed):
        conduct(Run(path))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="nobody tells how much memory is used")
def test_a_run_that_runs_out_of_memory_says_so(root, tiny_folder, lively_model, tmp_path):
    from transformers import AutoConfig, DistilBertForMaskedLM

    wide = tmp_path / "wide"
    shutil.copytree(lively_model, wide)
    settings = AutoConfig.for_model("distilbert", vocab_size=2000, dim=512, n_layers=2, n_heads=4, hidden_dim=2048)
    DistilBertForMaskedLM(settings).save_pretrained(wide)
    run = create(root, prepare(FinetuneConfig(dataset=str(tiny_folder), model=str(wide))))
    process = Ward(root).context.Process(target=work_with_little_memory, args=(run.path, 120 * 2**20))
    process.start()
    process.join()
    assert run.status == "failed" and run.error["message"].startswith("Memory ran out. Close other programs")


@pytest.fixture
def closable(tmp_path) -> Iterator[Callable[[], None]]:
    """A folder for runs, and a call after which it cannot be written to any more."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)

    def close() -> None:
        if os.geteuid() == 0:  # root may write anywhere, so be somebody else
            os.seteuid(65534)
        else:
            for each in (folder, *folder.rglob("*")):
                each.chmod(each.stat().st_mode & 0o555)

    close.folder = folder  # type: ignore[attr-defined]
    yield close
    if os.getuid() == 0:
        os.seteuid(0)
    for each in (folder, *folder.rglob("*")):
        each.chmod(0o755)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_told_of(closable, config):
    run = create(closable.folder, prepare(config))
    with pytest.raises(RunFailed, match=r"cannot be used \(Permission denied\)\. Give this user access"):
        conduct(replace(run, on_event=at_step(4, closable)))
    with pytest.raises(BadConfig, match=r"cannot be written \(Permission denied\); choose another folder"):
        create(closable.folder, prepare(MajorityConfig(dataset="bundled")))
    assert run.status == "interrupted"  # it could not leave a word; but it holds no lock
    with pytest.raises(UnknownRun, match="make it writable"):
        requeue(run)


def test_a_backbone_that_vanished_is_named(root, config, tmp_path):
    backbone = tmp_path / "backbone"
    shutil.copytree(config.model, backbone)
    run = stopped_at(root, replace(config, model=str(backbone)), 3)
    waiting = create(root, prepare(replace(config, model=str(backbone))))
    backbone.rename(tmp_path / "elsewhere")
    for attempt in (lambda: resume(root, run.name), lambda: conduct(waiting)):
        with pytest.raises(MissingModel, match="backbone is not the folder of a model"):
            attempt()
    assert (run.status, waiting.status) == ("stopped", "failed") and "backbone" in waiting.error["message"]
    (tmp_path / "elsewhere").rename(backbone)
    assert resume(root, run.name).step == 4 and resume(root, waiting.name).step == 0


def test_a_run_that_diverged_is_not_resumed(root):
    run = create(root, prepare(MajorityConfig(dataset="bundled")))
    run.write_json("error.json", {"type": Diverged.__name__, "message": "The loss became nan."})
    with pytest.raises(UnknownRun, match="its loss diverged and would again"):
        resume(root, run.name)


def interrupted(root: Path) -> Run:
    run = create(root, prepare(MajorityConfig(dataset="bundled")))
    (run.path / "queued").unlink()
    return run


def test_a_stale_lock_and_a_reused_pid_fool_nobody(root):
    run = interrupted(root)
    with subprocess.Popen(["sleep", "600"]) as innocent, contextlib.ExitStack() as afterwards:
        afterwards.callback(innocent.kill)
        worker = {"pid": innocent.pid, "born": "1"}
        (run.path / "lock").touch()
        run.write_json("worker.json", worker)
        assert run.status == "interrupted" and stop_run(root, run.name, 0.1).status == "interrupted"
        with FileLock(run.path / "lock"):  # alive, but the number in its file is another's
            assert stop_run(root, run.name, 0.1).status == "running"
        assert run.status == "stopped" and innocent.poll() is None


def test_a_clock_that_is_set_back_changes_no_status_and_no_order(root, monkeypatch):
    first, second = (create(root, prepare(MajorityConfig(dataset="bundled")), name) for name in ("zebra", "yak"))
    an_hour_ago = time.time() - 3600
    monkeypatch.setattr("time.time", lambda: an_hour_ago)
    third = create(root, prepare(MajorityConfig(dataset="bundled")), "ant")
    assert third.created > second.created > first.created
    assert second.status == "interrupted"  # queued in the future, and no worker has come


def test_those_who_look_do_not_take_each_other_for_the_worker(root):
    run = interrupted(root)
    (run.path / "lock").touch()
    with ThreadPoolExecutor(8) as pages:
        told = set(pages.map(lambda _: run.status, range(2000)))
    assert told == {"interrupted"}


def test_of_twenty_who_resume_at_once_one_is_heard(root):
    run = interrupted(root)

    def press(_: int) -> str:
        try:
            return resume(root, run.name).lines[0]
        except UnknownRun as e:
            return str(e)

    with ThreadPoolExecutor(20) as pages:
        told = list(pages.map(press, range(20)))
    assert sum("from the beginning" in each for each in told) == 1
    assert all("queued" in each or "running" in each or "beginning" in each for each in told)
    conduct(run)
    with pytest.raises(UnknownRun, match="another process took it"):  # a second worker, started by mistake
        conduct(open_run(root, run.name))
