"""Commands that train for a question about training: repeat, find-lr, lora-study."""

import argparse

from senti.cli.answer import Answer, records, table
from senti.cli.flags import read_config
from senti.cli.look import corpus_of
from senti.cli.progress import note, share_bar, watcher
from senti.cli.train import train
from senti.cli.use import seed_lines
from senti.config import LoraConfig
from senti.numbers import interval, percent


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


def lora_study(args: argparse.Namespace) -> Answer:
    """LoRA by rank and adapted layers: what is missing is trained, then all runs on these reviews are told."""
    from senti.evaluation import finished_runs
    from senti.experiment import prepare
    from senti.studies.lora import study_configs, study_table

    config = read_config(LoraConfig, args)
    prepared = prepare(config, args.output_dir)
    assert prepared.backbone and isinstance(prepared.config, LoraConfig)
    wanted, checksum = study_configs(prepared.config, prepared.backbone, args.ranks), prepared.corpus.checksum
    known = {run.config for run in finished_runs(args.output_dir) if run.facts["data"]["checksum"] == checksum}
    missing = [each for each in wanted if each not in known]
    note(f"{len(wanted)} runs, {len(missing)} of them to train")
    for each in missing:
        train(args.output_dir, each, "")
    rows = study_table(args.output_dir, checksum)
    cells = [[r.name, r.mark, f"{r.trained:,}", percent(r.validation), interval(r.test, r.test_low, r.test_high), r.run]
             for r in rows.sort_values("trained").itertuples()]  # fmt: skip
    return Answer({"checksum": checksum, "runs": records(rows)},
                  table(["layers", "rank", "trained", "validation", "test", "run"], cells))  # fmt: skip
