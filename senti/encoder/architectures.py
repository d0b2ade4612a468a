"""In what kinds of transformers differ, beyond what their configurations say: the one table of it."""

from dataclasses import dataclass

from senti.errors import MissingModel


@dataclass(frozen=True)
class Architecture:
    """What senti must know of a kind of transformer."""

    targets: tuple[str, ...] = ("query", "value")  # the linear layers that LoRA adapts: projections of query and value
    layers: str = ""  # where its layers are listed, inside the transformer; empty where they are one, or hand on more
    plain: bool = False  # these layers take just what the embeddings give: the quick forward pass and fast LoRA know it
    skips_positions: bool = False  # the first positions, up to the number of the padding, are kept for padding
    bare_words: bool = False  # words' embeddings are normalised alone; [PAD]'s is zero, which has no norm
    keys_values: tuple[str, ...] = ("key", "value")  # the layers whose output IA3 scales; empty where they are one
    feed_forward: str = r"layer\.\d+\.output\.dense"  # the second layer of the feed-forward, whose input IA3 scales
    takes_prefix: bool = False  # its attention takes keys and values from outside, as prefix tuning needs
    fresh: tuple[str, ...] = ()  # parts that start random beside the head, and so are trained and saved whole


_LIKE_BERT = Architecture(layers="encoder.layer", plain=True, takes_prefix=True)
_LIKE_ROBERTA = Architecture(layers="encoder.layer", plain=True, takes_prefix=True, skips_positions=True)
ARCHITECTURES = {
    "albert": Architecture(feed_forward="ffn_output"),  # all layers share one set of weights
    "bert": _LIKE_BERT,
    "camembert": _LIKE_ROBERTA,
    # DeBERTa's layers take relative positions beside the states
    "deberta": Architecture(("in_proj",), keys_values=(), bare_words=True, fresh=("pooler",)),
    "deberta-v2": Architecture(("query_proj", "value_proj"), keys_values=("key_proj", "value_proj"), bare_words=True,
                               fresh=("pooler",)),
    "distilbert": Architecture(("q_lin", "v_lin"), keys_values=("k_lin", "v_lin"), feed_forward="lin2",
                               layers="transformer.layer", plain=True),
    "electra": Architecture(layers="encoder.layer", takes_prefix=True),  # narrow embeddings are widened first
    "modernbert": Architecture(("Wqkv",), keys_values=(), bare_words=True, fresh=("head",)),
    "mpnet": Architecture(("q", "v"), keys_values=("k", "v"), skips_positions=True),
    "roberta": _LIKE_ROBERTA,
    "xlm-roberta": _LIKE_ROBERTA,
}  # fmt: skip


def architecture(kind: object, path: str = "this model") -> Architecture:
    """The row of a `model_type`. Raises MissingModel for what is no encoder that senti knows."""
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise MissingModel(f"{path} is of type {str(kind)[:40]!r}; senti adapts encoders: {known}.")
    return ARCHITECTURES[kind]
