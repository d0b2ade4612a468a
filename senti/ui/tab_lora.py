"""LoRA as a study: how few weights are enough."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import LoraConfig
from senti.encoder import resolve_model
from senti.studies.lora import RANKS, study_configs, study_table
from senti.ui.begin import begin_all
from senti.ui.choice import Choice
from senti.ui.forms import read_form
from senti.ui.warm import await_models
from senti.ui.watch import find
from senti.ui.widgets import Caption, figure, friendly
from senti.ui.workbench import Bench, Placed, build_bench

BENCH = Bench(
    method="lora",
    tab="LoRA",
    lead="Freeze the model, and train two thin matrices beside each of its attention projections instead.",
    button="Start LoRA",
    empty="No LoRA run yet. Press «Start LoRA» on the left; with 200 reviews it takes seconds.",
)
GROWS = "The figure grows as they finish."
STUDY = Caption(
    "How few weights are enough?",
    "every LoRA and fine-tuning run on these reviews",
    "Each dot is a finished run: to the right are those that trained more weights, further up those that got more test "
    "reviews right, with 95 % intervals. The shape tells which layers LoRA adapts, the word its rank. Where intervals "
    "overlap, the runs cannot be told apart.",
    "Hu et al. 2021, LoRA",
    "https://arxiv.org/abs/2106.09685",
)


def show_study(root: Path, name: str) -> tuple[Any, str | None]:
    """The study on the reviews of the run that is shown, once there is a finished one."""
    run = find(root, name)
    table = study_table(root, run.facts["data"]["checksum"]) if run else pd.DataFrame()
    if table.empty:
        return gr.Column(visible=False), None
    return gr.Column(visible=True), plots.weights_and_accuracy(table).to_json()


@friendly
def start_study(root: Path, names: tuple[str, ...], choice: Choice, *values: Any) -> str:
    """Queue a run per rank, all else as in the form; returns the first one's name. Raises SentiError."""
    config = _asked(names, choice, values)
    return begin_all(root, [replace(config, lora_rank=rank) for rank in RANKS], GROWS).name


@friendly
def start_whole_study(root: Path, names: tuple[str, ...], choice: Choice, *values: Any) -> str:
    """Queue a run per rank and set of layers, all else as in the form; returns the first one's name."""
    config = _asked(names, choice, values)
    await_models()
    return begin_all(root, study_configs(config, resolve_model(config.model)), GROWS).name


def _asked(names: tuple[str, ...], choice: Choice, values: tuple[Any, ...]) -> LoraConfig:
    config = read_form("lora", names, choice, values)
    assert isinstance(config, LoraConfig)
    return config


def build(root: Path, choice: gr.State) -> Placed:
    """The tab."""
    return build_bench(root, choice, BENCH, more=partial(_place_study, root, choice))


def _place_study(root: Path, choice: gr.State, placed: Placed) -> None:
    panel, form = placed.panel, placed.form
    with gr.Column(visible=False) as shown:
        study = figure(STUDY, height=320)
    all_ranks = f"{', '.join(map(str, RANKS[:-1]))} and {RANKS[-1]}"
    with gr.Row():
        sweep = gr.Button(f"Train ranks {all_ranks} with these knobs", size="md", min_width=240)
        whole = gr.Button(f"The same for three sets of layers: up to {3 * len(RANKS)} runs", size="md", min_width=240)
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    gr.on(
        [panel.stage.change, placed.tab.select], partial(show_study, root), panel.name, [shown, study],
        show_progress="hidden", trigger_mode="always_last", **private,
    )  # fmt: skip
    for button, start in ((sweep, start_study), (whole, start_whole_study)):
        button.click(partial(start, root, form.names), [choice, *form.widgets], panel.name, **private)
