"""Long texts: head, tail and head+tail are cut alike on every path, offsets stay right, and what was cut is counted."""

import numpy as np
import pytest
import torch
from conftest import tiny_splits

from senti import cli
from senti.config import EncoderConfig, FinetuneConfig, LoraConfig, SvmConfig
from senti.corpus import load_corpus
from senti.encoder import count_tokens, features, load_backbone, load_tokenizer, look_inside, resolve_model, token_table
from senti.encoder.tokens import encode, read_ends
from senti.errors import BadConfig
from senti.evaluation import explain, find_reader, load_predictor
from senti.evaluation.gradients import integrated_gradients
from senti.evaluation.reading import cut_texts
from senti.experiment import conduct, create, prepare
from senti.methods import restore
from senti.training import tokenize
from senti.ui import html, plan
from senti.ui.choice import Choice

PARTS = ("head", "tail", "head+tail")
LONG = "a tender film about two sisters, unflinchingly dull from the start; nothing here but lovely ideas, grim music"
LENGTH = 10  # 8 places between the marks: head+tail takes 2 and 6


def by_hand(tokenizer, text, part, length=LENGTH):
    """The ids that are read, cut with plain list arithmetic."""
    ids = tokenizer(text)["input_ids"]
    if len(ids) <= length:
        return ids
    inner, room = ids[1:-1], length - 2
    quarter = -(-room // 4)
    kept = {"head": inner[:room], "tail": inner[-room:], "head+tail": inner[:quarter] + inner[quarter - room :]}
    return [ids[0], *kept[part], ids[-1]]


@pytest.fixture(scope="module")
def runs(tmp_path_factory, hub_cache, tiny_folder):
    """Runs that read the ends of their reviews, by method, and their folder as `root`."""
    from huggingface_hub import constants

    root = tmp_path_factory.mktemp("runs")
    configs = {"svm": (SvmConfig, {"truncation": "tail"}), "lora": (LoraConfig, {"truncation": "tail", "lr": 1e-2}),
               "full": (FinetuneConfig, {"truncation": "head+tail", "lr": 1e-2})}  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        made = {}
        for name, (cls, knobs) in configs.items():
            knobs |= {} if cls is SvmConfig else {"epochs": 1}
            config = cls(dataset=str(tiny_folder), model="distilbert", max_length=8, precision="fp32", **knobs)
            made[name] = create(root, prepare(config), name)
            conduct(made[name])
        yield root, made


def test_of_512_tokens_sun_et_al_read_128_and_382():
    tokenizer = load_tokenizer(resolve_model("minilm"))
    assert read_ends(tokenizer, 512, "head+tail") == (1 + 128, 382 + 1)
    assert read_ends(tokenizer, 512, "head") == (511, 1) and read_ends(tokenizer, 512, "tail") == (1, 511)
    with pytest.raises(BadConfig, match="truncation is 'middle'"):
        read_ends(tokenizer, 512, "middle")
    with pytest.raises(BadConfig, match="truncation is 'middle'"):
        EncoderConfig(truncation="middle")


@pytest.mark.parametrize("length", [8, 9, 24, 64])
def test_head_and_tail_are_those_of_the_tokenizer_itself(length):
    tokenizer = load_tokenizer(resolve_model("minilm"))
    texts = ["", "dull", LONG[:40], LONG, LONG * 3]
    for part, side in (("head", "right"), ("tail", "left")):
        tokenizer.truncation_side = side
        native = tokenizer(texts, truncation=True, max_length=length)["input_ids"]
        tokenizer.truncation_side = "right"
        assert encode(tokenizer, texts, length, part)["input_ids"] == native
    both = encode(tokenizer, texts, length, "head+tail")
    room, whole = length - 2, tokenizer(texts[-1])["input_ids"]
    assert both["input_ids"][-1] == [*whole[: 1 + -(-room // 4)], *whole[-(room - -(-room // 4)) - 1 :]]
    assert {len(values) for name in both for values in both[name][-1:]} == {length}


@pytest.mark.parametrize("part", PARTS)
def test_offsets_point_into_the_whole_text(part):
    table = token_table(load_tokenizer(resolve_model("minilm")), LONG, LENGTH, part)
    real = table[~table["special"]]
    assert len(table) == LENGTH and list(table["special"]) == [True, *[False] * 8, True]
    assert [LONG[row.start : row.end] for row in real.itertuples()] == [p.removeprefix("##") for p in real["piece"]]
    assert {"head": real["start"].max() < 60, "tail": real["start"].min() > 60,
            "head+tail": (real["start"] < 20).sum() == 2}[part]  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_every_reader_of_the_backbone_sees_the_same_pieces(part):
    backbone = resolve_model("minilm")
    tokenizer, texts = load_tokenizer(backbone), [LONG, "dull", LONG[::-1]]
    stock = load_backbone(backbone)
    with torch.inference_mode():
        ids = [torch.tensor([by_hand(tokenizer, text, part)]) for text in texts]
        made = [stock(input_ids=each, output_hidden_states=True).hidden_states for each in ids]
    states = [torch.stack(each)[:, 0].numpy() for each in made]
    how = {"max_length": LENGTH, "truncation": part, "precision": "fp32", "cache": False}
    for layer, pooling in ((-1, "cls"), (2, "mean")):
        expected = [s[layer, 0] if pooling == "cls" else s[layer].mean(axis=0) for s in states]
        np.testing.assert_allclose(features(backbone, texts, layer=layer, pooling=pooling, **how), expected, atol=1e-4)
    inside = look_inside(backbone, LONG, LENGTH, part)
    np.testing.assert_allclose(inside.hidden, states[0], atol=1e-4)
    lost = len(tokenizer(LONG)["input_ids"]) - LENGTH
    assert inside.cut == ({"head": 9, "tail": 1, "head+tail": 3}[part], lost)
    strip = html.token_strip(inside.tokens, inside.cut)
    assert strip.split("<b>")[1 + inside.cut[0]].startswith(f"…</b><span>{lost} not read")


def test_kept_results_of_different_cuts_are_kept_apart(monkeypatch, tmp_path, with_hub_cache, tiny_folder):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    backbone, corpus = resolve_model("distilbert"), load_corpus(str(tiny_folder))
    tokenizer, reader, seen = load_tokenizer(backbone), find_reader(tmp_path, "backbone", "distilbert"), {}
    for part in (*PARTS, *PARTS):  # the second time from disk
        rows = tokenize(corpus, tokenizer, 8, part)["train"]
        assert rows["input_ids"][:] == [by_hand(tokenizer, text, part, 8) for text in corpus.splits["train"]["text"]]
        texts = [LONG, "dull"]
        found = features(backbone, texts, max_length=8, truncation=part), reader.layers(texts, 8, part)
        for value, before in zip(found, seen.setdefault(part, found), strict=True):
            np.testing.assert_array_equal(value, before)
    for folder in ("features", "layers", "tokenized"):
        assert len(list((tmp_path / folder).iterdir())) == 3, folder
    assert not np.array_equal(seen["head"][0], seen["tail"][0])


@pytest.mark.parametrize("name", ["lora", "full"])
def test_training_and_prediction_cut_alike(runs, name):
    """What the lean predictor says equals the stock forward pass on pieces cut by hand."""
    _, made = runs
    run = made[name]
    classifier, tokenizer = restore(run)
    texts = [LONG, "dull", *load_corpus(run.config.dataset).splits["test"]["text"][:6]]
    ids = [torch.tensor([by_hand(tokenizer, text, run.config.truncation, 8)]) for text in texts]
    with torch.inference_mode():
        stock = torch.cat([classifier(input_ids=each).logits for each in ids]).softmax(-1)
    np.testing.assert_allclose(load_predictor(run)(texts), stock, atol=1e-5)
    reader = find_reader(run.path.parent, name)
    assert reader.cut() == (8, run.config.truncation) and reader.cut(64, "head") == (64, "head")


@pytest.mark.parametrize("name", ["svm", "lora", "full"])
def test_explanations_are_of_the_words_that_are_read(runs, name):
    run = runs[1][name]
    found = explain(run, LONG)
    words = [LONG[row.start : row.end] for row in found.words.itertuples()]
    assert words == list(found.words["word"])
    first = {"tail": ["but", "lovely"], "head+tail": ["a", "tender"]}[run.config.truncation]
    assert words == [*first, "ideas", "grim", "music"]
    before = explain(run, "film film film " + LONG)  # a tail does not see what comes first
    if run.config.truncation == "tail":
        assert list(before.words["word"]) == words and before.probability == pytest.approx(found.probability, abs=1e-5)
        assert set(before.words["start"] - found.words["start"]) == {15}
    if name != "svm":
        assert found.total == pytest.approx(found.expected, abs=0.02)


@pytest.mark.parametrize("part", PARTS)
def test_gradients_are_those_of_the_pieces_cut_by_hand(runs, part):
    classifier, tokenizer = restore(runs[1]["full"])
    cut = integrated_gradients(classifier.float(), tokenizer, LONG, 1, LENGTH, part)
    with torch.inference_mode():
        logits = classifier(input_ids=torch.tensor([by_hand(tokenizer, LONG, part)])).logits[0]
        marks = torch.tensor([by_hand(tokenizer, LONG, part)])
        marks[0, 1:-1] = tokenizer.pad_token_id
        blank = classifier(input_ids=marks).logits[0]
    assert cut.difference == pytest.approx(float((logits[1] - logits[0]) - (blank[1] - blank[0])), abs=1e-4)
    assert cut.total == pytest.approx(cut.difference, abs=0.02)


def test_what_was_cut_is_counted_and_said(runs, tiny_folder, capsys, with_hub_cache):
    root, made = runs
    tokenizer = load_tokenizer(resolve_model("distilbert"))
    counted = {name: sum(len(tokenizer(text)["input_ids"]) > 8 for text in frame["text"])
               for name, frame in tiny_splits().items()}  # fmt: skip
    assert 0 < counted["train"] < 64 and made["lora"].result["cut"] == counted == made["svm"].result["cut"]
    assert list(count_tokens(tokenizer, [LONG, "dull"]) > 8) == [True, False]
    assert cut_texts(made["svm"], [LONG, "dull"]) == 1
    said = f"{sum(counted.values())} of 128 reviews are longer than 8 tokens: only the end is read."
    assert made["lora"].result["notes"] == [said]
    tiny = ["--dataset", str(tiny_folder), "--model", "distilbert", "--max-length", "8", "--output_dir", str(root)]
    for words in (["data", *tiny, "--truncation", "tail"], ["tokenize", *tiny], ["inspect", LONG, *tiny[2:]],
                  ["problems", *tiny], ["predict", LONG, "dull", "--runs", "svm", "full", *tiny[6:]]):  # fmt: skip
        assert cli.run(words) == 0, words
    out, err = capsys.readouterr()
    assert f"{counted['train']} of 64 training reviews" in out and "more pieces are not read" in out
    assert "svm: 1 of 2 texts is longer than 8 tokens: only the end is read." in err and "full: 1 of 2" in err
    values = {"max_length": "8", "truncation": "head+tail"}
    shown = plan.show_plan(root, "svm", tuple(values), Choice("rotten_tomatoes", "distilbert"), *values.values())
    assert "longer than 8 tokens: a quarter is read from the beginning" in shown and "--truncation head+tail" in shown
