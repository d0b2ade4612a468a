"""The ladder, surest mistakes, temperature and accuracy per C of runs, each against a computation of its own."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from senti import cli
from senti.config import LoraConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.corpus import load_corpus
from senti.errors import BadConfig, UnknownRun
from senti.evaluation import (
    cross_validation,
    known_cross_validation,
    ladder,
    missing_rungs,
    mistakes,
    right_answers,
    saved_predictions,
    temperature,
    used_C,
)
from senti.evaluation.ladder import rung_configs
from senti.evaluation.temperature import naive
from senti.experiment import conduct, create, prepare
from senti.methods import linear
from senti.runs import open_run

MODEL = {"model": "distilbert", "precision": "fp32"}
RUNGS = ["majority", "tfidf", "cls", "mean"]


@pytest.fixture(scope="module")
def room(tmp_path_factory, tiny_folder, hub_cache):
    """A folder with a finished run on each rung, one that chose its C, and one on other reviews."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        data = {"dataset": str(tiny_folder)}
        for name, config in {
            "other": MajorityConfig(**data, subset=20), "majority": MajorityConfig(**data),
            "tfidf": TfidfConfig(**data), "cls": SvmConfig(**data, **MODEL),
            "mean": SvmConfig(**data, **MODEL, pooling="mean"),
            "tuned": TfidfConfig(**data, tune_C=True),
        }.items():  # fmt: skip
            conduct(create(root, prepare(config), name))
        yield root


def shaken(run, seed: int = 0) -> pd.DataFrame:
    """Random predictions in place of the run's own, which are all right on these reviews."""
    saved = pd.read_parquet(run.path / "predictions.parquet")
    saved["p1"] = np.random.default_rng(seed).random(len(saved)).astype("float32")
    saved["p0"] = 1 - saved["p1"]
    saved.to_parquet(run.path / "predictions.parquet")
    return saved[saved["split"] == "test"].reset_index(drop=True)


def test_each_rung_has_its_run_and_is_tested_against_the_one_below(room):
    from scipy.stats import binomtest

    rows = ladder(room, open_run(room, "mean"))
    assert list(rows["rung"]) == list(rows["run"]) == RUNGS
    raw = []
    for below, rung in itertools.pairwise(RUNGS):
        first, second = (right_answers(open_run(room, name), "test") for name in (below, rung))
        row = rows[rows["rung"] == rung].iloc[0]
        assert row["difference"] == pytest.approx(second.mean() - first.mean())
        wins, losses = int((second & ~first).sum()), int((first & ~second).sum())
        raw.append(binomtest(wins, wins + losses).pvalue if wins + losses else 1.0)
    order = np.argsort(raw)
    holm = np.empty(3)
    holm[order] = np.minimum(1, np.maximum.accumulate(np.array(raw)[order] * [3, 2, 1]))
    np.testing.assert_allclose(rows["p"][1:].astype(float), holm)
    result = open_run(room, "tfidf").result["scores"]["test"]
    assert rows["test"][1] == result["accuracy"] and rows["test_low"][1] == result["accuracy_low"]
    assert "above Majority class; hardly chance, p < 0.001" in rows["adds"][1] and rows["adds"][0] == ""


def test_what_is_not_trained_yet_is_missing_and_other_knobs_are_another_ladder(room, tmp_path):
    shown = open_run(room, "cls")
    data, model = shown.facts["data"]["checksum"], shown.facts["hub_id"]
    assert missing_rungs(room, shown.config, data, model) == []
    stronger = SvmConfig(**{"dataset": shown.config.dataset, **MODEL}, C=1.0)
    assert [type(c) for c in missing_rungs(room, stronger, data, model)] == [SvmConfig, SvmConfig]
    assert len(missing_rungs(room, shown.config, data, "another/model")) == 2
    other = open_run(room, "other").facts["data"]["checksum"]
    everything = missing_rungs(room, replace(shown.config, subset=20), other, model)
    assert [type(c) for c in everything] == [TfidfConfig, SvmConfig, SvmConfig]  # its majority is there
    alone = create(tmp_path, prepare(shown.config), "alone")
    rows = ladder(tmp_path, alone)
    assert list(rows["status"]) == ["", "", "queued", ""] and rows["test"].isna().all()
    assert list(rows["title"])[2:] == ["SVM on [CLS] features", "SVM on mean features"]


def test_a_rung_below_stands_in_the_same_ladder_and_maximum_pooling_has_a_rung_once_there_is_a_run(room):
    rows = ladder(room, open_run(room, "majority"))
    assert list(rows["run"]) == RUNGS
    assert list(ladder(room, open_run(room, "tuned"))["run"]) == ["majority", "tuned", "cls", "mean"]
    assert list(rung_configs(SvmConfig())) == [*RUNGS, "max"]


def test_mistakes_are_wrong_surest_first_and_all_of_them(room, tiny_folder):
    run, test = open_run(room, "majority"), load_corpus(str(tiny_folder)).splits["test"]
    saved = shaken(run)
    found = mistakes(run, "test", 100)
    said = (saved["p1"] > 0.5).astype(int)
    wrong = np.flatnonzero(said != saved["label"])
    order = wrong[np.argsort(-saved[["p0", "p1"]].max(axis=1).to_numpy()[wrong], kind="stable")]
    assert list(found["place"]) == list(order) and list(found["text"]) == list(test["text"].iloc[order])
    names = np.array(["negative", "positive"])
    assert list(found["label"]) == list(names[test["label"].iloc[order]])
    assert list(found["said"]) == list(names[said[order]])
    np.testing.assert_allclose(found["confidence"], saved[["p0", "p1"]].max(axis=1)[order], rtol=1e-6)
    assert len(mistakes(run, "test", 3)) == 3 and len(mistakes(run, "validation")) > 0
    assert mistakes(open_run(room, "tfidf"), "test").empty
    with pytest.raises(BadConfig, match="split is 'train'"):
        mistakes(run, "train")


def test_the_temperature_is_the_one_that_fits_and_moves_no_answer(room, tiny_folder):
    from scipy.optimize import minimize_scalar
    from scipy.special import expit
    from sklearn.model_selection import cross_val_predict

    from senti.methods import tfidf

    run, corpus = open_run(room, "tfidf"), load_corpus(str(tiny_folder))
    train, asked = corpus.splits["train"], corpus.splits["validation"]
    pipeline = tfidf.pipeline(run.config)
    margins = cross_val_predict(pipeline, train["text"], train["label"], cv=5, method="decision_function")
    sign = 2 * train["label"].to_numpy() - 1
    loss = lambda t: np.log1p(np.exp(-sign * margins / t)).mean()  # noqa: E731
    best = minimize_scalar(loss, bounds=(0.01, 20), method="bounded").x
    found = temperature(run, "validation")
    assert found.temperature == pytest.approx(best, rel=1e-2)
    own = pipeline.fit(train["text"], train["label"]).decision_function(asked["text"])
    for table, error, chance in ((found.before, found.error_before, expit(own)),
                                 (found.after, found.error_after, expit(own / found.temperature))):  # fmt: skip
        sure, right = np.maximum(chance, 1 - chance), (own > 0) == asked["label"]
        places = np.clip(np.ceil(sure * 10).astype(int) - 1, 0, 9)
        gaps = sum(abs(sure[places == i].mean() - right[places == i].mean()) * (places == i).sum()
                   for i in set(places))  # fmt: skip
        assert error == pytest.approx(gaps / len(own), abs=1e-6)
        assert (table["accuracy"] * table["n"]).sum() == pytest.approx(right.sum())  # no answer changed
    np.testing.assert_allclose(saved_predictions(run, "validation")["p1"], expit(own / found.temperature), atol=1e-5)


def test_margins_of_many_classes_go_through_softmax():
    from scipy.special import softmax

    margins = np.random.default_rng(0).normal(size=(7, 4))
    np.testing.assert_allclose(naive(margins), softmax(margins, axis=1))
    np.testing.assert_allclose(naive(np.array([-2.0, 0.0]))[:, 1], 1 / (1 + np.exp([2.0, 0.0])))


def test_only_what_has_margins_and_a_C_is_asked(room, tmp_path, with_hub_cache, tiny_folder):
    lora = create(tmp_path, prepare(LoraConfig(dataset=str(tiny_folder), model="distilbert")), "lora")
    for run in (open_run(room, "majority"), lora):
        with pytest.raises(UnknownRun, match="no margins"):
            temperature(run)
        with pytest.raises(UnknownRun, match="no C"):
            cross_validation(run)
    waiting = create(tmp_path, prepare(TfidfConfig(dataset=str(tiny_folder), tune_C=True)), "waiting")
    with pytest.raises(UnknownRun, match="has not chosen its C"):
        known_cross_validation(waiting)


def test_accuracy_per_C_is_recorded_or_computed_once(room, tiny_folder):
    tuned, plain = open_run(room, "tuned"), open_run(room, "cls")
    recorded = json.loads((tuned.path / "tuning.json").read_text())
    found = known_cross_validation(tuned)
    assert list(found["accuracy"]) == [row["accuracy"] for row in recorded["table"]]
    assert found["C"][found["best"]].to_list() == [recorded["C"]] == [used_C(tuned)]
    assert used_C(plain) == 0.01 and known_cross_validation(plain) is None
    shares = []
    computed = cross_validation(plain, lambda share, what: shares.append(share))
    assert shares == sorted(shares) and shares[-1] == 1 and list(computed["C"]) == [0.0001, 0.001, 0.01, 0.1, 1.0]
    pd.testing.assert_frame_equal(known_cross_validation(plain), computed)
    assert known_cross_validation(open_run(room, "mean")) is None  # other features, another table
    low, high = computed["low"], computed["high"]
    assert ((low < computed["accuracy"]) & (computed["accuracy"] < high)).all()
    assert linear.svc_of(linear.restore(tuned.model_path)).C == used_C(tuned)


def asked(capsys, *words: str) -> dict:
    capsys.readouterr()
    assert cli.run([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_ladder_s_command_trains_what_is_missing_once(root, tiny_folder, with_hub_cache, capsys):
    words = ["ladder", "--dataset", str(tiny_folder), "--model", "distilbert", "--output_dir", str(root)]
    first = asked(capsys, *words)["rungs"]
    assert [rung["rung"] for rung in first] == RUNGS and all(0 <= rung["test"] <= 1 for rung in first)
    assert asked(capsys, *words)["rungs"] == first and len(list(root.glob("2*"))) == 4
    assert asked(capsys, "ladder", first[1]["run"], "--output_dir", str(root))["rungs"] == first
    assert cli.run(words) == 0
    assert "TF-IDF + SVM: Counts words" in capsys.readouterr().out


def test_the_other_commands_speak_to_people(room, capsys):
    folder = ["--output_dir", str(room)]
    for words, says in (
        (["mistakes", "--runs", "majority", "--n", "2"], "sure  is"), (["temperature"], "expected calibration error"),
        (["cross-validate", "tuned"], "best used"),
    ):  # fmt: skip
        assert cli.run([*words, *folder]) == 0
        assert says in capsys.readouterr().out
    assert cli.run(["temperature", "--runs", "majority", *folder]) == 2
    assert cli.run(["cross-validate", "nobody", *folder]) == 2
