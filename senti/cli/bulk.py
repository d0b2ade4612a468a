"""`predict IN OUT`: a file or folder of any size to a folder of labelled shards, in one process or in many."""

import argparse
import os
from pathlib import Path

from senti.cli.answer import Answer
from senti.cli.progress import note
from senti.errors import BadConfig
from senti.processes import rank, world


def asked_for(args: argparse.Namespace) -> bool:
    """True where the two words are an existing file or folder and a place to write to, not two texts."""
    return len(args.texts) == 2 and not args.file and os.path.exists(args.texts[0])


def predict(args: argparse.Namespace) -> Answer:
    """Label this process's shards; a second call goes on where a killed one ended."""
    from senti.corpus.table import count
    from senti.evaluation import chosen_runs, predict_files

    if args.shard_rows < 1:
        raise BadConfig(f"shard_rows is {args.shard_rows}; it must be at least 1.")
    source, out = map(Path, args.texts)
    runs = chosen_runs(args.output_dir, args.runs)
    done = predict_files(
        source, out, runs, text_column=args.text_column, rows=args.shard_rows, rank=rank(), world=world(),
        report=note if rank() == 0 else lambda line: None,
    )  # fmt: skip
    share = f" (the share of process 1 of {world()})" if world() > 1 else ""
    names = [run.name for run in runs]
    kept = f", {done['skipped']} were there already" if done["skipped"] else ""
    line = f"{out}: {count(done['written'], 'shard')} written{kept}{share}, with the labels of {', '.join(names)}"
    return Answer({"folder": str(out), "runs": names, **done}, [line])
