"""Commands around the linear SVM: ladder, learning-curve, cross-validate."""

import argparse
from dataclasses import fields, replace

from senti.cli.answer import Answer, records, table
from senti.cli.flags import read_config
from senti.cli.look import backbone_of, corpus_of
from senti.cli.progress import share_bar
from senti.cli.train import train
from senti.config import EncoderConfig, SvmConfig, TfidfConfig
from senti.numbers import duration, interval, percent
from senti.runs import Run, open_run


def ladder(args: argparse.Namespace) -> Answer:
    """Majority, TF-IDF, SVM on [CLS] and on the mean, side by side; trains what is missing, unless a run is named."""
    from senti.evaluation import ladder as climb

    shown = open_run(args.output_dir, args.beside) if args.beside else _climb(args)
    rows = climb(args.output_dir, shown)
    cells = [[r.title, interval(r.validation, r.validation_low, r.validation_high),
              interval(r.test, r.test_low, r.test_high), duration(r.train_seconds)]
             for r in rows.itertuples()]  # fmt: skip
    said = [f"{r.title}: {r.what} {r.adds}".strip() for r in rows.itertuples()]
    lines = [*table(["rung", "validation", "test", "training"], cells), "", *said]
    return Answer({"rungs": records(rows)}, lines)


def _climb(args: argparse.Namespace) -> Run:
    """Train the rungs that are missing; returns one of them."""
    from senti.evaluation import missing_rungs, rung_runs
    from senti.experiment import prepare

    prepared = prepare(read_config(SvmConfig, args))
    config, data = prepared.config, prepared.corpus.checksum
    assert isinstance(config, SvmConfig) and prepared.backbone
    for rung in missing_rungs(args.output_dir, config, data, prepared.backbone.hub_id):
        train(args.output_dir, rung, "")
    return rung_runs(args.output_dir, config, data, prepared.backbone.hub_id)["cls"]


def learning_curve(args: argparse.Namespace) -> Answer:
    """How much data does a linear SVM need? Validation accuracy over the number of training reviews."""
    from senti.evaluation import learning_curve as measure

    config = read_config(EncoderConfig, args)
    corpus, backbone = corpus_of(config), backbone_of(config)
    shared = {f.name: getattr(config, f.name) for f in fields(EncoderConfig)} | {"model": backbone.name}
    svm = SvmConfig(**shared)
    tfidf = TfidfConfig(config.dataset, config.text_column, config.label_column, config.subset, config.seed)
    rows = measure(corpus, [tfidf, svm, replace(svm, pooling="mean")], seed=config.seed, on_progress=share_bar())
    sizes = list(dict.fromkeys(rows["size"]))
    methods = {title: mine.set_index("size") for title, mine in rows.groupby("title", sort=False)}
    cells = [[title, *(interval(*mine.loc[size, ["accuracy", "low", "high"]]) for size in sizes)]
             for title, mine in methods.items()]  # fmt: skip
    n, draws = rows["n"].iloc[0], rows["draws"].max()
    lines = [f"right on {n:,} validation reviews, by number of training reviews (mean of {draws} draws below all)",
             *table(["method", *(f"{size:,}" for size in sizes)], cells)]  # fmt: skip
    return Answer({"dataset": corpus.name, "checksum": corpus.checksum, "curve": rows.to_dict("records")}, lines)


def cross_validate(args: argparse.Namespace) -> Answer:
    """Accuracy per C on folds of the training reviews of a finished run."""
    from senti.evaluation import cross_validation, used_C
    from senti.evaluation.table import run_title

    run = open_run(args.output_dir, args.run)
    rows, used = cross_validation(run, share_bar()), used_C(run)
    marks = [" ".join([*["best"] * r.best, *["used"] * (r.C == used)]) for r in rows.itertuples()]
    cells = [[f"{r.C:g}", interval(r.accuracy, r.low, r.high), mark]
             for r, mark in zip(rows.itertuples(), marks, strict=True)]  # fmt: skip
    lines = [f"{run_title(run.config)} ({run.name}): right on held-out folds of its training reviews",
             *table(["C", "accuracy", ""], cells), f"the run used C = {used:g}; best here: "
             f"{rows['C'][rows['best']].iloc[0]:g}, {percent(rows['accuracy'].max())}"]  # fmt: skip
    return Answer({"run": run.name, "used": used, "table": rows.to_dict("records")}, lines)
