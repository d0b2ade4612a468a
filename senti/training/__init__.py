"""Gradient descent for full fine-tuning and LoRA: the Hugging Face Trainer with quicker parts."""

from senti.training.tokenize import tokenize

__all__ = ["tokenize"]
