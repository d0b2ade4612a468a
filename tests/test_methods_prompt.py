"""Labels in words, by cosine and by cloze, against plain loops; what is saved, what is refused, and where it shows."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.numpy import load_file, save_file

from senti.config import PromptConfig, SvmConfig, command_line
from senti.corpus import load_corpus
from senti.encoder import load_backbone, load_tokenizer, quiet, resolve_model
from senti.errors import BadConfig, BadData, MissingModel
from senti.evaluation import compare, dominated, explain, nearest, pairwise, results_table
from senti.experiment import conduct, create, prepare
from senti.methods import load
from senti.methods.prompt import SCALE, cosines, descriptions, draw_shots
from senti.plots import METHOD_COLORS, cost_and_quality
from senti.report.card import to_card
from senti.reproduce import reproduce
from senti.runs import open_run

pytestmark = pytest.mark.usefixtures("with_hub_cache")
PROMPTS = "dull; a clumsy film | a tender film; lovely"
WORDS = "dull;clumsy | tender"
TEXTS = ["a tender film about two sisters", "the script is clumsy [MASK] from the start", ""]


def config_of(data, **knobs) -> PromptConfig:
    return PromptConfig(str(data), model="distilbert", precision="fp32", **{"prompts": PROMPTS} | knobs)


@pytest.fixture(scope="module")
def room(tmp_path_factory, tiny_folder, hub_cache):
    """A folder with a zero-shot run, one with 3 shots, a cloze, and an SVM on the same tiny reviews."""
    from huggingface_hub import constants

    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        for name, config in (("zero", config_of(tiny_folder)), ("few", config_of(tiny_folder, shots=3, seed=5)),
                             ("cloze", config_of(tiny_folder, how="cloze", verbalizer=WORDS)),
                             ("svm", SvmConfig(str(tiny_folder), model="distilbert", subset=6))):  # fmt: skip
            conduct(create(root, prepare(config), name))
    return root


def mean_vectors(texts) -> np.ndarray:
    """Each text alone through the stock model, the mean of its tokens, at length 1: (n, width)."""
    backbone = resolve_model("distilbert")
    model, tokenizer, out = load_backbone(backbone), load_tokenizer(backbone), []
    for text in texts:
        with torch.inference_mode():
            out.append(model(**tokenizer(text, return_tensors="pt")).last_hidden_state[0].mean(dim=0).numpy())
    return np.stack([each / np.linalg.norm(each) for each in out])


def chances_of(classes, texts) -> np.ndarray:
    """softmax(20 cosine), with classes as means of directions that need not have length 1."""
    classes = np.stack([each / np.linalg.norm(each) for each in classes])
    return torch.softmax(torch.tensor(20 * mean_vectors(texts) @ classes.T), dim=1).numpy()


def test_zero_shot_is_the_nearest_prompt(room):
    classes = [mean_vectors(["dull", "a clumsy film"]).mean(axis=0),
               mean_vectors(["a tender film", "lovely"]).mean(axis=0)]  # fmt: skip
    expected = chances_of(classes, TEXTS)
    np.testing.assert_allclose(load(open_run(room, "zero"))(TEXTS), expected, atol=1e-4)
    assert np.ptp(expected[:, 0]) > 0.01 and SCALE == 20


def test_shots_join_the_prompt_with_the_same_weight(room, tiny_folder):
    run = open_run(room, "few")
    shots = draw_shots(run.config, load_corpus(str(tiny_folder)))
    train = pd.read_csv(tiny_folder / "train.csv")
    for label, drawn in enumerate(shots):
        assert len(set(drawn)) == 3 and set(drawn) <= set(train["text"][train["label"] == label])
    classes = []
    for given, drawn in zip((["dull", "a clumsy film"], ["a tender film", "lovely"]), shots, strict=True):
        prompt = mean_vectors(given).mean(axis=0)
        classes.append(np.mean([prompt / np.linalg.norm(prompt), *mean_vectors(drawn)], axis=0))
    np.testing.assert_allclose(load(run)(TEXTS), chances_of(classes, TEXTS), atol=1e-4)


def test_shots_come_from_the_seed_and_fewer_are_the_beginning_of_more(tiny_folder):
    corpus = load_corpus(str(tiny_folder))
    five, two, others = (draw_shots(config_of(tiny_folder, shots=n, seed=seed), corpus)
                         for n, seed in ((5, 1), (2, 1), (5, 2)))  # fmt: skip
    assert [mine[:2] for mine in five] == two and five != others
    assert draw_shots(config_of(tiny_folder), corpus) == [[], []]


def test_cloze_is_the_stock_models_choice_of_words(room):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    path = resolve_model("distilbert").path
    with quiet():
        tokenizer, model = (cls.from_pretrained(path) for cls in (AutoTokenizer, AutoModelForMaskedLM))
    dull, clumsy, tender = tokenizer.convert_tokens_to_ids(["dull", "clumsy", "tender"])
    scores = []
    for text in TEXTS:
        ids = load_tokenizer(resolve_model("distilbert"))(text, add_special_tokens=False)["input_ids"]  # [MASK] is text
        after = tokenizer("It was", add_special_tokens=False)["input_ids"], tokenizer(".", add_special_tokens=False)
        ids = [tokenizer.cls_token_id, *ids, *after[0], tokenizer.mask_token_id, *after[1]["input_ids"],
               tokenizer.sep_token_id]  # fmt: skip
        with torch.inference_mode():
            made = model(input_ids=torch.tensor([ids])).logits[0, ids.index(tokenizer.mask_token_id)]
        scores.append([made[[dull, clumsy]].mean(), made[tender]])
    expected = torch.softmax(torch.tensor(scores), dim=1).numpy()
    np.testing.assert_allclose(load(open_run(room, "cloze"))(TEXTS), expected, atol=1e-4)
    assert np.ptp(expected[:, 0]) > 0.01


@pytest.mark.parametrize("name", ["zero", "few", "cloze"])
def test_what_was_saved_is_what_it_predicts(room, name):
    run = open_run(room, name)
    texts = load_corpus(run.config.dataset).splits["test"]["text"]
    saved = pd.read_parquet(run.path / "predictions.parquet").query("split == 'test'")[["p0", "p1"]]
    np.testing.assert_allclose(load(run)(list(texts)), saved, atol=1e-5)


def test_a_long_text_is_cut_and_the_pattern_is_not(room, tiny_folder):
    from senti.encoder import cloze

    backbone = resolve_model("distilbert")
    ask = cloze(backbone, "{text} It was [MASK].", ["dull"], max_length=8)
    long = "a tender film about two " + "sisters " * 40
    np.testing.assert_allclose(ask([long]), ask(["a tender film about two sisters"]), atol=1e-5)
    with pytest.raises(BadConfig, match="max_length is 512; with this pattern the model reads at most 50"):
        prepare(config_of(tiny_folder, how="cloze", verbalizer=WORDS, max_length=512))


def test_a_run_says_that_nothing_was_trained(room):
    zero, few, cloze = (open_run(room, name).result for name in ("zero", "few", "cloze"))
    for result in (zero, cloze):
        assert result["parameters"]["trained"] == 0 and result["seconds"]["train"] == 0
        assert "Nothing was trained and no training review was looked at." in result["notes"][0]
    assert few["parameters"]["trained"] == 2 * 32 and few["seconds"]["train"] > 0
    assert "3 labelled reviews" in few["notes"][0] and "not calibrated" in few["notes"][0]
    assert cloze["parameters"]["total"] > zero["parameters"]["total"] - 64  # its head beside the transformer
    assert "on 0 reviews" in to_card(open_run(room, "zero")) and "on 6 reviews" in to_card(open_run(room, "few"))


def test_it_is_one_more_run_everywhere(room):
    names = ["svm", "zero", "few", "cloze"]
    table = results_table(room).set_index("run", drop=False)
    assert list(table.loc[names[1:], "title"]) == ["Prompt (zero-shot)", "Prompt (3 per class)", "Prompt (cloze)"]
    rows = table.loc[names[1:]]
    figure = cost_and_quality(rows.assign(by=dominated(rows, "trained")), "trained", "parameters trained")
    assert METHOD_COLORS["prompt"] in {trace.marker.color for trace in figure.data}
    assert len(compare(room, ["a tender film"], names)) == 4
    assert len(pairwise([open_run(room, name) for name in names[1:]])) == 3
    near = nearest(open_run(room, "zero"), "a tender film", k=1).iloc[0]
    train = load_corpus(open_run(room, "zero").config.dataset).splits["train"]["text"]
    cosine = mean_vectors(train) @ mean_vectors(["a tender film"])[0]
    assert near["text"] == train.iloc[cosine.argmax()] and near["similarity"] == pytest.approx(cosine.max(), abs=1e-4)
    for name in names[1:]:
        assert list(explain(open_run(room, name), "a tender film").words["word"]) == ["a", "tender", "film"]


@pytest.mark.parametrize("name", ["few", "cloze"])
def test_it_comes_out_the_same(room, name):
    assert reproduce(room, name).same


@pytest.mark.parametrize(
    ("given", "expected"),
    [("a {label} film", [["a bad film"], ["a good film"]]), ("awful; dull|fine", [["awful", "dull"], ["fine"]]),
     ("{label}; a {label} one", [["bad", "a bad one"], ["good", "a good one"]]),
     (" no |{label}!;", [["no"], ["good!"]])],
)  # fmt: skip
def test_how_descriptions_are_written(given, expected):
    assert descriptions(given, ["bad", "good"]) == expected


def test_five_grades_have_five_prompts():
    labels = ["very negative", "negative", "neutral", "positive", "very positive"]
    assert descriptions(PromptConfig().prompts, labels) == [[f"a {label} review"] for label in labels]


@pytest.mark.parametrize(
    ("given", "labels", "says"),
    [("one|two|three", ["bad", "good"], "3 for 2 labels; divide them by | in the order bad, good"),
     ("a film", ["bad", "good"], "1 for 2 labels"), ("one| ;", ["bad", "good"], "0 descriptions of good"),
     ("a film|a film", ["bad", "good"], "the same for two labels"),
     ("a {label} film", ["0", "1"], "The label '0' is no word"),
     (";".join(f"word{i}" for i in range(33)) + "|x", ["bad", "good"], "33 descriptions of bad; give 1 to 32")],
)  # fmt: skip
def test_what_describes_nothing_is_refused(given, labels, says):
    import re

    with pytest.raises(BadConfig, match=re.escape(says)):
        descriptions(given, labels)


@pytest.mark.parametrize(
    ("knobs", "error", "says"),
    [({"shots": 40}, BadData, "shots is 40, but negative has 32 training reviews"),
     ({"how": "cloze", "shots": 2}, BadConfig, "cloze learns from no review"),
     ({"how": "cloze"}, BadConfig, "'negative' is not one piece of this model's vocabulary.*'terrible|great'"),
     ({"how": "cloze", "verbalizer": "☃|dull"}, BadConfig, "is not one piece"),
     ({"how": "cloze", "verbalizer": WORDS, "pattern": "It was [MASK]."}, BadConfig, "must hold {text} and"),
     ({"how": "cloze", "verbalizer": WORDS, "model": "minilm"}, MissingModel,
      "MiniLM carries no masked-language head.*--how cosine")],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_a_run_is_there(tiny_folder, knobs, error, says):
    from dataclasses import replace

    with pytest.raises(error, match=says):
        prepare(replace(config_of(tiny_folder), **knobs))


def test_damaged_files_are_named(room, tmp_path):
    import shutil

    runs = shutil.copytree(room, tmp_path / "runs")
    file = runs / "zero" / "model" / "classes.safetensors"
    vectors = load_file(file)["classes"]
    for spoilt in (vectors[:1], np.full_like(vectors, np.nan)):
        save_file({"classes": spoilt}, file)
        with pytest.raises(MissingModel, match=r"classes.safetensors is damaged: it holds no vector per label"):
            load(open_run(runs, "zero"))
    file.write_bytes(b"nothing")
    with pytest.raises(MissingModel, match=r"classes.safetensors is damaged"):
        load(open_run(runs, "zero"))
    for spoilt in ("{", "[[]]", '[["dull"], [1]]', "7"):
        (runs / "cloze" / "model" / "words.json").write_text(spoilt)
        with pytest.raises(MissingModel, match=r"words.json is damaged"):
            load(open_run(runs, "cloze"))


def test_the_command(command, tiny_folder):
    words = ("prompt", "--dataset", str(tiny_folder), "--model", "distilbert", "--prompts", PROMPTS, "--shots", "2")
    code, out, _ = command(*words, "--json")
    result = json.loads(out)
    assert code == 0 and result["method"] == "prompt" and result["scores"]["test"]["n"] == 32
    code, out, _ = command(*words)
    assert code == 0 and "64 of" in out and "2 labelled reviews" in out
    code, out, err = command(*words[:5], "--prompts", "good")
    assert code == 2 and err.count("\n") == 1 and "1 for 2 labels" in err
    config = config_of(tiny_folder, shots=2)
    assert command_line(config)[-6:] == ["--prompts", PROMPTS, "--shots", "2", "--precision", "fp32"]


def test_the_panel_plans_tries_and_starts(room, tmp_path, monkeypatch):
    from senti.runs import list_runs, stop_run
    from senti.ui import prompts
    from senti.ui.choice import Choice
    from senti.ui.plan import show_plan
    from senti.ui.workbench import start_run

    choice = Choice("rotten_tomatoes", "distilbert")
    note, drawn, figure = prompts.try_prompts(choice, "a <b>tender</b> film", PROMPTS)
    bars = json.loads(figure)
    assert drawn.visible and [bar["name"] for bar in bars["data"]] == ["negative", "positive"]
    vector = mean_vectors(["a <b>tender</b> film"])[0]
    expected = [mean_vectors([each])[0] @ vector for each in ("dull", "a clumsy film", "a tender film", "lovely")]
    table = cosines(
        config_of("", prompts=PROMPTS), ["negative", "positive"], "a <b>tender</b> film", resolve_model("distilbert")
    )
    np.testing.assert_allclose(table["cosine"], expected, atol=1e-4)
    said = "positive" if table["chance"].idxmax() > 1 else "negative"
    assert f"these prompts say {said}" in note
    assert "Fetch the reviews" in prompts.try_prompts(Choice("imdb", "distilbert"), "a film", PROMPTS)[0]
    for text, given, says in (("a film", "good", "1 for 2 labels"), (" ", PROMPTS, "is empty")):
        with pytest.raises(Exception, match=says):
            prompts.try_prompts(choice, text, given)
    names = ("prompts", "shots")
    plan = show_plan(room, "prompt", names, choice, "<i>bad</i>|good; great", 2)
    assert "negative: «&lt;i&gt;bad&lt;/i&gt;»" in plan and "positive: «good», «great»" in plan
    assert "2 labelled reviews of each label" in plan and "--shots 2" in plan
    assert 'role="alert"' in show_plan(room, "prompt", names, choice, "good", 0)
    monkeypatch.setenv("SENTI_STANDBY", "0")
    try:
        assert start_run(tmp_path, prompts.BENCH, names, choice, PROMPTS, 2) == list_runs(tmp_path)[0].name
    finally:
        for run in list_runs(tmp_path):
            stop_run(tmp_path, run.name, polite_seconds=0)
