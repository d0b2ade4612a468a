"""Five grades from file to answer: order, training, scores, words per class, comparison, the suite, the pages."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import BLAME, FRAMES, PRAISE
from sklearn.metrics import cohen_kappa_score, f1_score, mean_absolute_error

from senti import cli, plots
from senti.config import FinetuneConfig, LoraConfig, SvmConfig, TfidfConfig
from senti.corpus import all_rows, grades, load_corpus, ordered, slices
from senti.errors import BadConfig, BadData
from senti.evaluation import compare, explain, load_predictor, results_table, saved_predictions, score
from senti.evaluation.challenge import challenge, pass_rates
from senti.evaluation.scores import beyond_accuracy
from senti.experiment import conduct, create, prepare
from senti.ui import verdicts, why
from senti.ui.watch import status_card

GRADES = ["very negative", "negative", "neutral", "positive", "very positive"]
CONFIGS = {
    "tfidf": (TfidfConfig, {}), "svm": (SvmConfig, {"pooling": "mean"}),
    "lora": (LoraConfig, {"lr": 1e-2, "epochs": 2}), "finetune": (FinetuneConfig, {"lr": 1e-2, "epochs": 3}),
}  # fmt: skip


def graded_rows() -> pd.DataFrame:
    """160 reviews of five grades, told apart by their words; labels come shuffled, as in a file."""
    words = [BLAME[:4], BLAME[4:], ["film", "sisters", "script", "cinema"], PRAISE[:4], PRAISE[4:]]
    pairs = [(frame.format(word, word), grade)
             for frame in FRAMES for grade, group in zip(GRADES, words, strict=True) for word in group]  # fmt: skip
    return pd.DataFrame(pairs, columns=["text", "label"]).sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, hub_cache):
    """A finished run per method, by method; and their folder as `root`."""
    from huggingface_hub import constants

    folder = tmp_path_factory.mktemp("grades")
    graded_rows().to_csv(folder / "graded.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        out = {}
        for name, (cls, knobs) in CONFIGS.items():
            model = {} if name == "tfidf" else {"model": "distilbert"}
            out[name] = create(folder, prepare(cls(dataset=str(folder / "graded.csv"), **model, **knobs)), name)
            conduct(out[name])
        yield SimpleNamespace(root=folder, **out)


def test_grades_are_known_in_one_place_and_nothing_else_is_one():
    assert grades(GRADES) == (-2, -1, 0, 1, 2) and grades(["pos", "Neg"]) == (1, -1)
    assert grades(["5 stars", "1 star", "3 stars"]) == (2, -2, 0) and grades(["0.5", "-0.5"]) == (0.5, -0.5)
    assert ordered(sorted(GRADES)) == GRADES and ordered(["10", "9", "-1"]) == ["-1", "9", "10"]
    for labels in (["sport", "politics"], ["negative", "3"], ["neg", "negative"], ["1", "1 star"], ["1/5", "2/5"]):
        assert grades(labels) is None and ordered(labels) == labels


def test_classes_are_numbered_from_the_worst_grade(runs):
    corpus = load_corpus(runs.svm.config.dataset)
    assert list(corpus.labels) == GRADES
    assert [name for name in slices(all_rows(corpus)) if name.startswith("label")] == [f"label: {g}" for g in GRADES]


@pytest.mark.parametrize("names", [GRADES, sorted(GRADES), ["4", "2", "0", "1", "3"]])
def test_ordered_scores_agree_with_scikit_learn_whatever_the_order_of_the_classes(names):
    draw = np.random.default_rng(len(names[0]))
    truth, chance = draw.integers(0, 5, 400), draw.dirichlet(np.ones(5), 400)
    chance[np.arange(400), truth] += draw.random(400)
    places = np.array([ordered(names).index(name) for name in names])
    told, guesses = score(truth, chance, names), chance.argmax(axis=1)
    assert told["qwk"] == pytest.approx(cohen_kappa_score(places[truth], places[guesses], weights="quadratic"))
    assert told["mae"] == pytest.approx(mean_absolute_error(places[truth], places[guesses]))
    assert told["macro_f1"] == pytest.approx(f1_score(truth, guesses, average="macro"))


def test_the_intervals_are_those_of_a_bootstrap_review_by_review():
    draw = np.random.default_rng(3)
    truth = draw.integers(0, 5, 200)
    guesses = np.clip(truth + draw.integers(-1, 2, 200), 0, 4)
    told, samples = score(truth, np.eye(5)[guesses], GRADES), [draw.integers(0, 200, 200) for _ in range(150)]
    for name, measure in (("qwk", lambda t, g: cohen_kappa_score(t, g, weights="quadratic")),
                          ("mae", lambda t, g: np.abs(t - g).mean())):  # fmt: skip
        low, high = np.quantile([measure(truth[i], guesses[i]) for i in samples], [0.025, 0.975])
        assert (told[f"{name}_low"], told[f"{name}_high"]) == pytest.approx((low, high), abs=0.03)


def test_only_three_or_more_grades_have_ordered_scores():
    chance = np.eye(3)[[0, 1, 2, 1]]
    assert "qwk" not in score([0, 1, 2, 2], chance, ["spam", "ham", "eggs"])
    assert "qwk" not in score([0, 1, 1, 1], chance[:, :2], ["negative", "positive"])
    same = score([1, 1, 1, 1], np.eye(3)[[1] * 4], ["1", "2", "3"])
    assert (same["qwk"], same["mae"]) == (0, 0)


@pytest.mark.parametrize("method", CONFIGS)
def test_every_method_learns_five_grades_and_its_scores_are_those_of_its_predictions(runs, method):
    run = getattr(runs, method)
    told, saved = run.result["scores"]["test"], saved_predictions(run, "test")
    guesses = saved.filter(regex=r"^p\d+$").to_numpy().argmax(axis=1)
    assert told["accuracy"] == (guesses == saved["label"]).mean()
    if method == "lora":  # beside random weights, two epochs only begin to learn
        losses = run.events().query("split == 'train'")["loss"]
        assert losses.iloc[-1] < losses.iloc[0]
    else:
        assert told["accuracy"] > 0.35  # chance is 0.2
    assert told["qwk"] == pytest.approx(cohen_kappa_score(saved["label"], guesses, weights="quadratic"))
    assert told["qwk_low"] <= told["qwk"] <= told["qwk_high"] and np.shape(told["confusion"]) == (5, 5)
    assert [name for name, _ in beyond_accuracy(told)] == ["macro F1", "quadratic kappa", "grades off"]


def test_a_class_with_one_review_is_refused_in_a_sentence(runs):
    config = TfidfConfig(dataset=runs.tfidf.config.dataset, subset=6)
    with pytest.raises(BadData, match="only one training review"):
        conduct(create(runs.root, prepare(config), "few"))


def test_words_are_attributed_to_each_class(runs):
    text = "a tender film, a dull film"
    for method in CONFIGS:
        run = getattr(runs, method)
        each = {label: explain(run, text, label) for label in GRADES}
        assert sum(found.probability for found in each.values()) == pytest.approx(1, abs=1e-4)
        for found in each.values():
            own = found.words.get("own", found.words["occlusion"])
            assert found.total == pytest.approx(found.expected, abs=0.05 * max(1, abs(found.expected)))
            assert len(own) == 6 and np.isfinite(own).all()
        with pytest.raises(BadConfig, match="label is 'good'"):
            explain(run, text, "good")
    own = {label: explain(runs.tfidf, text, label).words.set_index("word")["own"] for label in GRADES}
    assert own["very negative"]["dull"] > 0 > own["very positive"]["dull"] and own["positive"]["tender"] > 0


def test_the_suite_is_answered_by_the_expected_grade(runs):
    rows = pd.DataFrame([("a", "negation", "label", "x", "positive"), ("a", "negation", "label", "y", "negative")],
                        columns=["pair", "phenomenon", "kind", "text", "label"])  # fmt: skip
    torn = np.array([[0.1, 0.1, 0.5, 0.1, 0.2], [0.1, 0.1, 0.6, 0.15, 0.05]])  # neutral both times, leaning up, down
    assert list(challenge(lambda texts: torn, GRADES, rows)["said"]) == ["positive", "negative"]
    shuffled = [4, 0, 2, 1, 3]
    there = [GRADES[i] for i in shuffled]
    assert list(challenge(lambda texts: torn[:, shuffled], there, rows)["said"]) == ["positive", "negative"]
    assert pass_rates(challenge(load_predictor(runs.tfidf), GRADES))["n"].iloc[-1] > 300
    for labels in (("spam", "ham"), ("neutral", "positive")):
        with pytest.raises(BadData, match="praise or blame"):
            challenge(lambda texts: torn[:, :2], labels, rows)


def test_tables_figures_and_cards_show_five_grades(runs, capsys):
    table = results_table(runs.root)
    assert (table["classes"] == 5).all() and table[["macro_f1", "qwk", "mae"]].notna().all(axis=None)
    assert "Kappa" in verdicts.results(table) and "Grades off" in verdicts.results(table)
    assert "Kappa" not in verdicts.results(table.assign(classes=2))
    card = verdicts.cards(compare(runs.root, ["a tender film"], ["svm"]))
    assert [card.index(f"<span>{g} ") for g in GRADES] and "grades off, test" in status_card(runs.svm, "finished", None)
    shuffled = np.arange(25).reshape(5, 5)
    figure = plots.confusion(shuffled, sorted(GRADES))
    assert list(figure.layout.xaxis.ticktext) == GRADES
    assert figure.layout.annotations[0].text == str(shuffled[3, 3])  # very negative comes fourth by alphabet
    offered = why.offer_labels(runs.root, ["svm"])
    assert [value for _, value in offered.choices] == ["", *GRADES]
    assert "for negative," in why.why(runs.root, "a tender film", ["svm"], "negative")
    assert cli.run(["explain", "a tender film", "--label", "neutral", "--runs", "tfidf", "--output_dir",
                    str(runs.root)]) == 0  # fmt: skip
    assert cli.run(["compare", "--output_dir", str(runs.root)]) == 0
    out = capsys.readouterr().out
    assert "neutral," in out and "grades off" in out
