"""What each layer knows and how far it moved: probing curves and drift, of the backbone and of runs."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti import plots
from senti.corpus import Corpus
from senti.evaluation import BACKBONE, Reader, drift, known_probe, probe, readers
from senti.ui import html, recipe, recipes
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, bound, figure, friendly, page

MOST = 4
LEAD = "Where in the transformer does sentiment become readable by a straight line, and what did training change?"
POOLINGS = [("mean", "mean"), ("[CLS]", "cls")]
PROBES = Caption(
    "Where can a line tell the labels apart?",
    "validation accuracy of a linear SVM on each layer's vectors; bars: 95 % interval",
    "One SVM per layer learns on the training reviews and is scored on validation. A probe that learned from shuffled "
    "labels (dotted) should know nothing; what it gets is what luck gives. [CLS] at layer 0 is the same for every "
    "text, so nothing can be read there. Fine-tuning lifts the upper layers most.",
    "Alain & Bengio 2017; Hewitt & Liang 2019",
    "https://arxiv.org/abs/1610.01644",
)
DRIFT = Caption(
    "How far did training move each layer?",
    "1: not at all",
    "Linear CKA asks whether the same reviews are near one another before and after, whatever the rotation; the mean "
    "cosine asks whether each vector still points the same way. Measured on the validation reviews.",
    "Kornblith et al. 2019, Similarity of neural network representations revisited",
    "https://arxiv.org/abs/1905.00414",
)


@friendly
def offer(root: Path, choice: Choice, names: list[str], pooling: str) -> tuple[Any, str | None, str | None, str]:
    """Whose layers there are, and what is known of them already."""
    every = readers(root, chosen_model(choice))
    choices = [(f"{r.title} · {r.name}" if r.run else r.title, r.name) for r in every]
    known = [name for name in names or [] if name in [r.name for r in every]] or _one_each(every)
    return gr.Dropdown(choices, value=known, multiselect=True), *_known(root, choice, known, pooling)


@friendly
def compute(
    root: Path, choice: Choice, names: list[str], pooling: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> tuple[str | None, str | None, str]:  # fmt: skip
    """Probe what is not known yet, then show everything."""
    await_models()
    chosen, corpus = _chosen(root, choice, names), read(chosen_source(choice))
    for i, reader in enumerate(chosen):

        def report(share: float, what: str, i: int = i, title: str = reader.title) -> None:
            progress((i + share) / len(chosen), desc=f"{title}: {what}")

        probe(reader, corpus, on_progress=report)
    return _known(root, choice, names, pooling)


@friendly
def turn(root: Path, choice: Choice, names: list[str], pooling: str) -> tuple[str | None, str | None, str]:
    """What is known of other readers, or on the other vector."""
    return _known(root, choice, names, pooling)


def _known(root: Path, choice: Choice, names: list[str], pooling: str) -> tuple[str | None, str | None, str]:
    source = chosen_source(choice)
    if not source.is_here:
        return None, None, html.empty_state("Fetch the reviews first, on the Data tab.")
    corpus, chosen = read(source), _chosen(root, choice, names)
    probes = [(reader, known_probe(reader, corpus)) for reader in chosen]
    curves = [(_title(r, chosen), r.method, found[found["pooling"] == pooling]) for r, found in probes
              if found is not None]  # fmt: skip
    if not curves:
        return (
            None,
            None,
            html.empty_state(
                f"Nothing measured yet for these on {dataset_title(corpus.name)}. Press «Probe the layers»: about a "
                "minute per model for 10,000 reviews, at once afterwards."
            ),
        )
    missing = [_title(reader, chosen) for reader, found in probes if found is None]
    notes = [f"Not measured yet: {', '.join(missing)}. Press «Probe the layers»."] if missing else []
    chance = float(corpus.splits["validation"]["label"].value_counts(normalize=True).max())
    return plots.probe_curves(curves, chance).to_json(), _drifts(chosen, corpus, probes, pooling), html.notes(notes)


def _drifts(chosen: list[Reader], corpus: Corpus, probes: list[tuple[Reader, Any]], pooling: str) -> str | None:
    """The drift of every run whose vectors are on disk already, as they are once it was probed."""
    texts = list(corpus.splits["validation"]["text"])
    measured = [reader for reader, found in probes if reader.run and found is not None]
    if not measured:
        return None
    await_models()
    curves = []
    for reader in measured:
        found = drift(Reader(BACKBONE, reader.backbone), reader, texts)
        curves.append((_title(reader, chosen), reader.method, found[found["pooling"] == pooling]))
    return plots.drift_curves(curves).to_json()


def _chosen(root: Path, choice: Choice, names: list[str]) -> list[Reader]:
    return [reader for reader in readers(root, chosen_model(choice)) if reader.name in (names or [])][:MOST]


def _one_each(every: list[Reader]) -> list[str]:
    """The backbone, and the newest run of each method."""
    newest = {reader.method: reader.name for reader in reversed(every)}
    return [reader.name for reader in every if reader.name in newest.values()]


def _title(reader: Reader, among: list[Reader]) -> str:
    """A reader's title, with its name where another has the same."""
    same = sum(other.title == reader.title for other in among) > 1
    return f"{reader.title} · {reader.name}" if same else reader.title


def build(root: Path, choice: gr.State, tab: gr.Tab) -> None:
    """The panel, in the open tab."""
    page(html.paragraphs([LEAD]))
    with gr.Row(elem_classes=["s-leads"]):
        names = gr.Dropdown([], value=[], multiselect=True, label="Whose layers", max_choices=MOST, scale=3)
        pooling = gr.Dropdown(POOLINGS, value="mean", label="Vector", scale=1, min_width=180)
        button = gr.Button("Probe the layers", variant="primary", size="md", scale=0, min_width=180)
    notes = page()
    with gr.Row():
        probes, drifts = figure(PROBES, height=380), figure(DRIFT, height=380)
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 2}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    asked, shown = [choice, names, pooling], [probes, drifts, notes]
    gr.on([tab.select, choice.change], bound(offer, root), asked, [names, *shown], **quiet)
    gr.on([names.input, pooling.input], bound(turn, root), asked, shown, **quiet)
    button.click(bound(compute, root), asked, shown, show_progress_on=probes, **private)
    recipe.place(bound(recipes.probes, root), [choice, names])
