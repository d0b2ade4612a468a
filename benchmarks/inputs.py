"""What both sides read: real Rotten Tomatoes where it lies beside the project, else the bundled reviews."""

import functools
from pathlib import Path
from typing import Any

REAL = Path(__file__).parents[2] / "shared" / "data" / "rotten_tomatoes"


def dataset() -> str:
    """The name or the folder that senti loads."""
    return str(REAL) if REAL.is_dir() else "bundled"


@functools.cache
def splits() -> dict[str, Any]:
    """The reviews as frames with text and label, by split."""
    from senti.corpus import load_corpus

    return load_corpus(dataset()).splits


def texts(n: int) -> list[str]:
    """n reviews, all splits in order, repeated where there are fewer."""
    every = [text for frame in splits().values() for text in frame["text"]]
    return (every * (n // len(every) + 1))[:n]


def model_folder(size: str, scratch: Path) -> str:
    """`minilm`: the real one. `distilbert`: its shapes with random weights, and MiniLM's (the same) vocabulary."""
    from senti.encoder import resolve_model

    minilm = resolve_model("minilm").path
    if size == "minilm":
        return minilm
    folder = scratch / "distilbert-sized"
    if not (folder / "config.json").exists():
        import torch
        from transformers import AutoTokenizer, DistilBertConfig, DistilBertModel

        torch.manual_seed(0)
        DistilBertModel(DistilBertConfig()).save_pretrained(folder)
        AutoTokenizer.from_pretrained(minilm).save_pretrained(folder)
    return str(folder)
