"""Six architectures, each with its own kind of tokenizer, on every path: the same tests pass, or a sentence refuses."""

import numpy as np
import pytest
import torch
from conftest import tiny_rows, tiny_splits

from senti.config import FinetuneConfig, LoraConfig
from senti.encoder import (
    ARCHITECTURES,
    cloze,
    count_parameters,
    features,
    layer_features,
    load_backbone,
    load_tokenizer,
    look_inside,
    lora_parameters,
    quiet,
    resolve_model,
)
from senti.encoder.facts import longest_text
from senti.encoder.load import load_config
from senti.errors import BadConfig, MissingModel
from senti.evaluation.gradients import integrated_gradients
from senti.evaluation.probe import probe
from senti.evaluation.readers import BACKBONE, Reader
from senti.experiment import create, prepare
from senti.methods import fit, load, restore

KINDS = {  # name: type, tokenizer, LoRA's targets
    "bert": ("bert", "words", ("query", "value")), "minilm": ("bert", "words", ("query", "value")),
    "distilbert": ("distilbert", "words", ("q_lin", "v_lin")), "roberta": ("roberta", "bytes", ("query", "value")),
    "albert": ("albert", "unigram", ("query", "value")),
    "deberta-v3": ("deberta-v2", "unigram", ("query_proj", "value_proj")),
}  # fmt: skip
SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
         "max_position_embeddings": 128, "initializer_range": 0.1}  # fmt: skip
OWN = {
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64, "max_position_embeddings": 128,
                   "initializer_range": 0.1},
    "albert": SIZES | {"embedding_size": 16},
    "roberta": SIZES | {"type_vocab_size": 1, "max_position_embeddings": 130},
    "deberta-v3": SIZES | {  # as microsoft/deberta-v3-base, but for the sizes
        "relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm", "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "max_relative_positions": -1,
        "type_vocab_size": 0, "pooler_hidden_size": 32, "pooler_dropout": 0, "pooler_hidden_act": "gelu"},
}  # fmt: skip
TEXTS = ["a tender film about two sisters", "dull", "nothing here but lovely ideas and very clumsy music"]


def save_tokenizer(name: str, folder) -> dict[str, int]:
    """A tiny tokenizer of the architecture's kind in a folder; returns its size and its marks' numbers."""
    from transformers import AlbertTokenizer, BertTokenizer, DebertaV2Tokenizer, DistilBertTokenizer, RobertaTokenizer

    letters = "abcdefghijklmnopqrstuvwxyz"
    words = sorted({word for text in tiny_rows()["text"] for word in text.split() if len(word) > 1})
    if KINDS[name][1] == "words":
        pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters), *words]
        cls = DistilBertTokenizer if name == "distilbert" else BertTokenizer
        made = cls(vocab={piece: i for i, piece in enumerate(pieces)})
    elif KINDS[name][1] == "bytes":
        from tokenizers import ByteLevelBPETokenizer

        trained = ByteLevelBPETokenizer()
        trained.train_from_iterator(tiny_rows()["text"], vocab_size=400, show_progress=False,
                                    special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"])  # fmt: skip
        trained.save_model(str(folder))
        made = RobertaTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    else:  # scores as SentencePiece has them: a word is likelier than its letters
        marks = ["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"]
        marks = marks if name == "albert" else ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
        likely = [(f"▁{word}", -5.0) for word in ("a", *words)] + [(c, -9.0) for c in ("▁", *letters)]
        vocab = [(mark, 0.0) for mark in marks] + likely
        made = AlbertTokenizer(vocab=vocab) if name == "albert" else DebertaV2Tokenizer(vocab=[*vocab, ("[MASK]", 0.0)])
    made.model_max_length = 128
    made.save_pretrained(folder)
    return {"vocab_size": len(made), "pad_token_id": made.pad_token_id, "bos_token_id": made.cls_token_id,
            "eos_token_id": made.sep_token_id}  # fmt: skip


@pytest.fixture(scope="module", params=KINDS)
def tiny(request, tmp_path_factory):
    """(name, backbone) of a tiny random model, saved as its like come: MiniLM bare, others under a language head."""
    from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM

    name, folder = request.param, tmp_path_factory.mktemp(request.param)
    config = AutoConfig.for_model(KINDS[name][0], **(OWN.get(name, SIZES) | save_tokenizer(name, folder)))
    torch.manual_seed(0)
    with quiet():
        (AutoModel if name == "minilm" else AutoModelForMaskedLM).from_config(config).save_pretrained(folder)
    return name, resolve_model(str(folder))


def stock_states(backbone, texts):
    """Every layer's states of each text alone, (layers + 1, tokens, width), by transformers."""
    model, tokenizer = load_backbone(backbone, attention="eager"), load_tokenizer(backbone)
    with torch.inference_mode():
        made = [model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True) for text in texts]
    return [torch.cat(each.hidden_states).numpy() for each in made]


def test_reading(tiny):
    """Marks, features of every layer, all layers at once, and attention equal the stock model's."""
    name, backbone = tiny
    tokenizer, states = load_tokenizer(backbone), stock_states(backbone, TEXTS)
    ids = tokenizer(TEXTS[0])["input_ids"]
    assert (ids[0], ids[-1]) == (tokenizer.cls_token_id, tokenizer.sep_token_id) and len(ids) > 5
    assert longest_text(load_config(backbone)) == 128
    for layer in (0, 1, -1):
        for pooling in ("cls", "mean"):
            expected = [each[layer, 0] if pooling == "cls" else each[layer].mean(axis=0) for each in states]
            found = features(backbone, TEXTS, layer=layer, pooling=pooling, precision="fp32", cache=False)
            np.testing.assert_allclose(found, expected, atol=2e-5, err_msg=f"{layer} {pooling}")
    every = layer_features(lambda: (load_backbone(backbone), tokenizer), TEXTS, checksum=name)
    expected = np.stack([np.stack([each[:, 0], each.mean(axis=1)], axis=1) for each in states], axis=2)
    np.testing.assert_allclose(every, expected, atol=4e-3)  # float16
    inside = look_inside(backbone, TEXTS[0])
    np.testing.assert_allclose(inside.hidden, states[0], atol=1e-5)
    assert inside.attention.shape == (2, 4, len(ids), len(ids))
    np.testing.assert_allclose(inside.attention.sum(axis=-1), 1, atol=1e-4)
    real = inside.tokens[~inside.tokens["special"]]
    said = "".join(TEXTS[0][row.start : row.end] for row in real.itertuples())
    assert said.replace(" ", "") == TEXTS[0].replace(" ", "")


def test_the_blank(tiny):
    """A word's score at the blank is the stock model's; a model without a language head has none."""
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    name, backbone = tiny
    words = ["about", "film"]
    if name == "minilm":
        with pytest.raises(MissingModel, match="carries no masked-language head: its weights hold no cls"):
            cloze(backbone, "{text} a [MASK] film", words)
        return
    with quiet():
        tokenizer, model = (cls.from_pretrained(backbone.path) for cls in (AutoTokenizer, AutoModelForMaskedLM))
    pieces = [tokenizer(f" {word}", add_special_tokens=False)["input_ids"] for word in words]
    assert [len(each) for each in pieces] == [1, 1]
    blank = tokenizer.mask_token if name == "roberta" else f" {tokenizer.mask_token}"  # a real one's takes the space
    expected = []
    for text in TEXTS:
        inputs = tokenizer(f"{text} a{blank} film", return_tensors="pt")
        (place,) = (inputs["input_ids"][0] == tokenizer.mask_token_id).nonzero()[0]
        with torch.inference_mode():
            expected.append(model(**inputs).logits[0, place, [each[0] for each in pieces]].numpy())
    found = cloze(backbone, "{text} a [MASK] film", words, max_length=64)(TEXTS)
    np.testing.assert_allclose(found, expected, atol=2e-5)
    assert np.ptp(found, axis=0).min() > 1e-3  # the text counts


@pytest.mark.parametrize("cls", [FinetuneConfig, LoraConfig], ids=["full", "lora"])
def test_training_and_reloading(tiny, tmp_path, tiny_folder, cls):
    """An epoch of the real Trainer in this machine's number format; the saved run gives equal logits, and explains."""
    name, backbone = tiny
    config = cls(dataset=str(tiny_folder), model=backbone.path, epochs=1, lr=1e-3, batch_size=32)
    prepared = prepare(config)
    run = create(tmp_path, prepared)
    fitted = fit(prepared.corpus, run)
    counted = lora_parameters(backbone, 2, config) if cls is LoraConfig else (count_parameters(backbone, 2),) * 2
    assert (fitted.trained, fitted.total) == counted
    losses = run.events()["loss"]
    assert np.isfinite(losses).all() and len(losses) >= 3
    texts = list(tiny_splits()["test"]["text"])
    before = fitted.probabilities(texts)
    np.testing.assert_array_equal(load(run)(texts), before)  # reloaded: equal to the bit
    classifier, tokenizer = restore(run)
    with torch.inference_mode():
        stock = torch.cat([classifier.float()(**tokenizer(text, return_tensors="pt")).logits for text in texts])
    np.testing.assert_allclose(stock.softmax(-1), before, atol=0.02)  # bf16
    if cls is LoraConfig:
        import json

        settings = json.loads((run.model_path / "adapter_config.json").read_text())
        assert sorted(settings["target_modules"]) == sorted(KINDS[name][2])
        assert fitted.trained < fitted.total / 3
    found = integrated_gradients(classifier.float().eval(), tokenizer, TEXTS[0], 1)
    assert found.total == pytest.approx(found.difference, abs=0.02 * max(1, abs(found.difference)))
    assert list(found.words["word"]) == TEXTS[0].split()


def test_fast_lora_runs_or_refuses_with_a_sentence(tiny, tmp_path, tiny_folder):
    name, backbone = tiny
    config = LoraConfig(dataset=str(tiny_folder), model=backbone.path, epochs=1, lr=1e-3, batch_size=32, upper_layers=1)
    if not ARCHITECTURES[KINDS[name][0]].plain:
        assert name in ("albert", "deberta-v3")
        with pytest.raises(BadConfig, match=r"layers of \S+ cannot be told apart"):
            prepare(config)
        return
    prepared = prepare(config)
    run = create(tmp_path, prepared)
    fitted = fit(prepared.corpus, run)
    texts = list(tiny_splits()["test"]["text"])
    np.testing.assert_array_equal(load(run)(texts), fitted.probabilities(texts))
    from safetensors import safe_open

    with safe_open(run.model_path / "adapter_model.safetensors", "pt") as file:
        adapted = {key.split(".layer.")[1][0] for key in file.keys() if "lora_A" in key}
    assert adapted == {"1"}  # the upper one of two


def test_the_probe_reads_all_layers(tiny, tiny_folder):
    from senti.corpus import load_corpus

    found = probe(Reader(BACKBONE, tiny[1]), load_corpus(str(tiny_folder)))
    assert list(found["layer"]) == [0, 0, 1, 1, 2, 2] and found["accuracy"].between(0, 1).all()


def test_a_sentencepiece_file_alone_asks_for_its_reader(tmp_path):
    """DeBERTa-v3 comes with spm.model and no tokenizer.json."""
    save_tokenizer("deberta-v3", tmp_path)
    from transformers import AutoConfig

    AutoConfig.for_model("deberta-v2", **OWN["deberta-v3"]).save_pretrained(tmp_path)
    (tmp_path / "tokenizer.json").rename(tmp_path / "spm.model")
    with pytest.raises(MissingModel, match="pip install sentencepiece"):
        load_tokenizer(resolve_model(str(tmp_path)))
