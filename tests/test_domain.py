"""Reviews of another kind: labels matched, a part kept apart, the drop with its interval, the repair, the words."""

import json
import shlex
from dataclasses import replace

import gradio as gr
import numpy as np
import pandas as pd
import pytest

from senti.cli import run as senti
from senti.config import MajorityConfig, SvmConfig, TfidfConfig
from senti.corpus import Corpus, load_corpus
from senti.corpus.mixed import aligned, held_apart, mixed
from senti.errors import BadData, Stopped
from senti.evaluation import wilson
from senti.evaluation.adaptation import DRAWS, adaptation, known_adaptation, told
from senti.evaluation.learning_curve import stratified_order
from senti.evaluation.scores import newcombe
from senti.evaluation.shifting_words import by_chance, in_words, shifting_words, words_of_one
from senti.evaluation.transfer import known_transfer, sentence, transfer, transfer_notices
from senti.experiment import conduct, create, prepare
from senti.methods import tfidf
from senti.ui import domain, domain_drop, domain_recipes, domain_repair, domain_words, html
from senti.ui.choice import Choice

FILMS = {0: ["dull", "clumsy", "tired", "loud", "grim"], 1: ["tender", "funny", "warm", "clever", "deep"]}
PHONES = {0: ["dull", "dead", "broken", "laggy", "warm"], 1: ["sturdy", "sharp", "clever", "quick", "loud"]}


def reviews(words: dict[int, list[str]], n: int, seed: int, name: str, noise: float = 0.25, share: float = 0.5):
    """A corpus of noisy bags of words; `share` of them positive."""
    draw = np.random.default_rng(seed)

    def made(rows: int) -> pd.DataFrame:
        labels = (draw.random(rows) < share).astype(int)
        texts = [f"{name} {i} " + " ".join(draw.choice(words[k if draw.random() > noise else 1 - k]) for _ in range(4))
                 for i, k in enumerate(labels)]  # fmt: skip
        return pd.DataFrame({"text": texts, "label": labels})

    splits = {"train": made(n), "validation": made(n // 4), "test": made(n // 2)}
    return Corpus(name, splits, ("negative", "positive"), "made up")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """What other tests have measured is not known here."""
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def films():
    return reviews(FILMS, 200, 0, "films")


@pytest.fixture(scope="module")
def phones():
    return reviews(PHONES, 300, 1, "phones", share=0.6)


@pytest.fixture(scope="module")
def runs(tmp_path_factory, films):
    """Majority and TF-IDF, finished, on the films, which are a folder on disk."""
    folder = written(films, tmp_path_factory.mktemp("data") / "films")
    root = tmp_path_factory.mktemp("runs")
    return [conduct_in(root, config(dataset=str(folder)), name)
            for name, config in (("floor", MajorityConfig), ("words", TfidfConfig))]  # fmt: skip


def written(corpus, folder):
    folder.mkdir()
    for split, frame in corpus.splits.items():
        frame.to_csv(folder / f"{split}.csv", index=False)
    return folder


def conduct_in(root, config, name):
    run = create(root, prepare(config), name)
    conduct(run)
    return run


def test_labels_are_matched_by_name_then_by_order_and_never_guessed(films, phones):
    swapped = replace(phones, labels=("Positive", "negative"))
    rows, said = aligned(swapped, films.labels)
    plain, _ = aligned(phones, films.labels)
    assert said == () and (rows["label"] == 1 - plain["label"]).all() and len(rows) == sum(phones.rows.values())
    rows, said = aligned(replace(phones, labels=("bad", "good")), films.labels)
    assert (rows["label"] == plain["label"]).all() and "bad as negative, good as positive" in said[0]
    with pytest.raises(BadData, match="3 labels"):
        aligned(replace(phones, labels=("bad", "so so", "good")), films.labels)


def test_what_is_tested_on_is_kept_apart_from_all_that_is_learned(films, phones):
    twin = films.splits["train"].iloc[:20]
    splits = phones.splits | {"train": pd.concat([phones.splits["train"], twin, twin], ignore_index=True)}
    pool, tested, said = held_apart(films, replace(phones, splits=splits))
    assert not set(tested["text"]) & (set(pool["text"]) | set(films.splits["train"]["text"]))
    assert not pool["text"].isin(twin["text"]).any() and "40 rows of phones" in said[0]
    assert abs(len(pool) - len(tested)) <= 1 and abs(pool["label"].mean() - tested["label"].mean()) < 0.02
    with pytest.raises(BadData, match="at least 64"):
        held_apart(films, reviews(PHONES, 20, 1, "few"))


def test_a_mixed_corpus_spends_no_more_labels_than_it_says(films, phones):
    none, some = mixed(films, phones, 0), mixed(films, phones, 16, seed=3)
    assert len(none.splits["train"]) == 200 and len(some.splits["train"]) == 216
    assert (some.splits["train"]["text"].str.startswith("phones")).sum() == 16
    assert some.splits["test"].equals(none.splits["test"])  # the same test, whatever is learned
    assert not set(some.splits["test"]["text"]) & set(mixed(films, phones, 200).splits["train"]["text"])
    assert some.splits["validation"]["text"].equals(films.splits["validation"]["text"])
    assert not mixed(films, phones, 16, seed=4).splits["train"].equals(some.splits["train"])
    for rows in (-1, 1, 5000):
        with pytest.raises(BadData, match="to draw from"):
            mixed(films, phones, rows)


def test_the_interval_of_a_difference_is_newcombes():
    assert newcombe(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)  # his table II, method 10
    assert newcombe(9, 10, 3, 10) == pytest.approx((0.1705, 0.8090), abs=5e-5)
    low, high = newcombe(48, 80, 56, 70)
    assert (low, high) == pytest.approx((-0.3339, -0.0524), abs=5e-5)


def test_the_drop_is_what_one_counts_by_hand_and_is_kept(runs, phones, monkeypatch):
    assert known_transfer(runs, phones) is None
    rows = transfer(runs, phones).set_index("run")
    truth = pd.concat([frame for frame in phones.splits.values()])["label"]
    assert rows.loc["floor", "n_other"] == len(truth) == 525 and rows.loc["words", "n_own"] == 100
    majority = films_majority(runs)
    assert rows.loc["floor", "other"] == pytest.approx((truth == majority).mean())
    assert rows.loc["words", "own"] > rows.loc["words", "other"]
    assert rows.loc["words", "drop"] == pytest.approx(rows.loc["words", "own"] - rows.loc["words", "other"])
    assert rows.loc["words", "low"] <= rows.loc["words", "drop"] <= rows.loc["words", "high"]
    assert (rows.loc["words", "other_low"], rows.loc["words", "other_high"]) == pytest.approx(
        wilson(round(rows.loc["words", "other"] * 525), 525))  # fmt: skip
    monkeypatch.setattr("senti.evaluation.transfer.load_predictor", None)  # nothing is predicted a second time
    assert known_transfer(runs, phones).set_index("run").equals(rows)


def films_majority(runs):
    shares = json.loads((runs[0].model_path / "shares.json").read_text())
    return int(np.argmax(shares))


def test_labels_in_another_order_are_judged_alike(runs, phones):
    frames = {split: frame.assign(label=1 - frame["label"]) for split, frame in phones.splits.items()}
    swapped = replace(phones, labels=("positive", "negative"), splits=frames)
    assert transfer(runs, swapped)["other"].equals(transfer(runs, phones)["other"])


def test_a_run_is_not_judged_on_what_it_learned_from(runs, films, phones):
    with pytest.raises(BadData, match="learned from"):
        transfer(runs, load_corpus(runs[0].config.dataset))
    mixture = {**phones.splits, "test": films.splits["train"].iloc[:30]}
    assert any("30 of these texts" in line for line in transfer_notices(runs, replace(phones, splits=mixture)))
    assert transfer_notices(runs, phones) == []


def test_a_sentence_claims_no_more_than_its_interval():
    assert sentence(0.05, 0.01, 0.09) == "loses 5.0 points there"
    assert "no difference is shown" in sentence(0.03, -0.01, 0.07)
    assert "4.0 points better" in sentence(-0.04, -0.07, -0.01)


def test_the_repair_curve_has_one_test_set_and_an_honest_baseline(films, phones, with_hub_cache):
    configs = [TfidfConfig(), SvmConfig(model="distilbert", pooling="mean", precision="fp32")]
    assert known_adaptation(films, phones, configs) is None
    rows = adaptation(films, phones, configs)
    _, tested, _ = held_apart(films, phones)
    assert set(rows["n"]) == {len(tested)} and set(rows["title"]) == {"TF-IDF + SVM", "SVM on mean features"}
    mine = rows[rows["method"] == "tfidf"].set_index(["way", "size"])
    assert set(mine.index) == {("both", 0), *((way, size) for way in ("both", "other")
                                              for size in (16, 64, 256))}  # fmt: skip
    assert mine.loc[("both", 0), "draws"] == 1 and (mine["draws"].drop(("both", 0)) == DRAWS).all()
    assert mine.loc[("both", 256), "accuracy"] > mine.loc[("both", 0), "accuracy"] + 0.1  # these words do turn
    assert mine.loc[("other", 16), "lowest"] < mine.loc[("other", 16), "highest"]
    for (way, size), told_of in mine.iterrows():
        assert told_of["accuracy"] == pytest.approx(by_hand(films, phones, way, size)), (way, size)
    assert known_adaptation(films, phones, configs).equals(rows)
    assert len(told(rows)) == 2 and told(rows)[0].startswith("TF-IDF + SVM: ") and told(rows, 1000) == []
    with pytest.raises(Stopped):
        adaptation(films, phones, configs, seed=1, should_stop=lambda: True)


def by_hand(films, phones, way, size):
    """The mean accuracy of TF-IDF over the draws, in a plain loop."""
    pool, tested, _ = held_apart(films, phones)
    right = []
    for draw in range(DRAWS if size else 1):
        few = pool.iloc[stratified_order(pool["label"].to_numpy(), np.random.default_rng([0, draw]))[:size]]
        train = few if way == "other" else pd.concat([films.splits["train"], few])
        model = tfidf.pipeline(TfidfConfig()).fit(train["text"].to_numpy(object), train["label"].to_numpy())
        right.append((model.predict(tested["text"].to_numpy(object)) == tested["label"]).mean())
    return np.mean(right)


def test_words_that_turn_are_found_and_told_apart_from_those_that_do_not(films, phones):
    rows = shifting_words(films, phones).set_index("word")
    assert rows["turned"][["loud", "warm"]].all() and not rows["turned"][["dull", "clever"]].any()
    assert rows.loc["loud", "home"] < 0 < rows.loc["loud", "other"] and rows.loc["loud", "low"] > 0
    assert list(rows.index[:2]) in (["loud", "warm"], ["warm", "loud"])
    assert "negative at home, positive there" == in_words(rows.loc["loud"], films.labels)
    assert "negative in both" in in_words(rows.loc["dull"], films.labels)
    assert in_words(rows.loc["dull"].replace(1.0, 0.6), films.labels) == "not sure in either"
    assert "about 0 would" in by_chance(rows) and f"Of {len(rows)} words" in by_chance(rows)
    alone = words_of_one(films, phones)
    assert {"dead", "sturdy"} <= set(alone[alone["side"] == "other"]["word"])
    assert {"tender", "clumsy"} <= set(alone[alone["side"] == "home"]["word"])
    assert not {"loud", "dull"} & set(alone["word"])
    assert shifting_words(films, phones).equals(rows.reset_index())
    with pytest.raises(BadData, match="two are compared"):
        shifting_words(replace(films, labels=("a", "b", "c")), phones)


@pytest.fixture
def files(tmp_path, films, phones):
    """The two kinds as they lie on disk: a folder, and one file without splits."""
    path = tmp_path / "phones.csv"
    pd.concat(phones.splits.values()).rename(columns={"text": "body"}).to_csv(path, index=False)
    return written(films, tmp_path / "films"), path


def test_the_command_line_tells_the_drop_and_mixes(files, command, root, tmp_path):
    films, phones = files
    conduct_in(root, TfidfConfig(dataset=str(films)), "words")
    columns = ("--to", str(phones), "--to-text-column", "body")
    code, out, _ = command("transfer", "words", *columns, "--json")
    told = json.loads(out)["runs"][0]
    assert code == 0 and told["n_other"] == 525 and told["low"] <= told["drop"] <= told["high"]
    mixture = tmp_path / "mixed.jsonl"
    code, out, _ = command("mix", "--dataset", str(films), *columns, "--rows", "32", "--out", str(mixture), "--json")
    made = load_corpus(str(mixture))
    assert code == 0 and json.loads(out)["rows"] == made.rows and made.rows["train"] == 232
    assert made.labels == ("negative", "positive")
    code, out, _ = command("tfidf", "--dataset", str(mixture), "--run", "repaired", "--json")
    assert code == 0 and "repaired" in out  # an ordinary run
    code, out, _ = command("shifting-words", "--dataset", str(films), *columns)
    assert code == 0 and "loud" in out and "only in phones" in out


def test_the_command_line_tells_the_repair(files, command, with_hub_cache):
    code, out, _ = command("adapt", "--dataset", str(files[0]), "--to", str(files[1]), "--to-text-column", "body",
                           "--model", "distilbert")  # fmt: skip
    assert code == 0 and "both kinds" in out and "the new ones alone" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["transfer", "--to", "nowhere.csv"], "not on this machine"), (["transfer", "--to", "FILMS"], "learned from"),
     (["transfer", "--to", "PHONES"], "--to-text-column"),
     (["adapt", "--to", "bundled", "--dataset", "bundled"], "at home too"),
     (["shifting-words", "--to", "bundled", "--dataset", "bundled"], "at home too"),
     (["mix", "--to", "FILMS", "--dataset", "bundled", "--out", "x.doc"], "--out can be"),
     (["mix", "--to", "FILMS", "--dataset", "bundled", "--rows", "1", "--out", "x.csv"], "to draw from"),
     (["transfer", "nobody", "--to", "bundled"], "No run named")],
)  # fmt: skip
def test_bad_input_is_one_line(words, said, files, command, root):
    films, phones = files
    conduct_in(root, MajorityConfig(dataset=str(films)), "floor")
    if words[0] == "transfer" and "FILMS" in words:
        words = ["transfer", "floor", *words[1:]]
    code, _, err = command(*({"FILMS": str(films), "PHONES": str(phones)}.get(word, word) for word in words))
    assert code == 2 and said in err.strip().split("\n")[-1]


def test_without_names_the_runs_that_cannot_be_judged_are_passed_over(files, command, root):
    conduct_in(root, MajorityConfig(dataset=str(files[0])), "floor")
    code, _, err = command("transfer", "--to", str(files[0]))
    assert code == 2 and "No run here can be judged" in err and "floor learned from" in err


def quiet(*args, **kwargs):
    """In place of Gradio's progress bar."""


@pytest.fixture
def chosen(files, monkeypatch):
    """The two kinds as a visitor chooses them, as if both had been uploaded."""
    monkeypatch.setattr("senti.ui.choice.get_upload_folder", lambda: str(files[1].parent))
    return Choice(str(files[0]), "distilbert"), Choice(str(files[1]), text_column="body")


def test_the_panel_takes_an_upload_but_no_file_of_the_server(files, chosen, tmp_path):
    assert domain.take("bundled", str(files[1]), " body ", "", quiet) == chosen[1]
    assert domain.take("bundled", None, "", "", quiet) == domain.START
    told_of = domain.tell(*chosen)
    assert "films, 350 reviews" in told_of and "phones, 525 reviews (negative, positive)" in told_of
    with pytest.raises(gr.Error, match="path on the server"):
        domain.take("/etc/passwd", None, "", "", quiet)
    with pytest.raises(gr.Error, match="no column is named like a text"):
        domain.take("bundled", str(files[1]), "", "", quiet)
    assert "not on this machine" in domain.tell(chosen[0], Choice("imdb"))
    assert domain_drop.ABSENT in domain_drop.show_drop(tmp_path, chosen[0], Choice("imdb"), [])[1]


def test_the_panel_waits_for_the_button_then_shows_what_is_lost(chosen, root):
    runs, note, drawn, figure, button, table = domain_drop.show_drop(root, *chosen, [])
    assert "No finished run" in note and not button.visible and runs.value == []
    for name, config in (("floor", MajorityConfig), ("words", TfidfConfig)):
        conduct_in(root, config(dataset=chosen[0].dataset), name)
    runs, note, drawn, figure, button, table = domain_drop.show_drop(root, *chosen, [])
    assert set(runs.value) == {"floor", "words"} and button.visible and figure is None
    conduct_in(root, TfidfConfig(dataset="bundled", subset=20), "elsewhere")  # newer, but not learned from home
    assert set(domain_drop.show_drop(root, *chosen, [])[0].value) == {"floor", "words"}
    assert domain_drop.show_drop(root, chosen[1], chosen[1], [])[0].value == ["elsewhere", "floor"]
    note, drawn, figure, button, table = domain_drop.measure_drop(root, *chosen, ["words"], quiet)
    assert drawn.visible and "loses" in table and table.count("<tr") == 2 and "most frequent label" in note
    assert domain_drop.show_drop(root, *chosen, ["words"])[3] == figure
    shown = domain_drop.show_drop(root, chosen[0], chosen[0], [])  # they learned from these
    assert shown[0].value == ["elsewhere"]


def test_the_panel_measures_the_repair_and_lists_the_words(chosen, with_hub_cache):
    note, drawn, figure, button = domain_repair.show_repair(*chosen)
    assert "Not measured yet from films to phones" in note and button.visible and not drawn.visible
    note, drawn, figure, button = domain_repair.measure_repair(*chosen, quiet)
    names = [trace["name"] for trace in json.loads(figure)["data"]]
    assert names[:2] == ["TF-IDF + SVM: both kinds", "TF-IDF + SVM: the new ones alone"] and len(names) == 4
    assert domain_repair.show_repair(*chosen)[2] == figure and "with 64 of them" in note
    assert "at home too" in domain_repair.show_repair(chosen[0], chosen[0])[0]
    assert domain_repair.show_repair(chosen[0], Choice("imdb"))[0] == html.empty_state(domain_repair.ABSENT)
    shifted, mine, theirs = domain_words.show_words(*chosen)
    assert "<b>loud</b>" in shifted and "tender" in mine and "sturdy" in theirs and "tender" not in theirs
    assert "Choose another kind" in domain_words.show_words(chosen[0], chosen[0])[0]


@pytest.mark.parametrize("name", ["lost", "repair", "words"])
def test_command_and_lines_of_a_recipe_give_the_same_numbers(name, chosen, root, with_hub_cache, capsys, monkeypatch):
    conduct_in(root, TfidfConfig(dataset=chosen[0].dataset), "words")
    shown = {"lost": lambda: domain_recipes.transfer(root, chosen[1], ["words"]),
             "repair": lambda: domain_recipes.adaptation(*chosen),
             "words": lambda: domain_recipes.shifting_words(*chosen)}[name]()  # fmt: skip
    monkeypatch.chdir(root.parent)
    _, _, _, command, *words = shlex.split(shown.command)
    assert senti([command, "--json", *words]) == 0
    printed = json.loads(capsys.readouterr().out)[shown.key]
    namespace: dict = {}
    exec(shown.lines, namespace)
    assert len(printed) == len(namespace["result"]) > 0
    for mine, theirs in zip(namespace["result"], printed, strict=True):
        assert mine == pytest.approx(theirs)
