"""Every panel's command and Python lines are run, and give the same numbers."""

import json
import shlex

import pytest

from senti.cli import run as senti
from senti.config import FinetuneConfig, MajorityConfig, TfidfConfig
from senti.experiment import conduct, create, prepare
from senti.ui import recipe, recipes
from senti.ui.choice import Choice
from senti.ui.disagreement import Sentence

TIMES = {"milliseconds", "ms"}  # differ from one measurement to the next
TEXT = "a tender & 'quiet' film"


@pytest.fixture(scope="module")
def room(tmp_path_factory, hub_cache):
    """Three finished runs on the tiny Rotten Tomatoes and a file: (folder, names, choice, file)."""
    with pytest.MonkeyPatch.context() as patch:
        from huggingface_hub import constants

        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        root = tmp_path_factory.mktemp("runs") / "kept here"
        data = "rotten_tomatoes"
        for name, config in (("floor", MajorityConfig(data)), ("words", TfidfConfig(data)),
                             ("full", FinetuneConfig(data, model="distilbert", lr=1e-2, epochs=1))):  # fmt: skip
            conduct(create(root, prepare(config), name))
        file = tmp_path_factory.mktemp("mine") / "mine.csv"
        file.write_text("review\na dull film\na tender film\n")
        yield root, ["words", "full"], Choice("rotten_tomatoes", "distilbert"), file


def made(room):
    """A recipe per panel, by name."""
    root, runs, choice, file = room
    return {
        "overview": recipes.overview(choice),
        "map": recipes.review_map(root, choice, "full", 1, "mean", "validation"),
        "slices": recipes.slices(root, choice, ["short"], "test"),
        "problems": recipes.problems(choice),
        "pieces": recipes.pieces(choice, TEXT),
        "a text like a flag": recipes.pieces(choice, "-- tender"),
        "contrast": recipes.contrast(choice, TEXT, "a dull film"),
        "probes": recipes.probes(root, choice, ["backbone", "full"]),
        "one text": recipes.one_text(root, TEXT, runs),
        "why": recipes.why(root, TEXT, runs),
        "why another label": recipes.why(root, TEXT, runs, "negative"),
        "a disagreement": recipes.disagreement(root, runs, Sentence(TEXT, "positive", ("negative", "positive"))),
        "results": recipes.results(root),
        "differences": recipes.differences(root, runs),
        "split": recipes.split(root, runs, "validation", 80),
        "cost": recipes.cost(root, runs, "bytes"),
        "behaviour": recipes.behaviour(root, runs),
        "a file": recipes.a_file(root, str(file), runs),
        "ensemble": recipes.ensemble(root, runs, "stacking"),
        "ladder": recipes.ladder(root, "words"),
        "learning curve": recipes.learning_curve(choice),
        "cross-validation": recipes.cross_validation(root, "words"),
        "nearest": recipes.nearest(root, "full", TEXT),
        "mistakes": recipes.mistakes(root, "floor", "validation"),
        "temperature": recipes.temperature(root, "words"),
    }


NAMES = ["overview", "map", "slices", "problems", "pieces", "a text like a flag", "contrast", "probes", "one text",
         "why", "why another label", "a disagreement", "results", "differences", "split", "cost", "behaviour",
         "a file", "ensemble", "ladder", "learning curve", "cross-validation", "nearest", "mistakes",
         "temperature"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_command_and_the_lines_give_the_same_numbers(room, name, capsys, monkeypatch, with_hub_cache):
    shown = made(room)[name]
    monkeypatch.chdir(room[3].parent)
    _, _, _, command, *words = shlex.split(shown.command)  # as a shell would take it
    assert senti([command, "--json", *words]) == 0
    told = json.loads(capsys.readouterr().out)[shown.key]
    namespace: dict = {}
    exec(shown.lines, namespace)
    same(namespace["result"], told)


def same(mine, told):
    """What Python gave is what the command printed; Python may leave keys out, but not rows."""
    if isinstance(mine, dict):
        for key in mine.keys() - TIMES:
            same(mine[key], told[key])
    elif isinstance(mine, list | tuple):
        assert len(mine) == len(told) > 0
        for a, b in zip(mine, told, strict=True):
            same(a, b)
    elif told is None:
        assert mine is None or mine != mine
    else:
        assert mine == told or mine == pytest.approx(told, rel=1e-6, nan_ok=True), (mine, told)


def test_every_recipe_is_tested(room):
    public = {name for name, f in vars(recipes).items() if callable(f) and f.__module__ == recipes.__name__}
    assert {name for name in public if not name.startswith("_")} == {
        "overview", "review_map", "slices", "problems", "pieces", "contrast", "probes", "one_text", "why", "results",
        "disagreement", "differences", "split", "cost", "behaviour", "a_file", "ensemble", "ladder", "learning_curve",
        "cross_validation", "nearest", "mistakes", "temperature",
    }  # fmt: skip
    assert list(made(room)) == NAMES


def test_a_recipe_shows_no_place_on_the_server_and_stays_text():
    shown = recipe.shown(recipes.problems(Choice("/srv/gradio/abc/<b>mine</b>.csv")))
    assert "gradio" not in shown and "<b>" not in shown and "senti problems --dataset" in shown
