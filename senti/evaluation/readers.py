"""Transformers that can be looked into: the backbone as it came, and what a run made of it.

>>> [reader.name for reader in readers(Path("checkpoints"), resolve_model("minilm"))]
['backbone', 'reference-lora']
"""

import functools
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from senti.config import PROMPTED, Config, EncoderConfig, LoraConfig, TrainConfig
from senti.encoder import (
    Backbone,
    layer_features,
    layers_are_kept,
    load_backbone,
    load_tokenizer,
    make_lean,
    resolve_model,
    resolve_precision,
    settle,
)
from senti.encoder.backbone import file_sha256
from senti.encoder.facts import reading_checksum
from senti.encoder.layers import STATES
from senti.errors import UnknownRun
from senti.evaluation.compare import finished_runs
from senti.evaluation.table import run_title
from senti.methods import restore
from senti.runs import Run, open_run

BACKBONE = "backbone"
KEPT_IN_MEMORY = 3


@dataclass(frozen=True)
class Reader:
    """A transformer by name: `backbone`, or the run that fine-tuned it."""

    name: str
    backbone: Backbone
    run: Run | None = None

    @property
    def title(self) -> str:
        """What it is called on screen."""
        return run_title(self.run.config) if self.run else f"{self.backbone.title}, as it came"

    @property
    def method(self) -> str:
        """The method of its run; empty for the backbone."""
        return str(self.run.facts["method"]) if self.run else ""

    @property
    def checksum(self) -> str:
        """Two readers with the same one give the same vectors; empty while the backbone is not on this machine."""
        base = reading_checksum(self.backbone)
        if not self.run or not base:
            return base and f"{base} {resolve_precision()}"
        files = sorted(path for path in self.run.model_path.iterdir() if path.is_file())
        sums = "".join(f"{path.name} {file_sha256(path)} " for path in files)
        return hashlib.sha256(f"{base} {sums} {resolve_precision()}".encode()).hexdigest()

    def settled_checksum(self) -> str:
        """The checksum, once the backbone is here: only then can it be told apart from its successor."""
        if not self.checksum:
            self.load()
        return self.checksum

    def load(self) -> tuple[Any, Any]:
        """Model without a head, ready to read, and tokenizer; kept in memory."""
        return _loaded(self, self.checksum)

    def layers(
        self, texts: Sequence[str], max_length: int | None = None, truncation: str | None = None,
        on_progress: Callable[[int, int], None] | None = None, should_stop: Callable[[], bool] | None = None,
    ) -> np.ndarray:  # fmt: skip
        """(layers + 1, 2, n, width) float16: [CLS] and mean of every layer, as `layer_features`; texts cut as `cut`."""
        length, part = self.cut(max_length, truncation)
        return layer_features(self.load, texts, checksum=self.settled_checksum(), max_length=length, truncation=part,
                              on_progress=on_progress, should_stop=should_stop)  # fmt: skip

    def has_read(self, texts: Sequence[str]) -> bool:
        """True if the layers of these texts, cut as `cut` says, are on disk; loads no model."""
        return bool(self.checksum) and layers_are_kept(self.checksum, texts, *self.cut())

    def layer(
        self, texts: Sequence[str], layer: int = -1, pooling: str = "mean", max_length: int | None = None,
        truncation: str | None = None, on_progress: Callable[[int, int], None] | None = None,
    ) -> np.ndarray:  # fmt: skip
        """(n, width) float32: one layer's vectors; 0 is the embeddings, -1 or too high a number the last layer."""
        states = self.layers(texts, max_length, truncation, on_progress)
        last = len(states) - 1
        vectors = states[last if layer < 0 else min(layer, last), STATES.index(pooling)]
        return np.asarray(vectors, dtype=np.float32)

    def cut(self, max_length: int | None = None, truncation: str | None = None) -> tuple[int, str]:
        """How many tokens of a text are read, and which part of a longer one: as given, else as its run reads them."""
        config = self.run.config if self.run else EncoderConfig()
        assert isinstance(config, EncoderConfig)
        return max_length or config.max_length, truncation or config.truncation


def changes_layers(config: Config) -> bool:
    """True for a method whose runs are transformers of their own; made-up tokens leave every layer as it came."""
    prompted = isinstance(config, LoraConfig) and config.adapter in PROMPTED
    return isinstance(config, TrainConfig) and not prompted


def readers(root: Path, backbone: Backbone) -> list[Reader]:
    """The backbone, then every finished run that changed this backbone, newest first."""
    mine = [run for run in finished_runs(root)
            if changes_layers(run.config) and run.facts.get("hub_id") == backbone.hub_id]  # fmt: skip
    return [Reader(BACKBONE, backbone), *(Reader(run.name, backbone, run) for run in mine)]


def find_reader(root: Path, name: str, model: str = "auto") -> Reader:
    """The backbone of that model where the name is `backbone`, else the finished run. Raises UnknownRun."""
    if name == BACKBONE:
        return Reader(BACKBONE, resolve_model(model))
    run = open_run(root, name)
    config = run.config
    if not changes_layers(config) or run.status != "finished":
        raise UnknownRun(f"{name} holds no transformer of its own; choose `backbone`, or a finished full or LoRA run.")
    assert isinstance(config, TrainConfig)
    return Reader(name, resolve_model(config.model), run)


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _loaded(reader: Reader, checksum: str) -> tuple[Any, Any]:
    if reader.run:
        classifier, tokenizer = restore(reader.run)
        model = classifier.base_model
    else:
        model, tokenizer = load_backbone(reader.backbone), load_tokenizer(reader.backbone)
    model = settle(model, resolve_precision()).eval()
    make_lean(model)
    return model, tokenizer
