"""Beyond the lab: one panel per experiment, each in a file of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from senti.ui import augmentation, distillation, domain, html, lr_finder, prompts, sweeps
from senti.ui.widgets import page

LEAD = "What else could help? Each panel is an experiment: what it does, a button, and what was measured."
PANELS: tuple[tuple[str, str, Callable[[Path, gr.State, gr.Tab], Any]], ...] = (  # title, id, build(root, choice, tab)
    ("More data", "more-data", augmentation.build),
    ("Other reviews", "domain", domain.build),
    ("Prompts", "prompt", prompts.build),
    ("Distillation", "distillation", distillation.build),
    ("Sweep", "sweep", sweeps.build),
    ("Learning rate", "rate", lr_finder.build),
)


def build(root: Path, choice: gr.State) -> gr.Tabs:
    """The tab; returns its panels."""
    with gr.Tab("Experiments", id="experiments"):
        page(html.lead(LEAD))
        with gr.Tabs() as panels:
            for title, name, place in PANELS:
                with gr.Tab(title, id=name) as tab:
                    place(root, choice, tab)
    return panels
