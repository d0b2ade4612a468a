"""From a name to a tokenizer and a backbone; from a text to pieces, hidden states, attention and vectors."""

from senti.encoder.backbone import KNOWN, Backbone, resolve_model
from senti.encoder.facts import count_parameters, linear_names, lora_parameters, model_facts
from senti.encoder.features import features
from senti.encoder.load import load_adapter, load_backbone, load_classifier, load_finetuned, load_tokenizer, quiet
from senti.encoder.lora import lora_settings
from senti.encoder.states import Inside, look_inside, similarity
from senti.encoder.tokens import clean_text, count_tokens, token_table

__all__ = [
    "KNOWN",
    "Backbone",
    "Inside",
    "clean_text",
    "count_parameters",
    "count_tokens",
    "features",
    "linear_names",
    "load_adapter",
    "load_backbone",
    "load_classifier",
    "load_finetuned",
    "load_tokenizer",
    "look_inside",
    "lora_parameters",
    "lora_settings",
    "model_facts",
    "quiet",
    "resolve_model",
    "similarity",
    "token_table",
]
