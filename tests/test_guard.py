"""The guard before the app: names, origins, closed doors, and bodies counted as they come in."""

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from senti.config import SvmConfig
from senti.experiment import conduct, create, prepare
from senti.ui import warm
from senti.ui.guard import MOST_FILES, UPLOAD, Guard, host_names

LIMITS = {"most_uploaded": 3000, "most_json": 1000}


async def echo(request: Request) -> PlainTextResponse:
    try:
        return PlainTextResponse(str(len(await request.body())))
    except MultiPartException as e:  # what Gradio does with it
        return PlainTextResponse(e.message, 413 if "maximum allowed size" in e.message else 400)


def ask(method: str = "GET", path: str = "/", pieces: tuple[bytes, ...] = (), **headers: str) -> tuple[int, str, dict]:
    """Status, body and headers of one request to a guarded app, its body in pieces."""
    inner = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])
    app = Guard(inner, {"localhost", "lab"}, **LIMITS)
    named = {"host": "localhost:7860"} | {name.replace("_", "-"): value for name, value in headers.items()}
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "root_path": "",
             "headers": [(name.encode(), value.encode()) for name, value in named.items()]}  # fmt: skip
    waiting = [*(({"type": "http.request", "body": piece, "more_body": True}) for piece in pieces),
               {"type": "http.request", "body": b"", "more_body": False}]  # fmt: skip
    told: list[dict] = []

    async def receive() -> dict:
        return waiting.pop(0)

    async def send(message: dict) -> None:
        told.append(message)

    asyncio.run(app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in told)
    return told[0]["status"], body.decode(), {name.decode(): value.decode() for name, value in told[0]["headers"]}


@pytest.mark.parametrize(
    ("host", "known"),
    [("localhost", True), ("LOCALHOST:7860", True), ("127.0.0.1:7860", True), ("[::1]:7860", True), ("lab:80", True),
     ("192.168.1.7", True), ("evil.com", False), ("localhost.evil.com", False), ("127.0.0.1.evil.com", False),
     ("evil.com:7860", False), ("", False), ("[", False), ("localhost@evil.com", False)],
)  # fmt: skip
def test_the_app_answers_to_its_own_names_only(host, known):
    status, said, _ = ask(host=host)
    assert status == (200 if known else 400) and ("SENTI_HOSTS" in said) != known


@pytest.mark.parametrize(
    ("origin", "status"),
    [("http://localhost:7860", 200), ("http://LOCALHOST", 200), ("https://lab", 200), ("http://evil.com", 403),
     ("null", 403), ("", 403), ("http://localhost.evil.com", 403)],
)  # fmt: skip
def test_pages_from_elsewhere_change_nothing(origin, status):
    assert ask("POST", origin=origin)[0] == status
    assert ask("GET", origin=origin)[0] == 200  # reading is the browser's to forbid


@pytest.mark.parametrize(
    "path",
    ["/gradio_api/file=https://x.y/z", "/gradio_api/file=http://169.254.169.254", "/gradio_api/file/https://x.y",
     "/gradio_api/proxy=https://x.hf.space/a", "/gradio_api/process_recording", "/gradio_api/vibe-edit/",
     "/under/gradio_api/proxy=https://x"],
)  # fmt: skip
def test_the_server_fetches_nothing_for_a_visitor(path):
    assert ask(path=path)[0] == ask("POST", path)[0] == 403
    assert ask(path="/gradio_api/file=/home/x/vibe-check/plotly.min.js")[0] == 200


def test_bodies_are_counted_as_they_come():
    assert ask("POST", "/any", (b"x" * 400, b"x" * 600))[:2] == (200, "1000")
    for pieces in ((b"x" * 1001,), (b"x" * 400,) * 3):
        status, said, _ = ask("POST", "/any", pieces)
        assert status == 413 and "maximum allowed size" in said
    assert ask("POST", "/any", content_length="1001")[0] == 413
    assert ask("POST", UPLOAD, (b"x" * 1000,) * 3)[0] == 200
    assert ask("POST", UPLOAD, (b"x" * 1000,) * 4)[0] == ask("POST", UPLOAD, content_length="3001")[0] == 413


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_files_of_one_form_are_counted_however_they_are_cut(size):
    kind = {"content_type": 'multipart/form-data; boundary="b0"'}
    for files, status in ((MOST_FILES, 200), (MOST_FILES + 1, 400)):
        form = b"--b0\r\n\r\nx\r\n" * files + b"--b0--\r\n"
        pieces = tuple(form[i : i + size] for i in range(0, len(form), size))
        assert ask("POST", UPLOAD, pieces, **kind)[0] == status


def test_every_answer_keeps_the_page_to_itself():
    for headers in (ask()[2], ask(host="evil.com")[2]):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'self' ")


def test_names_come_from_the_place_it_runs_at(monkeypatch):
    monkeypatch.setenv("SPACE_HOST", "Owner-senti.hf.space")
    monkeypatch.setenv("SENTI_HOSTS", "lab.example, pc7")
    assert host_names("127.0.0.1") == {"localhost", "127.0.0.1", "owner-senti.hf.space", "lab.example", "pc7"}
    assert len(host_names("0.0.0.0")) >= 7  # and this machine's own


def test_warming_up_fetches_nothing(root, tiny_folder, with_hub_cache, monkeypatch):
    """A run whose model has left this machine, and a Hub that would answer."""
    run = create(root, prepare(SvmConfig(dataset=str(tiny_folder), model="distilbert")))
    conduct(run)
    run.write_json("config.json", json.loads((run.path / "config.json").read_text()) | {"model": "owner/elsewhere"})
    asked = []
    monkeypatch.setattr("senti.hub.online", lambda: True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *args, **kwargs: asked.append(host) or [])
    monkeypatch.setenv("SENTI_STANDBY", "0")
    warm._load(root)
    assert not asked
