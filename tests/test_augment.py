"""More data: variants that keep their label, near words, runs that learn from both, the curve, command and panel."""

import json
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pandas as pd
import pytest

from benchmarks.kills import weights
from senti.config import (
    FinetuneConfig,
    LoraConfig,
    SvmConfig,
    TfidfConfig,
    command_line,
    from_dict,
    most_texts,
    to_dict,
)
from senti.corpus import Corpus, augmented, changes, replaceable, variants
from senti.encoder import near_words, resolve_model
from senti.encoder.near_words import _whole_words, same_stem
from senti.errors import BadConfig, Stopped
from senti.evaluation.learning_curve import DRAWS, nested_samples
from senti.evaluation.table import run_title
from senti.experiment import conduct, create, prepare, resume
from senti.methods import tfidf
from senti.methods.tuning import cross_validate, fold_places
from senti.runs import open_run
from senti.studies.augmentation import augmentation_curve, gains, known_augmentation_curve
from senti.ui import augmentation as panel
from senti.ui.choice import Choice

TEXT = "a tender and very funny film about two sisters , told with a light hand and no fuss at all"
NEAR = {"tender": ["soft", "never"], "film": ["movie"], "sisters": ["brothers"], "light": ["bright"]}
DATA = {"dataset": "rotten_tomatoes"}


def test_each_kind_does_what_it_says_to_a_tenth_of_the_words():
    words = TEXT.split()  # 20 of them: two are changed
    for each in variants(TEXT, "dropout", 8):
        assert len(each.split()) == len(words) - 2 and set(each.split()) <= set(words)
    for each in variants(TEXT, "swap", 8):
        assert (
            sorted(each.split()) == sorted(words) and sum(a != b for a, b in zip(each.split(), words, strict=True)) <= 4
        )
    others = {word for near in NEAR.values() for word in near}
    for each in variants(TEXT, "insertion", 8, near=NEAR):
        assert len(each.split()) == len(words) + 2 and set(each.split()) - set(words) <= others - {"never"}
    for each in variants(TEXT, "synonym", 8, near=NEAR):
        new = [(old, now) for old, now in zip(words, each.split(), strict=True) if old != now]
        assert len(new) == 2 and all(now in NEAR[old] and now != "never" for old, now in new)
    lengths = {len(each.split()) - len(words) for each in variants(TEXT, "eda", 30, near=NEAR)}
    assert lengths == {-2, 0, 2}  # some of each kind


def test_variants_are_the_same_each_time_and_none_repeats():
    first = variants(TEXT, "eda", 6, seed=1, row=7, near=NEAR)
    assert first == variants(TEXT, "eda", 6, seed=1, row=7, near=NEAR) and len(set(first) | {TEXT}) == len(first) + 1
    assert first != variants(TEXT, "eda", 6, seed=2, row=7, near=NEAR)
    assert first != variants(TEXT, "eda", 6, seed=1, row=8, near=NEAR)
    for how in ("dropout", "swap", "insertion", "synonym", "eda"):
        assert variants("", how, 3) == variants("fine", how, 3) == []
    assert set(variants("Tender, film!", "synonym", 9, near=NEAR)) == {"Soft, film!", "Tender, movie!"}


def test_the_reviews_come_first_and_variants_keep_label_and_stars():
    train = pd.DataFrame({"text": ["a dull film", "one", "x y z w"], "label": [0, 1, 1], "stars": [1, 5, 4]})
    more = augmented(train, "swap", 3)
    assert list(more["text"][:3]) == list(train["text"]) and list(more["origin"][:3]) == [0, 1, 2]
    assert len(more) > 6 and 1 not in list(more["origin"][3:])  # one word has nothing to swap with
    for row in more.itertuples():
        assert (row.label, row.stars) == tuple(train.loc[row.origin, ["label", "stars"]])
        assert sorted(row.text.split()) == sorted(train["text"][row.origin].split())
    assert not more["text"].duplicated().any() and more["label"].dtype == train["label"].dtype


def test_what_changed_is_told_word_by_word():
    told = changes("a dull film , truly", "a film , very truly")
    assert told == [("a", "kept"), ("dull", "removed"), ("film", "kept"), (",", "kept"), ("very", "added"),
                    ("truly", "kept")]  # fmt: skip
    assert replaceable(["The film, the dull FILM", "it's not 3 -- well-made"]) == ["dull", "film"]


def test_near_words_are_by_cosine_and_no_forms_of_the_word(with_hub_cache):
    import torch

    from senti.encoder import load_backbone, load_tokenizer

    backbone = resolve_model("distilbert")
    near = near_words(backbone, ["film", "dull", "zzxqy", "a"], k=3)
    assert list(near) == ["film", "dull"] and all(len(each) == 3 for each in near.values())
    vocabulary, table = load_tokenizer(backbone).get_vocab(), load_backbone(backbone).get_input_embeddings().weight
    words = [w for w in vocabulary if w.isalpha() and len(w) > 2 and not same_stem("film", w)]
    alike = torch.cosine_similarity(table[vocabulary["film"]][None], table[[vocabulary[w] for w in words]])
    assert near["film"] == [words[i] for i in alike.topk(3).indices.tolist()]
    assert same_stem("movie", "movies") and same_stem("happy", "happily") and not same_stem("good", "gold")
    assert _whole_words({"Ġgood": 1, "Good": 2, "Ġ": 3, "ing": 4}) == {"good": 1}
    assert _whole_words({"good": 1, "##ing": 2, "[CLS]": 3, "of": 4}) == {"good": 1}


def test_a_config_without_variants_is_what_it_was_before_there_were_any():
    for config in (TfidfConfig(), SvmConfig(), LoraConfig(), FinetuneConfig()):
        assert "augment" not in to_dict(config) and "augment_factor" not in to_dict(config)
        assert command_line(config) == [to_dict(config)["method"]] and from_dict(to_dict(config)) == config
        assert most_texts(config, 100) == 100
    more = LoraConfig(augment="eda", augment_factor=3)
    assert from_dict(to_dict(more)) == more and most_texts(more, 100) == 400
    assert command_line(more) == ["lora", "--augment", "eda", "--augment-factor", "3"]
    assert run_title(more) == "LoRA, rank 8, with eda x3" and run_title(LoraConfig()) == "LoRA, rank 8"


def test_what_cannot_be_is_refused_in_a_sentence(command):
    for cls, knobs, said in (
        (TfidfConfig, {"augment": "eda"}, "augment is 'eda'; choose one of none, dropout, swap."),
        (SvmConfig, {"augment": "magic"}, "choose one of none, dropout, swap, insertion, synonym, eda"),
        (SvmConfig, {"augment_factor": 9}, "augment_factor is 9; it must be between 1 and 8"),
    ):
        with pytest.raises(BadConfig, match=said):
            cls(**knobs)
    code, _, err = command("tfidf", "--augment", "synonym")
    assert code == 2 and "choose one of none, dropout, swap" in err


def test_variants_stay_on_the_side_of_their_review_and_are_not_asked():
    labels = pd.Series([0, 1] * 10 + [0, 1] * 10 + [0])
    origins = np.array([*range(20), *range(20), 4])
    folds = fold_places(labels, origins, seed=0)
    assert len(folds) == 5 and sorted(np.concatenate([ask for _, ask in folds])) == list(range(41))
    for learn, ask in folds:
        assert not set(origins[learn]) & set(origins[ask]) and len(learn) + len(ask) == 41
    for (learn, _), (alone, _) in zip(folds, fold_places(labels[:20], seed=0), strict=True):
        assert list(learn[learn < 20]) == list(alone)  # the folds of the reviews are those without variants
    from sklearn.pipeline import make_pipeline
    from sklearn.svm import LinearSVC

    table = cross_validate(make_pipeline("passthrough", LinearSVC()), np.eye(2)[labels], labels, [0.1], origins=origins)
    assert (table["accuracy"][0], table["correct"][0], table["n"][0]) == (1.0, 20, 20)


@pytest.mark.parametrize(
    "config", [TfidfConfig(**DATA, augment="dropout"), SvmConfig(**DATA, model="distilbert", augment="eda", subset=32)]
)
def test_a_run_learns_from_variants_and_is_scored_on_the_reviews_alone(root, with_hub_cache, config):
    run = create(root, prepare(config))
    result = conduct(run)
    plain = prepare(replace(config, augment="none"))
    assert result["dataset"] == {"name": plain.corpus.name, "checksum": plain.corpus.checksum,
                                 "rows": plain.corpus.rows}  # fmt: skip
    learned, reviews = prepare(config).learned, plain.corpus.rows["train"]
    assert reviews < learned.rows["train"] <= 3 * reviews
    assert learned.splits["test"].equals(plain.corpus.splits["test"]) and result["scores"]["test"]["n"] == 32
    assert f"from {learned.rows['train'] - reviews} variants ({config.augment}, up to 2 each)" in result["notes"][-1]
    assert open_run(root, run.name).config == prepare(config).config
    assert "augment" not in json.dumps(create(root, plain).facts)


def test_a_stopped_run_goes_on_with_the_same_variants(root, tiny_folder, lively_model, monkeypatch):
    monkeypatch.setenv("SENTI_CHECKPOINT_SECONDS", "0")
    config = FinetuneConfig(dataset=str(tiny_folder), model=str(lively_model), subset=16, epochs=1, batch_size=8,
                            lr=1e-3, augment="eda")  # fmt: skip
    whole = create(root, prepare(config), "whole")
    conduct(whole)
    half = create(root, prepare(config), "half")
    stop = replace(half, on_event=lambda row: row["step"] == 2 and (half.path / "stop").touch())
    with pytest.raises(Stopped):
        conduct(stop)
    assert resume(root, "half").step > 0
    conduct(half)
    assert "goes on from step" in half.log() and weights(half.path) == weights(whole.path)
    assert half.events()["total_steps"].max() > 2  # 16 reviews alone are two steps


def noisy_corpus() -> Corpus:
    """Reviews of which 128 are not enough to be right on all."""
    draw = np.random.default_rng(0)
    telling = {0: ["dull", "clumsy", "tired", "loud"], 1: ["tender", "funny", "warm", "clever"]}

    def made(rows: int) -> pd.DataFrame:
        labels = draw.integers(0, 2, rows)
        texts = [" ".join(draw.choice(telling[label if draw.random() < 0.7 else 1 - label]) for _ in range(5))
                 for label in labels]  # fmt: skip
        return pd.DataFrame({"text": texts, "label": labels})

    return Corpus("made", {"train": made(128), "validation": made(120), "test": made(20)}, ("bad", "good"), "made up")


def test_the_curve_is_that_of_a_plain_loop_and_its_gain_is_paired(tmp_path, monkeypatch):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    corpus, config = noisy_corpus(), TfidfConfig(augment="dropout", augment_factor=3)
    assert known_augmentation_curve(corpus, config) is None
    with pytest.raises(Stopped):
        augmentation_curve(corpus, config, should_stop=lambda: True)
    found = augmentation_curve(corpus, config)
    assert list(found["size"]) == [64, 64, 128, 128] and found["title"].nunique() == 2
    more = augmented(corpus.splits["train"], "dropout", 3)
    truth = corpus.splits["validation"]["label"].to_numpy()
    right: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for places in nested_samples(corpus.splits["train"]["label"].to_numpy())[:DRAWS]:  # those of 64
        for with_them, rows in (
            (False, corpus.splits["train"].iloc[places]),
            (True, more[more["origin"].isin(places)]),
        ):
            model = tfidf.pipeline(config).fit(rows["text"], rows["label"])
            right[with_them].append(model.predict(corpus.splits["validation"]["text"]) == truth)
    plain, gained = found.iloc[0], found.iloc[1]
    assert (plain["accuracy"], gained["accuracy"]) == pytest.approx((np.mean(right[False]), np.mean(right[True])))
    assert plain["texts"] == 64 < gained["texts"] <= 4 * 64 and plain["difference"] == plain["difference_high"] == 0
    gains = np.mean(right[True], axis=0) - np.mean(right[False], axis=0)
    half = 1.96 * gains.std(ddof=1) / np.sqrt(len(gains))
    assert gained["difference"] == pytest.approx(gains.mean())
    bounds = (gained["difference_low"], gained["difference_high"])
    assert bounds == pytest.approx((gains.mean() - half, gains.mean() + half), abs=1e-4)
    pd.testing.assert_frame_equal(known_augmentation_curve(corpus, config), found)
    assert known_augmentation_curve(corpus, replace(config, augment="swap")) is None
    with pytest.raises(BadConfig, match="augment is 'none'"):
        augmentation_curve(corpus, TfidfConfig())


def test_the_commands_answer_programs_and_people(command, with_hub_cache):
    words = ("augment", "a dull film , truly", "--model", "distilbert")
    code, out, _ = command(*words, "--n", "3", "--json")
    told = json.loads(out)
    assert code == 0 and set(told["variants"]) == {"dropout", "swap", "insertion", "synonym", "eda"}
    assert set(told["near"]) <= {"dull", "film"} and told["variants"]["swap"]
    assert "-dull" in command(*words, "--n", "50", "--augment", "dropout")[1]
    code, out, _ = command("augment-curve", "--model", "distilbert", "--dataset", "rotten_tomatoes", "--json")
    curve = json.loads(out)["curve"]
    assert code == 0 and [row["size"] for row in curve] == [64, 64] and "with eda x2" in curve[1]["title"]
    for bad, said in (
        (("augment", " "), "The text is empty"),
        ((*words, "--n", "0"), "n is 0"),
        (("augment-curve", "tfidf", "--augment", "eda"), "choose one of none, dropout, swap"),
    ):
        code, _, err = command(*bad)
        assert code == 2 and said in err and "Traceback" not in err


def quiet(*args, **kwargs):
    """In place of Gradio's progress bar."""


def test_the_panel_marks_what_changed_and_waits_for_the_button(tmp_path, monkeypatch, with_hub_cache):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path))
    choice = Choice("rotten_tomatoes", "distilbert")
    shown = panel.show_variants(choice, "a dull <b>film</b> , truly")
    assert shown.count("<tr>") == 6 and "<del>" in shown and "<ins>" in shown
    assert "<b>film" not in shown and "Near words in DistilBERT: «dull»" in shown
    assert panel.take_example(SimpleNamespace(pick="1")) == panel.EXAMPLES[1]
    with pytest.raises(gr.Error, match="The text is empty"):
        panel.show_variants(choice, " ")
    assert panel.offer_kinds("tfidf", "eda").value == "dropout" and panel.offer_kinds("cls", "eda").value == "eda"
    note, drawn, curve, button = panel.show_curves(choice, "mean", "eda")
    assert "Not measured yet" in note and not drawn.visible and curve is None and button.visible
    note, drawn, curve, button = panel.measure_curves(choice, "mean", "eda", quiet)
    assert drawn.visible and not button.visible and "in points with a 95 % interval: 64 reviews" in note
    names = [trace["name"] for trace in json.loads(curve)["data"]]
    assert names == ["SVM on mean features", "SVM on mean features, with eda x2"]
    assert panel.show_curves(choice, "mean", "eda")[2] == curve
    assert "choose one of" in panel.show_curves(choice, "tfidf", "eda")[0]
    assert "Fetch the reviews first" in panel.show_curves(Choice("imdb", "distilbert"), "mean", "eda")[0]


def test_the_panels_recipes_give_the_same_numbers(command, with_hub_cache):
    choice = Choice("rotten_tomatoes", "distilbert")
    for told in (panel.told_variants(choice, "a dull film"), panel.told_curves(choice, "tfidf", "swap"),
                 panel.told_curves(choice, "mean", "dropout")):  # fmt: skip
        made: dict[str, object] = {}
        exec(told.lines, made)
        assert json.loads(command(*told.words, "--json")[1])[told.key] == json.loads(json.dumps(made["result"]))


def test_a_gain_is_claimed_only_where_its_interval_carries_it():
    row = {"size": 64, "texts": 190, "difference": 0.02, "difference_low": 0.01, "difference_high": 0.03}
    curve = pd.DataFrame([row, row | {"size": 256, "texts": 700, "difference_low": -0.01}])
    assert gains(curve).endswith("On these reviews they help at 64.")
    assert "64 reviews +2.0 (+1.0 to +3.0)" in gains(curve)
    assert gains(curve.iloc[1:]).endswith("at no size is a difference shown.")
    worse = row | {"difference": -0.02, "difference_low": -0.03, "difference_high": -0.01}
    assert gains(pd.DataFrame([worse])).endswith("they hurt at 64.")
    assert "No review could be changed" in gains(pd.DataFrame([row | {"texts": 64}]))
