"""The app as a visitor's program meets it: really launched, called over HTTP."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from senti.ui.widgets import plotly_script

SERVE = """
import sys
from pathlib import Path
from senti.ui import launch
app, url, _ = launch(Path(sys.argv[1]), prevent_thread_lock=True, quiet=True)
print(url, flush=True)
sys.stdin.read()
print(sorted({"torch", "transformers", "sklearn", "datasets", "peft"} & set(sys.modules)))
app.blocks.close(verbose=False)
"""


def serve(root: Path, hub_cache: Path) -> subprocess.Popen[str]:
    """An app in a process of its own; its first line is the address, and it ends when its input does."""
    env = os.environ | {"HF_HUB_CACHE": str(hub_cache), "HF_HUB_OFFLINE": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", SERVE, str(root)], stdin=pipe, stdout=pipe, text=True, env=env)


@pytest.fixture(scope="module")
def url(hub_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running app over an empty folder of runs."""
    with serve(tmp_path_factory.mktemp("runs"), hub_cache) as process:
        yield process.stdout.readline().strip()
        process.communicate()


def read(address: str) -> bytes:
    """What an address answers with."""
    with urllib.request.urlopen(address) as answer:
        return answer.read()


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[Client]:
    """A visitor's program."""
    client = Client(url, verbose=False)
    yield client
    client.close()


def test_only_what_is_meant_for_programs_is_public(client: Client) -> None:
    endpoints = set(client.view_api(return_format="dict", print_info=False)["named_endpoints"])
    assert {"/data_page", "/tokens"} <= endpoints
    assert not [name for name in endpoints if name.startswith(("/show", "/fetch", "/pick", "/turn", "/flip"))]


def test_the_page_asks_for_nothing_from_elsewhere(url: str) -> None:
    page = read(url).decode()
    assert "plotly.min.js" in page and "cdn." not in page


def test_plotly_comes_from_this_machine(url: str) -> None:
    assert b"plotly" in read(f"{url}gradio_api/file={plotly_script().as_posix()}")[:2000].lower()


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


def test_the_first_page_is_served_without_torch(hub_cache: Path, tmp_path: Path) -> None:
    with serve(tmp_path, hub_cache) as process:
        assert b"senti" in read(process.stdout.readline().strip())
        assert process.communicate()[0].strip() == "[]"
