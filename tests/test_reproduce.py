"""A run once more: the same to the last bit, and said so where it is not."""

import json

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from senti import cli
from senti.config import FinetuneConfig, LoraConfig, MajorityConfig, TfidfConfig
from senti.errors import BadData, UnknownRun
from senti.experiment import conduct, create, prepare
from senti.reproduce import compare, learned, reproduce

pytestmark = pytest.mark.usefixtures("with_hub_cache")
KNOBS = {"model": "distilbert", "epochs": 1, "lr": 1e-2}


def finished(root, config, name="one"):
    run = create(root, prepare(config), name)
    conduct(run)
    return run


@pytest.mark.parametrize(("cls", "knobs"), [(MajorityConfig, {}), (TfidfConfig, {}), (LoraConfig, KNOBS)])
def test_a_run_comes_out_the_same(root, tiny_folder, cls, knobs):
    run = finished(root, cls(dataset=str(tiny_folder), **knobs))
    found = reproduce(root, run.name)
    assert found.same and found.conditions == () and found.again.name.startswith("one-again-")
    assert learned(run) and run.config == found.again.config


def test_what_differs_is_told_with_its_size_and_its_reason(root, tiny_folder, capsys):
    run = finished(root, FinetuneConfig(dataset=str(tiny_folder), **KNOBS))
    weights = load_file(run.model_path / "model.safetensors")
    weights["classifier.bias"][0] += 0.25
    save_file(weights, run.model_path / "model.safetensors", metadata={"format": "pt"})
    run.write_json("config.json", run.facts | {"versions": run.facts["versions"] | {"torch": "2.0"}})
    assert cli.run(["reproduce", run.name, "--output_dir", str(root)]) == 1
    out = capsys.readouterr().out
    assert "predictions: the same, bit for bit" in out and "torch was 2.0, is 2." in out
    size = float(out.split("weights: they differ by at most ")[1].split()[0])
    assert size == pytest.approx(0.25, abs=0.01)


def test_other_knobs_differ_in_scores_and_shapes(root, tiny_folder):
    one = finished(root, TfidfConfig(dataset=str(tiny_folder)))
    other = finished(root, TfidfConfig(dataset=str(tiny_folder), C=1e-5, subset=32), "other")
    found = compare(one, other)
    assert not found.same and found.predictions > 0 and np.isnan(found.weights)


def test_only_a_finished_run_on_the_same_reviews_is_reproduced(root, tiny_folder):
    killed = create(root, prepare(MajorityConfig(dataset=str(tiny_folder))), "killed")
    (killed.path / "queued").unlink()
    with pytest.raises(UnknownRun, match="is interrupted; only a finished run"):
        reproduce(root, "killed")
    run = finished(root, MajorityConfig(dataset=str(tiny_folder)))
    run.write_json("config.json", run.facts | {"data": run.facts["data"] | {"checksum": "0" * 16}})
    with pytest.raises(BadData, match="changed"):
        reproduce(root, run.name)
    assert {path.name for path in root.iterdir() if path.is_dir()} == {"killed", "one"}


def test_the_command_answers_programs(root, tiny_folder, capsys):
    finished(root, MajorityConfig(dataset=str(tiny_folder)))
    assert cli.run(["reproduce", "one", "--output_dir", str(root), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["same"] and told["weights"] == 0 and told["then"] == told["now"]
