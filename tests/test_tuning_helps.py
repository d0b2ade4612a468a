"""Repeated seeds, hints, the learning-rate finder and the LoRA study."""

import json
import shutil
import statistics

import pytest

from senti.config import FinetuneConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.errors import BadConfig
from senti.evaluation import finished_runs, results_table, seed_groups
from senti.experiment import conduct, create, prepare
from senti.report.facts import collect
from senti.report.findings import conclusion, results
from senti.runs import open_run
from senti.studies.seeds import missing, repeat
from senti.ui import verdicts


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
    folder, row, _ = repeated
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
