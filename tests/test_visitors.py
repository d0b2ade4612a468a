"""A shared page: whose a run is, what may be started, how much may be asked, and what the page says of it."""

import contextlib
import dataclasses
import re
import time
from functools import partial

import httpx
import pytest
from gradio_client import Client
from serving import serve

from senti.config import FinetuneConfig, MajorityConfig, TfidfConfig
from senti.errors import BadConfig, MissingModel, Stopped, UnknownRun
from senti.experiment import conduct, create, prepare, resume
from senti.limits import LOCAL, SHARED, SPACE, limits
from senti.runs import list_runs, open_run, queue_place, seen_by
from senti.ui.choice import Source, checked_model
from senti.ui.choice import read as read_reviews
from senti.ui.known import HEADER
from senti.visitors import (
    Turnstile,
    Visitor,
    check_may_change,
    check_may_resume,
    check_may_start,
    may_look,
    new_token,
    proof,
    visitor,
)

pytestmark = pytest.mark.usefixtures("with_hub_cache")
ANN, BOB = visitor("token of ann"), visitor("token of bob")
WORD = "a word"


def prepared(**knobs):
    return prepare(FinetuneConfig("rotten_tomatoes", model="distilbert", **knobs))


def test_the_mode_is_the_environment_s(monkeypatch):
    for name in ("SPACE_ID", "SENTI_MODE", "SENTI_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert limits() is LOCAL and not LOCAL.sentences
    monkeypatch.setenv("SENTI_MODE", "shared")
    assert limits() is SHARED and not any("forgets" in line for line in SHARED.sentences)
    monkeypatch.delenv("SENTI_MODE")
    monkeypatch.setenv("SPACE_ID", "someone/senti")
    assert limits() is SPACE and "forgets its runs" in SPACE.sentences[0]
    monkeypatch.setenv("SENTI_HOME", "/data")
    assert not any("forgets" in line for line in SPACE.sentences)
    monkeypatch.setenv("SENTI_MODE", "open")
    with pytest.raises(BadConfig, match="local or shared"):
        limits()


def test_every_number_is_said_before_it_is_hit():
    said = " ".join(SHARED.sentences)
    for f in dataclasses.fields(SHARED):
        value = getattr(SHARED, f.name)
        if isinstance(value, int | float) and not isinstance(value, bool) and f.name != "disk_gb":
            assert re.search(rf"(?<![\d,]){value:,g}(?![\d,])", said), f.name  # a number, not a part of one


def test_a_visitor_is_known_by_a_secret_that_is_written_nowhere(monkeypatch):
    token = new_token()
    assert len(token) >= 20 and token != new_token()
    assert visitor(token) == visitor(token) and visitor(token).owner not in token and token not in visitor(token).owner
    monkeypatch.setenv("SENTI_INSTRUCTOR", WORD)
    assert visitor(token, proof(WORD)).instructor
    assert proof("another") == "" and not visitor(token, "").instructor and not visitor(token, WORD).instructor
    monkeypatch.setenv("SENTI_INSTRUCTOR", "")
    assert proof("") == "" and not visitor(token, "").instructor


def test_only_the_owner_and_the_instructor_change_a_run(root):
    mine = create(root, prepare(MajorityConfig("rotten_tomatoes")), owner=ANN.owner)
    old = create(root, prepare(MajorityConfig("rotten_tomatoes")))
    check_may_change(mine, ANN, SHARED)
    for run, who in ((mine, BOB), (mine, Visitor()), (old, Visitor()), (old, ANN)):
        with pytest.raises(UnknownRun, match="somebody else"):
            check_may_change(run, who, SHARED)
        check_may_change(run, who, LOCAL)
        check_may_change(run, Visitor(instructor=True), SHARED)


def test_each_limit_is_held_and_named(root):
    small = dataclasses.replace(SHARED, waiting=3, active_each=1, kept_each=2, steps=12, train_rows=64)
    check_may_start(root, prepared(epochs=3), ANN, small)  # 64 rows, 16 a batch: 12 steps
    for knobs, changed, says in (
        ({"epochs": 4}, small, "16 steps are asked for, at most 12"),
        ({}, dataclasses.replace(small, train_rows=63), "64 training reviews are asked for, at most 63"),
        ({}, dataclasses.replace(small, disk_gb=0), "delete one of yours"),
    ):
        with pytest.raises(BadConfig, match=says):
            check_may_start(root, prepared(**knobs), ANN, changed)
        check_may_start(root, prepared(**knobs), Visitor(instructor=True), changed)
        check_may_start(root, prepared(**knobs), ANN, LOCAL)
    runs = [create(root, prepared(), owner=ANN.owner)]
    with pytest.raises(BadConfig, match="2 runs of yours would wait with this one, at most 1"):
        check_may_start(root, prepared(), ANN, small)
    check_may_start(root, prepared(), BOB, small)
    runs.append(create(root, prepared(), owner=ANN.owner))
    with pytest.raises(BadConfig, match="3 runs of yours would be kept with this one, at most 2"):
        check_may_start(root, prepared(), ANN, dataclasses.replace(small, active_each=9))
    runs.append(create(root, prepared(), owner=BOB.owner))
    with pytest.raises(BadConfig, match="4 runs would wait with this one, at most 3"):
        check_may_start(root, prepared(), Visitor(instructor=True), small)
    for run in runs:
        run.request_stop()


def test_a_run_ends_at_its_time_limit_and_says_why(root):
    run = create(root, prepared(epochs=50, batch_size=1), minutes=0.02)
    began = time.monotonic()
    with pytest.raises(Stopped, match=r"its 0.02 minutes were over"):
        conduct(run)
    assert time.monotonic() - began < 30 and run.status == "stopped" and "minutes" in run.stop_reason
    resume(root, run.name)
    began = time.monotonic()
    with pytest.raises(Stopped, match=r"its 0.02 minutes were over"):  # they were over before
        conduct(run)
    assert time.monotonic() - began < 10


def test_a_resumed_run_is_held_to_owner_queue_and_minutes(root):
    run = create(root, prepared(epochs=50, batch_size=1), owner=ANN.owner, minutes=0.02)
    with pytest.raises(Stopped):
        conduct(run)
    with pytest.raises(UnknownRun, match="somebody else"):
        check_may_resume(run, BOB, SHARED)
    with pytest.raises(BadConfig, match=r"stopped because its 0\.02 minutes were over; start a shorter run"):
        check_may_resume(run, ANN, SHARED)
    run.request_stop()  # as if its owner had
    check_may_resume(run, ANN, SHARED)
    other = create(root, prepared(), owner=ANN.owner)
    with pytest.raises(BadConfig, match="2 runs of yours would wait with this one, at most 1"):
        check_may_resume(run, ANN, dataclasses.replace(SHARED, active_each=1))
    with pytest.raises(BadConfig, match="2 runs would wait with this one, at most 1"):
        check_may_resume(run, Visitor(instructor=True), dataclasses.replace(SHARED, waiting=1))
    check_may_resume(run, ANN, LOCAL)
    other.request_stop()


def test_a_turnstile_counts_each_visitor_s_minute():
    now = [0.0]
    gate = Turnstile(3, clock=lambda: now[0])
    for _ in range(3):
        gate.enter(ANN)
    now[0] = 20
    with pytest.raises(BadConfig, match=r"3 texts a minute .* in 40 seconds"):
        gate.enter(ANN)
    gate.enter(BOB, 3)
    gate.enter(Visitor(instructor=True), 99)
    now[0] = 61
    gate.enter(ANN)
    Turnstile(None).enter(ANN, 10_000)


def test_a_shared_page_offers_its_own_models_only(monkeypatch):
    monkeypatch.setenv("SENTI_MODE", "shared")
    assert checked_model("minilm") == "minilm"
    with pytest.raises(MissingModel, match="shared page"):
        checked_model("someone/model")


@pytest.mark.parametrize(
    ("dataset", "limits", "who", "seen"),
    [("own", SHARED, ANN, True), ("own", SHARED, BOB, False), ("own", SHARED, Visitor(), False),
     ("own", SHARED, Visitor(instructor=True), True), ("own", LOCAL, BOB, True),
     ("rotten_tomatoes", SHARED, BOB, True)],
)  # fmt: skip
def test_a_run_on_a_file_of_one_s_own_is_one_s_own(root, tiny_folder, dataset, limits, who, seen):
    config = MajorityConfig(str(tiny_folder) if dataset == "own" else dataset)
    run = create(root, prepare(config), owner=ANN.owner)
    others = create(root, prepare(MajorityConfig(str(tiny_folder))))
    assert may_look(others, who, limits) is (not limits.shared or who.instructor)  # nobody's is not everybody's
    with seen_by(lambda run: may_look(run, who, limits)):
        assert (run.name in [each.name for each in list_runs(root)]) is seen
        with contextlib.nullcontext() if seen else pytest.raises(UnknownRun, match="No run named"):
            open_run(root, run.name)
    assert len(list_runs(root)) == 2 and queue_place(others) == 1  # the queue counts what it does not show


def test_through_a_real_server(root, hub_cache, tiny_folder):
    conduct(create(root, prepare(MajorityConfig(str(tiny_folder))), "private", owner=ANN.owner))
    conduct(create(root, prepare(MajorityConfig("rotten_tomatoes")), "public", owner=ANN.owner))
    run = create(root, prepare(TfidfConfig("rotten_tomatoes")), "taken", owner=ANN.owner)
    with serve(root, hub_cache, SENTI_MODE="shared", SENTI_INSTRUCTOR=WORD) as app:
        first, visit = httpx.get(app.url), partial(Client, app.url, verbose=False, ssl_verify=False)
        (cookie,) = first.headers.get_list("set-cookie")
        assert cookie.startswith("senti_visitor=") and "HttpOnly" in cookie and "SameSite" in cookie
        assert "set-cookie" not in httpx.get(app.url, cookies=first.cookies).headers
        ask = {"ann": {HEADER: "token of ann"}, "bob": {HEADER: "token of bob"}}
        with pytest.raises(Exception, match="somebody else"):
            visit(headers=ask["bob"]).predict("taken", api_name="/stop_run")
        assert run.status == "queued"
        see_who_sees_what(visit, ask)
        said = httpx.get(f"{app.url.rstrip(chr(47))}/?instructor=wrong")
        assert said.status_code == 403 and "set-cookie" not in said.headers
        opened = httpx.get(f"{app.url.rstrip(chr(47))}/?instructor={WORD}", follow_redirects=False)
        assert opened.status_code == 303 and opened.headers["location"] == "/" and WORD not in str(opened.cookies)
        headers = {"cookie": f"senti_instructor={opened.cookies['senti_instructor']}"}
        assert visit(headers=headers).predict("taken", api_name="/stop_run") == "stopped"
        name = visit(headers=ask["ann"]).predict("majority", '{"dataset": "rotten_tomatoes"}', api_name="/start_run")
        facts = open_run(root, name).facts
        assert facts["owner"] == ANN.owner and facts["minutes"] == SHARED.minutes


def see_who_sees_what(visit, ask):
    """On a file of Ann's own: she sees her run and asks it; to Bob it is not there, in no answer of the app."""
    ann, bob = visit(headers=ask["ann"]), visit(headers=ask["bob"])
    assert ann.predict("private", api_name="/run_status")["status"] == "finished"
    assert "private" in str(ann.predict(api_name="/results")) and "public" in str(bob.predict(api_name="/results"))
    assert "private" not in str(bob.predict(api_name="/results"))
    for args, name in ((["private"], "/run_status"), (["a film", ["private"]], "/predict")):
        with pytest.raises(Exception, match="No run named 'private'") as refusal:
            bob.predict(*args, api_name=name)
        assert "public" in str(refusal.value)


def test_files_of_many_visitors_are_each_read_once(tmp_path):
    files = [Source(str(tmp_path / f"{i}.csv"), None, None, 0) for i in range(30)]
    for i, file in enumerate(files):
        rows = "".join(f"visitor {i} saw film {row},{row % 2}\n" for row in range(20))
        (tmp_path / f"{i}.csv").write_text(f"text,label\n{rows}")
        assert file.name.endswith(f"{i}.csv") and read_reviews(file).rows["train"] == 16
    first = [read_reviews(file) for file in files]
    assert all(read_reviews(file) is corpus for file, corpus in zip(files, first, strict=True))
    assert all(f"visitor {i} " in corpus.splits["train"]["text"].iloc[0] for i, corpus in enumerate(first))
