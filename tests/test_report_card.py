"""Model cards, what goes to the Hub, and the command that writes reports."""

import base64
import json
import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from huggingface_hub import ModelCard, constants

from senti import cli, hub
from senti.config import LoraConfig, TfidfConfig
from senti.errors import SentiError
from senti.experiment import conduct, create, prepare
from senti.methods import load
from senti.report import push, to_card
from senti.report.card import dataset_of
from senti.report.publish import stage
from senti.runs import Run

TEXTS = ["a tender film", "dull music over dull pictures", "nothing here but lovely ideas"]


@pytest.fixture(scope="module")
def root(tmp_path_factory, hub_cache):
    """A TF-IDF and a LoRA run on the tiny Rotten Tomatoes of the Hub cache."""
    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        for name, config in (
            ("words", TfidfConfig(dataset="rotten_tomatoes")),
            ("adapter", LoraConfig(dataset="rotten_tomatoes", model="distilbert", lr=1e-2, epochs=2)),
        ):
            conduct(create(root, prepare(config), name))
    return root


@pytest.fixture
def adapter(root):
    return Run(root / "adapter")


@pytest.fixture
def logged_out(tmp_path, monkeypatch):
    """Nobody is logged in, whoever runs the tests."""
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))


def test_the_card_s_front_matter_is_what_the_hub_reads(adapter):
    card = ModelCard(to_card(adapter))
    data = card.data
    assert (data.license, data.language, data.library_name) == ("apache-2.0", "en", "peft")
    assert data.base_model == "distilbert/distilbert-base-uncased" and data.pipeline_tag == "text-classification"
    assert data.datasets == ["cornell-movie-review-data/rotten_tomatoes"] and data.metrics == ["accuracy", "f1"]
    measured = {(each.dataset_split, each.metric_type): each for each in data.eval_results}
    scores = adapter.result["scores"]
    assert measured["test", "accuracy"].metric_value == scores["test"]["accuracy"]
    assert measured["validation", "f1"].metric_value == scores["validation"]["macro_f1"]
    assert measured["test", "accuracy"].dataset_revision == dataset_of(adapter)[1]
    assert len(dataset_of(adapter)[1]) == 40
    assert measured["test", "accuracy"].dataset_args == {"sha256_16": adapter.facts["data"]["checksum"]}
    assert adapter.facts["command"] in card.text and "lora\\_rank" in card.text and "Your words" in card.text


def test_a_card_names_no_licence_that_is_not_known(root, tmp_path):
    run = Run(root / "words")
    shutil.copytree(run.path, tmp_path / "own")
    facts = run.facts | {"data": run.facts["data"] | {"name": "my $x$\n---\nlicense: mit", "source": "file: <b>.csv"}}
    (tmp_path / "own" / "config.json").write_text(json.dumps(facts))
    card = ModelCard(to_card(Run(tmp_path / "own")))
    assert card.data.license == "unknown" and card.data.base_model is None and card.data.language is None
    assert "Under which licence" in card.text and "<b>" not in card.text


def test_the_card_s_own_lines_load_the_adapter(adapter, tmp_path, monkeypatch, hub_cache, with_hub_cache, capsys):
    """The code of the card, with the staged folder in the repository's place and a text of the test."""
    from transformers import pipeline  # noqa: F401

    stage(adapter, "me/adapter", tmp_path / "adapter")
    code = to_card(adapter, str(tmp_path / "adapter")).split("```python\n")[1].split("```")[0]
    names: dict = {}
    import warnings

    from transformers.utils import logging

    logging.set_verbosity_error()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(code.split("print(")[0], names)
    found = names["classify"](TEXTS, top_k=None)
    by_label = [[score["score"] for score in sorted(scores, key=lambda s: s["label"])] for scores in found]
    np.testing.assert_allclose(by_label, load(adapter)(TEXTS), atol=5e-3)


def test_what_goes_to_the_hub_is_the_model_and_its_card(adapter, tmp_path):
    stage(adapter, "me/adapter", tmp_path / "staged")
    names = {path.name for path in (tmp_path / "staged").iterdir()}
    assert names == {path.name for path in adapter.model_path.iterdir()} | {"README.md"}
    assert 'model=\'me/adapter\'' in (tmp_path / "staged" / "README.md").read_text()
    for path in (tmp_path / "staged").rglob("*"):
        assert str(adapter.path.parent).encode() not in path.read_bytes(), f"{path.name} speaks of this machine"


class FakeHub(BaseHTTPRequestHandler):
    """As much of the Hub's API as an upload asks for; keeps what it was sent."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, self.headers["Authorization"], body))
        answer, here = {}, f"http://127.0.0.1:{self.server.server_port}/me/adapter"
        if self.server.refuses:
            return self.reply({"error": "You do not have the right to create a model here"}, 403)
        if self.path == "/api/repos/create":
            answer = {"url": here, "id": "me/adapter"}
        elif "preupload" in self.path:
            answer = {"files": [{"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                                for each in json.loads(body)["files"]]}  # fmt: skip
        elif "/commit/" in self.path:
            answer = {"commitUrl": f"{here}/commit/{'1' * 40}", "commitOid": "1" * 40, "success": True}
        return self.reply(answer)

    def do_GET(self):
        self.reply({"id": "me/adapter", "sha": "0" * 40, "siblings": []})

    def reply(self, answer, status=200):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def fake_hub(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), FakeHub)
    server.asked, server.refuses = [], False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("HF_ENDPOINT", url)
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    hub.online.cache_clear()
    yield server
    server.shutdown()
    server.server_close()
    hub.online.cache_clear()


def test_a_push_sends_model_and_card_to_a_private_repository(adapter, fake_hub):
    assert push(adapter, "me/adapter").endswith("/me/adapter")
    created = next(json.loads(body) for path, _, body in fake_hub.asked if path == "/api/repos/create")
    assert created["visibility"] == "private" and created["name"] == "adapter"
    lines = next(body for path, _, body in fake_hub.asked if "/commit/" in path).splitlines()
    sent = {row["value"]["path"]: base64.b64decode(row["value"]["content"])
            for row in map(json.loads, lines) if row["key"] == "file"}  # fmt: skip
    assert sent.pop("README.md").decode() == to_card(adapter, "me/adapter")
    assert sent == {path.name: path.read_bytes() for path in adapter.model_path.iterdir()}
    assert all(token == "Bearer hf_test" for _, token, _ in fake_hub.asked)


def test_what_the_hub_refuses_is_told_in_one_sentence(adapter, fake_hub):
    fake_hub.refuses = True
    with pytest.raises(SentiError, match=r"The Hub did not take me/adapter: .*You do not have the right") as told:
        push(adapter, "me/adapter")
    assert "\n" not in str(told.value)
    fake_hub.shutdown()
    fake_hub.server_close()  # it answered the first question and is gone
    with pytest.raises(SentiError, match="The Hub did not take me/adapter"):
        push(adapter, "me/adapter")


@pytest.mark.parametrize("repo", ["adapter", "me/", "/me", "me/a/b", "../x", "me/a..b", "me/a b", "https://x/y", ""])
def test_a_repository_has_an_owner_and_a_name(adapter, repo):
    with pytest.raises(SentiError, match="cannot name a Hub repository"):
        push(adapter, repo)


def test_who_is_not_logged_in_or_offline_is_told_so_in_one_sentence(adapter, logged_out, monkeypatch):
    with pytest.raises(SentiError, match="hf auth login"):
        push(adapter, "me/adapter")
    monkeypatch.setenv("HF_TOKEN", "hf_test")
    hub.online.cache_clear()
    with pytest.raises(SentiError, match="does not answer"):
        push(adapter, "me/adapter")


def call(capsys, *words: str) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        code = cli.run(list(words))
    except SystemExit as e:
        code = e.code
    out = capsys.readouterr()
    return code, out.out, out.err


@pytest.mark.usefixtures("with_hub_cache", "logged_out")
def test_the_command_writes_what_it_says(root, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    where = ["--output_dir", os.path.relpath(root, tmp_path)]
    code, out, err = call(capsys, "report", "words", "adapter", "--out", "lab-report", *where, "--json")
    answer = json.loads(out)
    assert code == 0, err
    assert answer["runs"] == ["words", "adapter"] and all((tmp_path / path).is_file() for path in answer["files"])
    text = (tmp_path / "lab-report" / "report.md").read_text()
    assert f"python -m senti report words adapter --out lab-report --output_dir {where[1]}" in text
    code = [cell for cell in json.loads((tmp_path / "lab-report" / "report.ipynb").read_text())["cells"]
            if cell["cell_type"] == "code"]  # fmt: skip
    monkeypatch.chdir(tmp_path / "lab-report")  # where Jupyter would run it
    names: dict = {}
    for cell in code:
        exec("".join(cell["source"]), names)
    assert set(names["runs"]) == {"words", "adapter"}


@pytest.mark.usefixtures("with_hub_cache", "logged_out")
@pytest.mark.parametrize(
    ("words", "told"),
    [(["none"], "No run named 'none'"), (["--push-to-hub", "me/x"], "takes one run, not all"),
     (["words", "adapter", "--push-to-hub", "me/x"], "takes one run, not 2"),
     (["words", "--push-to-hub", "x"], "cannot name a Hub repository"),
     (["words", "--push-to-hub", "me/x"], "hf auth login"), (["--formats", "pdf"], "invalid choice")],
)  # fmt: skip
def test_what_cannot_be_is_told_in_one_line_before_anything_is_written(root, tmp_path, capsys, words, told):
    code, out, err = call(capsys, "report", *words, "--output_dir", str(root), "--out", str(tmp_path / "out"))
    assert code == 2 and not out and told in err and err.count("\n") == 1
    assert not (tmp_path / "out").exists()
