"""Training the upper layers alone: what the frozen lower ones make of each text is computed once, then kept.

Where only the upper k layers learn, the lower ones give the same states in every epoch (without dropout in them). So
they run once, in large batches, and the training steps see k layers in place of all.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from senti.encoder import architecture, batch_tokens, by_length, padded
from senti.errors import BadConfig, Stopped

LARGEST = 4 * 2**30  # bytes of kept states; 100,000 short reviews of a DistilBERT


@contextmanager
def lower_skipped(model: Any, upper: int) -> Iterator[None]:
    """While inside, the classifier takes kept states as `inputs_embeds` and runs its upper layers alone."""
    body = model.base_model
    layers, embeddings = body.get_submodule(architecture(model.config.model_type).layers), body.embeddings
    lower = list(layers[: len(layers) - upper])
    try:
        body.embeddings = Given(embeddings.word_embeddings)
        for i in range(len(lower)):
            layers[i] = Skipped()
        yield
    finally:
        body.embeddings = embeddings
        for i, layer in enumerate(lower):
            layers[i] = layer


def lower_states(
    model: Any, ids: Sequence[np.ndarray], pad: int, upper: int, should_stop: Any = lambda: False
) -> list[Tensor]:
    """What the layers below the upper ones make of each text: (tokens, width) each, in the model's number format.

    Raises BadConfig where they would not fit, Stopped.
    """
    body = model.base_model
    check_size(sum(map(len, ids)), body.config.hidden_size, model.dtype.itemsize)
    parent, _, name = architecture(model.config.model_type).layers.rpartition(".")
    holder = body.get_submodule(parent)
    layers, out = getattr(holder, name), [torch.empty(0)] * len(ids)
    model.eval()
    setattr(holder, name, layers[: len(layers) - upper])
    try:
        with torch.inference_mode():
            for rows in by_length([len(each) for each in ids], batch_tokens()):
                if should_stop():
                    raise Stopped("Stopped while the lower layers read the texts.")
                inputs = {k: v.to(model.device) for k, v in padded([ids[i] for i in rows], pad).items()}
                states = body(**inputs).last_hidden_state.cpu()
                for i, state in zip(rows, states, strict=True):
                    out[i] = state[: len(ids[i])].clone()
    finally:
        setattr(holder, name, layers)
    return out


def check_size(tokens: int, width: int, item: int) -> None:
    """Raises BadConfig where the states of so many tokens would not fit."""
    size = tokens * width * item
    if size > LARGEST:
        raise BadConfig(
            f"upper_layers would keep {size / 2**30:.1f} GiB of states for these reviews, more than "
            f"{LARGEST / 2**30:.0f}; use --subset, a smaller --max-length, or --upper-layers 0."
        )


class Given(nn.Module):
    """In place of the embeddings: hands on the states that it is given. `words` are kept for whoever asks for them."""

    def __init__(self, words: nn.Module) -> None:
        super().__init__()
        self.word_embeddings = words

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        """The one argument that holds states."""
        return next(x for x in (*args, *kwargs.values()) if isinstance(x, Tensor) and x.is_floating_point())


class Skipped(nn.Module):
    """In place of a layer: hands on what it is given."""

    def forward(self, states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """The first argument."""
        return states


class StateCollator:
    """Pairs of states and label to a batch, padded to its longest text."""

    def __call__(self, pairs: Sequence[tuple[Tensor, int]]) -> dict[str, Tensor]:
        """`inputs_embeds` (n, tokens, width), `attention_mask` (n, tokens) and `labels` (n,)."""
        states = nn.utils.rnn.pad_sequence([state for state, _ in pairs], batch_first=True)
        lengths = torch.tensor([len(state) for state, _ in pairs])
        mask = (torch.arange(states.shape[1]) < lengths[:, None]).long()
        return {"inputs_embeds": states, "attention_mask": mask,
                "labels": torch.tensor([label for _, label in pairs])}  # fmt: skip
