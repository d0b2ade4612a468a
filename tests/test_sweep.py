"""Sweeps: what may vary, trials that no two processes share, going on after a kill, pruning, and the panel."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import pytest

from senti import plots
from senti.config import FinetuneConfig, LoraConfig, SvmConfig, TfidfConfig
from senti.errors import BadConfig, Diverged, Stopped, UnknownRun
from senti.runs import list_runs, open_run
from senti.studies import sweep as sweeps
from senti.studies import trials
from senti.studies.outcome import best_config, best_first, importances, trial_table
from senti.studies.space import grid_points, parse_space
from senti.studies.storage import create_study, known_sweeps
from senti.studies.sweep import Sweep, begin, is_going, is_starting, reopen, stop_sweep
from senti.ui import sweep_view
from senti.ui import sweeps as panel
from senti.ui.choice import Choice

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def tfidf(tiny_folder):
    return TfidfConfig(dataset=str(tiny_folder))


def swept(config, *space, name="s", **kwargs):
    return Sweep(name, config, parse_space(config, space), **kwargs)


def done(begun):
    return [trial for trial in trials.work(begun)]


def test_a_space_is_read_as_typed_and_written_back_the_same():
    config = LoraConfig()
    space = parse_space(config, ["lr=1e-5..1e-3:log", "lora-rank=2..16", "batch_size=8,16, 16", "lora_dropout=0..0.25"])
    assert [axis.text for axis in space] == ["lr=1e-05..0.001:log", "lora_rank=2..16", "batch_size=8,16",
                                             "lora_dropout=0..0.25"]  # fmt: skip
    assert parse_space(config, [axis.text for axis in space]) == space
    points = grid_points(parse_space(SvmConfig(), ["layer=1..3", "pooling=cls,mean"]))
    assert len(points) == 6 and points[1] == {"layer": 1, "pooling": "mean"}


@pytest.mark.parametrize(
    ("space", "says"),
    [("epochs=1,2", "'epochs' is no knob of svm"), ("C=0..1:log", "it must be between"), ("C=1..0.1", "begin with"),
     ("pooling=sum", "choose one of cls, mean, max"), ("layer=1.5", "a whole number"), ("C=", "nothing to be"),
     ("dataset=a,b", "cannot be swept"), ("model=/etc", "cannot be swept"), ("C=0.1..1:ln", "may end in :log"),
     ("layer=0..4:log", "has no logarithm"), ("tune_C=perhaps", "true or false")],
)  # fmt: skip
def test_a_bad_space_is_refused_with_what_would_do(space, says):
    with pytest.raises(BadConfig, match=says):
        parse_space(SvmConfig(), [space])


def test_what_no_sweep_can_be_is_refused():
    for change in ({"sampler": "best"}, {"trials": 0}, {"seeds": 21}, {"name": "../up"}, {"sampler": "grid"}):
        with pytest.raises(BadConfig):
            swept(SvmConfig(), "C=0.1..1", **change)
    for space in ([], ["C=1", "C=2"]):
        with pytest.raises(BadConfig):
            parse_space(SvmConfig(), space)


def test_a_grid_from_the_command_line_goes_on_under_its_name_only(command, tiny_folder, root):
    words = ["sweep", "tfidf", "--space", "C=0.1,1,10", "--sampler", "grid", "--dataset", str(tiny_folder), "--json"]
    code, out, err = command(*words)
    answer = json.loads(out)
    assert code == 0 and "3 trials of TF-IDF + SVM, grid, over C=0.1,1,10." in err and "32 validation reviews" in err
    assert sorted(trial["C"] for trial in answer["trials"]) == [0.1, 1.0, 10.0]
    best = max(answer["trials"], key=lambda trial: trial["accuracy"])["accuracy"]
    run = open_run(root, answer["best"]["run"])
    assert run.result["scores"]["validation"]["accuracy"] == best
    assert answer["best"]["command"].startswith("python -m senti tfidf --dataset")
    assert json.loads(command(*words)[1]) == answer and len(list_runs(root)) == 3
    assert json.loads(command("sweep", "--show", "sweep-tfidf", "--json")[1]) == answer
    code, _, err = command(*words[:2], "--space", "C=0.1,1", *words[4:])
    assert code == 2 and "begun with another space" in err
    assert command("sweep")[0] == 2 and command("sweep", "--show", "none")[0] == 2
    assert command("sweep", "tfidf", "--C", "1", "--space", "C=1,2")[0] == 2


def test_processes_share_a_study_no_trial_is_done_twice_and_a_killed_one_is_taken_over(tiny_folder, root):
    words = ["sweep", "tfidf", "--space", "C=0.01..10:log", "--trials", "8", "--sampler", "random", "--name", "s",
             "--dataset", str(tiny_folder), "--output_dir", str(root)]  # fmt: skip
    start = [sys.executable, "-m", "senti", *words]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "cwd": PROJECT}
    killed, other = subprocess.Popen(start, **quiet), subprocess.Popen(start, **quiet)
    while not list(root.glob("s-*/worker.json")) and killed.poll() is None:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    errors = other.communicate()[1]
    killed.communicate()
    assert other.returncode == 0, errors
    begun = begin(root, swept(TfidfConfig(dataset=str(tiny_folder)), "C=0.01..10:log", trials=8, sampler="random"))
    done(begun)  # what was left behind, if the other one was at its end before
    table = trial_table(begun.sweep, begun.study)
    assert list(table["number"]) == list(range(8)) and set(table["state"]) == {"finished"}
    assert table["C"].nunique() == 8 and len(list_runs(root)) == 8
    assert {run.config.C for run in list_runs(root)} == set(table["C"])
    assert not is_going(root, "s")


def test_two_who_claim_the_last_trial_at_once_do_it_once(root, tfidf, monkeypatch):
    late, other = (begin(root, swept(tfidf, "C=0.1,1", trials=1)) for _ in range(2))
    add = late.study.add_trial

    def slow(trial):  # the other one claims between this one's look and its claim
        claimed.append(trials._claim(other))
        add(trial)

    claimed = []
    monkeypatch.setattr(late.study, "add_trial", slow)
    assert trials._claim(late) is None
    (kept,) = trials.counted(late.study)
    assert kept.number == claimed[0][0].number == 0 and len(late.study.trials) == 2


@pytest.mark.parametrize("moment", ["set_user_attr", "suggest_float"])
def test_a_process_that_dies_at_any_moment_of_a_claim_leaves_nothing_behind(root, tfidf, monkeypatch, moment):
    """The moment before the place was told, for one: such a trial would be nobody's, and counted for ever."""
    from optuna.trial import Trial

    begun = begin(root, swept(tfidf, "C=0.01..10:log", trials=2, sampler="random"))
    with monkeypatch.context() as patch:
        patch.setattr(Trial, moment, lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            done(begun)
    assert len(begun.study.trials) == 1
    done(begin(root, begun.sweep))
    assert [trial.state.name for trial in begun.study.get_trials()] == ["COMPLETE"] * 2


def test_a_trial_is_worth_the_mean_of_its_seeds(root, tfidf, monkeypatch):
    conduct = trials.conduct

    def lucky(run):
        result = conduct(run)
        result["scores"]["validation"]["accuracy"] = 0.5 + 0.1 * run.config.seed
        return result

    monkeypatch.setattr(trials, "conduct", lucky)
    begun = begin(root, swept(tfidf, "C=0.1", trials=1, seeds=3))
    (trial,) = done(begun)
    assert trial.value == pytest.approx(0.6) and len(list_runs(root)) == 3


def test_a_stopped_sweep_goes_on_with_the_very_trial(root, tfidf, monkeypatch):
    begun, conduct = begin(root, swept(tfidf, "C=0.01..10:log", trials=3, seeds=2)), trials.conduct

    def stopped(run):
        if run.name == "s-0001-s1":
            stop_sweep(root, "s")
        return conduct(run)

    monkeypatch.setattr(trials, "conduct", stopped)
    with pytest.raises(Stopped, match="the same command goes on"):
        done(begun)
    assert open_run(root, "s-0001-s1").status == "stopped"
    monkeypatch.setattr(trials, "conduct", conduct)
    assert [trial.number for trial in done(begin(root, begun.sweep))] == [1, 2]
    table = trial_table(begun.sweep, begun.study)
    for row in table.to_dict("records"):
        runs = [open_run(root, f"s-{row['number']:04d}-s{i}") for i in (0, 1)]
        assert [run.config.seed for run in runs] == [0, 1] and {run.config.C for run in runs} == {row["C"]}
        assert row["accuracy"] == sum(run.result["scores"]["validation"]["accuracy"] for run in runs) / 2


def test_what_falls_behind_is_pruned_and_its_run_says_why(root, tiny_folder, with_hub_cache, monkeypatch):
    monkeypatch.setattr(sweeps, "FIRST", 1)
    config = FinetuneConfig(dataset=str(tiny_folder), model="distilbert", epochs=3, batch_size=8)
    begun = begin(root, swept(config, "lr=5e-3,1e-8", sampler="grid"))
    assert begun.announcement[1].startswith("How long")
    done(begun)
    table = trial_table(begun.sweep, begun.study)
    whole, short = table["reports"]
    assert list(table["state"]) == ["finished", "pruned"] and whole == 3 and 1 <= short < 3
    run = open_run(root, "s-0001-s0")
    assert run.status == "stopped" and "below the median" in run.stop_reason and not (run.path / "state").exists()
    assert best_config(begun.sweep, table).lr == 5e-3
    assert begin(root, begun.sweep).announcement[0].endswith("2 are done.")


def test_a_diverged_trial_counts_and_the_same_knobs_are_not_run_twice(root, tfidf, monkeypatch):
    conduct, conducted = trials.conduct, []

    def diverging(run):
        conducted.append(run.config.C)
        if run.config.C == 10:
            run.write_json("error.json", {"type": "Diverged", "message": "The loss became nan."})
            raise Diverged("The loss became nan.")
        return conduct(run)

    monkeypatch.setattr(trials, "conduct", diverging)
    begun = begin(root, swept(tfidf, "C=0.1,10", trials=8, sampler="random"))
    done(begun)
    table = trial_table(begun.sweep, begun.study)
    assert len(table) == 8 and set(table["state"]) == {"finished", "failed"}
    assert conducted.count(0.1) == 1 and table["same_as"].notna().any()
    assert set(table.loc[table["state"] == "failed", "why"]) == {"The loss became nan."}
    assert best_first(table)["C"].iloc[0] == 0.1


@pytest.fixture(scope="module")
def shown(tmp_path_factory, tiny_folder):
    """A finished sweep over two knobs, and its folder."""
    folder = tmp_path_factory.mktemp("sweep")
    config = TfidfConfig(dataset=str(tiny_folder))
    begun = begin(folder, swept(config, "C=1e-6..10:log", "tune_C=true,false", trials=6))
    done(begun)
    return folder, begun


def test_figures_and_importances_tell_of_the_finished_trials(shown):
    _, begun = shown
    table, shares = trial_table(begun.sweep, begun.study), importances(begun.study)
    assert set(shares) == {"C", "tune_C"} and sum(shares.values()) == pytest.approx(1)
    knobs = ["C", "tune_C"]
    stair = plots.sweep_history(table, knobs).data[1].y
    assert list(stair) == sorted(stair) and stair[-1] == table["accuracy"].max()
    lines = plots.sweep_lines(table, knobs, ["C"]).data[0].dimensions
    assert [axis.label for axis in lines] == ["C", "tune_C", "right on validation"]
    assert list(lines[1].ticktext) == ["False", "True"] and max(lines[0]["values"]) <= 1
    assert list(plots.sweep_importances(shares).data[0].y) == list(shares)[::-1]


def test_the_panel_shows_a_sweep_and_says_what_a_form_would_do(shown, tiny_folder):
    root, _ = shown
    parts = sweep_view.show_sweep(root, "s", "")
    assert "6 of 6" in parts[2] and "The best once more" in parts[2] and "python -m senti tfidf" in parts[2]
    assert parts[5].visible and json.loads(parts[7])["data"] and parts[-1].count("<tr>") == 7
    assert not parts[1].active and not parts[4].visible
    assert sweep_view.show_sweep(root, "s", parts[0])[2]["__type__"] == "update"
    assert "No sweep yet" in sweep_view.show_sweep(root, None, "")[2]
    assert panel.sweeps_there(root, "").value == "s"
    form = ("tfidf", "C=0.1..1:log", "tpe", 5, 1, True)
    says = panel.plan(root, Choice("bundled"), *form)
    assert "5 trials of TF-IDF + SVM, TPE, over C=0.1..1:log." in says and "About " in says and "--space" in says
    assert "s-problem" in panel.plan(root, Choice("bundled"), "tfidf", "C=&lt;b>", *form[2:])


def test_a_sweep_from_the_page_is_the_command_and_a_shared_page_refuses_it(root, monkeypatch):
    launched = []
    monkeypatch.setattr(panel, "launch", lambda words, log: launched.append(words))
    form = (Choice("bundled"), "tfidf", "C=0.1,1", "grid", 9, 1, True)
    (name,) = [panel.start(root, *form).value]
    assert launched[0][:2] == ["sweep", "tfidf"] and name in launched[0] and known_sweeps(root) == [name]
    assert reopen(root, name)[0].total == 2 and is_starting(root, name)
    assert "starting" in sweep_view.show_sweep(root, name, "")[2]
    assert len(done(begin(root, reopen(root, name)[0]))) == 2 and not is_starting(root, name)
    assert "finished" in sweep_view.show_sweep(root, name, "")[2]
    monkeypatch.setenv("SENTI_MODE", "shared")
    for refused in (lambda: panel.start(root, *form), lambda: panel.stop(root, name), lambda: panel.go_on(root, name)):
        with pytest.raises(Exception, match="only the instructor"):
            refused()
    assert len(launched) == 1


def test_a_storage_that_cannot_be_used_is_named_without_its_password(root, tfidf):
    with pytest.raises(BadConfig, match=r"///.*cannot be reached"):
        create_study(root, "s", "sqlite:////nowhere/at/all.db")
    with pytest.raises(UnknownRun):
        reopen(root, "s")
    with pytest.raises(Exception, match=r"://\*\*\*@") as e:
        create_study(root, "s", "postgresql+psycopg://me:secret@127.0.0.1:1/none")
    assert "secret" not in str(e.value)


@pytest.fixture
def postgres():
    """The URL of a PostgreSQL of this test's own; skipped where the machine has none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = shutil.which("initdb") or (found and str(found[-1]))
    if not initdb:
        pytest.skip("no PostgreSQL on this machine")
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    who = {}
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres")
        who = {"user": "postgres", "cwd": folder}
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **who}
    control = [str(Path(initdb).with_name("pg_ctl")), "-D", folder / "db", "-w"]
    subprocess.run([initdb, "-D", folder / "db", "-U", "senti", "-A", "trust", "--no-sync"], **quiet)
    settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -F"
    subprocess.run([*control, "-o", settings, "-l", folder / "log", "start"], **quiet)
    yield f"postgresql+psycopg://senti@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
    shutil.rmtree(folder, ignore_errors=True)


def test_two_machines_share_a_real_database(postgres, tmp_path, tfidf):
    one = begin(tmp_path / "one", swept(tfidf, "C=0.01..10:log", trials=4), postgres)
    two = begin(tmp_path / "two", replace(one.sweep), postgres)
    first, second = trials.work(one), trials.work(two)
    numbers = [next(first).number, next(second).number, next(second).number, next(first).number]
    assert numbers == [0, 1, 2, 3] and next(first, None) is None and next(second, None) is None
    assert len(list_runs(tmp_path / "one")) == len(list_runs(tmp_path / "two")) == 2
    assert len(trial_table(*reopen(tmp_path / "two", "s", postgres))) == 4
