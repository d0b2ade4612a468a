"""The lab's step e21: every split tokenized with `Dataset.map`, ready for the Trainer."""

import hashlib
from typing import TYPE_CHECKING, Any

from senti.cache import cache_dir
from senti.corpus import Corpus
from senti.encoder.tokens import encode

if TYPE_CHECKING:
    from datasets import DatasetDict


def tokenize(corpus: Corpus, tokenizer: Any, max_length: int, truncation: str = "head") -> "DatasetDict":
    """Tokenize all splits: batched, cut to `max_length`, not padded; text and label kept, result cached.

    Padding is left to the collator, which pads each batch only to its own longest text.
    """
    import datasets

    datasets.disable_progress_bars()  # a second or two; our own progress begins with training
    cut = f"{max_length} {truncation}"
    recipe = f"{corpus.checksum} {cut} {tokenizer.backend_tokenizer.to_str()} {tokenizer.split_special_tokens}"
    folder = cache_dir("tokenized") / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)

    def encoded(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return encode(tokenizer, batch["text"], max_length, truncation)

    def split(name: str) -> Any:
        rows = {column: list(corpus.splits[name][column]) for column in ("text", "label")}
        told = {"cache_file_name": str(folder / f"{name}.arrow"),
                "new_fingerprint": f"{folder.name}{name}"}  # which else is made from the whole tokenizer  # fmt: skip
        return datasets.Dataset.from_dict(rows).map(encoded, batched=True, **told)

    return datasets.DatasetDict({name: split(name) for name in corpus.splits})
