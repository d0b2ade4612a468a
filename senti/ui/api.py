"""What programs may ask of the app: start a run, stop it, see where it stands."""

import json
from pathlib import Path
from typing import Any

from gradio.events import api

from senti.config import EncoderConfig, from_dict
from senti.errors import BadConfig
from senti.runs import open_run, stop_run
from senti.ui.begin import begin
from senti.ui.choice import Choice
from senti.ui.forms import with_choice
from senti.ui.known import own_run, resume_own
from senti.ui.widgets import public

TOLD = ("step", "total_steps", "epoch", "split", "loss", "accuracy", "seconds", "eta", "samples_per_second")


def build_api(root: Path) -> None:
    """Add the public endpoints start_run, stop_run, resume_run and run_status."""

    def start_run(method: str, config_json: str = "{}") -> str:
        """Queue a run of a method with the knobs of a JSON object; returns its name."""
        return start_from_json(root, method, config_json)

    def stop(name: str) -> str:
        """End a run; returns its status."""
        return stop_run(root, own_run(root, name).name).status

    def resume_run(name: str) -> str:
        """Put a run that ended early back to work; returns its status."""
        return resume_own(root, name).run.status

    def run_status(name: str) -> dict:
        """Where a run stands: its status and its last event."""
        return status_of(root, name)

    api(public(start_run), api_name="start_run", concurrency_limit=4)
    api(public(stop), api_name="stop_run", concurrency_limit=8)
    api(public(run_status), api_name="run_status", concurrency_limit=16)
    api(public(resume_run), api_name="resume_run", concurrency_limit=4)


def start_from_json(root: Path, method: str, config_json: str) -> str:
    """Queue a run; the dataset and model of the JSON are held to what a visitor may choose. Raises SentiError."""
    try:
        knobs = json.loads(config_json or "{}")
    except (ValueError, RecursionError):
        raise BadConfig('config_json is no JSON; send an object such as {"epochs": 1}.') from None
    if not isinstance(knobs, dict):
        raise BadConfig('config_json is not an object; send one such as {"epochs": 1}.')
    config = from_dict(knobs | {"method": method})
    model = config.model if isinstance(config, EncoderConfig) else "auto"
    return begin(root, with_choice(config, Choice(config.dataset, model, config.text_column, config.label_column))).name


def status_of(root: Path, name: str) -> dict[str, Any]:
    """Status, last event, error and scores of a run, as far as there are any. Raises UnknownRun."""
    run = open_run(root, name)
    last = run.last_event
    told = {key: last[key] for key in TOLD if key in last and last[key] == last[key]}  # a NaN is no JSON
    result = run.result or {}
    return {"name": run.name, "status": run.status, **told,
            "error": (run.error or {}).get("message"), "scores": result.get("scores")}  # fmt: skip
