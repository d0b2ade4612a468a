"""The reviews a run learns from: those of the training split and, where its config asks for it, variants of them."""

from collections.abc import Iterable
from dataclasses import replace

from senti.config import Augmentation, Config
from senti.corpus import Corpus, augmented, replaceable
from senti.encoder import Backbone, near_words

NEED_NEAR = ("insertion", "synonym", "eda")


def with_variants(corpus: Corpus, config: Config, backbone: Backbone | None) -> Corpus:
    """The same corpus where nothing is asked for; else one whose training split has variants and a column `origin`.

    Validation and test stay as they are. The same config and backbone always give the same variants.
    """
    if not isinstance(config, Augmentation) or config.augment == "none":
        return corpus
    train = corpus.splits["train"]
    near = near_of(config.augment, train["text"], backbone)
    more = augmented(train, config.augment, config.augment_factor, config.seed, near)
    return replace(corpus, splits=corpus.splits | {"train": more})


def near_of(how: str, texts: Iterable[str], backbone: Backbone | None) -> dict[str, list[str]]:
    """The near words that a kind of variants needs for these texts; none where it needs none."""
    return near_words(backbone, replaceable(texts)) if backbone and how in NEED_NEAR else {}


def variants_sentence(config: Config, reviews: int, texts: int) -> str:
    """What a reader of the result should know, of so many reviews and texts learned from; empty without variants."""
    if not isinstance(config, Augmentation) or config.augment == "none":
        return ""
    return (f"It learned from {texts - reviews:,} variants ({config.augment}, up to {config.augment_factor} each) "
            f"beside the {reviews:,} training reviews.")  # fmt: skip
