"""Integrated gradients: what each word adds to a transformer's answer, with the completeness check.

Sundararajan, Taly & Yan 2017, Axiomatic attribution for deep networks. The path runs, in a straight line, from the text
with every piece but the marks replaced by [PAD] to the text itself; the target is the logit of the label less the mean
of the others. Where nothing is added to the words' embeddings (DeBERTa), [MASK] stands in for [PAD]: the vector of
that is zero, and on its way out of zero the normalised text jumps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from senti.encoder.architectures import architecture
from senti.encoder.batches import padded
from senti.encoder.tokens import token_table
from senti.evaluation.occlusion import words_of

PARTS, HALVINGS = 8, 4  # of the path: a network turns over in a small stretch of it, where points must lie close
TOLERANCE = 0.02  # logits, per part

Slopes = Callable[[Sequence[float]], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Gradients:
    """words: word, start, end, effect (in logits). difference: target of the text less that of the baseline. total: the
    sum of all attributions, marks and punctuation included; the two agree up to the path's coarseness (completeness).
    """

    words: pd.DataFrame
    difference: float
    total: float


def integrated_gradients(
    classifier: Any, tokenizer: Any, text: str, label: int | None = None, max_length: int = 128,
    truncation: str = "head", tolerance: float = TOLERANCE,
) -> Gradients:  # fmt: skip
    """Attributions of one text for a label (None: the one predicted), word pieces summed to the words of the text.

    classifier: a transformer with a head, in float32 and eval mode.  tolerance: how many logits each part of the path
    may miss completeness by before it is halved.
    """
    import torch

    pieces = token_table(tokenizer, text, max_length, truncation)
    offsets, marks = pieces[["start", "end"]].to_numpy().tolist(), torch.tensor(pieces["special"].to_numpy())
    ids, mask = (values.to(classifier.device) for values in padded([pieces["id"]], 0).values())
    table = classifier.get_input_embeddings()
    with torch.no_grad():
        end = table(ids)
        start = table(torch.where(marks.to(ids.device), ids, torch.full_like(ids, _blank(classifier, tokenizer))))
        if label is None:
            label = int(classifier(inputs_embeds=end, attention_mask=mask).logits[0].argmax())
    effects, difference = _integral(_slopes(classifier, mask, start, end, label), tolerance)
    words = _to_words(words_of(text, pieces), offsets, effects)
    return Gradients(words, difference, float(effects.sum()))


def _slopes(classifier: Any, mask: Any, start: Any, end: Any, label: int) -> Slopes:
    """From shares of the path to the target at each, and to each piece's slope there: (n,) and (n, pieces)."""
    import torch

    def look(shares: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        steps = torch.tensor(shares, dtype=end.dtype, device=end.device)[:, None, None]
        path = (start + steps * (end - start)).requires_grad_()
        target = _target(classifier(inputs_embeds=path, attention_mask=mask.expand(len(path), -1)).logits, label)
        (slopes,) = torch.autograd.grad(target.sum(), path)
        pieces = (slopes * (end - start)).sum(dim=-1)
        return target.detach().double().cpu().numpy(), pieces.double().cpu().numpy()

    return look


def _integral(look: Slopes, tolerance: float) -> tuple[np.ndarray, float]:
    """Slopes summed over the path, (pieces,), and the target's difference between its ends.

    Simpson's rule on each part. How far the target moved over a part is known, so a part whose slopes do not add up to
    that is halved, and its points are used again.
    """
    known: dict[float, tuple[float, np.ndarray]] = {}
    parts = [(i / PARTS, (i + 1) / PARTS) for i in range(PARTS)]
    total: Any = 0.0
    for halvings in reversed(range(HALVINGS + 1)):
        if not parts:
            break
        new = sorted({share for a, b in parts for share in (a, (a + b) / 2, b)} - known.keys())
        known.update(zip(new, zip(*look(new), strict=True), strict=True))
        open_parts = []
        for a, b in parts:
            middle = (a + b) / 2
            (first, left), (_, centre), (last, right) = known[a], known[middle], known[b]
            part = (b - a) / 6 * (left + 4 * centre + right)
            if halvings and abs(part.sum() - (last - first)) > tolerance:
                open_parts += [(a, middle), (middle, b)]
            else:
                total = total + part
        parts = open_parts
    return np.asarray(total), float(known[1.0][0] - known[0.0][0])


def _blank(classifier: Any, tokenizer: Any) -> int:
    """The piece that says nothing."""
    bare = architecture(classifier.config.model_type).bare_words
    return int(tokenizer.mask_token_id if bare and tokenizer.mask_token_id is not None else tokenizer.pad_token_id)


def _target(logits: Any, label: int) -> Any:
    """The logit of a label less the mean of the others: (n, classes) to (n,)."""
    others = (logits.sum(dim=1) - logits[:, label]) / max(logits.shape[1] - 1, 1)
    return logits[:, label] - others


def _to_words(words: pd.DataFrame, offsets: list[list[int]], pieces: np.ndarray) -> pd.DataFrame:
    """Sums of the pieces that lie in each word."""
    effects = [
        float(sum(value for (start, end), value in zip(offsets, pieces, strict=True)
                  if start < end and start < word.end and end > word.start))
        for word in words.itertuples()
    ]  # fmt: skip
    return words.assign(effect=effects)
