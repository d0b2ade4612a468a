"""Dropout from random bytes, and the attention that uses it: on a processor the stock ones take a sixth of a step.

torch draws one Bernoulli number per value, one after the other; eight bytes come from a single 64-bit draw. The
probability is therefore rounded to 1/256, and the kept values are scaled by just that.
"""

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

ATTENTION = "senti"
STEPS = 256


class ByteDropout(nn.Dropout):
    """`nn.Dropout` with a cheaper draw."""

    def forward(self, values: Tensor) -> Tensor:
        """Values of any shape; unchanged in eval mode."""
        return drop(values, self.p) if self.training else values


def drop(values: Tensor, p: float) -> Tensor:
    """Zero a share p of the values, rounded to 1/256, and scale the others up, so that the mean stays."""
    cut = round(p * STEPS)
    if cut == 0:
        return values
    n = values.numel()
    words = torch.empty((n + 7) // 8, dtype=torch.int64, device=values.device).random_(-(2**63), None)
    kept = torch.empty(values.shape, dtype=values.dtype, device=values.device)
    torch.ge(words.view(torch.uint8)[:n].view(values.shape), cut, out=kept)  # 0 or 1, without a pass to convert them
    return values * kept.mul_(STEPS / max(STEPS - cut, 1))


def attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scaling: float | None = None,
    dropout: float = 0.0, **kwargs: Any,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Scaled dot-product attention written out: for short texts on a processor faster than torch's own backward.

    query, key, value: (n, heads, tokens, width of a head). Returns (n, tokens, heads, width) and the weights. The
    softmax is taken in float32: torch's own in bf16 is five times slower.
    """
    scores = torch.matmul(query * (scaling or query.shape[-1] ** -0.5), key.transpose(2, 3)).float()
    if mask is not None:
        scores = scores + mask[..., : key.shape[-2]]
    weights = drop(scores.softmax(-1).to(query.dtype), dropout)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


AttentionInterface.register(ATTENTION, attend)
AttentionMaskInterface.register(ATTENTION, eager_mask)


def quicken(model: Any) -> None:
    """Give a transformer, in place, our dropout, and our attention where its architecture lets one choose."""
    for module in model.modules():
        if type(module) is nn.Dropout:
            module.__class__ = ByteDropout
    if model._supports_attention_backend:
        model.set_attn_implementation(ATTENTION)
