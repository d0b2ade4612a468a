"""Full fine-tuning: every weight moves."""

from pathlib import Path

import gradio as gr

from senti.ui.workbench import Bench, Placed, build_bench

BENCH = Bench(
    method="finetune",
    tab="Fine-tune",
    lead="Change all weights of the model on the reviews, and watch it learn.",
    button="Start fine-tuning",
    empty="Nothing has been fine-tuned yet. Press «Start fine-tuning» on the left; with 200 reviews it takes seconds.",
)


def build(root: Path, choice: gr.State) -> Placed:
    """The tab."""
    return build_bench(root, choice, BENCH)
