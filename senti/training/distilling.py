"""What a teacher's answers add to training: soft labels beside the true ones.

Hinton, Vinyals and Dean 2015, Distilling the knowledge in a neural network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from senti.training.trainer import Texts, cross_entropy

NO_LABEL = -1


@dataclass(frozen=True)
class Lesson:
    """What a teacher says: `logits` (n, classes) of the training texts and of the `unlabelled` ones after them."""

    unlabelled: Sequence[str]
    logits: np.ndarray
    temperature: float
    alpha: float

    def texts(self, ids: Sequence[np.ndarray], labels: np.ndarray) -> Texts:
        """All texts of the lesson, the `labels` (of the first ones) and the teacher's logits in one row each."""
        known = np.full(len(self.logits), NO_LABEL)
        known[: len(labels)] = labels
        return Taught(ids, np.column_stack([known, self.logits]))

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """alpha T^2 KL(teacher, student) at temperature T, and (1 - alpha) cross-entropy: the mean over all texts.

        labels: (n,) of reviews to be scored, which have no teacher, or (n, 1 + classes) as `texts` makes them.
        """
        if labels.ndim == 1:
            return cross_entropy(outputs, labels)
        logits, true, taught = outputs.logits.float(), labels[:, 0].long(), labels[:, 1:]
        # the Trainer counts numbers, of which a text has as many as `labels` is wide
        n = len(labels) if num_items_in_batch is None else num_items_in_batch / labels.shape[1]
        soft = F.kl_div(F.log_softmax(logits / self.temperature, dim=-1), F.log_softmax(taught / self.temperature, -1),
                        reduction="sum", log_target=True)  # fmt: skip
        hard = F.cross_entropy(logits, true, ignore_index=NO_LABEL, reduction="sum")
        return (self.alpha * self.temperature**2 * soft + (1 - self.alpha) * hard) / n


class Taught(Texts):
    """Texts whose labels are rows of numbers."""

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        return self.texts[i], self.labels[i].tolist()
