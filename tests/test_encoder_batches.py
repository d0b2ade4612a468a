"""The feature engine's parts: batches by length, padding, number formats, the last layer for [CLS] alone."""

import numpy as np
import pytest
import torch

from senti.encoder import (
    ARCHITECTURES,
    batches,
    by_length,
    features,
    first_token_only,
    lean,
    load_classifier,
    load_tokenizer,
    make_lean,
    padded,
    resolve_model,
    resolve_precision,
)
from senti.encoder.batches import CHUNK
from senti.errors import BadConfig

TEXTS = [("a tender film " * n).strip() for n in (9, 1, 4, 2, 7, 3, 3, 12, 1)]


@pytest.fixture(scope="module")
def minilm():
    return resolve_model("minilm")


@pytest.mark.parametrize("tokens", [1, 10, 64, 10_000])
def test_batches_hold_each_place_once_and_keep_the_budget(tokens):
    lengths = list(np.random.default_rng(0).integers(1, 60, 500))
    made = by_length(lengths, tokens)
    assert sorted(place for rows in made for place in rows) == list(range(500))
    assert all(len(rows) == 1 or len(rows) * max(lengths[i] for i in rows) <= tokens for rows in made)
    longest = [max(lengths[i] for i in rows) for rows in made]
    assert longest == sorted(longest, reverse=True)
    # and none could have taken the next one in
    assert all((len(rows) + 1) * lengths[rows[0]] > tokens for rows in made[:-1])


def test_padding_is_the_tokenizer_s():
    inputs = padded([[5, 6, 7], [8]], pad=9)
    assert inputs["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert inputs["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]


def test_batches_are_what_the_tokenizer_gives(minilm):
    tokenizer, seen = load_tokenizer(minilm), []
    for rows, inputs in batches(tokenizer, TEXTS, 16, 40):
        plain = tokenizer([TEXTS[i] for i in rows], truncation=True, max_length=16, padding=True, return_tensors="pt")
        assert torch.equal(inputs["input_ids"], plain["input_ids"])
        assert torch.equal(inputs["attention_mask"], plain["attention_mask"])
        seen += rows
    assert sorted(seen) == list(range(len(TEXTS)))


def test_texts_beyond_one_chunk_keep_their_places(minilm):
    texts = ["good"] * CHUNK + ["bad film"]
    places = [rows for rows, _ in batches(load_tokenizer(minilm), texts, 16, 10**6)]
    assert places[-1] == [CHUNK] and sum(map(len, places)) == CHUNK + 1


def test_half_precision_points_the_same_way(minilm):
    """bf16 costs less than a thousandth of the cosine, whatever the pooling."""
    for pooling in ("cls", "mean", "max"):
        full, half = (features(minilm, TEXTS, pooling=pooling, precision=p, cache=False) for p in ("fp32", "bf16"))
        cosine = (full * half).sum(1) / np.linalg.norm(full, axis=1) / np.linalg.norm(half, axis=1)
        assert cosine.min() > 0.999
        assert not np.array_equal(full, half)  # it was asked for, and done


def test_precisions_are_kept_apart(minilm, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    for precision in ("fp32", "bf16", resolve_precision()):
        features(minilm, TEXTS, precision=precision)
    features(minilm, TEXTS)  # auto is one of the two
    assert len(list((tmp_path / "features").iterdir())) == 2


def test_an_unknown_precision_is_refused():
    with pytest.raises(BadConfig, match="bf16"):
        resolve_precision("int4")
    assert resolve_precision("fp32") == "fp32" and resolve_precision("auto") in ("fp32", "bf16")


def plain_bert(kind):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(0)
    small = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
             "intermediate_size": 64, "embedding_size": 32, "max_position_embeddings": 64}  # fmt: skip
    if kind == "distilbert":
        small = {"vocab_size": 99, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
    return AutoModelForSequenceClassification.from_config(AutoConfig.for_model(kind, num_labels=3, **small))


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta", "camembert", "electra", "distilbert", "albert"])
def test_the_last_layer_for_the_first_token_alone_changes_nothing(kind):
    """Logits and gradients are those of the whole layer; where we do not know the architecture we leave it alone."""
    model = plain_bert(kind).eval()
    inputs = padded([[5, 6, 7, 8, 9], [5, 7]], pad=1)
    results = []
    for _ in range(2):
        out = model(**inputs, output_hidden_states=True)
        model.zero_grad()
        out.logits.square().sum().backward()
        gradients = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
        results.append((out.logits.detach(), gradients, out.hidden_states[-1].shape[1]))
        first_token_only(model)
    (logits, gradients, _), (same_logits, same_gradients, tokens) = results
    torch.testing.assert_close(same_logits, logits)
    torch.testing.assert_close(same_gradients, gradients)
    assert tokens == (5 if kind == "albert" else 1)


def test_a_classifier_on_minilm_is_unchanged_too(minilm):
    model = load_classifier(minilm, ["a", "b"])
    inputs = padded([[101, 2019, 102], [101, 102]], pad=0)
    with torch.inference_mode():
        before = model(**inputs).logits
        first_token_only(model)
        torch.testing.assert_close(model(**inputs).logits, before)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("kind", [*(kind for kind, known in ARCHITECTURES.items() if known.plain), "electra"])
def test_the_lean_pass_is_the_model_s(kind, first):
    """Same logits and states, with padding, without, and for many tokens at once; unknown architectures keep theirs."""
    model = plain_bert(kind).eval()
    draw = np.random.default_rng(0)
    several = [[5, 6, 7, 8, 9], [5, 7]], [[5, 6, 7]], [list(draw.integers(3, 99, 20)) for _ in range(30)]
    many = [*several, [list(draw.integers(3, 99, n)) for n in range(3, 33)]]
    with torch.inference_mode():
        stock = [model(**padded(ids, pad=1), output_hidden_states=True) for ids in many]
        make_lean(model, first_token=first)
        for ids, before in zip(many, stock, strict=True):
            inputs = padded(ids, pad=1)
            torch.testing.assert_close(model(**inputs).logits, before.logits, atol=1e-5, rtol=1e-4)
            states = model.base_model(**inputs).last_hidden_state
            real = inputs["attention_mask"].bool()[:, : states.shape[1]]
            expected = before.hidden_states[-1][:, : states.shape[1]]
            torch.testing.assert_close(states[real], expected[real], atol=1e-5, rtol=1e-4)
            again = model(**inputs, output_hidden_states=True).hidden_states
            assert len(again) == len(before.hidden_states) == 3
            everywhere = inputs["attention_mask"].bool()
            for mine, theirs in zip(again, before.hidden_states, strict=True):
                torch.testing.assert_close(mine[everywhere], theirs[everywhere], atol=1e-5, rtol=1e-4)
    assert first is (states.shape[1] == 1) or kind == "electra"


@pytest.mark.parametrize("count", [1, 21])
@pytest.mark.parametrize("masked", [False, True])
def test_attention_written_out_and_filled_up_is_torch_s(masked, count):
    torch.manual_seed(0)
    joint = torch.randn(5, 21, 3, 4, 8)
    mask = (torch.arange(21) < torch.tensor([21, 3, 9, 20, 1])[:, None])[:, None, None] if masked else None
    expected = lean._torch_s(joint, mask, count)
    assert expected.shape == (5, count, 4, 8)
    for way in (lean._in_sixteens, lean._written_out):
        torch.testing.assert_close(way(joint, mask, count), expected, atol=1e-6, rtol=1e-5)
