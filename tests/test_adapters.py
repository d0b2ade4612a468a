"""Adapters beside LoRA: on every architecture they train, count, come back the same, or a sentence refuses them."""

import json

import numpy as np
import pytest
import torch
from conftest import save_tiny_distilbert, tiny_splits
from test_encoder_load import save_tiny

from senti.config import ADAPTERS, LoraConfig, TfidfConfig, to_dict
from senti.encoder import ARCHITECTURES, load_adapter, load_tokenizer, lora_parameters, resolve_model
from senti.errors import BadConfig, MissingModel, UnknownRun
from senti.evaluation import explain, find_reader, nearest, readers
from senti.evaluation.parting import layered
from senti.evaluation.table import row, run_title
from senti.experiment import conduct, create, prepare
from senti.methods import load_predictor, restore
from senti.methods.lora import adapted
from senti.training import checkpoint
from senti.training.trainer import made_ready

BESIDE_LORA = [name for name in ADAPTERS if name != "lora"]
TEXTS = ["a tender film about two sisters", "dull"]


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    """The folder of a model whose tokenizer the others borrow."""
    folder = tmp_path_factory.mktemp("words")
    save_tiny_distilbert(folder)
    return folder


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def tiny(request, words, tmp_path_factory):
    """(type, backbone) of a tiny random model."""
    folder = tmp_path_factory.mktemp(request.param)
    save_tiny(request.param, folder, words)
    return request.param, resolve_model(str(folder))


REFUSED = {"ia3": {"deberta", "modernbert"},
           "prefix": {"albert", "deberta", "deberta-v2", "distilbert", "modernbert", "mpnet"}}  # fmt: skip


@pytest.mark.parametrize("adapter", BESIDE_LORA)
def test_every_architecture_takes_it_or_a_sentence_refuses(tiny, adapter, tmp_path):
    """Counted as PEFT counts; padded texts answer as alone, in training's own attention too; saved and read again."""
    kind, backbone = tiny
    config = LoraConfig(model=backbone.path, adapter=adapter, max_length=64)
    if kind in REFUSED.get(adapter, ()):
        with pytest.raises(BadConfig, match=rf"adapter is '{adapter}', and {kind} .*; use one of .*bert.*another"):
            lora_parameters(backbone, 2, config)
        return
    torch.manual_seed(3)
    model = adapted(backbone, config, ("a", "b")).eval()
    with torch.no_grad():
        for name, values in model.named_parameters():
            if values.requires_grad:
                values.add_(torch.randn_like(values) * 0.1)
                assert any(part in name for part in ("lora", "ia3", "prompt_encoder", "classifier", "head", "pooler"))
    assert model.get_nb_trainable_parameters() == lora_parameters(backbone, 2, config)
    scales = sum("ia3_l" in name for name, _ in model.named_parameters())  # keys, values, feed-forward of each layer
    assert scales == (adapter == "ia3") * 3 * (1 if kind == "albert" else 2)
    batch = load_tokenizer(backbone)(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        before = model(**batch).logits
        alone = model(input_ids=batch["input_ids"][1:, :3], attention_mask=batch["attention_mask"][1:, :3]).logits
    torch.testing.assert_close(before[1:], alone, atol=2e-5, rtol=1e-4)
    model.peft_config["default"].base_model_name_or_path = backbone.hub_id
    model.save_pretrained(tmp_path, save_embedding_layers=False)
    again = load_adapter(backbone, tmp_path, ("a", "b"), adapter)
    with torch.inference_mode():
        assert torch.equal(again(**batch).logits, before)
        torch.testing.assert_close(made_ready(model, "fp32")(**batch).logits, before, atol=2e-5, rtol=1e-4)
    with pytest.raises(MissingModel, match="train the run again"):
        load_adapter(backbone, tmp_path, ("a", "b"), "ia3" if adapter != "ia3" else "lora")


@pytest.mark.parametrize("adapter", ["dora", "ia3", "prefix", "prompt-tuning"])
def test_a_run_trains_answers_explains_and_is_told_apart(adapter, root, tiny_folder, words, tmp_path_factory):
    kind = "bert" if adapter == "prefix" else "distilbert"
    folder = tmp_path_factory.mktemp(kind)
    save_tiny(kind, folder, words)
    config = LoraConfig(dataset=str(tiny_folder), model=str(folder), adapter=adapter, epochs=1, lr=2e-2, max_length=64)
    run = create(root, prepare(config))
    result = conduct(run)
    assert result["parameters"]["trained"] == lora_parameters(resolve_model(str(folder)), 2, config)[0]
    texts = list(tiny_splits()["test"]["text"])
    classifier, tokenizer = restore(run)
    with torch.inference_mode():
        stock = torch.cat([classifier.float()(**tokenizer(text, return_tensors="pt")).logits for text in texts])
    np.testing.assert_allclose(stock.softmax(-1), load_predictor(run)(texts), atol=0.02)  # bf16
    found = explain(run, TEXTS[0])
    assert list(found.words["word"]) == TEXTS[0].split() and found.words["own"].abs().sum() > 0
    title = {"dora": "DoRA, rank 8", "ia3": "IA³", "prefix": "Prefix tuning", "prompt-tuning": "Prompt tuning"}[adapter]
    assert row(run)["title"] == title
    prompted = adapter in ("prefix", "prompt-tuning")
    assert len(readers(root, resolve_model(str(folder)))) == len(layered([run])) + 1 == 2 - prompted
    if prompted:  # its layers are those of the backbone: to read them would tell nothing of the run
        with pytest.raises(UnknownRun, match="holds no transformer of its own"):
            find_reader(root, run.name)
        with pytest.raises(UnknownRun, match="made-up tokens"):
            nearest(run, TEXTS[0])


@pytest.mark.parametrize(
    ("knobs", "says"),
    [({"adapter": "ia3", "upper_layers": 1}, "upper_layers is 1, which IA³ has no use for"),
     ({"adapter": "prompt-tuning", "lora_rank": 4}, "lora_rank is 4, which Prompt tuning has no use for"),
     ({"adapter": "prefix", "gradient_checkpointing": True}, "gradient_checkpointing would drop"),
     ({"adapter": "qlora"}, "choose one of lora, dora, ia3, prefix, prompt")],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(knobs, says):
    with pytest.raises(BadConfig, match=says):
        LoraConfig(**knobs)


def test_no_room_for_made_up_tokens_is_told_before_anything_is_written(root, tiny_folder, words, command):
    words = ["--dataset", str(tiny_folder), "--model", str(words), "--adapter", "prompt-tuning", "--max_length", "500"]
    code, out, err = command("lora", *words)
    assert (code, out) == (2, "") and "Prompt tuning needs 20 places" in err and "choose at most 492" in err
    assert not root.exists()


def test_a_foreign_prompt_must_not_fetch_or_swell(words, tmp_path):
    backbone = resolve_model(str(words))
    model = adapted(backbone, LoraConfig(adapter="prompt-tuning", max_length=64), ("a", "b"))
    model.peft_config["default"].base_model_name_or_path = backbone.hub_id
    model.save_pretrained(tmp_path, save_embedding_layers=False)
    told = tmp_path / "adapter_config.json"
    whole = json.loads(told.read_text())
    hostile = [({"num_virtual_tokens": 10**9}, "num_virtual_tokens 1000000000"), ({"num_layers": 0}, "num_layers 0"),
               ({"prompt_tuning_init": "TEXT", "tokenizer_name_or_path": "evil"}, "tokenizer_name")]  # fmt: skip
    for values, says in hostile:
        told.write_text(json.dumps(whole | values))
        with pytest.raises(MissingModel, match=says):
            load_adapter(backbone, tmp_path, ("a", "b"), "prompt-tuning")


def test_runs_of_before_go_on_and_are_called_as_before():
    old = {name: value for name, value in to_dict(LoraConfig()).items() if name != "adapter"}
    checkpoint.check("run", {"knobs": old}, {"knobs": to_dict(LoraConfig())})
    with pytest.raises(BadConfig, match="adapter was lora, is dora"):
        checkpoint.check("run", {"knobs": old}, {"knobs": to_dict(LoraConfig(adapter="dora"))})
    assert run_title(LoraConfig()) == "LoRA, rank 8" and run_title(TfidfConfig()) == "TF-IDF + SVM"
