"""The forward pass of BERT and its kin with nothing but the arithmetic, for reading and predicting.

Transformers spends half of a short text's time on what surrounds the products: masks, hooks, checks, three products
for query, key and value where one does. On a processor the weights are also packed once for its matrix unit, which
stock layers do anew for every batch. Weights and results stay those of the model; what is not known here is left to it.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from senti.encoder.architectures import architecture

if TYPE_CHECKING:
    from torch import Tensor

LANES = 16  # torch's half-precision attention on a processor is fast for whole sixteens of tokens
MANY = 256  # tokens in a batch from which a copy is soon paid for
SHORT = 128  # tokens in a text up to which attention written out beats torch's own, by a third for short reviews


@dataclass(frozen=True)
class Layer:
    """One layer's steps, each from states to states; `joint` makes query, key and value in one."""

    joint: Callable[["Tensor"], "Tensor"]
    out: Callable[["Tensor"], "Tensor"]
    norm: Any
    up: Callable[["Tensor"], "Tensor"]
    down: Callable[["Tensor"], "Tensor"]
    last_norm: Any


def make_lean(model: Any, first_token: bool = False) -> None:
    """Let a settled model, with or without a head, read by the quick way from now on, in place and in eval mode.

    `first_token`: compute its last layer for [CLS] alone; the last hidden state becomes (n, 1, width). Whoever asks
    for attention, or for all hidden states of such a shortened model, still gets them from transformers. Does nothing
    to unknown architectures, nor to a model that reads made-up tokens beside the text, which PEFT adds.
    """
    known = architecture(model.config.model_type)
    if not known.plain or hasattr(model, "prompt_encoder"):
        return
    body = model.base_model
    layers = body.get_submodule(known.layers)
    read = _like_distilbert if model.config.model_type == "distilbert" else _like_bert
    body.forward = functools.partial(_forward, body, body.forward, [read(layer) for layer in layers], first_token)


def _forward(
    body: Any, stock: Callable[..., Any], layers: list[Layer], first_token: bool, input_ids: Any = None,
    attention_mask: Any = None, inputs_embeds: Any = None, **others: Any,
) -> Any:  # fmt: skip
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    all_states = bool(others.get("output_hidden_states"))
    if others.get("output_attentions") or (all_states and first_token):
        return stock(input_ids=input_ids, attention_mask=attention_mask, inputs_embeds=inputs_embeds, **others)
    states = body.embeddings(input_ids, inputs_embeds=inputs_embeds)
    kept = [states]
    mask = None if attention_mask is None or bool(attention_mask.all()) else attention_mask.bool()[:, None, None, :]
    heads = body.config.num_attention_heads
    for i, layer in enumerate(layers):
        last = i == len(layers) - 1
        states = _layer(layer, states, mask, heads, states[:, :1] if first_token and last else states)
        if all_states:
            kept.append(states)
    pooler = getattr(body, "pooler", None)
    return BaseModelOutputWithPooling(
        last_hidden_state=states, pooler_output=pooler(states) if pooler else None,
        hidden_states=tuple(kept) if all_states else None,
    )  # fmt: skip


def _layer(layer: Layer, states: "Tensor", mask: Any, heads: int, wanted: "Tensor") -> "Tensor":
    """What a layer makes of `states` (n, tokens, width) at the `wanted` ones, its first or all."""
    n, tokens, width = states.shape
    joint = layer.joint(states).view(n, tokens, 3, heads, width // heads)
    many = n * tokens >= MANY
    spread = (
        _written_out if many and tokens <= SHORT and _in_half_on_cpu(states) else _in_sixteens if many else _torch_s
    )
    mixed = spread(joint, mask, wanted.shape[1]).reshape(n, wanted.shape[1], width)
    kept = layer.norm(layer.out(mixed) + wanted)
    return layer.last_norm(layer.down(layer.up(kept)) + kept)


def _torch_s(joint: "Tensor", mask: Any, count: int) -> "Tensor":
    """Attention of the first `count` tokens, by torch: (n, tokens, 3, heads, size) to (n, count, heads, size)."""
    import torch.nn.functional as F

    query, key, value = joint.permute(2, 0, 3, 1, 4).unbind(0)
    query = query if count == key.shape[2] else query[:, :, :count]
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask).transpose(1, 2)


def _in_sixteens(joint: "Tensor", mask: Any, count: int) -> "Tensor":
    """The same over texts filled up to whole sixteens of tokens."""
    import torch
    import torch.nn.functional as F

    tokens = joint.shape[1]
    spare = -tokens % LANES
    if not spare:
        return _torch_s(joint, mask, count)
    if mask is None:
        mask = torch.ones((1, 1, 1, tokens), dtype=torch.bool, device=joint.device)
    whole = count == tokens
    mixed = _torch_s(F.pad(joint, (0, 0, 0, 0, 0, 0, 0, spare)), F.pad(mask, (0, spare)),
                     tokens + spare if whole else count)  # fmt: skip
    return mixed[:, :count]


def _written_out(joint: "Tensor", mask: Any, count: int) -> "Tensor":
    """The same as two batched products with a softmax in float32 between them."""
    import torch

    n, tokens, _, heads, size = joint.shape
    query, key, value = (each.reshape(n * heads, -1, size) for each in joint.permute(2, 0, 3, 1, 4).unbind(0))
    scores = torch.bmm(query[:, :count], key.transpose(1, 2)).view(n, heads, count, tokens).float().mul_(size**-0.5)
    if mask is not None:
        scores.masked_fill_(~mask, float("-inf"))
    weights = scores.softmax(-1).to(joint.dtype).view(n * heads, count, tokens)
    return torch.bmm(weights, value).view(n, heads, count, size).transpose(1, 2)


def _in_half_on_cpu(states: "Tensor") -> bool:
    return states.device.type == "cpu" and states.dtype.itemsize == 2


def _like_bert(layer: Any) -> Layer:
    inner, out, up = layer.attention.self, layer.attention.output, layer.intermediate
    return Layer(_product(inner.query, inner.key, inner.value), _product(out.dense), out.LayerNorm,
                 _product(up.dense, act=up.intermediate_act_fn), _product(layer.output.dense),
                 layer.output.LayerNorm)  # fmt: skip


def _like_distilbert(layer: Any) -> Layer:
    inner, ffn = layer.attention, layer.ffn
    return Layer(_product(inner.q_lin, inner.k_lin, inner.v_lin), _product(inner.out_lin), layer.sa_layer_norm,
                 _product(ffn.lin1, act=ffn.activation), _product(ffn.lin2), layer.output_layer_norm)  # fmt: skip


def _product(*linears: Any, act: Any = None) -> Callable[["Tensor"], "Tensor"]:
    """One or several linear layers as one, and the activation after it."""
    import torch
    import torch.nn.functional as F
    from transformers.activations import GELUActivation

    with torch.no_grad():
        weight = torch.cat([each.weight for each in linears])
        bias = torch.cat([each.bias for each in linears])
    if weight.device.type != "cpu" or weight.dtype != torch.bfloat16 or not torch.backends.mkldnn.is_available():
        return (lambda x: act(F.linear(x, weight, bias))) if act else (lambda x: F.linear(x, weight, bias))
    ops: Any = torch.ops.mkldnn  # what torch.compile makes of a linear layer on a processor
    packed = ops._reorder_linear_weight(weight, None)
    if type(act) is GELUActivation and act.act is F.gelu:
        return lambda x: ops._linear_pointwise(x, packed, bias, "gelu", [], "none")
    plain = functools.partial(_plain, ops, packed, bias)
    return (lambda x: act(plain(x))) if act else plain


def _plain(ops: Any, packed: "Tensor", bias: "Tensor", x: "Tensor") -> "Tensor":
    made: Tensor = ops._linear_pointwise(x, packed, bias, "none", [], "")
    return made
