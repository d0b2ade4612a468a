"""Every command and every step of the lab, for people and for programs, and what bad input gets."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

PROJECT = Path(__file__).parents[1]
RESULT_KEYS = {"run", "method", "model", "dataset", "scores", "parameters", "seconds", "peak_memory_mb",
               "bytes_on_disk", "ms_per_sentence"}  # fmt: skip


@pytest.fixture
def senti(command, tiny_folder, with_hub_cache):
    """Run `senti ...` on the tiny reviews and the tiny DistilBERT; returns (exit code, stdout, stderr)."""
    return command


@pytest.fixture
def tiny(tiny_folder):
    return ["--dataset", str(tiny_folder), "--model", "distilbert"]


def one_object(out: str) -> dict:
    assert out.count("\n") == 1
    return json.loads(out)


def check_result(result: dict) -> None:
    assert set(result) >= RESULT_KEYS
    assert set(result["dataset"]) >= {"name", "checksum", "rows"}
    for split in ("validation", "test"):
        scores = result["scores"][split]
        assert scores["accuracy_low"] <= scores["accuracy"] <= scores["accuracy_high"] and scores["n"] == 32
        assert sum(map(sum, scores["confusion"])) == 32
    assert 0 <= result["parameters"]["trained"] <= result["parameters"]["total"]
    assert result["bytes_on_disk"] > 0 and result["ms_per_sentence"] > 0 and result["seconds"]["train"] > 0


@pytest.mark.parametrize("method", ["majority", "tfidf", "svm", "finetune", "lora"])
def test_methods_answer_with_their_result(senti, tiny, method, root):
    words = tiny if method in ("svm", "finetune", "lora") else tiny[:2]
    code, out, _ = senti(method, *words, "--json")
    result = one_object(out)
    check_result(result)
    assert code == 0 and result["method"] == method
    assert json.loads((root / result["run"] / "result.json").read_text()) == result


@pytest.mark.parametrize("step", ["e11", "e12", "e13", "e21", "e22", "e23", "e31"])
def test_steps_of_the_lab_take_all_its_flags(senti, tiny, step):
    flags = ["--subset", "40", "--lr", "1e-3", "--epochs", "1", "--batch_size", "8", "--lora_alpha", "16",
             "--lora_rank", "2"]  # fmt: skip
    code, out, err = senti("--step", step, *flags, *tiny, "--json")
    assert code == 0, err
    answer = one_object(out)
    if step in ("e13", "e23", "e31"):
        check_result(answer | {"scores": {k: v | {"n": 32} for k, v in answer["scores"].items()}})
        assert answer["dataset"]["rows"]["train"] == 40
    if step == "e13":
        assert "svm has no use for --lr, --epochs, --batch_size, --lora_alpha, --lora_rank" in err
    if step == "e21":
        assert {"text", "label", "input_ids"} <= set(answer["columns"])
        assert answer["first"]["tokens"][0] == "[CLS]" and answer["first"]["tokens"][-1] == "[SEP]"


@pytest.mark.parametrize("step", ["e11", "e12", "e21", "e22", "e13"])
def test_steps_speak_to_people(senti, tiny, step):
    code, out, err = senti(f"--step={step}", *tiny)
    assert code == 0, err
    assert len(out.splitlines()) >= 3 and "{" not in out


def test_both_spellings(senti, tiny):
    _, out, _ = senti("setup", *tiny, "--batch-size", "5", "--json")
    assert one_object(out)["batch_size"] == 5
    _, out, _ = senti("setup", *tiny, "--batch_size", "5", "--json")
    assert one_object(out)["batch_size"] == 5


def test_baselines(senti, tiny):
    _, out, _ = senti("baselines", *tiny[:2], "--json")
    runs = one_object(out)["runs"]
    assert [run["method"] for run in runs] == ["majority", "tfidf"]
    assert runs[0]["scores"]["test"]["accuracy"] == 0.5


def test_progress_is_plain_lines_in_a_pipe(senti, tiny):
    _, out, err = senti("finetune", *tiny, "--epochs", "1")
    assert "step 4 / 4" in err and "validation loss" in err and "\r" not in err
    assert "validation" in out and "trained" in out


def test_compare_predict_and_runs(senti, tiny, root, tmp_path, monkeypatch):
    for method in ("majority", "tfidf"):
        senti(method, *tiny[:2])
    code, out, _ = senti("compare", "a tender film", "--json")
    answer = one_object(out)
    assert code == 0 and [row["method"] for row in answer["results"]] == ["majority", "tfidf"]
    assert len(answer["texts"]) == 2
    best = next(row["run"] for row in answer["results"] if row["method"] == "tfidf")

    _, out, _ = senti("predict", "a tender film about two sisters", "a dull film", "--json", "--runs", best)
    assert [row["label"] for row in one_object(out)["predictions"]] == ["positive", "negative"]
    monkeypatch.setattr(sys, "stdin", io.StringIO("a dull film\n\na tender film\n"))
    _, out, _ = senti("predict", "--json", "--runs", best)
    assert [row["label"] for row in one_object(out)["predictions"]] == ["negative", "positive"]
    _, out, _ = senti("compare")
    assert "TF-IDF + SVM" in out and "Majority class" in out

    _, out, _ = senti("runs", "--json")
    assert [run["status"] for run in one_object(out)["runs"]] == ["finished", "finished"]
    _, out, _ = senti("runs", "show", best, "--json")
    assert one_object(out)["status"] == "finished"
    code, out, err = senti("runs", "delete", best)
    assert code == 2 and "--yes" in err and (root / best).exists()
    senti("runs", "delete", best, "--yes")
    assert not (root / best).exists()


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "parquet"])
def test_predict_a_file(senti, tiny, tmp_path, suffix):
    run = one_object(senti("tfidf", *tiny[:2], "--json")[1])["run"]
    frame = pd.DataFrame({"id": ["7", "8"], "review": ["a tender film", "NA"]})
    path = tmp_path / f"in.{suffix}"
    {"csv": lambda: frame.to_csv(path, index=False), "tsv": lambda: frame.to_csv(path, index=False, sep="\t"),
     "jsonl": lambda: frame.to_json(path, orient="records", lines=True),
     "parquet": lambda: frame.to_parquet(path)}[suffix]()  # fmt: skip
    code, out, err = senti("predict", "--file", str(path), "--json")
    assert code == 0, err
    from senti.corpus import read_table

    written, _ = read_table(Path(one_object(out)["file"]))
    assert list(written.columns) == ["id", "review", f"{run} label", f"{run} confidence"]
    assert list(written["review"]) == ["a tender film", "NA"] and list(written["id"]) == ["7", "8"]
    assert written[f"{run} label"].iloc[0] == "positive"
    code, out, err = senti("predict", "--file", f"no-such.{suffix}")
    assert code == 2 and out == "" and f"no-such.{suffix} is not a file" in err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--step", "e99"], "e11, e12"),
        (["svm", "--model", "no-such-model"], "no-such-model"),
        (["svm", "--model", "bert"], "minilm"),
        (["data", "--dataset", "no-such.csv"], "no-such.csv"),
        (["data", "--dataset", "sst2"], "bundled"),
        (["finetune", "--lr", "0"], "lr is 0.0"),
        (["finetune", "--lr", "abc"], "abc"),
        (["finetune", "--epochs", "0"], "epochs is 0"),
        (["lora", "--lora_rank", "1000"], "lora_rank is 1000"),
        (["finetune", "--model", "distilbert", "--use_wandb"], "pip install wandb"),
        (["finetune", "--frobnicate"], "--frobnicate"),
        (["svm", "--run", "../x"], "../x"),
        (["predict", "hello"], "quickstart"),
        (["predict", "  "], "Text 1"),
        (["runs", "show", "nobody"], "nobody"),
        (["runs", "stop"], "needs the name"),
        (["runs", "import", "no-such.zip"], "no-such.zip"),
        (["compare", "x", "--runs", "nobody"], "nobody"),
        (["inspect", ""], "empty"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_exit_code_2(senti, words, says):
    code, out, err = senti(*words)
    assert code == 2 and out == ""
    line = err.strip().splitlines()[-1]
    assert line.startswith("senti") and says in line
    assert "Traceback" not in err


def shell(*words: str, root: Path | None = None, **env: str) -> subprocess.CompletedProcess:
    more = ["--output_dir", str(root)] if root else []
    return subprocess.run([sys.executable, *words, *more], capture_output=True, text=True, cwd=PROJECT,
                          env=os.environ | env, check=False)  # fmt: skip


def test_help_names_every_command_and_step():
    done = shell("-m", "senti", "--help")
    assert done.returncode == 0
    for word in ("data", "inspect", "svm", "finetune", "lora", "baselines", "compare", "predict", "runs", "doctor",
                 "quickstart", "e11", "e12", "e13", "e21", "e22", "e23", "e31"):  # fmt: skip
        assert word in done.stdout


def test_the_labs_own_command(root, tiny_folder):
    done = shell("main.py", "--step", "e11", "--dataset", str(tiny_folder), "--model", "minilm", "--json", root=root)
    assert done.returncode == 0, done.stderr
    assert one_object(done.stdout)["rows"] == {"train": 64, "validation": 32, "test": 32}


def test_doctor(senti):
    code, out, _ = senti("doctor", "--json")
    checks = {check["what"]: check for check in one_object(out)["checks"]}
    assert code == 0, out
    assert checks["model minilm"]["ok"] and checks["smoke run"]["ok"] and not checks["Hugging Face Hub"]["ok"]


def test_problems_are_listed_and_written(senti, tiny, tmp_path):
    code, out, _ = senti("problems", *tiny, "--max-length", "8", "--out", str(tmp_path / "flagged.csv"), "--json")
    told = one_object(out)
    assert code == 0 and told["counts"]["cut"] > 0 and len(told["rows"]) == sum(told["counts"].values())
    assert len(pd.read_csv(tmp_path / "flagged.csv", encoding="utf-8-sig")) == len(told["rows"])
    assert "near-duplicates" in senti("problems", *tiny)[1]


def test_slices_are_counted_and_scored(senti, tiny):
    senti("tfidf", "--dataset", tiny[1])
    told = one_object(senti("slices", *tiny, "--slice", "label: positive", "--json")[1])
    assert told["slices"]["all"] == told["slices"]["label: positive"] == 16
    assert {row["slice"] for row in told["scores"]} == set(told["slices"])
    code, _, err = senti("slices", *tiny, "--slice", "irony")
    assert code == 2 and err.count("\n") == 1 and "irony" in err


def test_the_map_and_two_texts_and_probes(senti, tiny, tmp_path):
    told = one_object(senti("map", *tiny, "--layer", "1", "--out", str(tmp_path / "map.csv"), "--json")[1])
    assert told["layer"] == 1 and len(told["points"]) == 32 == len(pd.read_csv(tmp_path / "map.csv"))
    told = one_object(senti("contrast", *tiny, "a tender film", "a dull film", "--json")[1])
    assert {row["what"] for row in told["drift"]} == {"[CLS]", "mean", "a", "film"}
    (curve,) = one_object(senti("probe", *tiny, "--json")[1])["probes"]
    assert len(curve["curve"]) == 6 and curve["reader"] == "backbone"
    assert "shuffled" not in senti("probe", *tiny)[1] and senti("probe", *tiny, "nobody")[0] == 2


def test_drift_of_a_run(senti, tiny):
    senti("finetune", *tiny, "--name", "full", "--epochs", "1")
    told = one_object(senti("drift", *tiny, "full", "--json")[1])
    assert len(told["drift"]) == 6 and all(row["cka"] <= 1.0001 for row in told["drift"])
    assert "CKA" in senti("drift", *tiny, "full")[1]


def test_runs_are_judged(senti, tiny, root):
    for name, knobs in (("weak", ["--C", "1e-6"]), ("strong", [])):
        senti("tfidf", "--dataset", tiny[1], "--name", name, *knobs)
    (pair,) = one_object(senti("differences", "--json")[1])["pairs"]
    assert {pair["first"], pair["second"]} == {"weak", "strong"} and 0 <= pair["p"] <= pair["corrected"] <= 1
    told = one_object(senti("challenge", "--runs", "strong", "--json")[1])["runs"][0]
    assert told["rates"][-1]["phenomenon"] == "all" and told["rates"][-1]["n"] > 300
    assert len(told["failures"]) >= told["rates"][-1]["n"] - told["rates"][-1]["passed"]
    (why,) = one_object(senti("explain", "a tender film", "--runs", "strong", "--json")[1])["runs"]
    assert why["way"] == "linear contributions" and why["total"] == pytest.approx(why["expected"])
    assert max(why["words"], key=lambda word: word["own"])["word"] == "tender"
    words = ("explain", "a tender film", "--runs", "strong", "--label", "negative", "--json")
    (other,) = one_object(senti(*words)[1])["runs"]
    assert other["label"] == "negative" and other["total"] == pytest.approx(-why["total"])
    listed = one_object(senti("disagreements", "--json")[1])
    saved = [pd.read_parquet(root / name / "predictions.parquet") for name in ("weak", "strong")]
    weak, strong = (frame[frame["split"] == "test"].eval("p1 > p0") for frame in saved)
    assert len(listed["sentences"]) == (weak != strong).sum() > 0 and set(listed["runs"]) == {"weak", "strong"}
    found = one_object(senti("disagreements", listed["sentences"][0]["text"], "--json")[1])
    assert {side["label"] for side in found["sides"]} == {"negative", "positive"}
    assert all(len(side["nearest"]) == 3 for side in found["sides"])
    assert found["deletion"]["proven"] and found["parting"]["layer"] is None
    for words in (["differences"], ["challenge"], ["explain", "a tender film"], ["disagreements"],
                  ["disagreements", "a tender film"]):
        code, out, _ = senti(*words)
        assert code == 0 and "weak" in out and "strong" in out
    code, _, err = senti("differences", "--runs", "weak")
    assert code == 2 and "train another" in err
