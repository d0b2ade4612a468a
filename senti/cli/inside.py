"""Commands that look inside the transformer: contrast, probe, drift."""

import argparse
from typing import Any

from senti.cli.answer import Answer, table
from senti.cli.flags import asked_cut, read_config
from senti.cli.look import backbone_of, corpus_of
from senti.cli.progress import bar, share_bar
from senti.config import EncoderConfig
from senti.numbers import interval, percent


def contrast(args: argparse.Namespace) -> Answer:
    """How far two texts drift apart, layer by layer: [CLS], the mean, and every word that both hold."""
    from senti.encoder import contrast as look

    config = read_config(EncoderConfig, args)
    drift = look(backbone_of(config), args.first, args.second, config.max_length,
                 config.truncation).drift()  # fmt: skip
    wide = drift.pivot(index="layer", columns="what", values="cosine")[list(drift["what"].unique())]
    lines = [f"{args.first}  |  {args.second}", "cosine between the two, per layer (0 is the embeddings)",
             *table(["layer", *wide.columns], [[layer, *(f"{x:.3f}" for x in row)] for layer, row in
                                               zip(wide.index, wide.to_numpy(), strict=True)])]  # fmt: skip
    return Answer({"first": args.first, "second": args.second, "drift": drift.to_dict("records")}, lines)


def probe(args: argparse.Namespace) -> Answer:
    """In which layer can a line tell the labels apart? A probe per layer, for the backbone and for runs."""
    from senti.evaluation import find_reader
    from senti.evaluation import probe as fit

    config = read_config(EncoderConfig, args)
    corpus = corpus_of(config)
    payload: list[dict[str, Any]] = []
    lines: list[str] = []
    for name in args.readers:
        reader = find_reader(args.output_dir, name, config.model)
        found = fit(reader, corpus, **asked_cut(args), seed=config.seed, on_progress=share_bar())
        payload.append({"reader": name, "title": reader.title, "curve": found.to_dict("records")})
        halves = [found[found["pooling"] == pooling].set_index("layer") for pooling in ("cls", "mean")]
        lines += [f"{reader.title}: validation accuracy of a linear probe ({found['n'].iloc[0]:,} reviews)", *table(
            ["layer", "[CLS]", "control", "mean", "control"],
            [[layer, *(cell for half in halves for cell in (
                interval(*half.loc[layer, ["accuracy", "low", "high"]]), percent(half.loc[layer, "control"])
            ))] for layer in halves[0].index],
        )]  # fmt: skip
    return Answer({"dataset": corpus.name, "checksum": corpus.checksum, "probes": payload}, lines)


def drift(args: argparse.Namespace) -> Answer:
    """How far a run moved each layer of its backbone: linear CKA and mean cosine on the validation reviews."""
    from senti.evaluation import BACKBONE, Reader, find_reader
    from senti.evaluation import drift as measure

    config = read_config(EncoderConfig, args)
    after = find_reader(args.output_dir, args.run)
    before = Reader(BACKBONE, after.backbone)
    texts = list(corpus_of(config).splits["validation"]["text"])
    found = measure(before, after, texts, **asked_cut(args), on_progress=bar("reviews"))
    wide = found.pivot(index="layer", columns="pooling", values=["cka", "cosine"])
    cells = [[layer, *(f"{wide.loc[layer, column]:.3f}" for column in DRIFT)] for layer in wide.index]
    lines = [f"{before.title} against {after.title}, {len(texts):,} validation reviews; 1 is no change",
             *table(["layer", "CKA [CLS]", "CKA mean", "cosine [CLS]", "cosine mean"], cells)]  # fmt: skip
    return Answer({"run": args.run, "reviews": len(texts), "drift": found.to_dict("records")}, lines)


DRIFT = [("cka", "cls"), ("cka", "mean"), ("cosine", "cls"), ("cosine", "mean")]
