"""Methods on a tiny real transformer: saved equals reloaded, adapters are small, runs end as they should."""

import json
import shutil
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import save_tiny_distilbert

from senti.config import FinetuneConfig, LoraConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.errors import BadConfig, RunFailed, Stopped
from senti.evaluation import compare, disagreements, results_table
from senti.experiment import conduct, create, prepare
from senti.methods import load, svm
from senti.runs import stop_run
from senti.ui.begin import begin

pytestmark = pytest.mark.usefixtures("with_hub_cache")
TEXTS = ["a tender film", "dull music over dull pictures", "nothing here but lovely ideas", "clumsy"]


@pytest.fixture
def config(tiny_folder):
    """Build a method's config on the tiny reviews and the tiny DistilBERT."""

    def make(cls, **knobs):
        model = {"model": "distilbert"} if hasattr(cls, "model") else {}
        return cls(dataset=str(tiny_folder), **model, **knobs)

    return make


def run_of(root, config):
    run = create(root, prepare(config))
    conduct(run)
    return run


FP32, BF16 = {"precision": "fp32"}, {"precision": "bf16"}


@pytest.mark.parametrize(
    ("cls", "knobs", "rounding"),
    [(MajorityConfig, {}, 0), (TfidfConfig, {}, 1e-7),
     (SvmConfig, FP32, 1e-4), (SvmConfig, {"pooling": "mean"} | BF16, 5e-3),
     (FinetuneConfig, {"lr": 1e-2} | FP32, 1e-4), (FinetuneConfig, {"lr": 1e-2} | BF16, 5e-3),
     (LoraConfig, {"lr": 1e-2} | FP32, 1e-4), (LoraConfig, {"lr": 1e-2} | BF16, 5e-3)],
)  # fmt: skip
def test_a_reloaded_model_predicts_what_the_run_predicted(root, config, cls, knobs, rounding):
    run = run_of(root, config(cls, **knobs))
    from senti.corpus import load_corpus
    from senti.evaluation import saved_predictions

    test = load_corpus(run.config.dataset).splits["test"]
    then = saved_predictions(run, "test").filter(regex="^p").to_numpy()
    now = load(run)(list(test["text"]))
    assert now.shape == (32, 2) and np.allclose(now.sum(axis=1), 1)
    np.testing.assert_allclose(now, then, atol=1e-6)
    one_by_one = np.vstack([load(run)([text]) for text in test["text"]])
    np.testing.assert_allclose(now, one_by_one, atol=rounding)  # the order is kept, padding counts for nothing
    accuracy = (now.argmax(axis=1) == test["label"]).mean()
    assert run.result["scores"]["test"]["accuracy"] == pytest.approx(accuracy)


def test_training_learns_and_its_rows_tell(root, config):
    run = run_of(root, config(FinetuneConfig, lr=1e-2, epochs=6, batch_size=8, precision="fp32"))
    events = run.events()
    train, validation = (events[events["split"] == name] for name in ("train", "validation"))
    assert train["loss"].iloc[-5:].mean() < 0.3 * train["loss"].iloc[0]
    assert list(validation["epoch"]) == [0, 1, 2, 3, 4, 5, 6]  # epoch 0 is the untrained head
    assert run.result["scores"]["validation"]["accuracy"] == pytest.approx(validation["accuracy"].max())
    assert train[["lr", "grad_norm", "seconds", "total_steps"]].notna().all(axis=None)
    assert train["samples_per_second"].iloc[1:].gt(0).all()
    assert not (run.path / "state").exists()


def test_a_time_without_the_reading_is_said_to_be_one(root, tiny_folder, with_hub_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(svm, "WORTH_KEEPING", 10)
    first, second = (conduct(create(root, prepare(SvmConfig(dataset=str(tiny_folder), model="distilbert", C=C))))
                     for C in (0.1, 1.0))  # fmt: skip
    assert first["notes"] == [] and second["notes"] == [svm.FROM_DISK]


def test_the_best_epoch_is_kept_not_the_last(root, config):
    worse_at_the_end = 0
    for seed in range(8):  # a short, bumpy training: in some of these the last epoch is not the best
        run = run_of(root, config(FinetuneConfig, lr=3e-3, epochs=4, batch_size=8, precision="fp32", seed=seed))
        accuracy = list(run.events().query("split == 'validation'")["accuracy"])
        assert run.result["scores"]["validation"]["accuracy"] == pytest.approx(max(accuracy[1:]))
        worse_at_the_end += max(accuracy[1:]) > accuracy[-1]
        if worse_at_the_end:
            return
    pytest.fail("no run was worse at its end; choose bumpier knobs")


def test_training_agrees_with_a_plain_loop(root, config):
    """One epoch in one batch: the Trainer's single step equals AdamW by hand."""
    import torch

    from senti.corpus import load_corpus
    from senti.encoder import load_classifier, load_tokenizer, resolve_model

    settings = config(FinetuneConfig, lr=1e-3, epochs=1, batch_size=64, warmup=0.0, weight_decay=0.0, precision="fp32",
                      seed=5)  # fmt: skip
    run = run_of(root, settings)
    torch.manual_seed(5)
    backbone = resolve_model("distilbert")
    model, tokenizer = load_classifier(backbone, ["negative", "positive"]), load_tokenizer(backbone)
    train = load_corpus(settings.dataset).splits["train"]
    batch = tokenizer(list(train["text"]), padding=True, return_tensors="pt")
    model.eval()
    with torch.no_grad():
        before = model(**batch, labels=torch.tensor(train["label"].to_numpy())).loss.item()
    first = run.events().query("split == 'train'").iloc[0]
    assert first["loss"] == pytest.approx(before, abs=0.05)  # dropout is all that differs


def test_the_same_seed_gives_the_same_run(root, config):
    first, second = (run_of(root, config(LoraConfig, lr=1e-2, epochs=2)) for _ in range(2))
    np.testing.assert_array_equal(load(first)(TEXTS), load(second)(TEXTS))
    assert list(first.events()["loss"]) == list(second.events()["loss"])
    from senti.training.trainer import arguments

    other = run_of(root, config(LoraConfig, lr=1e-2, epochs=2, seed=1))
    assert arguments(other.config, other, 64).seed == 1  # the order of the batches too
    assert not np.allclose(load(first)(TEXTS), load(other)(TEXTS))


def test_what_is_saved_does_not_tell_if_the_texts_had_been_tokenized_before(
    root, config, hub_cache, tmp_path, monkeypatch
):  # fmt: skip
    (snapshot,) = (hub_cache / "models--distilbert--distilbert-base-uncased" / "snapshots").iterdir()
    model = Path(shutil.copytree(snapshot, tmp_path / "padding"))
    told = json.loads((model / "tokenizer.json").read_text())
    padding = {"strategy": {"Fixed": 32}, "direction": "Right", "pad_id": 0, "pad_type_id": 0, "pad_token": "[PAD]"}
    cut = {"direction": "Right", "max_length": 32, "strategy": "LongestFirst", "stride": 0}
    (model / "tokenizer.json").write_text(json.dumps(told | {"padding": padding, "truncation": cut}))
    monkeypatch.setenv("SENTI_CACHE", str(tmp_path / "cache"))
    runs = [run_of(root, replace(config(FinetuneConfig, epochs=1), model=str(model))) for _ in range(2)]
    first, second = ({file.name: file.read_bytes() for file in run.model_path.iterdir()} for run in runs)
    assert first == second and '"padding": null' in first["tokenizer.json"].decode()


def test_lora_trains_and_saves_little(root, config):
    run = run_of(root, config(LoraConfig, lora_rank=2, epochs=1))
    result = run.result
    # rank 2 on q_lin and v_lin of 2 layers, 32 wide: 2*2*(32*2 + 2*32); head: pre_classifier and classifier
    assert result["parameters"]["trained"] == 2 * 2 * (32 * 2 + 2 * 32) + (32 * 32 + 32) + (32 * 2 + 2)
    assert result["bytes_on_disk"] < 40_000
    saved = json.loads((run.model_path / "adapter_config.json").read_text())
    assert saved["base_model_name_or_path"] == "distilbert/distilbert-base-uncased"


def test_lora_targets_are_checked_before_training(root, config):
    with pytest.raises(BadConfig, match="q_lin"):
        prepare(config(LoraConfig, lora_targets="q_proj"))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_knobs_reach_the_trainer(root, config, precision):
    run = run_of(root, config(FinetuneConfig, precision=precision, gradient_accumulation=2, gradient_checkpointing=True,
                              scheduler="cosine", epochs=2, batch_size=8))  # fmt: skip
    assert run.events()["step"].max() == 8  # 64 reviews / 8 / 2 * 2 epochs


def test_early_stopping(root, config):
    run = run_of(root, config(FinetuneConfig, lr=1e-8, epochs=20, early_stopping=2))
    assert run.events()["epoch"].max() == 3


def test_a_diverging_run_fails_with_a_sentence(root, config, tmp_path):
    from dataclasses import replace

    from safetensors.torch import load_file, save_file

    broken = tmp_path / "broken"
    save_tiny_distilbert(broken)
    weights = load_file(broken / "model.safetensors")
    for part in ("q_lin", "k_lin"):  # finite, but their product is not
        weights[f"distilbert.transformer.layer.0.attention.{part}.weight"] *= 1e30
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    run = create(root, prepare(replace(config(FinetuneConfig, lr=0.5, precision="fp32"), model=str(broken))))
    with pytest.raises(RunFailed, match=r"became nan at step 1: the learning rate 0\.5 is too high; try 0\.05"):
        conduct(run)
    assert run.status == "failed" and "nan" in run.error["message"]
    assert len(run.events()) == 1  # the evaluation before the first step


def test_stop_keeps_a_usable_model(root, config):
    run = begin(root, config(FinetuneConfig, epochs=50, lr=1e-4, batch_size=1))
    deadline = time.monotonic() + 60
    while len(run.events()) < 3:
        assert time.monotonic() < deadline and run.status != "failed", run.log()
        time.sleep(0.1)
    assert run.status == "running"
    stop_run(root, run.name)
    assert run.status == "stopped"
    assert load(run)(TEXTS).shape == (4, 2)


def test_a_started_run_finishes_on_its_own(root, config):
    run = begin(root, config(TfidfConfig))
    deadline = time.monotonic() + 60
    while run.status in ("queued", "running"):
        assert time.monotonic() < deadline, run.log()
        time.sleep(0.1)
    assert run.status == "finished", run.log()


def test_changed_data_is_refused(root, config, tiny_folder, tmp_path):
    import shutil
    from dataclasses import replace

    copy = tmp_path / "tiny"
    shutil.copytree(tiny_folder, copy)
    run = create(root, prepare(replace(config(TfidfConfig), dataset=str(copy))))
    with (copy / "train.csv").open("a") as f:
        f.write("one more fine review,1\n")
    from senti.errors import BadData

    with pytest.raises(BadData, match="changed"):
        conduct(run)
    assert run.status == "failed" and "changed" in run.error["message"]


def test_a_stop_before_the_turn_ends_the_run(root, config):
    run = create(root, prepare(config(TfidfConfig)))
    (run.path / "stop").touch()
    with pytest.raises(Stopped):
        conduct(run)
    assert run.status == "stopped"


def test_comparing(root, config):
    majority, tfidf = run_of(root, config(MajorityConfig)), run_of(root, config(TfidfConfig))
    rows = compare(root, TEXTS)
    assert len(rows) == 8 and set(rows["run"]) == {majority.name, tfidf.name}
    assert rows["probabilities"].map(lambda p: sum(p.values())).to_numpy() == pytest.approx(1)
    table = results_table(root)
    assert list(table["method"]) == ["majority", "tfidf"] and table["data"].nunique() == 1
    differ = disagreements(root, [majority.name, tfidf.name])
    wrong = table.set_index("run").loc[tfidf.name]
    assert len(differ) == 16  # majority says one label always, TF-IDF is right everywhere here
    margins = [abs(p["probabilities"]["positive"] - 0.5) for p in _sure(root, tfidf.name, differ["text"])]
    assert margins == sorted(margins, reverse=True)  # majority says 0.5, so TF-IDF's sureness is the distance
    assert wrong["test"] == 1.0 and (differ[tfidf.name] == differ["label"]).all()


def _sure(root, run, texts):
    return compare(root, list(texts), [run]).to_dict("records")
