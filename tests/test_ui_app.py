"""The app as a visitor's program meets it: really launched, called over HTTP."""

import gzip
import json
import os
import re
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from serving import Served, read, serve

from senti.config import MajorityConfig, TfidfConfig
from senti.experiment import conduct, create, prepare
from senti.ui.mended import ASSETS, MENDS, scripts
from senti.ui.widgets import plotly_script


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, hub_cache: Path) -> Path:
    """Two finished runs on the tiny reviews, majority and tfidf."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub_cache))
        for name, config in (("majority", MajorityConfig), ("tfidf", TfidfConfig)):
            conduct(create(root, prepare(config(dataset="rotten_tomatoes")), name))
    return root


@pytest.fixture(scope="module")
def served(hub_cache: Path, runs: Path) -> Iterator[Served]:
    """An app over them, behind a proxy, with a process ready for what is started, as `app.py` has."""
    ready = "from senti.runs import keep_ready\nkeep_ready()\n"
    with serve(runs, hub_cache, ready, http_proxy="http://127.0.0.1:9", HTTP_PROXY="http://127.0.0.1:9") as app:
        yield app


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Client]:
    """A visitor's program."""
    client = Client(served.url, verbose=False, ssl_verify=False)
    yield client
    client.close()


def test_what_is_asked_while_an_answer_is_on_its_way_is_answered_next(client: Client) -> None:
    """A text that is sent while its panel still opens would else be dropped without a word."""
    events = [event for event in client.config["dependencies"] if len(event["targets"]) > 1]
    assert len(events) > 10
    assert [event["targets"] for event in events if event["trigger_mode"] == "once"] == []


def test_only_what_is_meant_for_programs_is_public(client: Client) -> None:
    endpoints = set(client.view_api(return_format="dict", print_info=False)["named_endpoints"])
    assert {"/data_page", "/tokens", "/start_run", "/stop_run", "/resume_run", "/run_status"} <= endpoints
    assert not [name for name in endpoints if name.startswith(("/show", "/fetch", "/pick", "/turn", "/flip"))]


def test_the_page_asks_for_nothing_from_elsewhere(served: Served) -> None:
    assert "plotly.min.js" in served.page and "cdn." not in served.page


def test_the_first_page_is_served_without_torch(served: Served) -> None:
    assert served.heavy == "[]"


def test_gradio_is_loaded_without_parsing_each_of_its_parts(served: Served) -> None:
    assert served.parsed < 10  # by itself it parses about 80 files twice


def test_visitors_who_come_and_go_do_not_fill_the_memory(served: Served) -> None:
    """Gradio keeps the parts of every page that was opened, 1.3 MB, up to a number that it must be told."""
    assert 100 <= served.kept <= 1_000


def test_plotly_comes_from_this_machine(served: Served) -> None:
    assert b"plotly" in read(f"{served.url}gradio_api/file={plotly_script().as_posix()}")[:2000].lower()


@pytest.mark.parametrize("mend", MENDS, ids=lambda mend: mend[0] + mend[2][:20])
def test_gradios_scripts_are_served_mended(served: Served, mend: tuple[str, int, str, str]) -> None:
    """A new Gradio may name things otherwise, or need no mending: then `senti.ui.mended` is to be looked at again."""
    (file,) = ASSETS.glob(mend[0])
    mended = read(f"{served.url}assets/{file.name}").decode()
    assert mended.encode() == scripts()[file.name] and mended.count(mend[3]) == mend[1]
    for pattern, _, old, new in MENDS:
        if file.match(pattern):
            assert old not in mended
            mended = mended.replace(new, old)
    assert mended.encode() == file.read_bytes()


def test_the_page_is_sent_compressed(served: Served) -> None:
    asked = urllib.request.Request(f"{served.url}?tab=lora", headers={"accept-encoding": "gzip, br"})
    with urllib.request.urlopen(asked) as answer:
        packed = answer.read()
    page = gzip.decompress(packed)
    assert b"gradio_config" in page and len(packed) < len(page) / 5
    assert b"gradio_config" in read(served.url)  # who does not say so gets it as it is


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_an_app_that_nobody_uses_rests(served: Served) -> None:
    def woken() -> int:
        said = (path.read_text() for path in Path(f"/proc/{served.pid}/task").glob("*/status"))
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", each, re.M)[1]) for each in said)

    before = woken()
    time.sleep(1)
    assert woken() - before < 400


def test_reviews_come_in_pages_of_25(client: Client) -> None:
    first = client.predict("rotten_tomatoes", "train", "all", "", 1, api_name="/data_page")
    last = client.predict("rotten_tomatoes", "train", "all", "", 99, api_name="/data_page")
    assert (len(first["rows"]), first["matches"], first["pages"]) == (25, 64, 3)
    assert (last["page"], len(last["rows"])) == (3, 14)
    assert set(first["rows"][0]) == {"split", "number", "text", "label", "words"}


def test_reviews_are_found_letter_by_letter_and_by_label(client: Client) -> None:
    found = client.predict("rotten_tomatoes", "all", "positive", "TENDER", 1, api_name="/data_page")
    assert found["matches"] > 0
    assert all("tender" in row["text"] and row["label"] == "positive" for row in found["rows"])
    assert client.predict("rotten_tomatoes", "all", "all", ".*", 1, api_name="/data_page")["matches"] == 0


@pytest.mark.parametrize("path", ["/etc/passwd", "./pyproject.toml", "~/secret.csv", "requirements.csv"])
def test_no_visitor_reads_files_of_the_server(client: Client, path: str) -> None:
    with pytest.raises(AppError, match="upload the file"):
        client.predict(path, "all", "all", "", 1, api_name="/data_page")


@pytest.mark.parametrize("path", ["/etc", "./senti", "~/model", "senti"])
def test_no_visitor_loads_models_from_the_server(client: Client, path: str) -> None:
    with pytest.raises(AppError, match="path on the server"):
        client.predict("a film", path, api_name="/tokens")


def test_a_text_becomes_pieces_with_ids_and_shapes(client: Client) -> None:
    told = client.predict("a tender film", "distilbert", api_name="/tokens")
    pieces = told["pieces"]
    assert pieces[0]["special"] and pieces[0]["word"] is None and pieces[-1]["special"]
    assert told["hidden_states"][1] == told["attention"][2] == told["attention"][3] == len(pieces)
    assert told["hidden_states"][0] == told["attention"][0] + 1
    assert all(isinstance(piece["id"], int) for piece in pieces)


def test_an_empty_text_is_answered_with_a_sentence(client: Client) -> None:
    with pytest.raises(AppError, match="type a sentence"):
        client.predict("  ", "distilbert", api_name="/tokens")


def test_runs_answer_and_their_results_are_told(client: Client) -> None:
    (said,) = client.predict("a dull film", ["tfidf"], api_name="/predict")
    assert said["label"] == "negative" and sum(said["probabilities"].values()) == pytest.approx(1)
    assert len(client.predict("a dull film", [], api_name="/predict")) == 2
    assert [row["method"] for row in client.predict(api_name="/results")] == ["majority", "tfidf"]
    for text in ("", "  ", 3):
        with pytest.raises(AppError, match=r"(?i)text"):
            client.predict(text, [], api_name="/predict")
    with pytest.raises(AppError, match="nobody"):
        client.predict("a film", ["nobody"], api_name="/predict")


def test_a_killed_run_is_known_as_such_and_goes_on(client: Client, runs: Path) -> None:
    def told_of(key: str, *values: object) -> dict[str, object]:
        deadline = time.monotonic() + 60
        while (told := client.predict(name, api_name="/run_status")).get(key) not in values:
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
        return told

    knobs = {"dataset": "rotten_tomatoes", "model": "distilbert", "epochs": 50, "batch_size": 1}
    name = client.predict("finetune", json.dumps(knobs), api_name="/start_run")
    told_of("split", "train")
    os.kill(json.loads((runs / name / "worker.json").read_text())["pid"], signal.SIGKILL)
    began = time.monotonic()
    told_of("status", "interrupted")
    assert time.monotonic() - began < 10
    assert client.predict(name, api_name="/resume_run") in ("queued", "running")
    with pytest.raises(AppError, match="nothing to resume"):
        client.predict(name, api_name="/resume_run")
    told_of("status", "running")
    assert client.predict(name, api_name="/stop_run") == "stopped"


def test_a_run_is_started_watched_and_stopped_by_a_program(client: Client) -> None:
    name = client.predict("majority", '{"dataset": "rotten_tomatoes"}', api_name="/start_run")
    told = client.predict(name, api_name="/run_status")
    assert told["status"] in ("queued", "running", "finished")
    assert client.predict(name, api_name="/stop_run") in ("stopped", "finished")
    with pytest.raises(AppError, match="No run named"):
        client.predict("../elsewhere", api_name="/run_status")
