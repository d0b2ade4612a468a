"""A model on the Hub: a small server stands for it, and remembers what it was asked for."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from conftest import save_tiny_distilbert

PROJECT = Path(__file__).parents[1]
COMMIT = "0123456789" * 4


class Hub(ThreadingHTTPServer):
    """Serves the folders under `root` as owner/name; `asked` lists method, model and file."""

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.root, self.asked = root, []


class Answer(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        parts = self.path.partition("?")[0].strip("/").split("/")
        file = self.server.root / parts[1] / parts[-1]
        if parts[0] == "api":
            self.reply(200, b"[]" if "tree" in parts else json.dumps({"id": "x/y", "sha": COMMIT}).encode())
            return
        self.server.asked.append((self.command, parts[1], parts[-1]))
        if parts[1] in ("gated", "deleted"):
            code = {"gated": "GatedRepo", "deleted": "RepoNotFound"}[parts[1]]
            self.reply(403 if code == "GatedRepo" else 404, b"", {"X-Error-Code": code})
            return
        if file.is_file():
            self.reply(200, file.read_bytes())
        else:
            self.reply(404, b"", {"X-Error-Code": "EntryNotFound"})

    def reply(self, status: int, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"ETag": f'"{hashlib.sha1(body).hexdigest()}"', "X-Repo-Commit": COMMIT, "Content-Length": len(body)}
        for name, value in (headers | (more or {})).items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    root = tmp_path_factory.mktemp("hub")
    for name in ("whole", "remote", "adapter", "pickled"):
        save_tiny_distilbert(root / name)
    config = json.loads((root / "remote" / "config.json").read_text())
    (root / "remote" / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "evil.Model"}}))
    (root / "adapter" / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "o/evil"}')
    index = {"weight_map": {"distilbert.embeddings.word_embeddings.weight": "pytorch_model.bin"}}
    (root / "pickled" / "model.safetensors.index.json").write_text(json.dumps(index))
    server = Hub(root)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def python(code: str, hub: Hub, tmp_path: Path) -> list:
    """What `code` leaves in `answer`, in a process whose Hub is that server and whose caches are empty."""
    env = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    env |= {"HF_ENDPOINT": f"http://127.0.0.1:{hub.server_address[1]}", "HF_HUB_CACHE": str(tmp_path / "hub"),
            "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "SENTI_CACHE": str(tmp_path / "cache"),
            "PYTHONPATH": str(PROJECT)}  # fmt: skip
    script = f"import json\nfrom senti.encoder import *\nfrom senti.errors import *\n{code}\nprint(json.dumps(answer))"
    done = subprocess.run([sys.executable, "-c", script], env=env, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_model_comes_from_the_hub_once(hub, tmp_path):
    answer = python(
        "there = resolve_model('owner/whole'); facts = model_facts(there)\n"
        "first = features(there, ['tender']); here = resolve_model('owner/whole'); again = features(here, ['tender'])\n"
        "answer = [there.path, facts['checksum'], here.path, bool((first == again).all()),\n"
        "          load_tokenizer(there).tokenize('tender'), model_facts(here)['checksum']]",
        hub, tmp_path,
    )  # fmt: skip
    assert answer[:2] == ["owner/whole", ""]  # its facts need no weights
    assert answer[2].endswith(f"snapshots/{COMMIT}") and answer[3:5] == [True, ["tender"]]
    assert answer[5] == hashlib.sha256((hub.root / "whole" / "model.safetensors").read_bytes()).hexdigest()
    assert hub.asked.count(("GET", "whole", "model.safetensors")) == 1
    assert len(list((tmp_path / "cache" / "features").iterdir())) == 1  # one key before and after the download


def test_what_is_hostile_is_refused_before_its_weights_are_asked_for(hub, tmp_path):
    (tmp_path / "owner" / "twin").mkdir(parents=True)
    refusals = python(
        "answer = []\n"
        "for name in ('remote', 'adapter', 'pickled', 'missing', 'twin', 'gated', 'deleted'):\n"
        "    for load in (load_backbone, load_tokenizer, lambda b: load_classifier(b, ['a', 'b']), model_facts):\n"
        "        try: load(resolve_model('owner/' + name))\n"
        "        except MissingModel as e: answer.append(str(e))",
        hub, tmp_path,
    )  # fmt: skip
    assert len(refusals) == 28 and not any("\n" in refusal for refusal in refusals)
    says = ["auto_map", "carries an adapter", "pytorch_model.bin", "holds no config.json", "write ./owner/twin",
            "owner/gated is gated", "the Hub has no public model owner/deleted"]
    for i, words in enumerate(says):
        assert all(words in refusal for refusal in refusals[4 * i : 4 * i + 4]), refusals[4 * i]
    asked = {file for _, model, file in hub.asked if model != "whole"}
    assert asked <= {"config.json", "adapter_config.json", "model.safetensors.index.json"}
