"""The lab's step e21: every split tokenized with `Dataset.map`, ready for the Trainer."""

import hashlib
from typing import TYPE_CHECKING, Any

from senti.cache import cache_dir
from senti.corpus import Corpus

if TYPE_CHECKING:
    from datasets import DatasetDict


def tokenize(corpus: Corpus, tokenizer: Any, max_length: int) -> "DatasetDict":
    """Tokenize all splits: batched, truncated to `max_length`, not padded; text and label kept, result cached.

    Padding is left to the collator, which pads each batch only to its own longest text.
    """
    import datasets

    datasets.disable_progress_bars()  # a second or two; our own progress begins with training
    recipe = f"{corpus.checksum} {max_length} {tokenizer.backend_tokenizer.to_str()} {tokenizer.split_special_tokens}"
    folder = cache_dir("tokenized") / hashlib.sha256(recipe.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)

    def encode(batch: dict[str, list[Any]]) -> dict[str, list[Any]]:
        return dict(tokenizer(batch["text"], truncation=True, max_length=max_length))

    splits = datasets.DatasetDict({
        name: datasets.Dataset.from_dict({"text": list(frame["text"]), "label": list(frame["label"])})
        for name, frame in corpus.splits.items()
    })  # fmt: skip
    return splits.map(encode, batched=True, cache_file_names={n: str(folder / f"{n}.arrow") for n in splits})
