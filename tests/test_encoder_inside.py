"""Tokens, hidden states, attention and features against plain transformers code."""

import threading

import numpy as np
import pytest
import torch

from senti.config import LoraConfig
from senti.encoder import (
    clean_text,
    count_parameters,
    count_tokens,
    features,
    linear_names,
    load_backbone,
    load_tokenizer,
    look_inside,
    lora_parameters,
    model_facts,
    resolve_model,
    similarity,
    token_table,
)
from senti.encoder.backbone import MINILM_SHA256
from senti.errors import BadConfig, BadText, Stopped

TEXTS = ["an unflinchingly tender film", "dull", "the second half turns into something else entirely, and better", "no"]


@pytest.fixture(scope="module")
def minilm():
    return resolve_model("minilm")


@pytest.fixture(scope="module")
def plain(minilm):
    """The hidden states of each text on its own, without padding, as transformers gives them."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(minilm.path), AutoModel.from_pretrained(minilm.path).eval()
    with torch.inference_mode():
        return [model(**tokenizer(t, return_tensors="pt"), output_hidden_states=True).hidden_states for t in TEXTS]


def test_token_table(minilm):
    table = token_table(load_tokenizer(minilm), "An unflinchingly tender film")
    assert list(table["piece"]) == ["[CLS]", "an", "un", "##fl", "##in", "##ching", "##ly", "tender", "film", "[SEP]"]
    assert list(table["id"][:3]) == [101, 2019, 4895] and list(table["special"]) == [True] + 8 * [False] + [True]
    words = ["An unflinchingly tender film"[row.start : row.end] for row in table.itertuples()]
    assert words[2:7] == ["un", "fl", "in", "ching", "ly"]
    assert table["word"].isna().sum() == 2 and list(table["word"][2:7]) == [1] * 5


def test_typed_specials_stay_text(minilm):
    table = token_table(load_tokenizer(minilm), "good [SEP] [CLS] [PAD] film [MASK]")
    assert list(table["id"]).count(102) == 1 and list(table["id"]).count(101) == 1
    assert not set(table["id"]) & {0, 103} and table["special"].sum() == 2


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200d", "\n\t", None, 3, ["x"], {"a": 1}])
def test_no_text_is_refused(text):
    with pytest.raises(BadText):
        clean_text(text)


def test_odd_texts_are_made_fit(minilm):
    tokenizer = load_tokenizer(minilm)
    assert clean_text("a\ud800b") == "a\ufffdb"
    assert clean_text("a\x00b") == "ab"
    assert len(clean_text("x" * 10**6)) == 20_000
    for text in ("👨‍👩‍👧‍👦 great", "\u202egood", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢", "фильм", "x" * 10**6, "a\ud800b"):
        assert len(token_table(tokenizer, clean_text(text), 128)) <= 128


def test_counting_tokens(minilm):
    tokenizer = load_tokenizer(minilm)
    texts = [*TEXTS, "long " * 600]
    assert list(count_tokens(tokenizer, texts)) == [len(tokenizer(t, truncation=False)["input_ids"]) for t in texts]
    assert tokenizer.model_max_length < 10**6


def test_looking_inside(minilm, plain):
    inside = look_inside(minilm, TEXTS[0])
    assert inside.hidden.shape == (7, 10, 384) and inside.attention.shape == (6, 12, 10, 10)
    np.testing.assert_allclose(inside.hidden, torch.cat(plain[0]).numpy(), atol=1e-5)
    np.testing.assert_allclose(inside.attention.sum(axis=-1), 1, atol=1e-5)
    np.testing.assert_array_equal(inside.cls, inside.hidden[-1, 0])


def test_similarity_is_the_cosine():
    vectors = np.array([[1.0, 0], [1, 1], [0, 2], [0, 0]])
    half = 0.5**0.5
    expected = [[1, half, 0, 0], [half, 1, half, 0], [0, half, 1, 0], [0, 0, 0, 0]]
    np.testing.assert_allclose(similarity(vectors), expected)


@pytest.mark.parametrize("layer", [0, 3, -1])
@pytest.mark.parametrize("pooling", ["cls", "mean", "max"])
def test_features_equal_a_plain_loop(minilm, plain, layer, pooling):
    pool = {"cls": lambda h: h[0, 0], "mean": lambda h: h[0].mean(0), "max": lambda h: h[0].amax(0)}[pooling]
    expected = np.stack([pool(states[layer]).numpy() for states in plain])
    got = features(minilm, TEXTS, layer=layer, pooling=pooling, precision="fp32", cache=False)
    assert got.dtype == np.float32 and got.shape == (4, 384)
    np.testing.assert_allclose(got, expected, atol=1e-4)
    one_by_one = features(minilm, TEXTS, layer=layer, pooling=pooling, precision="fp32", tokens_per_batch=1)
    np.testing.assert_allclose(one_by_one, got, atol=1e-4)


def test_features_are_kept_and_damage_is_mended(minilm, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    first = features(minilm, TEXTS)
    (kept,) = (tmp_path / "features").glob("*.npy")
    np.save(kept, np.zeros_like(first))
    assert not features(minilm, TEXTS).any()  # it is read, not computed again
    assert features(minilm, [*TEXTS[:3], "yes"]).any()  # other texts have another key
    kept.write_bytes(kept.read_bytes()[:100])
    np.testing.assert_array_equal(features(minilm, TEXTS), first)
    assert not list((tmp_path / "features").glob(".*"))


def test_features_report_and_stop(minilm):
    seen = []
    features(minilm, TEXTS, tokens_per_batch=30, cache=False, on_progress=lambda *done_total: seen.append(done_total))
    assert seen[0] == (2, 4) and seen[-1] == (4, 4)
    with pytest.raises(Stopped):
        features(minilm, TEXTS, cache=False, should_stop=lambda: True)


@pytest.mark.parametrize(
    "knobs",
    [{"layer": 7}, {"layer": -2}, {"pooling": "sum"}, {"max_length": 513}, {"max_length": 2}, {"tokens_per_batch": 0},
     {"precision": "fp8"}],
)  # fmt: skip
def test_features_refuse_what_is_not_there(minilm, knobs):
    with pytest.raises(BadConfig):
        features(minilm, TEXTS, cache=False, **knobs)


def test_looking_inside_refuses_more_than_the_model_reads(minilm):
    with pytest.raises(BadConfig, match="3 to 512"):
        look_inside(minilm, "film", max_length=513)


def test_features_do_not_depend_on_the_company(minilm):
    texts = [("tender " * n).strip() for n in range(1, 41)] + TEXTS
    how = {"pooling": "mean", "precision": "fp32", "cache": False}
    alone = np.concatenate([features(minilm, [text], **how) for text in texts])
    for tokens in (40, 4096):
        together = features(minilm, texts, tokens_per_batch=tokens, **how)
        cosine = (alone * together).sum(1) / np.linalg.norm(alone, axis=1) / np.linalg.norm(together, axis=1)
        assert cosine.min() > 0.9999
        np.testing.assert_allclose(together, alone, atol=1e-4)


def test_features_take_odd_texts(minilm):
    odd = ["a\ud800b", "", "x" * 10**6, "\x00"]
    got = features(minilm, odd, precision="fp32", cache=False)
    np.testing.assert_allclose(got[0], features(minilm, ["a\ufffdb"], precision="fp32", cache=False)[0], atol=1e-4)
    assert np.isfinite(got).all() and features(minilm, [], cache=False).shape == (0, 384)
    assert features(minilm, odd).shape == (4, 384)  # and through the cache
    with pytest.raises(BadText, match="NoneType"):
        features(minilm, ["fine", None])


@pytest.mark.parametrize("content", [np.zeros(4, "float32"), np.zeros((4, 384)), np.zeros((3, 384), "float32")])
def test_a_kept_array_of_another_shape_is_mended(minilm, monkeypatch, tmp_path, content):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    first = features(minilm, TEXTS)
    np.save(next((tmp_path / "features").glob("*.npy")), content)
    np.testing.assert_array_equal(features(minilm, TEXTS), first)


def test_two_threads_do_not_cut_each_other_s_texts(minilm):
    """A fast tokenizer keeps its truncation inside, and a server asks for several lengths at once."""
    tokenizer, wrong = load_tokenizer(minilm), []

    def look(length: int) -> None:
        found = {len(token_table(tokenizer, "film " * 200, length)) for _ in range(150)}
        wrong.extend(found - {length})

    threads = [threading.Thread(target=look, args=(length,)) for length in (8, 24, 64, 128)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_typed_specials_stay_text_in_other_vocabularies(tmp_path):
    """RoBERTa's marks look different, and its pieces are bytes."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import RobertaConfig, RobertaTokenizer

    pieces = ByteLevelBPETokenizer()
    marks = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    pieces.train_from_iterator(["good film"], vocab_size=300, special_tokens=marks, show_progress=False)
    pieces.save_model(str(tmp_path))
    RobertaTokenizer.from_pretrained(str(tmp_path)).save_pretrained(tmp_path)
    RobertaConfig(vocab_size=400).save_pretrained(tmp_path)
    table = token_table(load_tokenizer(resolve_model(str(tmp_path))), "good </s> <s> film <mask>")
    assert [list(table["id"]).count(i) for i in (0, 2, 4)] == [1, 1, 0] and table["special"].sum() == 2


def test_facts(minilm):
    facts = model_facts(minilm)
    assert facts["checksum"] == MINILM_SHA256 and facts["max_positions"] == 512
    assert facts["parameters"] == sum(p.numel() for p in load_backbone(minilm).parameters()) == 22_713_216
    assert (facts["layers"], facts["heads"], facts["width"], facts["vocabulary"]) == (6, 12, 384, 30522)


def test_counts_before_training_equal_peft_s(minilm):
    assert count_parameters(minilm, 2) == 22_713_986
    assert lora_parameters(minilm, 2, LoraConfig()) == (74_498, 22_788_484)
    every = LoraConfig(lora_targets=",".join(linear_names(minilm)))
    assert lora_parameters(minilm, 2, every) == (338_690, 23_052_676)
    with pytest.raises(BadConfig, match="query, key, value, dense"):
        lora_parameters(minilm, 2, LoraConfig(lora_targets="q_lin"))


def test_distilbert_base_under_lora(tmp_path):
    """The shapes of the real DistilBERT, without its weights."""
    from transformers import DistilBertConfig

    DistilBertConfig().save_pretrained(tmp_path)
    distilbert = resolve_model(str(tmp_path))
    assert count_parameters(distilbert, 2) == 66_955_010
    assert lora_parameters(distilbert, 2, LoraConfig()) == (739_586, 67_694_596)
    assert lora_parameters(distilbert, 2, LoraConfig(lora_rank=4))[0] == 665_858
