"""Ensembles of real runs: each way of combining against an independent computation, and what cannot be combined."""

import json
import shutil
import time

import numpy as np
import pandas as pd
import pytest

from senti import cli
from senti.config import EnsembleConfig, FinetuneConfig, MajorityConfig, SvmConfig, TfidfConfig
from senti.corpus import load_corpus
from senti.errors import BadConfig, BadData, UnknownRun
from senti.evaluation import compare, explain, gain, pairwise, results_table
from senti.experiment import conduct, create, prepare
from senti.methods import load
from senti.methods.ensemble import combine, fit_combiner, fit_weights
from senti.runs import Run, delete_run, open_run
from senti.ui import ensemble as panel
from senti.ui import tab_compare

pytestmark = pytest.mark.usefixtures("with_hub_cache")
WAYS = ("mean", "weighted", "vote", "stacking")
MEMBERS = ("words", "frozen", "full")
ALL = ",".join(MEMBERS)


def run_of(root, config, name="") -> Run:
    run = create(root, prepare(config, root), name)
    conduct(run)
    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny_folder, hub_cache):
    """A folder with three runs of middling worth on the tiny reviews, an ensemble of each kind, and strangers."""
    from huggingface_hub import constants

    root, data = tmp_path_factory.mktemp("runs"), str(tiny_folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        run_of(root, TfidfConfig(dataset=data, C=1e-3), "words")
        run_of(root, SvmConfig(dataset=data, model="distilbert", precision="fp32", layer=1, C=1e-4), "frozen")
        run_of(root, FinetuneConfig(dataset=data, model="distilbert", precision="fp32", epochs=1, lr=1e-3), "full")
        for how in WAYS:
            run_of(root, EnsembleConfig(members=ALL, how=how), how)
        run_of(root, TfidfConfig(dataset=data), "single")
        run_of(root, MajorityConfig(dataset=data, subset=40), "fewer")
        create(root, prepare(MajorityConfig(dataset=data)), "waiting")
        (root / "waiting" / "stop").touch()
    return root


@pytest.fixture
def runs(trained, tmp_path):
    """A copy of that folder, to spoil."""
    return shutil.copytree(trained, tmp_path / "runs")


def saved(root, name, split) -> np.ndarray:
    frame = pd.read_parquet(root / name / "predictions.parquet")
    return frame.loc[frame["split"] == split, ["p0", "p1"]].to_numpy(dtype=float)


def labels(root, split) -> np.ndarray:
    return load_corpus(open_run(root, "words").config.dataset).splits[split]["label"].to_numpy()


def least_log_loss(chances, truth) -> np.ndarray:
    """The best weights by scipy's constrained optimiser."""
    from scipy.optimize import minimize

    given = chances[:, np.arange(len(truth)), truth]
    k = len(chances)
    found = minimize(lambda w: -np.log(w @ given + 1e-12).mean(), np.full(k, 1 / k), method="SLSQP", tol=1e-12,
                     bounds=[(0, 1)] * k, constraints={"type": "eq", "fun": lambda w: w.sum() - 1})  # fmt: skip
    return found.x


def by_hand(how, validation, truth, chances) -> np.ndarray:
    """The ensemble's probabilities (n, classes), computed another way; chances and validation (members, n, classes)."""
    from sklearn.linear_model import LogisticRegression

    if how == "mean":
        return sum(chances) / len(chances)
    if how == "weighted":
        return sum(w * p for w, p in zip(least_log_loss(validation, truth), chances, strict=True))
    if how == "stacking":
        logs = [np.log(np.clip(np.concatenate(list(p), axis=1), 1e-6, None)) for p in (validation, chances)]
        return LogisticRegression(max_iter=5000).fit(logs[0], truth).predict_proba(logs[1])
    rows = []
    for each in chances.swapaxes(0, 1):
        votes = [int(p.argmax()) for p in each]
        counts = np.array([votes.count(label) for label in range(each.shape[1])])
        mean = each.mean(axis=0)
        winner = max(range(len(counts)), key=lambda label, c=counts, m=mean: (c[label], m[label]))
        rows.append(counts / len(votes) * 0.999 + 0.001 * (np.arange(len(counts)) == winner))
    return np.array(rows)


@pytest.mark.parametrize("how", WAYS)
def test_its_probabilities_are_those_of_its_members_combined(trained, how):
    members = {s: np.stack([saved(trained, name, s) for name in MEMBERS]) for s in ("validation", "test")}
    guesses = members["test"].argmax(axis=2)
    assert (guesses != guesses[0]).any(axis=0).mean() > 0.2  # the members differ, so there is something to combine
    for split in ("validation", "test"):
        expected = by_hand(how, members["validation"], labels(trained, "validation"), members[split])
        np.testing.assert_allclose(saved(trained, how, split), expected, atol=2e-3 if how == "weighted" else 1e-5)
    result = open_run(trained, how).result
    right = (saved(trained, how, "test").argmax(axis=1) == labels(trained, "test")).mean()
    assert result["scores"]["test"]["accuracy"] == pytest.approx(right)


@pytest.mark.parametrize("how", WAYS)
def test_what_was_saved_is_what_it_predicts(trained, how):
    texts = load_corpus(open_run(trained, how).config.dataset).splits["test"]["text"]
    np.testing.assert_allclose(load(open_run(trained, how))(list(texts)), saved(trained, how, "test"), atol=1e-3)


def drawn(members, n, classes, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """Random probabilities (members, n, classes), the first member the best and the last a mere guess, and labels."""
    draw = np.random.default_rng(seed)
    truth = draw.integers(0, classes, n)
    signal = np.linspace(2, 0, members)[:, None, None] * np.eye(classes)[truth]
    scores = np.exp(signal + draw.normal(size=(members, n, classes)))
    return scores / scores.sum(axis=2, keepdims=True), truth


@pytest.mark.parametrize("how", WAYS)
def test_more_classes_and_members(how):
    chances, truth = drawn(4, 400, 3)
    new, _ = drawn(4, 90, 3, seed=1)
    found = combine(json.loads(json.dumps({"how": how} | fit_combiner(how, chances, truth))), new)
    np.testing.assert_allclose(found, by_hand(how, chances, truth, new), atol=5e-3 if how == "weighted" else 1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1)


def test_weights_reach_the_least_log_loss():
    for seed in range(3):
        chances, truth = drawn(5, 300, 2, seed)
        given, weights = chances[:, np.arange(300), truth], fit_weights(chances, truth)
        best = least_log_loss(chances, truth)
        assert weights.min() >= 0 and weights.sum() == pytest.approx(1)
        assert -np.log(weights @ given).mean() <= -np.log(best @ given).mean() + 2e-5
    sure = np.stack([np.eye(2)[truth], 1 - np.eye(2)[truth]])  # always right, always wrong: no logarithm of nothing
    assert fit_weights(sure, truth) == pytest.approx([1, 0], abs=1e-4)


def test_a_tied_vote_goes_to_the_higher_mean():
    chances = np.array([[[0.9, 0.1], [0.6, 0.4]], [[0.4, 0.6], [0.1, 0.9]]])
    found = combine({"how": "vote"}, chances)
    assert found == pytest.approx(np.array([[0.5005, 0.4995], [0.4995, 0.5005]]))
    assert list(found.astype("float32").argmax(axis=1)) == [0, 1]


def test_stacking_gives_nothing_to_a_label_that_validation_lacks():
    chances, truth = drawn(2, 60, 3)
    found = combine({"how": "stacking"} | fit_combiner("stacking", chances, np.where(truth == 1, 0, truth)), chances)
    assert (found[:, 1] == 0).all() and np.allclose(found.sum(axis=1), 1) and (found[:, 2] > 0).all()
    with pytest.raises(BadData, match="choose the mean"):
        fit_combiner("stacking", chances, np.zeros(60, dtype=int))


def test_its_result_tells_what_was_fitted_and_that_it_flatters(trained):
    sizes = [open_run(trained, name).result["parameters"]["total"] for name in MEMBERS]
    for how, fitted in (("mean", 0), ("weighted", 3), ("vote", 0), ("stacking", 7)):  # 3 members x 2 labels + 1
        run = open_run(trained, how)
        assert run.result["parameters"] == {"trained": fitted, "total": sum(sizes) + fitted}
        assert run.facts["data"] == open_run(trained, "words").facts["data"] and run.result["seconds"]["train"] < 1
        notes = " ".join(run.result["notes"])
        assert all(name in notes for name in MEMBERS) and ("optimistic" in notes) == (fitted > 0)
        assert run.facts["command"].endswith(f"--members {ALL}" + (f" --how {how}" if how != "mean" else ""))


def test_it_is_one_more_column_everywhere(trained):
    names = [*MEMBERS, *WAYS]
    table = results_table(trained).set_index("run")
    assert table.loc["vote", "title"] == "Ensemble of 3 (vote)" and table.loc[names, "data"].nunique() == 1
    assert "optimistic" in table.loc["stacking", "note"] and table.loc["words", "note"] == ""
    rows = compare(trained, ["a tender film"], names)
    assert list(rows["run"]) == names and rows["probabilities"].map(lambda p: sum(p.values())).to_numpy() == (
        pytest.approx(1)
    )
    mean = rows[rows["run"].isin(MEMBERS)]["probabilities"].map(lambda p: p["positive"]).mean()
    assert rows.set_index("run").loc["mean", "probabilities"]["positive"] == pytest.approx(mean)
    assert len(pairwise([open_run(trained, name) for name in names])) == 21
    why = explain(open_run(trained, "mean"), "a tender film")
    assert list(why.words["word"]) == ["a", "tender", "film"] and why.way == ""
    best = table.loc[table.loc[list(MEMBERS), "test"].idxmax(), "title"]
    assert "Ensemble of 3 (mean)" in gain(open_run(trained, "mean")) and best in gain(open_run(trained, "mean"))


@pytest.mark.parametrize(
    ("members", "error", "says"),
    [
        ("", BadConfig, "2 to 8 different finished runs"),
        ("words", BadConfig, "2 to 8 different"),
        ("words,words", BadConfig, "2 to 8 different"),
        ("words,nobody", UnknownRun, "'nobody'.*there are"),
        ("words,../words", UnknownRun, "No run named"),
        ("words,mean", BadConfig, "mean is itself an ensemble; name its members instead: words, frozen, full"),
        ("words,waiting", UnknownRun, "waiting is stopped"),
        ("words,fewer", BadData, "words and fewer were trained on different reviews"),
        ("words,renamed", BadData, "words and renamed have different names for their labels"),
    ],
)
def test_what_cannot_be_combined_is_refused_before_anything_is_written(runs, members, error, says):
    if "renamed" in members:
        shutil.copytree(runs / "words", runs / "renamed")
        facts = json.loads((runs / "words" / "config.json").read_text())
        facts["data"]["labels"] = ["bad", "good"]
        (runs / "renamed" / "config.json").write_text(json.dumps(facts))
    before = sorted(path.name for path in runs.iterdir())
    with pytest.raises(error, match=says):
        prepare(EnsembleConfig(members=members), runs)
    assert sorted(path.name for path in runs.iterdir()) == before


def test_it_takes_the_reviews_of_its_members_and_no_others(runs, tmp_path):
    config = prepare(EnsembleConfig(members=" words, full"), runs).config
    assert config == EnsembleConfig(dataset=open_run(runs, "words").config.dataset, members="words,full")
    assert prepare(config, runs).config == config
    with pytest.raises(BadConfig, match="subset is 40 but None in words; leave it out"):
        prepare(EnsembleConfig(members="words,full", subset=40), runs)
    moved = shutil.copytree(config.dataset, tmp_path / "tiny")
    for name in ("words", "full"):
        facts = json.loads((runs / name / "config.json").read_text()) | {"dataset": str(moved)}
        (runs / name / "config.json").write_text(json.dumps(facts))
    with (moved / "test.csv").open("a") as f:
        f.write("one more fine review,1\n")
    with pytest.raises(BadData, match="changed since words"):
        prepare(EnsembleConfig(members="words,full"), runs)


def test_a_member_stays_while_it_is_needed(runs):
    with pytest.raises(UnknownRun, match="words is part of the ensemble"):
        delete_run(runs, "words")
    for how in WAYS[1:]:
        delete_run(runs, how)
    facts = runs / "words" / "config.json"
    kept = facts.read_text()
    facts.write_text(json.dumps(json.loads(kept) | {"created": 1.0}))
    with pytest.raises(UnknownRun, match="mean combines other runs than words, frozen, full as they are now"):
        load(open_run(runs, "mean"))
    facts.write_text(kept)
    mine, combined = runs / "mean" / "config.json", (runs / "mean" / "config.json").read_text()
    mine.write_text(combined.replace(ALL, "words,full"))  # its config must not claim runs that it does not ask
    with pytest.raises(UnknownRun, match="mean combines other runs than words, full"):
        load(open_run(runs, "mean"))
    mine.write_text(combined)
    assert load(open_run(runs, "mean"))(["a film"]).shape == (1, 2)
    shutil.rmtree(runs / "words")
    with pytest.raises(UnknownRun, match=r"mean needs all its members.*No run named 'words'"):
        load(open_run(runs, "mean"))
    delete_run(runs, "mean")
    delete_run(runs, "full")


def test_the_command_line(runs, capsys):
    def senti(*words: str) -> tuple[int, str, str]:
        code = cli.run([*words, "--output_dir", str(runs)])
        return code, *capsys.readouterr()

    code, out, err = senti("ensemble", "words", "full", "--how", "vote", "--run", "two", "--json")
    assert code == 0 and json.loads(out) == open_run(runs, "two").result, err
    code, out, _ = senti("ensemble", "words", "--members", "full", "--how", "weighted")
    assert code == 0 and "optimistic" in out and "Ensemble of 2 (weighted)" in out and "trained     2 of" in out
    assert "two: Combines words and full." in senti("compare")[1]
    code, out, err = senti("ensemble", "words", "nobody")
    assert (code, out, err.count("\n")) == (2, "", 1) and "nobody" in err


def test_the_panel_says_what_it_would_do(runs):
    assert "at least two" in panel.plan(runs, ["words", "mean"], "mean")  # an ensemble is no member
    assert "different reviews" in panel.plan(runs, ["words", "fewer"], "mean")
    says = panel.plan(runs, ["words", "mean", "full"], "vote")
    assert "Asks TF-IDF + SVM and Full fine-tuning, and gives the label" in says


def test_the_button_starts_a_process_and_the_new_run_joins_the_chosen(runs):
    name, made = panel.combine(runs, ["words", "single", "mean"], "stacking")
    run = open_run(runs, name)
    assert name == made and run.config.names == ("words", "single") and panel.verdict(runs, name, made)[0] == ""
    deadline = time.monotonic() + 60
    while run.status in ("queued", "running"):
        assert time.monotonic() < deadline, run.log()
        time.sleep(0.05)
    assert run.status == "finished" and run.config.how == "stacking", run.log()
    told, joined = panel.verdict(runs, name, made)
    assert "Combines words and single." in told and "Ensemble of 2 (stacking)" in told
    assert joined == made and panel.verdict(runs, name, "made elsewhere")[1] != made
    chosen, board, _ = tab_compare.admit(runs, ["words", "frozen"], made)
    assert chosen.value == ["words", "frozen", made] and "Ensemble of 2" in board
    full = ["words", "frozen", "full", "words", "frozen", "full"]
    assert tab_compare.admit(runs, full, made)[0].value[-1] == made  # there was no more room
    shutil.rmtree(runs / "words")
    assert "words" in panel.verdict(runs, name, made)[0]
