"""The one door: what it refuses before weights are read, what it refuses after, and what it hands out."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import save_tiny_distilbert
from safetensors.torch import load_file, save_file

from senti.config import LoraConfig
from senti.encoder import (
    ARCHITECTURES,
    Backbone,
    count_parameters,
    features,
    load_adapter,
    load_backbone,
    load_classifier,
    load_finetuned,
    load_tokenizer,
    look_inside,
    lora_parameters,
    lora_settings,
    model_facts,
    quiet,
    resolve_model,
)
from senti.encoder.facts import reading_checksum, weights_checksum
from senti.errors import MissingModel

TEXT = "a tender film about two sisters"
NAMES = ("negative", "positive")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undamaged model, never written to."""
    folder = tmp_path_factory.mktemp("whole")
    save_tiny_distilbert(folder)
    return folder


@pytest.fixture
def folder(whole, tmp_path):
    """A copy of it to damage."""
    return Path(shutil.copytree(whole, tmp_path / "model"))


def model(folder: Path) -> Backbone:
    return resolve_model(str(folder))


def change(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def write_weights(folder: Path, weights: dict) -> None:
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def loads() -> list:
    return [load_backbone, load_tokenizer, lambda b: load_classifier(b, NAMES), lambda b: load_finetuned(Path(b.path)),
            model_facts]  # fmt: skip


HOSTILE = [
    {"auto_map": {"AutoModel": "evil.Model"}}, {"_attn_implementation": "evil/kernel"},
    {"_attn_implementation_internal": "evil/kernel"}, {"attn_implementation": "evil/kernel"},
    {"quantization_config": {"quant_method": "x"}}, {"is_decoder": True}, {"model_type": "gpt2"},
    {"model_type": None}, {"n_layers": 10**6}, {"dim": 80_000}, {"vocab_size": 10**8}, {"filler": "x" * 1_000_001},
]  # fmt: skip


@pytest.mark.parametrize("values", HOSTILE, ids=lambda values: next(iter(values)))
def test_hostile_configurations_are_refused_before_weights(folder, values):
    change(folder / "config.json", **values)
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").mkdir()  # whoever opens it fails in another way
    for load in loads():
        with pytest.raises(MissingModel) as refusal:
            load(model(folder))
        said = str(refusal.value)
        assert "safetensors" not in said and "\n" not in said and len(said) < 400
        assert any(word in said for word in (*values, "of type", "billion", "1 MB")), said


BROKEN = ["", "{", "[]", '"x"', "[" * 100_000, '{"model_type": "distilbert", "dim": "x"}',
          '{"model_type": "distilbert", "n_heads": 5}']  # fmt: skip


@pytest.mark.parametrize("content", BROKEN, ids=lambda content: content[:40] or "empty")
def test_broken_configurations_are_one_sentence(folder, content):
    (folder / "config.json").write_text(content)
    for load in (load_backbone, model_facts):
        with pytest.raises(MissingModel, match=str(folder)) as refusal:
            load(model(folder))
        assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("damage", ["half", "empty", "json", "huge header", "missing", "only bin"])
def test_damaged_weights_of_a_folder_are_refused(folder, damage):
    weights = folder / "model.safetensors"
    content = weights.read_bytes()
    if damage in ("missing", "only bin"):
        weights.unlink()
        if damage == "only bin":
            (folder / "pytorch_model.bin").write_bytes(content)
    else:
        weights.write_bytes({"half": content[: len(content) // 2], "empty": b"", "json": b'{"a":1}',
                             "huge header": b"\xff" * 7 + b"\x7f" + content[8:]}[damage])  # fmt: skip
    for load in (load_backbone, lambda b: load_classifier(b, NAMES), lambda b: load_finetuned(Path(b.path))):
        with pytest.raises(MissingModel, match=str(folder)) as refusal:
            load(model(folder))
        assert "\n" not in str(refusal.value) and refusal.value.__cause__ is not None


def test_weights_that_lack_a_part_are_not_filled_with_random_numbers(folder):
    weights = load_file(folder / "model.safetensors")
    lost = next(name for name in weights if "q_lin.weight" in name)
    write_weights(folder, {name: values for name, values in weights.items() if name != lost})
    for load in (load_backbone, lambda b: load_classifier(b, NAMES)):
        with pytest.raises(MissingModel, match=r"lacks 1 of the weights.*q_lin\.weight"):
            load(model(folder))


def test_weights_of_another_shape_are_refused(folder):
    change(folder / "config.json", vocab_size=5000)
    for load in (load_backbone, lambda b: load_classifier(b, NAMES)):
        with pytest.raises(MissingModel, match=r"another shape: .*word_embeddings"):
            load(model(folder))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(folder, value):
    weights = load_file(folder / "model.safetensors")
    next(values for name, values in weights.items() if "q_lin.weight" in name)[3, 4] = value
    write_weights(folder, weights)
    with pytest.raises(MissingModel, match=r"q_lin\.weight holds values that are no numbers"):
        load_backbone(model(folder))


@pytest.mark.parametrize("shard", ["pytorch_model.bin", "../outside.safetensors", "/etc/x.safetensors"])
def test_an_index_leads_to_safetensors_beside_it_only(folder, shard):
    """transformers unpickles a shard that ends in .bin, and follows `..`, whatever use_safetensors says."""
    weights = load_file(folder / "model.safetensors")
    torch.save(weights, folder / "pytorch_model.bin")
    shutil.move(folder / "model.safetensors", folder.parent / "outside.safetensors")
    index = {"metadata": {}, "weight_map": dict.fromkeys(weights, shard)}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    for load in loads():
        with pytest.raises(MissingModel, match="no safetensors file beside it"):
            load(model(folder))


def test_shards_are_read_and_all_of_them_count(folder):
    before = load_backbone(model(folder)).state_dict()
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"a.safetensors": names[:9], "b.safetensors": names[9:]}
    for file, part in parts.items():
        save_file({name: weights[name] for name in part}, folder / file, metadata={"format": "pt"})
    index = {"metadata": {}, "weight_map": {name: file for file, part in parts.items() for name in part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    after = load_backbone(model(folder)).state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    first = weights_checksum(model(folder))
    weights[names[-1]] += 1
    save_file({name: weights[name] for name in names[9:]}, folder / "b.safetensors", metadata={"format": "pt"})
    assert len(first) == 64 and weights_checksum(model(folder)) != first


def test_half_precision_is_read_as_float32(folder):
    write_weights(folder, {name: v.to(torch.bfloat16) for name, v in load_file(folder / "model.safetensors").items()})
    change(folder / "config.json", dtype="bfloat16")
    assert load_backbone(model(folder)).dtype == load_classifier(model(folder), NAMES).dtype == torch.float32
    assert features(model(folder), [TEXT], cache=False).dtype == np.float32


def test_an_adapter_inside_a_model_is_refused(folder):
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "evil/model"}')
    for load in loads():
        with pytest.raises(MissingModel, match="carries an adapter"):
            load(model(folder))


@pytest.mark.parametrize("damage", ["missing", "all missing", "cut", "other type", "remote", "of another model"])
def test_a_tokenizer_is_never_made_up(folder, damage):
    tokenizer, settings = folder / "tokenizer.json", folder / "tokenizer_config.json"
    content = json.loads(tokenizer.read_text())
    if damage.endswith("missing"):
        tokenizer.unlink()
        if damage == "all missing":
            settings.unlink()
    elif damage == "cut":
        tokenizer.write_text(tokenizer.read_text()[:200])
    elif damage == "other type":
        tokenizer.write_text(json.dumps(content | {"model": {"type": "Evil"}}))
    elif damage == "remote":
        change(settings, auto_map={"AutoTokenizer": ["evil.Tokenizer", None]})
    else:
        shutil.copy(Path(resolve_model("minilm").path) / "tokenizer.json", tokenizer)
    with pytest.raises(MissingModel, match=str(folder)) as refusal:
        load_tokenizer(model(folder))
    assert "\n" not in str(refusal.value)


def test_a_classifier_gets_a_fresh_head_for_its_labels(folder):
    """Also where the checkpoint is a classifier already, whose labels are in another order or number."""
    tiny = model(folder)
    trained = load_classifier(tiny, NAMES)
    assert trained.config.id2label == {0: "negative", 1: "positive"} and not trained.training
    assert trained.config.label2id == {"negative": 0, "positive": 1}
    torch.nn.init.constant_(trained.classifier.weight, 7)
    torch.nn.init.constant_(trained.pre_classifier.weight, 7)
    trained.save_pretrained(folder)
    for labels in (NAMES, ("bad", "fair", "good")):
        fresh = load_classifier(tiny, labels)
        assert fresh.classifier.weight.shape == (len(labels), 32) and fresh.num_labels == len(labels)
        assert not (fresh.classifier.weight == 7).any() and not (fresh.pre_classifier.weight == 7).any()
        assert torch.equal(fresh.distilbert.embeddings.word_embeddings.weight,
                           trained.distilbert.embeddings.word_embeddings.weight)  # fmt: skip
    again, _ = load_finetuned(folder)
    assert (again.classifier.weight == 7).all()


def test_a_finetuned_model_without_its_head_is_refused(folder):
    with pytest.raises(MissingModel, match=r"lacks 4 of the weights.*classifier\.bias"):
        load_finetuned(folder)


@pytest.fixture
def adapted(folder, tmp_path):
    """A base and the folder of an adapter for it."""
    from peft import get_peft_model

    base = model(folder)
    settings = lora_settings(base, LoraConfig(lora_rank=4, lora_alpha=8, lora_dropout=0.0))
    with quiet():
        trained = get_peft_model(load_classifier(base, NAMES), settings)
    trained.peft_config["default"].base_model_name_or_path = base.hub_id
    trained.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    return base, tmp_path / "adapter"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"base_model_name_or_path": "evil/model"}, "was trained on evil/model"),
        ({"r": 4096}, "rank 4096"), ({"r": "4"}, "rank '4'"), ({"rank_pattern": {"q_lin": 999}}, "LoRA's rank"),
        ({"peft_type": "XLORA", "adapters": {"a": "evil/model"}}, "not LORA"),
        ({"megatron_config": {"x": 1}, "megatron_core": "evil"}, "megatron_config"),
        ({"auto_mapping": {"parent_library": "evil"}}, "auto_mapping"), ({"layer_replication": [[0, 9]]}, "layer_rep"),
    ],
)  # fmt: skip
def test_hostile_adapters_are_refused(adapted, values, says):
    base, folder = adapted
    change(folder / "adapter_config.json", **values)
    with pytest.raises(MissingModel, match=says):
        load_adapter(base, folder, NAMES)


@pytest.mark.parametrize("damage", ["only bin", "half", "lacks lora", "lacks head", "three labels"])
def test_damaged_adapters_are_refused(adapted, damage):
    base, folder = adapted
    file = folder / "adapter_model.safetensors"
    weights = load_file(file)
    if damage == "only bin":
        torch.save(weights, folder / "adapter_model.bin")
        file.unlink()
    elif damage == "half":
        file.write_bytes(file.read_bytes()[:-500])
    elif damage.startswith("lacks"):
        lost = next(name for name in weights if {"lora": "lora_B", "head": "classifier"}[damage[6:]] in name)
        save_file({name: values for name, values in weights.items() if name != lost}, file, metadata={"format": "pt"})
    labels = ("a", "b", "c") if damage == "three labels" else NAMES
    with pytest.raises(MissingModel, match=str(folder)) as refusal:
        load_adapter(base, folder, labels)
    assert "\n" not in str(refusal.value)


def save_tiny(kind: str, folder: Path, tokenizer: Path) -> None:
    """A masked language model of two layers as the Hub has them: without a head, most without a pooler."""
    from transformers import AutoConfig, AutoModelForMaskedLM

    sizes = {"vocab_size": 300, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
             "intermediate_size": 64, "embedding_size": 16, "pad_token_id": 1, "pooler_hidden_size": 32}  # fmt: skip
    marks = dict.fromkeys(("cls_token_id", "sep_token_id", "bos_token_id", "eos_token_id"), 2)
    if kind == "distilbert":
        sizes = {"vocab_size": 300, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    torch.manual_seed(1)
    with quiet():
        AutoModelForMaskedLM.from_config(AutoConfig.for_model(kind, **sizes, **marks)).save_pretrained(folder)
    for file in tokenizer.glob("tokenizer*"):
        shutil.copy(file, folder)


@pytest.mark.parametrize("kind", sorted(set(ARCHITECTURES) - {"albert", "bert", "deberta-v2", "distilbert", "roberta"}))
def test_every_architecture_is_read_counted_and_adapted(kind, whole, tmp_path):
    """Those that test_encoder_kinds does not try more closely."""
    from peft import get_peft_model

    save_tiny(kind, tmp_path, whole)
    tiny = model(tmp_path)
    inside = look_inside(tiny, TEXT)
    assert inside.hidden.shape == (3, len(inside.tokens), 32) and inside.attention.shape[:2] == (2, 4)
    np.testing.assert_allclose(inside.attention.sum(axis=-1), 1, atol=1e-4)
    for layer in (0, 1, -1):
        got = features(tiny, [TEXT, "dull " * 20], layer=layer, pooling="mean", precision="fp32", cache=False)[0]
        np.testing.assert_allclose(got, inside.hidden[layer].mean(axis=0), atol=1e-4)
    labels, config = ("a", "b", "c"), LoraConfig(lora_rank=4, lora_alpha=8, lora_dropout=0.0)
    torch.manual_seed(2)
    with quiet():
        adapted = get_peft_model(load_classifier(tiny, labels),
                                 lora_settings(tiny, config))  # fmt: skip
    assert adapted.get_nb_trainable_parameters() == lora_parameters(tiny, 3, config)
    assert sum(p.numel() for p in load_classifier(tiny, labels).parameters()) == count_parameters(tiny, 3)
    adapted.peft_config["default"].base_model_name_or_path = tiny.hub_id
    adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    again = load_adapter(tiny, tmp_path / "adapter", labels)
    batch = load_tokenizer(tiny)(TEXT, return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(adapted.eval()(**batch).logits, again(**batch).logits)


def test_the_checksum_of_reading_sees_the_tokenizer(folder):
    first = reading_checksum(model(folder))
    assert first == reading_checksum(model(folder))
    change(folder / "tokenizer_config.json", do_lower_case=False)
    assert reading_checksum(model(folder)) != first


def test_loading_is_silent_and_leaves_settings_alone(folder, capfd, recwarn):
    from transformers.utils import logging

    before = logging.get_verbosity(), logging.is_progress_bar_enabled()
    load_classifier(model(folder), NAMES)
    threads = [threading.Thread(target=load_backbone, args=(model(folder),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (logging.get_verbosity(), logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "") and not recwarn.list
