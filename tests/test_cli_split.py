"""`senti split` and `senti cost`: for people, for programs, and what bad input gets."""

import json

import pandas as pd
import pytest
from known import FIRST, TRUTH, three_classes, three_runs, trained

from senti import cli


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny_folder):
    """Three runs on reviews of three classes, and an older one on others."""
    root = tmp_path_factory.mktemp("runs")
    trained(root, tiny_folder)
    three_runs(root, three_classes(tmp_path_factory.mktemp("data") / "three"))
    return root


@pytest.fixture
def senti(capsys, root):
    def call(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run([*words, "--output_dir", str(root)])
        out = capsys.readouterr()
        return code, out.out, out.err

    return call


def test_a_split_in_figures(senti, tmp_path):
    out = tmp_path / "told.csv"
    code, text, _ = senti("split", "--runs", "first", "second", "--threshold", "0.75", "--out", str(out), "--json")
    told = json.loads(text)
    first = told["runs"][0]
    assert code == 0 and told["split"] == "test" and (first["run"], first["n"]) == ("first", 6)
    assert first["accuracy"] == pytest.approx(0.5) and first["accuracy_covered"] == pytest.approx(2 / 3)
    assert first["confusion"] == [[1, 0, 1], [1, 0, 1], [0, 0, 2]] and first["labels"] == ["bad", "fair", "good"]
    assert [row["label"] for row in first["areas"]] == first["labels"]
    assert [row["n"] for row in told["agreement"]] == [2, 2, 2] and told["pairs"][0]["kappa"] == pytest.approx(4 / 22)
    rows = pd.read_csv(out, encoding="utf-8-sig")
    assert list(rows["first label"]) == [first["labels"][i] for i in FIRST] and rows["second confidence"][0] == 1.0
    assert list(rows["label"]) == [first["labels"][i] for i in TRUTH]


def test_for_people_and_without_names_the_newest_reviews(senti):
    code, text, _ = senti("split")
    assert code == 0 and "of 6 test reviews: all right 1 (16.7 %)" in text and "answered at 0.9" in text
    assert text.count("first") > 1 and "–" in text  # the majority answers nothing
    every = json.loads(senti("split", "--json")[1])["runs"]
    assert [row["accuracy_covered"] is None for row in every].count(True) == 1  # null, which JSON knows, and not NaN
    assert len(json.loads(senti("split", "--runs", "first", "--json")[1])["pairs"]) == 0
    assert "same answer" not in senti("split", "--runs", "first")[1]


def test_costs_name_who_dominates(senti):
    told = json.loads(senti("cost", "--cost", "bytes", "--json")[1])
    by = {row["run"]: row["dominated_by"] for row in told["runs"]}
    assert len(by) == 4 and set(by.values()) == {""}  # copies of one run, and one on other reviews
    code, text, _ = senti("cost")
    assert code == 0 and text.count("reviews: ") == 2 and "training time" in text and " ms" in text


@pytest.mark.parametrize(("words", "says"), [
    (["split", "--threshold", "1.5"], "from 0 to 1"),
    (["split", "--threshold", "nan"], "from 0 to 1"),
    (["split", "--runs", "nobody"], "nobody"),
    (["cost", "--runs", "nobody"], "nobody"),
])  # fmt: skip
def test_bad_input_is_one_line(senti, words, says):
    code, out, err = senti(*words)
    assert code == 2 and out == "" and says in err and err.count("\n") == 1


def test_runs_on_different_reviews_have_no_agreement(senti, root):
    other = next(run.name for run in root.glob("*majority*") if "tiny" in (run / "config.json").read_text())
    code, _, err = senti("split", "--runs", "first", other)
    assert code == 2 and "different reviews" in err
