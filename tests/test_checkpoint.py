"""Checkpoints: whole or invisible, and what goes on from them ends with the very same weights."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.kills import weights
from senti import cli
from senti.config import FinetuneConfig
from senti.errors import BadConfig, Stopped, UnknownRun
from senti.experiment import conduct, create, prepare, resume
from senti.runs import Run
from senti.training import checkpoint
from senti.training.checkpoint import FILES, MANIFEST, Pace, differences, newest, write

KNOBS = {"epochs": 2, "batch_size": 8, "lr": 1e-3, "gradient_accumulation": 2}  # four steps an epoch


@pytest.fixture(autouse=True)
def after_every_step(monkeypatch) -> None:
    monkeypatch.setenv("SENTI_CHECKPOINT_SECONDS", "0")


def at_step(step: int, do) -> Callable[[dict], None]:
    """Do something when a run tells of a training step."""
    return lambda row: do() if row["step"] == step and row["split"] == "train" else None


def stopped_at(root: Path, config, step: int) -> Run:
    """A run that somebody stopped after a step."""
    run = create(root, prepare(config), "halfway")
    with pytest.raises(Stopped):
        conduct(replace(run, on_event=at_step(step, (run.path / "stop").touch)))
    return run


@pytest.fixture(scope="module")
def config(lively_model, tiny_folder) -> FinetuneConfig:
    return FinetuneConfig(dataset=str(tiny_folder), model=str(lively_model), **KNOBS)


@pytest.fixture(scope="module")
def reference(tmp_path_factory, config) -> Run:
    """What the run ends as if nobody disturbs it; it writes no checkpoint within its epochs."""
    run = create(tmp_path_factory.mktemp("reference"), prepare(config))
    conduct(run)
    return run


@pytest.fixture(scope="module")
def pattern(tmp_path_factory, config) -> Run:
    """A run stopped after step 6 of 8; with checkpoints of steps 5 and 6."""
    os.environ["SENTI_CHECKPOINT_SECONDS"] = "0"  # this fixture is set up before the one of a test
    return stopped_at(tmp_path_factory.mktemp("pattern"), config, 5)


@pytest.fixture
def halfway(root, pattern) -> Run:
    """A copy of it, to be damaged."""
    shutil.copytree(pattern.path, root / pattern.name)
    return Run(root / pattern.name)


def finished_as(run: Run, other: Run) -> None:
    assert run.status == "finished" and weights(run.path) == weights(other.path)
    for key in ("scores", "parameters", "bytes_on_disk"):
        assert run.result[key] == other.result[key]
    columns = ["step", "split", "loss", "accuracy", "lr", "grad_norm"]
    assert run.events()[columns].equals(other.events()[columns])
    assert not (run.path / "state").exists()


def test_a_stopped_run_goes_on_to_the_same_end(halfway, reference, capsys):
    assert cli.run(["runs", "show", halfway.name, "--output_dir", str(halfway.path.parent)]) == 0
    assert "senti runs resume halfway" in capsys.readouterr().out
    assert cli.run(["runs", "resume", halfway.name, "--output_dir", str(halfway.path.parent)]) == 0
    assert "halfway goes on from step 6\n" in capsys.readouterr().err
    finished_as(halfway, reference)
    assert "goes on from step 6" in halfway.log()


DAMAGE = {
    "missing": lambda path: path.unlink(),
    "half": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "flipped bit": lambda path: path.write_bytes(flipped(path.read_bytes())),
}


def flipped(content: bytes) -> bytes:
    """One bit in the middle is another."""
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize("harm", DAMAGE)
@pytest.mark.parametrize("file", [*FILES, MANIFEST])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_is_used(halfway, file, harm):
    state = halfway.path / "state"
    DAMAGE[harm](state / "checkpoint-6" / file)
    found, skipped = newest(state)
    assert found.step == 5 and len(skipped) == 1
    assert skipped[0].startswith(f"checkpoint-6: {file} ")


def test_no_bit_of_a_manifest_can_change_unseen(halfway):
    """A knob or a version that it speaks of would refuse the whole run in place of one checkpoint."""
    path = halfway.path / "state" / "checkpoint-6" / MANIFEST
    whole = path.read_bytes()
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert newest(halfway.path / "state")[0].step == 5, whole[at - 9 : at + 9]


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(halfway, reference):
    DAMAGE["flipped bit"](halfway.path / "state" / "checkpoint-6" / "tensors.safetensors")
    resumed = resume(halfway.path.parent, halfway.name)
    assert resumed.step == 5 and "tensors.safetensors is not what was written" in resumed.lines[0]
    conduct(halfway)
    finished_as(halfway, reference)
    assert "skipped checkpoint-6: tensors.safetensors" in halfway.log()


def test_a_run_without_a_whole_checkpoint_begins_anew(halfway, reference):
    for step, harm in ((5, "missing"), (6, "empty")):
        DAMAGE[harm](halfway.path / "state" / f"checkpoint-{step}" / "state.json")
    resumed = resume(halfway.path.parent, halfway.name)
    assert resumed.step == 0 and resumed.lines[-1] == "halfway goes on from the beginning"
    conduct(halfway)
    finished_as(halfway, reference)


def test_early_stopping_keeps_its_patience_and_its_best_epoch(tmp_path, config):
    patient = replace(config, lr=1e-8, epochs=20, early_stopping=2)
    whole = create(tmp_path / "whole", prepare(patient))
    conduct(whole)
    run = stopped_at(tmp_path / "broken", patient, 9)  # in the third and last epoch
    run = resume(run.path.parent, run.name).run

    def stop_when_scored(row) -> None:
        if row["step"] == 12 and row["split"] == "validation":
            (run.path / "stop").touch()

    with pytest.raises(Stopped):
        conduct(replace(run, on_event=stop_when_scored))
    assert resume(run.path.parent, run.name).step == 12  # nothing is left to train, only to score
    conduct(run)
    finished_as(run, whole)
    assert run.events()["epoch"].max() == 3


def test_a_checkpoint_is_invisible_until_it_is_whole(tmp_path):
    def fill(folder: Path) -> None:
        for name in FILES:
            (folder / name).write_text(name)
            assert newest(tmp_path) == (seen, []) and not (tmp_path / "checkpoint-2").exists()

    seen = None
    write(tmp_path, 1, {"lr": 1}, fill)
    seen = newest(tmp_path)[0]
    assert (seen.step, seen.conditions) == (1, {"lr": 1})

    def fail(folder: Path) -> None:
        fill(folder)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        write(tmp_path, 2, {}, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-1"]


def test_the_last_two_are_kept_and_what_a_killed_writer_left_is_cleared(tmp_path):
    def fill(folder: Path) -> None:
        for name in FILES:
            (folder / name).write_text(name)

    for step in (9, 10, 11):
        write(tmp_path, step, {}, fill)
    write(tmp_path, 11, {}, fill)  # a resumed run comes to the same step again
    (tmp_path / ".checkpoint-12").mkdir()
    (tmp_path / "checkpoint-13").mkdir()
    (tmp_path / "checkpoint-best").mkdir()
    (tmp_path / "checkpoint-11" / "note.txt").write_text("no part of it")
    found, skipped = newest(tmp_path)
    assert found.step == 11 and skipped == ["checkpoint-13: manifest.json is missing"]
    checkpoint.start_from(tmp_path, found)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-10", "checkpoint-11", "checkpoint-best"]


def test_checkpoints_keep_to_a_fiftieth_of_the_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setenv("SENTI_CHECKPOINT_SECONDS", "60")
    pace = Pace()
    for second, due in ((0, False), (59, False), (60, True)):
        now[0] = second
        assert pace.due == due
    with pace.writing():
        now[0] += 3
    for second, due in ((63 + 60, False), (63 + 149, False), (63 + 150, True)):
        now[0] = second
        assert pace.due == due


def test_what_differs_is_listed():
    then = {"knobs": {"lr": 1e-5, "epochs": 3, "subset": None}, "reviews": "aa", "versions": {"torch": "2.13"}}
    now = {"knobs": {"lr": 1e-4, "epochs": 3, "subset": 9}, "reviews": "bb", "versions": {"torch": "2.13"}, "more": 1}
    assert differences(then, then) == []
    assert differences(then, now) == [
        "lr was 1e-05, is 0.0001", "subset was None, is 9", "reviews was aa, is bb", "more was None, is 1",
    ]  # fmt: skip


def edited(run: Run, **values) -> None:
    run.write_json("config.json", run.facts | values)


@pytest.mark.parametrize("doing", [resume, lambda root, name: conduct(Run(root / name))])
def test_other_knobs_are_refused_with_the_difference(halfway, doing):
    edited(halfway, lr=5e-3, seed=1)
    if doing is not resume:  # the worker looks once more
        (halfway.path / "stop").unlink()
    (halfway.path / "queued").touch()
    with pytest.raises(BadConfig, match=r"seed was 0, is 1; lr was 0\.001, is 0\.005\. Put"):
        doing(halfway.path.parent, halfway.name)
    assert halfway.status == ("stopped" if doing is resume else "failed")
    assert newest(halfway.path / "state")[0].step == 6  # what it had stays


def test_other_reviews_model_or_versions_are_refused(root, config, tiny_folder, tmp_path, monkeypatch):
    data, backbone = tmp_path / "data" / "tiny", tmp_path / "backbone"
    shutil.copytree(tiny_folder, data)
    shutil.copytree(config.model, backbone)
    run = stopped_at(root, replace(config, dataset=str(data), model=str(backbone)), 1)
    told = backbone / "config.json"
    told.write_text(told.read_text().replace('"dropout": 0.1', '"dropout": 0.2'))
    with (data / "train.csv").open("a") as file:
        file.write("one more fine review,1\n")
    monkeypatch.setattr(checkpoint, "version", lambda name: "9.9")
    with pytest.raises(BadConfig, match=r"reviews was \w+, is \w+; model was \w+, is \w+; torch was 2.*, is 9\.9"):
        resume(root, run.name)
    shutil.rmtree(run.path / "state")
    with pytest.raises(BadConfig, match=r"reviews was \w+, is \w+; torch was 2.*, is 9\.9"):
        resume(root, run.name)
    assert run.status == "stopped"


@pytest.mark.parametrize("status", ["finished", "queued", "running"])
def test_only_what_is_over_and_unfinished_is_resumed(halfway, reference, status):
    run = reference if status == "finished" else halfway
    if status != "finished":
        (run.path / "stop").unlink()
        (run.path / "queued").touch()
    if status == "running":
        from filelock import FileLock

        (run.path / "queued").unlink()
        lock = FileLock(run.path / "lock")
        lock.acquire()
    with pytest.raises(UnknownRun, match=f"is {status}"):
        resume(run.path.parent, run.name)
