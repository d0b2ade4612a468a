"""Word embeddings whose gradient lives on the words of the batch alone.

A batch holds a few hundred of 30,000 words. A dense gradient, its norm and AdamW over all of them would cost more
than a layer. Words that are not in the batch keep value and moments (as torch's SparseAdam does): no weight decay and
no momentum while they are not read.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class RowEmbedding(nn.Embedding):
    """An `nn.Embedding` that keeps, per training step, the rows it read as leaves with gradients of their own."""

    read: list[tuple[Tensor, Tensor]]  # (numbers of the rows, their values): one pair per forward pass

    def forward(self, ids: Tensor) -> Tensor:
        """(n, tokens) to (n, tokens, width)."""
        if not (self.training and torch.is_grad_enabled()):
            return F.embedding(ids, self.weight)
        rows, places = torch.unique(ids, return_inverse=True)
        leaf = self.weight[rows].requires_grad_()
        self.read.append((rows, leaf))
        return F.embedding(places, leaf)

    def take_gradient(self) -> tuple[Tensor, Tensor]:
        """(rows, their gradients in float32) since the last call; a row read by several batches has the sum."""
        pairs = [(rows, leaf.grad.float()) for rows, leaf in self.read if leaf.grad is not None]
        self.read = []
        if not pairs:
            return torch.empty(0, dtype=torch.long), torch.empty(0, self.embedding_dim)
        rows, places = torch.unique(torch.cat([rows for rows, _ in pairs]), return_inverse=True)
        summed = torch.zeros(len(rows), self.embedding_dim, device=rows.device)
        return rows, summed.index_add_(0, places, torch.cat([gradient for _, gradient in pairs]))


def row_embeddings(model: Any) -> RowEmbedding | None:
    """Turn a model's word embeddings into RowEmbedding, in place, if they are to be trained; else None."""
    words: Any = model.get_input_embeddings()
    if type(words) is not nn.Embedding or not words.weight.requires_grad:
        return None
    words.__class__ = RowEmbedding
    words.weight.requires_grad_(False)
    assert isinstance(words, RowEmbedding)
    words.read = []
    return words
