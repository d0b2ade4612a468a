"""From a name to a tokenizer and a backbone; from a text to pieces, hidden states, attention and vectors."""

from senti.encoder.architectures import ARCHITECTURES, architecture
from senti.encoder.backbone import KNOWN, Backbone, resolve_model
from senti.encoder.batches import batches, by_length, padded
from senti.encoder.cloze import cloze, masked_parameters
from senti.encoder.contrast import Contrast, contrast, shared_words
from senti.encoder.facts import (
    check_length,
    count_parameters,
    linear_names,
    lora_parameters,
    model_facts,
    reading_checksum,
    stored_shapes,
)
from senti.encoder.features import features, features_are_kept
from senti.encoder.first_token import first_token_only
from senti.encoder.layers import layer_features, layers_are_kept, text_layers
from senti.encoder.lean import make_lean
from senti.encoder.load import (
    load_adapter,
    load_backbone,
    load_classifier,
    load_finetuned,
    load_tokenizer,
    quiet,
)
from senti.encoder.lora import lora_settings
from senti.encoder.machine import batch_tokens, device, keep_freed_memory, resolve_precision, settle
from senti.encoder.near_words import near_words
from senti.encoder.states import Inside, habits, look_inside, similarity
from senti.encoder.tokens import (
    clean_text,
    count_tokens,
    fit_text,
    is_blank,
    length_notice,
    token_table,
    unknown_pieces,
)

__all__ = [
    "ARCHITECTURES",
    "KNOWN",
    "Backbone",
    "Contrast",
    "Inside",
    "architecture",
    "batch_tokens",
    "batches",
    "by_length",
    "check_length",
    "clean_text",
    "cloze",
    "contrast",
    "count_parameters",
    "count_tokens",
    "device",
    "features",
    "features_are_kept",
    "first_token_only",
    "fit_text",
    "habits",
    "is_blank",
    "keep_freed_memory",
    "layer_features",
    "layers_are_kept",
    "length_notice",
    "linear_names",
    "load_adapter",
    "load_backbone",
    "load_classifier",
    "load_finetuned",
    "load_tokenizer",
    "look_inside",
    "lora_parameters",
    "lora_settings",
    "make_lean",
    "masked_parameters",
    "model_facts",
    "near_words",
    "padded",
    "quiet",
    "reading_checksum",
    "resolve_model",
    "resolve_precision",
    "settle",
    "shared_words",
    "similarity",
    "stored_shapes",
    "text_layers",
    "token_table",
    "unknown_pieces",
]
