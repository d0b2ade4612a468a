"""What the app shows of a run in every state it can be in, and what it lets a visitor do to it."""

import json
from pathlib import Path

import pytest

from senti.config import FinetuneConfig, LoraConfig, MajorityConfig, TfidfConfig, to_dict
from senti.errors import BadConfig
from senti.experiment import conduct, create, prepare
from senti.limits import LOCAL
from senti.runs import Run, create_run, open_run
from senti.ui import tab_lora
from senti.ui.api import start_from_json, status_of
from senti.ui.choice import Choice
from senti.ui.history import deletable, fill_form, knobs, show_history
from senti.ui.outcome import show_outcome
from senti.ui.plan import show_plan, terminal
from senti.ui.watch import go_on, newest, show_run
from senti.ui.workbench import begin

PARTS = 12  # a panel with its three curves
EVIL = "<script>alert(1)</script>"


def pretend(root: Path, name: str, config=None, **files: object) -> Run:
    """A run folder as a worker would leave it."""
    config = config or FinetuneConfig(dataset="rotten_tomatoes")
    data = {"name": "rotten_tomatoes", "checksum": "c0ffee", "labels": ["negative", "positive"], "rows": {"train": 64}}
    run = create_run(root, config, to_dict(config) | {"data": data, "model_title": "Tiny"}, name)
    (run.path / "queued").unlink()
    for file, content in files.items():
        path = run.path / file.replace("__", ".")
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return run


def shown(root: Path, name: str, seen: str = "") -> dict[str, object]:
    names = ["seen", "stage", "timer", "status", "stop", "resume", "drawn", "writes", "log", "loss", "accuracy", "rate"]
    return dict(zip(names, show_run(root, "Nothing yet.", PARTS, name, seen), strict=True))


EVENTS = "\n".join(
    json.dumps(row)
    for row in [
        {"step": 0, "total_steps": 12, "split": "validation", "loss": 0.7, "accuracy": 0.5, "seconds": 0.1},
        {"step": 3, "total_steps": 12, "split": "train", "loss": 0.6, "lr": 1e-5, "samples_per_second": 40.2,
         "eta": 9.0},
    ]
) + "\n"  # fmt: skip


def test_without_a_run_the_panel_says_what_to_do(root: Path) -> None:
    panel = shown(root, "")
    assert "Nothing yet." in panel["status"] and panel["loss"] is None and not panel["timer"].active


def test_a_deleted_run_is_as_none(root: Path) -> None:
    assert "Nothing yet." in shown(root, "20261123-gone")["status"]


def test_a_stopped_run_shows_its_last_step_and_curves(root: Path) -> None:
    pretend(root, "one", events__jsonl=EVENTS, stop="", log__txt=EVIL)
    panel = shown(root, "one")
    assert "stopped" in panel["status"] and "3 of 12" in panel["status"]
    assert json.loads(panel["loss"])["data"][1]["name"] == "validation loss"
    assert "<script" not in panel["log"] and not panel["timer"].active


def test_no_news_redraws_nothing(root: Path) -> None:
    pretend(root, "one", events__jsonl=EVENTS, stop="")
    again = shown(root, "one", seen=shown(root, "one")["seen"])
    assert all(not isinstance(part, str) for part in again.values())


def test_a_failed_run_says_why_in_its_own_words(root: Path) -> None:
    pretend(root, "bad", error__json={"type": "RunFailed", "message": f"The loss became nan {EVIL}."})
    assert "The loss became nan" in shown(root, "bad")["status"]
    assert "<script" not in shown(root, "bad")["status"]


def test_a_queued_run_keeps_the_timer_going(root: Path) -> None:
    run = pretend(root, "soon")
    (run.path / "queued").touch()
    panel = shown(root, "soon")
    assert "queued" in panel["status"] and panel["timer"].active and panel["stop"].visible


@pytest.mark.parametrize(
    ("files", "offered"),
    [({}, True), ({"stop": ""}, True), ({"error__json": {"type": "RunFailed", "message": "The disk is full."}}, True),
     ({"error__json": {"type": "Diverged", "message": "The loss became nan."}}, False), ({"queued": ""}, False)],
)  # fmt: skip
def test_what_ended_early_can_be_resumed_and_edited(root: Path, files: dict[str, object], offered: bool) -> None:
    pretend(root, "one", events__jsonl=EVENTS, **files)
    panel = shown(root, "one")
    assert panel["resume"].visible == offered and panel["stop"].visible == ("queued" in files)
    assert ("goes on" in panel["status"]) == (not files or "stop" in files)
    _, edit, _, pack, _, delete, *_ = show_history(root, "finetune", True, "one")
    assert edit.visible and not pack.visible and delete.visible == ("queued" not in files)


def test_what_cannot_be_resumed_is_refused_with_a_sentence(root: Path) -> None:
    pretend(root, "bad", error__json={"type": "Diverged", "message": "The loss became nan."})
    with pytest.raises(Exception, match="start a run with other knobs"):
        go_on(root, "bad")


def test_the_form_takes_a_run_s_knobs_but_no_file_of_the_server(root: Path) -> None:
    pretend(root, "mine", FinetuneConfig(dataset="imdb", model="minilm", lr=3e-5, epochs=7))
    assert fill_form(root, ("lr", "epochs"), "mine") == (Choice("imdb", "minilm"), "3e-5", 7)
    pretend(root, "theirs", FinetuneConfig(dataset="/etc/passwd"))
    with pytest.raises(Exception, match="upload the file"):
        fill_form(root, ("lr", "epochs"), "theirs")


def test_a_page_opened_anew_finds_what_is_not_over_before_what_is_newer(root: Path) -> None:
    (pretend(root, "waiting").path / "queued").touch()
    (pretend(root, "waiting-longer-behind").path / "queued").touch()
    pretend(root, "newer", stop="")
    pretend(root, "other-method", MajorityConfig())
    assert newest(root, "finetune") == "waiting"
    assert newest(root, "lora") == ""


def test_runs_that_come_with_senti_or_are_not_over_stay(root: Path) -> None:
    pretend(root, "reference-lora", stop="")
    (pretend(root, "soon").path / "queued").touch()
    pretend(root, "old", stop="")
    assert [deletable(open_run(root, name)) for name in ("reference-lora", "soon", "old")] == [False, False, True]


def test_the_history_names_only_the_knobs_that_were_turned(root: Path) -> None:
    run = pretend(root, "mine", LoraConfig(dataset="imdb", lora_rank=4, lr=1e-4), stop="")
    assert knobs(run) == "Learning rate 1e-4, Rank 4"
    table = show_history(root, "lora", True, "mine")[0]
    assert 'data-pick="mine"' in table and "stopped" in table


def test_a_full_queue_takes_no_more(root: Path) -> None:
    for i in range(LOCAL.waiting):
        (pretend(root, f"waiting-{i}").path / "queued").touch()
    with pytest.raises(BadConfig, match="runs would wait with this one"):
        begin(root, MajorityConfig())


@pytest.mark.parametrize(
    ("sent", "says"),
    [("{", "no JSON"), ("[1]", "not an object"), ('{"dataset": "/etc/passwd"}', "upload"), ('{"C": "x"}', "C is")],
)
def test_a_program_that_asks_wrongly_is_told_so(root: Path, sent: str, says: str) -> None:
    with pytest.raises(Exception, match=says):
        start_from_json(root, "tfidf", sent)
    assert not root.exists() or not list(root.iterdir())


def test_a_program_reads_plain_values(root: Path) -> None:
    pretend(root, "one", events__jsonl=EVENTS, stop="")
    told = status_of(root, "one")
    assert (told["status"], told["step"], told["total_steps"], told["eta"]) == ("stopped", 3, 12, 9.0)
    json.dumps(told)


def test_the_command_for_a_terminal_has_a_flag_per_line() -> None:
    assert terminal(LoraConfig(lr=1e-4, epochs=1)) == "python -m senti lora \\\n  --lr 0.0001 \\\n  --epochs 1"


def test_a_plan_says_what_is_wrong_while_typing(root: Path) -> None:
    said = show_plan(root, "finetune", ("lr",), Choice("bundled", "minilm"), "fast")
    assert 'role="alert"' in said and "Learning rate is" in said


@pytest.fixture
def trained(root: Path, with_hub_cache: Path) -> Run:
    """TF-IDF, really trained on the tiny reviews."""
    run = create(root, prepare(TfidfConfig(dataset="rotten_tomatoes")), "words")
    conduct(run)
    return run


def test_a_finished_run_shows_scores_confusion_and_mistakes(root: Path, trained: Run) -> None:
    panel = shown(root, "words")
    assert "right on test" in panel["status"] and "±" in panel["status"]
    visible, matrix, _ = show_outcome(root, "words")
    assert visible.visible and json.loads(matrix)["data"][0]["type"] == "heatmap"


def test_the_lora_study_waits_for_a_run(root: Path, trained: Run) -> None:
    visible, figure = tab_lora.show_study(root, "words")
    assert not visible.visible and figure is None
