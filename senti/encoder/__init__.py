"""From a name to a tokenizer and a backbone; from a text to pieces, hidden states, attention and vectors."""

from senti.encoder.backbone import KNOWN, Backbone, resolve_model
from senti.encoder.batches import batches, by_length, padded
from senti.encoder.facts import count_parameters, linear_names, lora_parameters, model_facts
from senti.encoder.features import features
from senti.encoder.first_token import first_token_only
from senti.encoder.lean import make_lean
from senti.encoder.load import load_adapter, load_backbone, load_classifier, load_finetuned, load_tokenizer, quiet
from senti.encoder.lora import lora_settings
from senti.encoder.machine import batch_tokens, device, keep_freed_memory, resolve_precision, settle
from senti.encoder.states import Inside, look_inside, similarity
from senti.encoder.tokens import clean_text, count_tokens, token_table

__all__ = [
    "KNOWN",
    "Backbone",
    "Inside",
    "batch_tokens",
    "batches",
    "by_length",
    "clean_text",
    "count_parameters",
    "count_tokens",
    "device",
    "features",
    "first_token_only",
    "keep_freed_memory",
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
    "model_facts",
    "padded",
    "quiet",
    "resolve_model",
    "resolve_precision",
    "settle",
    "similarity",
    "token_table",
]
