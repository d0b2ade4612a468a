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
    fresh: tuple[str, ...] = ()  # parts that start random beside the head, and so are trained and saved whole


_LIKE_BERT = Architecture(layers="encoder.layer", plain=True)
_LIKE_ROBERTA = Architecture(layers="encoder.layer", plain=True, skips_positions=True)
ARCHITECTURES = {
    "albert": Architecture(),  # all layers share one set of weights
    "bert": _LIKE_BERT,
    "camembert": _LIKE_ROBERTA,
    # DeBERTa's layers take relative positions beside the states
    "deberta": Architecture(("in_proj",), bare_words=True, fresh=("pooler",)),
    "deberta-v2": Architecture(("query_proj", "value_proj"), bare_words=True, fresh=("pooler",)),
    "distilbert": Architecture(("q_lin", "v_lin"), layers="transformer.layer", plain=True),
    "electra": Architecture(layers="encoder.layer"),  # narrow embeddings are widened first
    "modernbert": Architecture(("Wqkv",), bare_words=True, fresh=("head",)),
    "mpnet": Architecture(("q", "v"), skips_positions=True),
    "roberta": _LIKE_ROBERTA,
    "xlm-roberta": _LIKE_ROBERTA,
}


def architecture(kind: object, path: str = "this model") -> Architecture:
    """The row of a `model_type`. Raises MissingModel for what is no encoder that senti knows."""
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise MissingModel(f"{path} is of type {str(kind)[:40]!r}; senti adapts encoders: {known}.")
    return ARCHITECTURES[kind]
