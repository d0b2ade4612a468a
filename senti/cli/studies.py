"""Commands that train several runs for one question: repeat."""

import argparse

from senti.cli.answer import Answer
from senti.cli.progress import watcher
from senti.cli.use import seed_lines


def repeat(args: argparse.Namespace) -> Answer:
    """A finished run with other seeds: mean and standard deviation of its accuracy."""
    from senti.studies.seeds import repeat as again

    row = again(args.output_dir, args.run, args.seeds, watcher())
    return Answer(row.to_dict(), seed_lines(row.to_frame().T)[1:])
