"""Commands about more data from the data there are: augment, augment-curve."""

import argparse
from dataclasses import replace

from senti.cli.answer import Answer, table
from senti.cli.flags import read_config
from senti.cli.look import backbone_of, corpus_of
from senti.cli.progress import share_bar
from senti.config import EncoderConfig, SvmConfig, TfidfConfig
from senti.errors import BadConfig
from senti.numbers import interval

MOST = 100


def augment(args: argparse.Namespace) -> Answer:
    """What each kind of variants makes of a sentence."""
    from senti.corpus import changes, replaceable, variants
    from senti.corpus.augment import KINDS
    from senti.encoder import clean_text, near_words

    if not 1 <= args.n <= MOST:
        raise BadConfig(f"n is {args.n}; it must be between 1 and {MOST}.")
    config, text = read_config(EncoderConfig, args), clean_text(args.text)
    near = near_words(backbone_of(config), replaceable([text]))
    found = {how: variants(text, how, args.n, config.seed, near=near)
             for how in ([args.augment] if args.augment else KINDS)}  # fmt: skip
    lines = [text]
    for how, made in found.items():
        lines += ["", f"{how}:" if made else f"{how}: nothing to change here"]
        lines += [f"  {' '.join(MARKS[kind].format(word) for word, kind in changes(text, each))}" for each in made]
    lines += ["", "near words: " + ("; ".join(f"{word}: {', '.join(each)}" for word, each in near.items()) or "none")]
    return Answer({"text": text, "variants": found, "near": near}, lines)


def _asked(args: argparse.Namespace) -> SvmConfig | TfidfConfig:
    """The config of the points with variants: of eda, or of dropout for TF-IDF, where no kind is named."""
    if args.method == "tfidf":
        words = read_config(TfidfConfig, args)
        return replace(words, augment="dropout") if words.augment == "none" else words
    svm = read_config(SvmConfig, args)
    svm = replace(svm, model=backbone_of(svm).name)
    return replace(svm, augment="eda") if svm.augment == "none" else svm


MARKS = {"kept": "{}", "added": "+{}", "removed": "-{}"}


def augment_curve(args: argparse.Namespace) -> Answer:
    """Does it help, and for how many reviews? A learning curve with and without variants."""
    from senti.studies.augmentation import augmentation_curve, gain, gains

    config = _asked(args)
    corpus = corpus_of(config)
    rows = augmentation_curve(corpus, config, share_bar())
    halves = [rows[rows["title"] == title].reset_index(drop=True) for title in rows["title"].unique()]
    cells = [[f"{a.size:,}", f"{b.texts:,}", interval(a.accuracy, a.low, a.high), interval(b.accuracy, b.low, b.high),
              gain(b)]
             for a, b in zip(*(half.itertuples(index=False) for half in halves), strict=True)]  # fmt: skip
    head = ["reviews", "with variants", "right without", "right with", "gain in points"]
    said = (f"{halves[1]['title'][0]}: right on {rows['n'][0]:,} validation reviews "
            f"(mean of {rows['draws'].max()} draws below all)")  # fmt: skip
    return Answer({"dataset": corpus.name, "checksum": corpus.checksum, "curve": rows.to_dict("records")},
                  [said, *table(head, cells), gains(rows)])  # fmt: skip
