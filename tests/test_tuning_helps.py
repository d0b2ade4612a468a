"""Repeated seeds, hints, the learning-rate finder and the LoRA study."""

import json
import re
import shutil
import statistics
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from senti import limits
from senti.config import FinetuneConfig, LoraConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.errors import BadConfig
from senti.evaluation import finished_runs, results_table, seed_groups
from senti.evaluation.hints import hints_of
from senti.experiment import conduct, create, prepare
from senti.report.facts import collect
from senti.report.findings import conclusion, discussion, results
from senti.runs import between_runs, list_runs, open_run, stop_run
from senti.runs.events import EVENT_COLUMNS
from senti.studies import lr_finder
from senti.studies.seeds import missing, repeat
from senti.ui import history, tab_lora, verdicts
from senti.ui import lr_finder as panel
from senti.ui.choice import Choice
from senti.ui.history import repeatable
from senti.ui.watch import status_card


@pytest.fixture(scope="module")
def repeated(tmp_path_factory, tiny_folder, hub_cache):
    """Full fine-tuning with three seeds, an SVM with two, a majority run, on the tiny reviews."""
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        root, data = tmp_path_factory.mktemp("runs"), str(tiny_folder)
        full = FinetuneConfig(data, model="distilbert", lr=1e-3, epochs=1)
        for name, config in (("floor", MajorityConfig(data)), ("svm", SvmConfig(data, model="distilbert")),
                             ("full", full)):  # fmt: skip
            conduct(create(root, prepare(config), name))
        yield root, repeat(root, "full", 3), repeat(root, "svm", 2)


def test_other_seeds_become_runs_and_one_row(repeated):
    root, row, _ = repeated
    assert row["seeds"] == [0, 1, 2] and row["runs"][0] == "full" and row["n_seeds"] == 3
    accuracies = [open_run(root, name).result["scores"]["test"]["accuracy"] for name in row["runs"]]
    assert row["test"] == pytest.approx(sum(accuracies) / 3) and row["test_deviation"] == statistics.stdev(accuracies)
    assert (row["test_lowest"], row["test_highest"]) == (min(accuracies), max(accuracies))
    groups = seed_groups(finished_runs(root))
    assert set(groups["method"]) == {"finetune", "svm"}  # one seed alone is no group
    svm = groups[groups["method"] == "svm"].iloc[0]
    assert svm["test_deviation"] == 0 and svm["n_seeds"] == 2


def test_more_seeds_are_only_trained_where_they_are_missing(repeated, with_hub_cache, tiny_folder, command, root):
    folder = repeated[0]
    assert missing(folder, "full", 3) == [] and missing(folder, "full", 2) == []
    assert [config.seed for config in missing(folder, "full", 5)] == [3, 4]
    with pytest.raises(BadConfig, match="leaves nothing to chance"):
        missing(folder, "floor", 3)
    with pytest.raises(BadConfig, match="seeds is 1; it must be between 2 and 50"):
        missing(folder, "full", 1)
    conduct(create(root, prepare(TfidfConfig(str(tiny_folder), subset=16)), "few"))
    code, out, err = command("repeat", "few", "--seeds", "2", "--json")
    assert code == 2 and out == "" and "also drew its reviews" in err
    assert command("repeat", "gone")[0] == 2


def test_seeds_are_a_row_on_the_command_line_on_the_page_and_in_the_report(repeated, with_hub_cache, command, root):
    folder, row, _ = repeated
    shutil.copytree(folder, root)
    code, out, _ = command("repeat", "full", "--seeds", "3", "--json")
    assert code == 0 and json.loads(out)["test_deviation"] == row["test_deviation"]
    out = command("compare")[1]
    assert "Full fine-tuning, 3 seeds" in out and "SVM on [CLS] features, 2 seeds" in out
    assert "standard deviation over its seeds" in out and "chance plays no part" in out
    told = json.loads(command("compare", "--runs", "full", "svm", "--json")[1])
    assert len(told["results"]) == 2 and told["seeds"] == []  # of the named runs no two differ in the seed alone
    shown = verdicts.results(results_table(root), seed_groups(finished_runs(root)))
    assert shown.count("<table") == 2 and "Full fine-tuning, 3 seeds</b>" in shown
    assert verdicts.results(results_table(root)).count("<table") == 1
    facts = collect(root)
    written = repr(results(facts)) + repr(conclusion(facts))
    assert "The same knobs with several seeds" in written and "From seed to seed" in written


def test_a_button_repeats_a_run_with_the_seeds_that_are_missing(repeated, with_hub_cache, root, monkeypatch):
    monkeypatch.setenv("SENTI_STANDBY", "0")
    shutil.copytree(repeated[0], root)
    told = []
    monkeypatch.setattr(history.gr, "Info", told.append)
    offered = {name: repeatable(open_run(root, name)) for name in ("full", "svm", "floor")}
    assert offered == {"full": True, "svm": False, "floor": False}
    before = {run.name for run in list_runs(root)}
    try:
        first = history.other_seeds(root, "full")
        new = [run for run in list_runs(root) if run.name not in before]
        assert sorted(run.config.seed for run in new) == [3, 4] and first in {run.name for run in new}
        assert "2 of 2 runs are queued" in told[-1]
    finally:
        for run in list_runs(root):
            stop_run(root, run.name, polite_seconds=0)


def losses(train, validation=()):
    """Events of a run with these losses, as `Run.events` gives them."""
    rows = [{"split": "train", "step": i + 1, "loss": loss} for i, loss in enumerate(train)]
    rows += [{"split": "validation", "step": i, "loss": loss} for i, loss in enumerate(validation)]
    return pd.DataFrame(rows, columns=EVENT_COLUMNS)


def outcome(confusion, cut=0, seconds=1.0, device="CPU, x86_64"):
    """As much of a result.json as hints look at."""
    n = sum(map(sum, confusion))
    return {"scores": {"test": {"confusion": confusion, "per_class": {"negative": {}, "positive": {}}}},
            "cut": {"test": cut}, "dataset": {"rows": {"test": n}}, "seconds": {"train": seconds},
            "device": device}  # fmt: skip


GOOD = [[45, 5], [5, 45]]
FALLING, RISING = np.linspace(0.7, 0.3, 64), np.r_[np.linspace(0.7, 0.4, 40), np.linspace(0.4, 0.8, 24)]


@pytest.mark.parametrize(
    ("config", "events", "result", "says"),
    [
        (FinetuneConfig(lr=5e-5), losses(RISING), None, r"rose again, from 0.4\d to 0.7\d. Take a lower learning rate, "
         "1.7e-5 instead of 5e-5"),
        (LoraConfig(), losses(RISING), outcome(GOOD), "an alpha of twice the rank, 16 instead of 32"),
        (LoraConfig(), losses(FALLING, [0.7, 0.5, 0.4, 0.6]), None, "from 0.40 after epoch 2 to 0.60"),
        (TfidfConfig(), losses([]), outcome([[50, 0], [48, 2]]), "98 % of its answers are «negative»"),
        (SvmConfig(), losses([]), outcome([[30, 20], [25, 25]]), "not shown to be better .* 50.0 %. Try the mean"),
        (LoraConfig(), losses(FALLING), outcome([[30, 20], [25, 25]]), "senti find-lr"),
        (SvmConfig(), losses([]), outcome(GOOD, cut=20), "20 % of the reviews are not read to their end"),
        (FinetuneConfig(), losses(FALLING), outcome(GOOD, seconds=600), "10 min 0 s on a CPU. Fast LoRA"),
        (LoraConfig(), losses(FALLING), outcome(GOOD, seconds=600), "upper 3 layers only"),
    ],
)  # fmt: skip
def test_a_symptom_has_its_hint(config, events, result, says):
    (hint,) = hints_of(config, events, result)
    assert re.search(says, hint), hint


@pytest.mark.parametrize(
    ("config", "events", "result"),
    [
        (FinetuneConfig(), losses(FALLING, [0.7, 0.5, 0.4, 0.41]), outcome(GOOD, cut=5)),
        (FinetuneConfig(), losses(RISING[-8:]), None),  # too few losses to tell
        (FinetuneConfig(), losses(FALLING), outcome(GOOD, seconds=600, device="NVIDIA H100")),
        (LoraConfig(upper_layers=3), losses(FALLING), outcome(GOOD, seconds=600)),
        (MajorityConfig(), losses([]), outcome([[50, 0], [50, 0]])),
        (TfidfConfig(), losses([]), outcome([[950, 0], [10, 40]])),  # nearly all reviews are of one class
    ],
)
def test_without_a_symptom_there_is_none(config, events, result):
    assert hints_of(config, events, result) == []


def test_hints_stand_beside_the_run_on_the_command_line_and_in_the_report(repeated, command, root):
    shutil.copytree(repeated[0], root)
    run = open_run(root, "svm")
    told = run.result
    told["cut"] = {"train": 40, "validation": 10, "test": 10}
    run.write_json("result.json", told)
    says = "47 % of the reviews are not read to their end"
    assert says in command("runs", "show", "svm")[1]
    assert says in status_card(run, run.status, run.events())
    assert "What could be tried next" in repr(discussion(collect(root))) and says in repr(discussion(collect(root)))


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """What other tests have measured is not known here."""
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path / "cache"))


CHOICE = Choice("rotten_tomatoes", "distilbert")


@pytest.mark.parametrize("upper", [None, 0, 1])
def test_the_loss_is_measured_as_the_rate_rises(tiny_folder, with_hub_cache, own_cache, monkeypatch, upper):
    monkeypatch.setattr(lr_finder, "STEPS", 80)
    monkeypatch.setattr(lr_finder, "BOUNDS", {"finetune": (1e-5, 1e-1), "lora": (1e-4, 1.0)})  # a tiny model wants more
    data = {"dataset": str(tiny_folder), "model": "distilbert", "batch_size": 16}
    config = FinetuneConfig(**data) if upper is None else LoraConfig(**data, upper_layers=upper)
    corpus, shares = prepare(config).corpus, []
    found = lr_finder.find_lr(config, corpus, lambda share, what: shares.append(share))
    rates = found.curve["lr"].to_numpy()
    low, high = lr_finder.BOUNDS[found.method]
    assert rates[0] == low and 10 < len(rates) < 80 and rates[-1] < high
    assert np.allclose(np.diff(np.log(rates)), np.log(high / low) / 79) and len(shares) > len(rates)
    assert found.curve["loss"].min() < 0.6 < found.curve["loss"][:5].mean()  # it trained
    assert low < found.suggestion < rates[found.curve["smoothed"].argmin()]
    again = lr_finder.find_lr(config, corpus, lambda share, what: pytest.fail("it is known"))
    assert again.curve.equals(found.curve) and not list(tiny_folder.parent.glob("**/state"))


def test_the_suggestion_is_where_the_loss_falls_fastest():
    rates = np.logspace(-6, -1, 100)
    losses = 0.7 - 0.3 / (1 + np.exp(-8 * (np.log10(rates) + 3))) + np.where(rates > 2e-2, 30 * (rates - 2e-2), 0)
    curve = pd.DataFrame({"lr": rates, "loss": losses, "smoothed": losses})
    assert 7e-4 < lr_finder.steepest(curve) < 1.4e-3
    flat = curve.assign(smoothed=0.7)
    assert lr_finder.steepest(flat) is None and lr_finder.steepest(curve[:5]) is None
    assert "does not fall" in lr_finder.Found("lora", flat, None, 5e-4).sentence


def test_a_rate_is_found_on_the_command_line_and_on_the_page_but_not_beside_a_run(
    root, with_hub_cache, own_cache, command, monkeypatch
):
    monkeypatch.setattr(lr_finder, "STEPS", 30)
    note, drawn, figure, button = panel.show_rates("lora", CHOICE)
    assert "Not measured yet" in note and button.visible and figure is None and not drawn.visible
    with between_runs(root):
        with pytest.raises(Exception, match="A run is training here"):
            panel.measure_rates(root, "lora", CHOICE, lambda *args, **kwargs: None)
        code, out, err = command("find-lr", *panel.told("lora", CHOICE).words[1:])
        assert code == 2 and out == "" and "A run is training here" in err
    note, drawn, figure, button = panel.measure_rates(root, "lora", CHOICE, lambda *args, **kwargs: None)
    assert drawn.visible and not button.visible and json.loads(figure)["layout"]["xaxis"]["type"] == "log"
    code, out, _ = command(*panel.told("lora", CHOICE).words, "--json")
    curve = json.loads(out)[panel.told("lora", CHOICE).key]
    names = {}
    exec(panel.told("lora", CHOICE).lines, names)
    assert code == 0 and curve == names["result"]
    assert panel.show_rates("lora", CHOICE)[2] == figure and json.loads(out)["default"] == 5e-4
    assert command("find-lr", "svm")[0] == 2


def test_the_study_trains_what_is_missing_and_tells_ranks_and_layers(tiny_folder, with_hub_cache, root, command):
    words = ["--dataset", str(tiny_folder), "--model", "distilbert", "--epochs", "1", "--ranks", "2"]
    code, out, err = command("lora-study", *words, "--json")
    rows = json.loads(out)["runs"]
    assert code == 0 and len(rows) == 3 and "3 runs, 3 of them to train" in err
    assert {row["mark"] for row in rows} == {"rank 2"}
    names = ["LoRA on query and value", "LoRA on q_lin, k_lin, v_lin",
             "LoRA on q_lin, k_lin, v_lin, out_lin, lin1, lin2"]  # fmt: skip
    assert {row["name"] for row in rows} == set(names)
    weights = [min(row["trained"] for row in rows if row["name"] == name) for name in names]
    assert weights == sorted(set(weights))  # each set of layers trains more
    assert "3 runs, 0 of them to train" in command("lora-study", *words)[2]
    shown, figure = tab_lora.show_study(root, rows[0]["run"])
    drawn = json.loads(figure)["data"]
    assert shown.visible and len({trace["marker"]["symbol"] for trace in drawn}) == 3
    assert len({trace["marker"]["color"] for trace in drawn}) == 1
    assert command("lora-study", *words[:-1], "0")[0] == 2


def test_the_button_queues_the_study_as_far_as_a_limit_lets_it(tmp_path, with_hub_cache, monkeypatch):
    monkeypatch.setenv("SENTI_STANDBY", "0")
    monkeypatch.setattr(limits, "LOCAL", replace(limits.LOCAL, waiting=2))
    told = []
    monkeypatch.setattr(tab_lora.gr, "Info", told.append)
    try:
        name = tab_lora.start_whole_study(tmp_path, (), CHOICE)
        assert len(list_runs(tmp_path)) == 2 and open_run(tmp_path, name).config.lora_rank == 1
        assert "2 of 9 runs are queued" in told[-1]
    finally:
        for run in list_runs(tmp_path):
            stop_run(tmp_path, run.name, polite_seconds=0)
