"""Distillation: the loss against one written out, the layers that stay, a student that needs its teacher no more."""

import json
import shutil
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from senti.config import DistillConfig, FinetuneConfig, LoraConfig, TfidfConfig
from senti.errors import BadConfig, BadData, Stopped, UnknownRun
from senti.evaluation import beside_teacher, readers, results_table
from senti.experiment import conduct, create, prepare, resume
from senti.methods import load, load_predictor, restore
from senti.methods.distill import ask, kept, shorten
from senti.runs import Run, delete_run, open_run
from senti.training.distilling import Lesson
from senti.ui import distillation as panel
from senti.ui.choice import Choice
from senti.ui.forms import read_form
from senti.ui.plan import show_plan

TEXTS = ["a tender film", "dull music over dull pictures", "nothing here but lovely ideas"]


def run_of(root, config, name) -> Run:
    run = create(root, prepare(config, root), name)
    conduct(run)
    return run


@pytest.fixture(scope="module")
def taught(tmp_path_factory, tiny_folder, lively_model):
    """A folder with a teacher of each kind, who can teach or cannot, and a student of one layer of the first."""
    root, data = tmp_path_factory.mktemp("runs"), str(tiny_folder)
    shared = {"dataset": data, "model": str(lively_model), "epochs": 1, "lr": 2e-3, "precision": "fp32"}
    run_of(root, FinetuneConfig(**shared), "full")
    run_of(root, LoraConfig(**shared), "thin")
    run_of(root, LoraConfig(**shared, adapter="prompt-tuning", max_length=64), "prompted")
    run_of(root, TfidfConfig(dataset=data), "words")
    run_of(root, DistillConfig(teacher="full", layers=1, epochs=2, lr=1e-3, precision="fp32"), "student")
    return root


def test_the_loss_is_hinton_s():
    logits, said = (
        torch.tensor([[1.0, -1.0], [0.2, 0.4], [2.0, 1.0]]),
        torch.tensor([[3.0, 0.0], [0.0, 1.0], [0.5, 0.1]]),
    )
    lesson = Lesson(["more"], said.numpy(), temperature=3.0, alpha=0.3)
    rows = lesson.texts([np.array([1]), np.array([1]), np.array([1])], np.array([0, 1]))
    labels = torch.tensor([rows[i][1] for i in range(3)])
    assert labels[:, 0].tolist() == [0, 1, -1] and len(rows) == 3
    expected = 0.0
    for i, true in enumerate((0, 1, None)):
        p, q = (said[i] / 3).softmax(-1), (logits[i] / 3).softmax(-1)
        expected += 0.3 * 9 * float((p * (p / q).log()).sum())
        expected -= 0.7 * float(logits[i].log_softmax(-1)[true]) if true is not None else 0.0
    found = lesson.loss(SimpleNamespace(logits=logits), labels)
    assert float(found) == pytest.approx(expected / 3, rel=1e-5)
    counted = lesson.loss(SimpleNamespace(logits=logits), labels, num_items_in_batch=torch.tensor(9))  # as the Trainer
    assert float(counted) == pytest.approx(float(found))
    scored = lesson.loss(SimpleNamespace(logits=logits[:2]), torch.tensor([0, 1]))
    assert float(scored) == pytest.approx(float(torch.nn.functional.cross_entropy(logits[:2], torch.tensor([0, 1]))))


def test_layers_are_taken_evenly():
    assert [kept(6, n) for n in (1, 2, 3, 6)] == [[0], [0, 5], [0, 2, 5], [0, 1, 2, 3, 4, 5]]
    assert kept(12, 3) == [0, 5, 11]


def test_a_student_begins_as_its_teacher(taught):
    """All layers left in place it is the teacher; a LoRA teacher is merged first."""
    for name in ("full", "thin"):
        teacher = open_run(taught, name)
        model, tokenizer = restore(teacher)
        shorten(model, 2)
        batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
        said = ask(teacher, teacher.config, TEXTS)
        np.testing.assert_allclose(model(**batch).logits.detach(), said, atol=1e-5)
        chances = load_predictor(teacher)(TEXTS)
        np.testing.assert_allclose(torch.tensor(said).softmax(-1), chances, atol=1e-5)
        shorten(model, 1)
        assert model.config.num_hidden_layers == 1 and len(model.base_model.transformer.layer) == 1


def test_a_student_is_smaller_learns_and_stands_alone(taught, tmp_path):
    root = shutil.copytree(taught, tmp_path / "runs")
    student, teacher = open_run(root, "student"), open_run(root, "full")
    losses = student.events()
    assert (
        losses.loc[losses["split"] == "train", "loss"].iloc[-1] < losses.loc[losses["split"] == "train", "loss"].iloc[0]
    )
    assert student.result["parameters"]["total"] < teacher.result["parameters"]["total"]
    assert student.result["bytes_on_disk"] < teacher.result["bytes_on_disk"]
    assert student.facts["data"] == teacher.facts["data"] and student.config.dataset == teacher.config.dataset
    assert json.loads((student.model_path / "config.json").read_text())["n_layers"] == 1
    assert "Taught by full: 1 of its layers" in student.result["notes"][0]
    table = beside_teacher(student)
    assert list(table["run"]) == ["full", "student"] and table["bytes"].is_monotonic_decreasing
    assert "Distillation, 1 layer" in set(results_table(root)["title"])
    before = load(student)(TEXTS)
    assert any(reader.name == "student" for reader in readers(root, prepare(teacher.config).backbone))
    delete_run(root, "full")
    np.testing.assert_array_equal(load(student)(TEXTS), before)
    assert "full" in panel.show_both(root, "student")  # a sentence, not a fault
    assert student.path.joinpath("predictions.parquet").exists()


def test_a_teacher_that_only_softens_is_copied_and_texts_without_labels_count(taught, tmp_path):
    """alpha 1: labels are not looked at, yet the student comes close to the teacher; a file adds its new texts."""
    root = shutil.copytree(taught, tmp_path / "runs")
    more = tmp_path / "more.csv"
    more.write_text("text\n" + "\n".join(["a tender film about two cats", "dull cats", "dull cats", " "]))
    config = DistillConfig(
        teacher="thin", layers=2, alpha=1.0, unlabelled=str(more), lr=1e-3, precision="fp32", epochs=1
    )
    run = run_of(root, config, "copy")
    assert "2 texts without labels" in run.result["notes"][1]
    away = np.abs(load_predictor(run)(TEXTS) - load_predictor(open_run(root, "thin"))(TEXTS)).max()
    assert away < 0.1
    again = tmp_path / "known.csv"
    again.write_text("text\n" + str(prepare(config, root).corpus.splits["test"]["text"][0]))
    with pytest.raises(BadData, match="holds no text that"):
        prepare(DistillConfig(teacher="thin", unlabelled=str(again), layers=1), root)


def test_a_stopped_student_goes_on_bit_for_bit(taught, tmp_path, monkeypatch):
    root = shutil.copytree(taught, tmp_path / "runs")
    monkeypatch.setenv("SENTI_CHECKPOINT_SECONDS", "0")
    config = DistillConfig(teacher="full", layers=1, epochs=2, lr=1e-3, precision="fp32")
    run = create(root, prepare(config, root), "halved")

    def stop(row):
        if row.get("split") == "train" and row["step"] >= 3:
            run.request_stop()

    with pytest.raises(Stopped):
        conduct(replace(run, on_event=stop))
    assert resume(root, "halved").step >= 3
    with pytest.raises(UnknownRun, match="full teaches halved, which is queued"):
        delete_run(root, "full")
    conduct(open_run(root, "halved"))
    np.testing.assert_array_equal(load(open_run(root, "halved"))(TEXTS), load(open_run(root, "student"))(TEXTS))


@pytest.mark.parametrize(
    ("knobs", "error", "says"),
    [({}, BadConfig, "teacher is empty"), ({"teacher": "nobody"}, UnknownRun, "No run named"),
     ({"teacher": "words"}, BadConfig, "no layers of its own"), ({"teacher": "prompted"}, BadConfig, "no layers"),
     ({"teacher": "student"}, BadConfig, "no layers of its own"),
     ({"teacher": "full", "layers": 3}, BadConfig, "layers is 3; full has 2"),
     ({"teacher": "full", "layers": 1, "subset": 40}, BadConfig, "subset is 40 but None in full"),
     ({"teacher": "full", "layers": 1, "dataset": "bundled"}, BadConfig, "takes the reviews and the model")],
)  # fmt: skip
def test_who_cannot_teach_is_told(taught, knobs, error, says):
    with pytest.raises(error, match=says):
        prepare(DistillConfig(**knobs), taught)


def test_texts_that_teach_nothing_and_files_of_the_server_are_refused():
    with pytest.raises(BadConfig, match="alpha is 0"):
        DistillConfig(teacher="full", alpha=0.0, unlabelled="imdb")
    with pytest.raises(BadData, match="path on the server"):
        read_form("distill", ("unlabelled",), Choice("bundled"), ("/etc/passwd.csv",))


def test_the_command_line_tells_what_the_student_lost(taught, tmp_path, capsys):
    from senti import cli

    root = shutil.copytree(taught, tmp_path / "runs")
    words = [
        "distill",
        "--teacher",
        "full",
        "--layers",
        "1",
        "--epochs",
        "1",
        "--run",
        "small",
        "--output_dir",
        str(root),
    ]
    assert cli.run([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["run"] == "small"
    assert cli.run(["distill", "--teacher", "words", "--output_dir", str(root)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_panel_offers_teachers_plans_and_compares(taught):
    assert [name for _, name in panel.teachers(taught)] == ["thin", "full"]
    shown = panel.offer(taught, "")
    assert shown.value == "thin" and panel.offer(taught, "full").value == "full"
    plan = show_plan(taught, "distill", ("teacher", "layers"), Choice("bundled"), "full", 1)
    assert "Takes 1 layer of Full fine-tuning (full)" in plan and "--teacher full" in plan and "bundled" not in plan
    assert "teacher is empty" in show_plan(taught, "distill", ("teacher",), Choice("bundled"), "")
    both = panel.show_both(taught, "student")
    assert "Teacher" in both and "full" in both and "on disk against" in both and panel.show_both(taught, "full") == ""
