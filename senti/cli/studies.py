"""Commands that train for a question about training: repeat, find-lr, lora-study."""

import argparse

from senti.cli.answer import Answer, table
from senti.cli.flags import read_config
from senti.cli.look import corpus_of
from senti.cli.progress import share_bar, watcher
from senti.cli.use import seed_lines


def repeat(args: argparse.Namespace) -> Answer:
    """A finished run with other seeds: mean and standard deviation of its accuracy."""
    from senti.studies.seeds import repeat as again

    row = again(args.output_dir, args.run, args.seeds, watcher())
    return Answer(row.to_dict(), seed_lines(row.to_frame().T)[1:])


def find_lr(args: argparse.Namespace) -> Answer:
    """A suggestion for the learning rate, from one short training whose rate rises."""
    from senti.runs import between_runs
    from senti.studies.lr_finder import MEANING
    from senti.studies.lr_finder import find_lr as find

    config = read_config(args.config_class, args)
    corpus = corpus_of(config)
    with between_runs(args.output_dir):
        found = find(config, corpus, share_bar())
    cells = [[f"{r.lr:.1e}", f"{r.smoothed:.3f}"] for r in found.curve.iloc[::8].itertuples()]
    lines = [*table(["learning rate", "loss, smoothed"], cells), found.sentence, MEANING]
    payload = {"method": found.method, "dataset": corpus.name, "checksum": corpus.checksum,
               "suggestion": found.suggestion, "default": found.default,
               "curve": found.curve.to_dict("records")}  # fmt: skip
    return Answer(payload, lines)
