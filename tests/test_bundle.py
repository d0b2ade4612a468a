"""A run goes into a file and comes back; a file that is anything else leaves nothing behind."""

import errno
import json
import stat
import zipfile
from dataclasses import replace
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from senti.bundle import pack, unpack
from senti.config import LoraConfig, TfidfConfig
from senti.errors import BadData, SentiError, UnknownRun
from senti.evaluation import load_predictor
from senti.experiment import conduct, create, prepare
from senti.limits import SHARED
from senti.runs import delete_run, list_runs
from senti.ui import take_away
from senti.ui.take_away import brought_back, packed


@pytest.fixture(scope="module")
def runs(tmp_path_factory, hub_cache):
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        root = tmp_path_factory.mktemp("runs")
        made = []
        for config in (TfidfConfig("rotten_tomatoes"), LoraConfig("rotten_tomatoes", model="distilbert", epochs=1)):
            made.append(create(root, prepare(config)))
            conduct(made[-1])
        yield made


@pytest.mark.parametrize("which", [0, 1])
def test_a_run_comes_back_as_it_was(runs, which, tmp_path, with_hub_cache):
    run, texts = runs[which], ["a tender film", "a dull film"]
    (run.path / "log.txt").write_text("/home/somebody")
    file = pack(run, tmp_path / "run.zip")
    assert b"somebody" not in b"".join(zipfile.ZipFile(file).read(n) for n in zipfile.ZipFile(file).namelist())
    root = tmp_path / "elsewhere"
    back = unpack(root, file)
    assert back.name == run.name and back.status == "finished" and back.result == run.result
    assert np.array_equal(load_predictor(back)(texts), load_predictor(run)(texts))
    again = unpack(root, file)  # the name is taken
    assert again.name.startswith(f"{run.name}-") and len(list_runs(root)) == 2
    delete_run(root, back.name)


def test_who_brings_a_run_back_owns_it(runs, tmp_path):
    (facts := runs[0].facts)["owner"] = "whoever packed it"
    runs[0].write_json("config.json", facts)
    file = pack(runs[0], tmp_path / "run.zip")
    assert unpack(tmp_path / "mine", file, owner="me").facts["owner"] == "me"
    assert not unpack(tmp_path / "nobody's", file).facts["owner"]


def test_a_visitor_takes_a_run_away_and_brings_it_back(runs, tmp_path, monkeypatch):
    root = runs[0].path.parent
    _, file = packed(root, runs[0].name)
    path = file.value["path"]
    assert file.visible and Path(path).name == f"{runs[0].name}.zip" and "MB" in file.label
    name = brought_back(tmp_path / "checkpoints", path)
    assert list_runs(tmp_path / "checkpoints")[0].name == name == runs[0].name
    monkeypatch.setattr(take_away, "limits", lambda: replace(SHARED, kept_each=1))
    with pytest.raises(gr.Error, match="2 runs of yours would be kept"):
        brought_back(tmp_path / "checkpoints", path)
    with pytest.raises(gr.Error, match="not a whole zip file"):
        monkeypatch.setattr(take_away, "limits", lambda: SHARED)
        brought_back(tmp_path / "checkpoints", __file__)


def changed(file, out, change):
    """The zip with its members, a dict of names to bytes, changed."""
    with zipfile.ZipFile(file) as source:
        members = {name: source.read(name) for name in source.namelist()}
    change(members)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as sink:
        for name, data in members.items():
            sink.writestr(name, data)
    return out


def knob(name, value):
    def change(members, run):
        facts = json.loads(members[f"{run}/config.json"])
        facts[name] = value
        members[f"{run}/config.json"] = json.dumps(facts).encode()

    return change


HOSTILE = {
    "slip": (lambda m, run: m.update({f"{run}/../../evil.json": b"{}"}), "no part of a run"),
    "absolute": (lambda m, run: m.update({"/etc/evil.json": b"{}"}), "no part of a run"),
    "pickle": (lambda m, run: m.update({f"{run}/model/model.pkl": b"x"}), "no part of a run"),
    "another run": (lambda m, run: m.update({"other/config.json": b"{}"}), "no part of a run"),
    "many": (lambda m, run: m.update({f"{run}/model/a{i}.json": b"{}" for i in range(20)}), "up to 20"),
    "no result": (lambda m, run: m.pop(f"{run}/result.json"), "lacks result.json"),
    "config is a list": (lambda m, run: m.update({f"{run}/config.json": b"[]"}), "damaged"),
    "config is half": (lambda m, run: m.update({f"{run}/config.json": b'{"method"'}), "damaged"),
    "bomb": (lambda m, run: m.update({f"{run}/events.jsonl": b"0" * 60_000_000}), "more than a run"),
    "method": (knob("method", "shell"), "lacks scores|method is"),
    "knob": (knob("seed", -1), "seed is -1"),
    "labels": (knob("data", {"labels": ["a"], "checksum": "x"}), "lacks scores"),
    "future": (knob("versions", {"senti": "99.0.0"}), "update senti"),
    "predictions": (lambda m, run: m.update({f"{run}/predictions.parquet": b"PAR1"}), "damaged"),
    "skops": (lambda m, run: m.update({f"{run}/model/model.skops": b"PK"}), "no run that works here"),
    "no model": (lambda m, run: m.pop(f"{run}/model/model.skops"), "no run that works here"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_leaves_nothing_behind(runs, name, tmp_path):
    change, says = HOSTILE[name]
    run = runs[0]
    file = pack(run, tmp_path / "run.zip")
    bad = changed(file, tmp_path / "bad.zip", lambda members: change(members, run.name))
    root = tmp_path / "deep" / "root"
    root.mkdir(parents=True)
    with pytest.raises(SentiError, match=says):
        unpack(root, bad)
    assert not list(root.iterdir()) and sorted(p.name for p in (tmp_path / "deep").iterdir()) == ["root"]


def test_links_and_what_is_no_zip_are_refused(runs, tmp_path):
    file = pack(runs[0], tmp_path / "run.zip")
    with zipfile.ZipFile(file, "a") as archive:
        link = zipfile.ZipInfo(f"{runs[0].name}/model/shares.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BadData, match="a link"):
        unpack(tmp_path / "root", file)
    half = tmp_path / "half.zip"
    half.write_bytes(file.read_bytes()[:2000])
    for data in (half, tmp_path / "none.zip"):
        data.touch()
        with pytest.raises(BadData, match="not a whole zip"):
            unpack(tmp_path / "root", data)


def test_a_broken_stream_and_a_full_disk_are_told_apart(runs, tmp_path, monkeypatch):
    whole = pack(runs[0], tmp_path / "run.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        member = archive.getinfo(f"{runs[0].name}/predictions.parquet")
    begin = member.header_offset + 30 + len(member.filename)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(whole[:begin] + b"\xff" * 40 + whole[begin + 40 :])
    with pytest.raises(BadData, match=r"broken\.zip is not a whole zip"):
        unpack(tmp_path / "root", broken)

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(BadData, match=r"run\.zip cannot be unpacked here \(No space left on device\)"):
        unpack(tmp_path / "root", tmp_path / "run.zip")


@pytest.mark.parametrize("way", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_broken_stream_is_refused_however_it_was_compressed(runs, tmp_path, way):
    file, name = tmp_path / "broken.zip", f"{runs[0].name}/config.json"
    with zipfile.ZipFile(pack(runs[0], tmp_path / "run.zip")) as whole, zipfile.ZipFile(file, "w", way) as archive:
        for member in whole.namelist():
            archive.writestr(member, whole.read(member))
        begin = archive.getinfo(name).header_offset + 30 + len(name) + 9  # past the properties of lzma
    data = file.read_bytes()
    file.write_bytes(data[:begin] + bytes(byte ^ 0xFF for byte in data[begin : begin + 20]) + data[begin + 20 :])
    with pytest.raises(BadData, match=r"broken\.zip"):
        unpack(tmp_path / "root", file)


def test_only_a_finished_run_is_packed(runs, tmp_path):
    run = create(tmp_path, prepare(TfidfConfig("bundled")))
    with pytest.raises(UnknownRun, match="only a finished run"):
        pack(run, tmp_path / "x.zip")
