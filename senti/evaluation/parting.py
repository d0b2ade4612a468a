"""Where runs part: the layer from which the probes of their transformers say different things of a text."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from senti.config import SvmConfig, TrainConfig
from senti.encoder import clean_text, resolve_model
from senti.evaluation.compare import run_corpus
from senti.evaluation.lines import fit_lines, known_lines, text_scores
from senti.evaluation.progress import Report
from senti.evaluation.readers import BACKBONE, Reader, changes_layers
from senti.evaluation.table import run_title
from senti.runs import Run


@dataclass(frozen=True)
class Reading:
    """One transformer, called `title`, on one text. layers: layer (0 the embeddings), label (its probe's), margin.

    margin: of Parting's label over the best other one, in the SVM's units; above zero, the probe gives that label.
    """

    reader: Reader
    title: str
    layers: pd.DataFrame


@dataclass(frozen=True)
class Parting:
    """label: what the margins are for. layer: the first from which the readings differ to the last, or None.

    without: titles of the runs that have no layers.
    """

    text: str
    label: str
    readings: tuple[Reading, ...]
    layer: int | None
    without: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """In words: where they part, and who has no layers to look at."""
        lacks = f" {_and(self.without)} {'has' if len(self.without) == 1 else 'have'} no layers."
        return _told(self.readings, self.layer) + (lacks if self.without else "")


def layered(runs: Sequence[Run]) -> list[Reader]:
    """Whose layers can be looked at: the backbone that an SVM reads with, and each run that trained a transformer."""
    out: list[Reader] = []
    for run in runs:
        config = run.config
        if isinstance(config, SvmConfig):
            out.append(Reader(BACKBONE, resolve_model(config.model)))
        elif changes_layers(config):
            assert isinstance(config, TrainConfig)
            out.append(Reader(run.name, resolve_model(config.model), run))
    return list(dict.fromkeys(out))


def probe_layers(runs: Sequence[Run], on_progress: Report | None = None) -> None:
    """Fit and keep the probes of every transformer among the runs, on the mean of all tokens, where that is not done.

    The training reviews are the first run's.  on_progress: share done, and of what.  Raises BadData where they are not
    here, MissingModel.
    """
    readers, report = layered(runs), on_progress or (lambda share, what: None)
    for i, (reader, title) in enumerate(zip(readers, _titles(readers), strict=True)):

        def tell(share: float, what: str, i: int = i, title: str = title) -> None:
            report((i + share) / len(readers), f"{title}: {what}")

        fit_lines(reader, run_corpus(runs[0]), on_progress=tell)


def is_probed(runs: Sequence[Run]) -> bool:
    """True if `probe_layers` has nothing to do; loads no model."""
    corpus = run_corpus(runs[0])
    return all(known_lines(reader, corpus) is not None for reader in layered(runs))


def known_parting(runs: Sequence[Run], text: str) -> Parting | None:
    """Each transformer's probes on a text, and the layer at which they part; None where `probe_layers` was not called.

    Raises BadData where the runs' reviews are not here, BadText, MissingModel.
    """
    labels, corpus, text = list(runs[0].facts["data"]["labels"]), run_corpus(runs[0]), clean_text(text)
    readers = layered(runs)
    lines = [known_lines(reader, corpus) for reader in readers]
    if any(each is None for each in lines):
        return None
    scores = [text_scores(reader, each, text, len(labels)) for reader, each in zip(readers, lines, strict=True) if each]
    said = [[labels[i] for i in each.argmax(axis=1)] for each in scores]
    label = labels[1] if len(labels) == 2 or not said else Counter(each[-1] for each in said).most_common(1)[0][0]
    readings = tuple(
        Reading(reader, title, pd.DataFrame({"layer": range(len(each)), "label": words,
                                             "margin": _margins(each, labels.index(label))}))
        for reader, title, each, words in zip(readers, _titles(readers), scores, said, strict=True)
    )  # fmt: skip
    without = tuple(run_title(r.config) for r in runs if not layered([r]))
    return Parting(text, label, readings, parting_layer(said), without)


def parting_layer(said: Sequence[Sequence[str]]) -> int | None:
    """The first layer from which the readings, lists of labels by layer, are never all the same again.

    None where they agree in the last layer, there are fewer than two, or they have different numbers of layers.
    """
    if len(said) < 2 or len({len(each) for each in said}) > 1:
        return None
    differ = [len(set(layer)) > 1 for layer in zip(*said, strict=True)]
    same = [i for i, differs in enumerate(differ) if not differs]
    first = same[-1] + 1 if same else 0
    return first if first < len(differ) else None


def _titles(readers: Sequence[Reader]) -> list[str]:
    """What the readers are called, with their names where two are called the same."""
    titles = [reader.title for reader in readers]
    return [f"{t} · {r.name}" if titles.count(t) > 1 else t for t, r in zip(titles, readers, strict=True)]


def _margins(scores: np.ndarray, label: int) -> np.ndarray:
    return scores[:, label] - np.delete(scores, label, axis=1).max(axis=1)


def _told(readings: Sequence[Reading], layer: int | None) -> str:
    if not readings:
        return "None of these runs has a transformer to look into."
    ends: dict[str, list[str]] = {}
    for reading in readings:
        ends.setdefault(reading.layers["label"].iloc[-1], []).append(reading.title)
    last = "; ".join(f"{label} in {_and(titles)}" for label, titles in ends.items())
    if len(readings) == 1:
        return f"Only one transformer is here, so there is nobody to part from. In its last layer: {last}."
    if len({len(reading.layers) for reading in readings}) > 1:
        return f"Their transformers have different numbers of layers. In the last layer: {last}."
    if layer is None:
        return f"Their probes agree in the last layer ({next(iter(ends))}), so they do not tell what parts the runs."
    place = "already at the embeddings" if layer == 0 else f"at layer {layer}"
    return f"They part {place} and do not meet again. In the last layer: {last}."


def _and(names: Sequence[str]) -> str:
    """Names that may hold commas, in a row."""
    return " and ".join(names)
