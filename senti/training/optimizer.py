"""AdamW for a model whose weights are in bf16 (or fp32): the truth is kept in float32, in one flat tensor per group.

Updates far smaller than a weight vanish in bf16's eight bits, so they are added to float32 masters, and the model gets
a rounded copy after each step (Micikevicius et al. 2018, Mixed Precision Training). Clipping to a norm is folded into
the same pass over memory. Decoupled weight decay as in Loshchilov & Hutter 2019.

A step is bound by memory: it goes through the model in pieces that stay in a processor's cache from the gradient in
bf16 to the rounded copy.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from senti.training.rows import RowEmbedding

PIECE = 400_000  # numbers; with gradient and moments 6 MB, and few enough pieces that calling costs nothing


class Piece(NamedTuple):
    """Some parameters of the model, their place in the flat tensors, and views of master and gradient, one for each."""

    params: list[Tensor]
    place: slice
    masters: list[Tensor]
    gradient: Tensor
    gradients: list[Tensor]

    def gathered(self) -> Tensor:
        """The gradients in float32, in one row; zero where a parameter took no part. The next piece overwrites it."""
        pairs = [(flat, p.grad) for flat, p in zip(self.gradients, self.params, strict=True) if p.grad is not None]
        if len(pairs) < len(self.params):
            self.gradient.zero_()
        if pairs:
            torch._foreach_copy_([flat for flat, _ in pairs], [gradient for _, gradient in pairs])
        return self.gradient


class MasterAdamW(torch.optim.Optimizer):
    """`groups`: dicts of params (of the model) and weight_decay. `words`: embeddings that learn row by row.

    `grad_norm` is the norm over all gradients of the last step, before clipping to `max_norm`.
    """

    grad_norm: float | None = None

    def __init__(
        self, groups: list[dict[str, Any]], lr: float, words: RowEmbedding | None = None, words_decay: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, max_norm: float = 1.0,
    ) -> None:  # fmt: skip
        self.models = [list(group["params"]) for group in groups if group["params"]]
        self.words, self.max_norm = words, max_norm
        flat = [{"params": [_master(group["params"])], "weight_decay": group["weight_decay"]}
                for group in groups if group["params"]]  # fmt: skip
        if words is not None:
            flat.append({"params": [_master([words.weight])], "weight_decay": words_decay})
        super().__init__(flat, {"lr": lr, "betas": betas, "eps": eps})
        for group in self.param_groups:
            (master,) = group["params"]
            self.state[master] = {"step": torch.zeros((), device=master.device), "exp_avg": torch.zeros_like(master),
                                  "exp_avg_sq": torch.zeros_like(master), "master": master}  # fmt: skip
        self.pieces = [_pieces(model, master) for model, master in zip(self.models, self._masters, strict=False)]

    @property
    def _masters(self) -> list[Tensor]:
        return [group["params"][0] for group in self.param_groups]

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """One update from the model's gradients, which may be None where a parameter took no part."""
        words = self.words.take_gradient() if self.words is not None else None
        squares = [_square(piece.gathered()) for pieces in self.pieces for piece in pieces]
        norm = torch.stack([*squares, _square(words[1])] if words else squares).sum().sqrt()
        self.grad_norm = norm.item()
        shrink = torch.clamp(norm / self.max_norm, min=1.0)
        for i, pieces in enumerate(self.pieces):
            master = self._masters[i]
            self.state[master]["step"] += 1
            for piece in pieces:
                part = {name: self.state[master][name][piece.place] for name in ("exp_avg", "exp_avg_sq")}
                part["step"] = self.state[master]["step"]
                self._update(i, master[piece.place], piece.gathered(), part, shrink)
                torch._foreach_copy_(piece.params, piece.masters)
        if words and len(words[0]):
            self._update_rows(*words, shrink)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the model's gradients."""
        for parameter in (p for model in self.models for p in model):
            parameter.grad = None
        if self.words is not None:
            self.words.read = []

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up a saved state: masters, moments, and with them the model's weights."""
        super().load_state_dict(state_dict)
        models = [*self.models, *([[self.words.weight]] if self.words is not None else [])]
        with torch.no_grad():
            for master, model in zip(self._masters, models, strict=True):
                master.copy_(self.state[master]["master"])
                self.state[master]["master"] = master
                torch._foreach_copy_(model, _views(master, model))

    def _update_rows(self, rows: Tensor, gradient: Tensor, shrink: Tensor) -> None:
        """The same update for some rows; moments and master of the others stay as they are."""
        assert self.words is not None
        last = len(self.param_groups) - 1
        whole = self._masters[last]
        held = {name: value.view_as(self.words.weight) for name, value in self.state[whole].items() if name != "step"}
        part: dict[str, Tensor] = {name: value[rows] for name, value in held.items()}
        self.state[whole]["step"] += 1
        self._update(last, part["master"], gradient, part | {"step": self.state[whole]["step"]}, shrink)
        for name, value in held.items():
            value[rows] = part[name]
        self.words.weight[rows] = part["master"].to(self.words.weight.dtype)

    def _update(self, i: int, master: Tensor, gradient: Tensor, state: dict[str, Tensor], shrink: Tensor) -> None:
        group = self.param_groups[i]
        torch._fused_adamw_(
            [master], [gradient], [state["exp_avg"]], [state["exp_avg_sq"]], [], [state["step"]], lr=group["lr"],
            beta1=group["betas"][0], beta2=group["betas"][1], weight_decay=group["weight_decay"], eps=group["eps"],
            amsgrad=False, maximize=False, grad_scale=shrink, found_inf=None,
        )  # fmt: skip


def _master(parameters: list[Tensor]) -> Tensor:
    return torch.cat([p.detach().float().flatten() for p in parameters])


def _views(flat: Tensor, like: list[Tensor]) -> list[Tensor]:
    return [part.view_as(p) for part, p in zip(flat.split([p.numel() for p in like]), like, strict=True)]


def _square(gradient: Tensor) -> Tensor:
    return torch.dot(gradient.flatten(), gradient.flatten())


def _pieces(model: list[Tensor], master: Tensor) -> list[Piece]:
    groups: list[list[Tensor]] = [[]]
    for p in model:
        if groups[-1] and sum(other.numel() for other in groups[-1]) + p.numel() > PIECE:
            groups.append([])
        groups[-1].append(p)
    sizes = [sum(p.numel() for p in group) for group in groups]
    gradient, pieces, start = torch.zeros(max(sizes), device=master.device), [], 0
    for group, size in zip(groups, sizes, strict=True):
        place, row = slice(start, start + size), gradient[:size]
        pieces.append(Piece(group, place, _views(master[place], group), row, _views(row, group)))
        start += size
    return pieces
