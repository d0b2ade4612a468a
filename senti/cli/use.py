"""Commands on what was trained: compare, predict, runs."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from senti.cli import bulk
from senti.cli.answer import Answer, table
from senti.cli.progress import bar, note, watcher
from senti.cli.train import summary
from senti.config import to_dict
from senti.errors import BadConfig, BadData, BadText, UnknownRun
from senti.numbers import duration, interval, percent
from senti.runs import Run, delete_run, list_runs, open_run, stop_run


def compare(args: argparse.Namespace) -> Answer:
    """The results table; with texts, every text through every run."""
    from senti.evaluation import finished_runs, results_table, seed_groups

    results, among = results_table(args.output_dir), finished_runs(args.output_dir)
    if args.runs:
        among = [open_run(args.output_dir, name) for name in args.runs]
        results = results[results["run"].isin([run.name for run in among])]
    groups = seed_groups(among)
    lines = [*_result_lines(results), *seed_lines(groups)]
    payload: dict[str, Any] = {"results": results.to_dict("records"), "seeds": groups.to_dict("records")}
    if args.texts:
        payload["texts"] = _through_runs(args, args.texts)
        lines += ["", *_prediction_lines(payload["texts"])]
    return Answer(payload, lines)


def _through_runs(args: argparse.Namespace, texts: list[str]) -> list[dict[str, Any]]:
    """A row per text and run; what a reader should know of the texts is noted."""
    from senti.evaluation import chosen_runs, unknown_notices
    from senti.evaluation import compare as compare_texts
    from senti.evaluation.reading import cut_notes

    texts = _clean(texts)
    rows = compare_texts(args.output_dir, texts, args.runs)
    runs = chosen_runs(args.output_dir, args.runs)
    for line in (*cut_notes(runs, texts), *unknown_notices(runs, texts)):
        note(line)
    return rows.to_dict("records")


def _result_lines(results: pd.DataFrame) -> list[str]:
    from senti.evaluation.table import beyond

    if results.empty:
        return ["No finished run yet; `python -m senti quickstart` trains three in about a minute."]
    lines: list[str] = []
    for name, group in results.groupby("data", sort=False):
        lines += ["", f"reviews: {name}"] if lines else [f"reviews: {name}"]
        more = beyond(group)
        head = ["method", "model", "trained", "time", "validation", "test", *map(str.lower, more.values()), "run"]
        lines += table(head, [_cells(row, list(more)) for _, row in group.iterrows()])
        lines += [f"{row['run']}: {row['note']}" for _, row in group.iterrows() if row["note"]]
    return lines


def seed_lines(groups: pd.DataFrame) -> list[str]:
    """Rows of `seed_groups` as a table and what its ± means; nothing at all without a row."""
    from senti.evaluation.seeds import MEANING, SAME, mean_and_deviation, seeds_title

    if groups.empty:
        return []
    cells = [[seeds_title(r.title, r.n_seeds), mean_and_deviation(r.validation, r.validation_deviation),
              mean_and_deviation(r.test, r.test_deviation), f"{percent(r.test_lowest)} to {percent(r.test_highest)}",
              ", ".join(r.runs)] for r in groups.itertuples()]  # fmt: skip
    same = [f"{r.title}: {SAME}" for r in groups.itertuples() if not r.validation_deviation + r.test_deviation]
    return ["", *table(["over seeds", "validation", "test", "test from", "runs"], cells), *same, MEANING]


def _cells(r: pd.Series, more: list[str]) -> list[str]:
    return [r["title"], r["model"] or "-", f"{r['trained']:,}", duration(r["train_seconds"]), percent(r["validation"]),
            interval(r["test"], r["test_low"], r["test_high"]), *(f"{r[name]:.2f}" for name in more),
            r["run"]]  # fmt: skip


def _prediction_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for text in dict.fromkeys(r["text"] for r in rows):
        mine = [r for r in rows if r["text"] == text]
        lines += [text, *table(["  method", "label", "sure", "ms"], [
            [f"  {r['title']}", r["label"], percent(r["confidence"]), f"{r['milliseconds']:.1f}"] for r in mine
        ])]  # fmt: skip
    return lines


def predict(args: argparse.Namespace) -> Answer:
    """Label texts given as arguments, on standard input, or in a file that comes back with added columns."""
    if bulk.asked_for(args):
        return bulk.predict(args)
    if args.file:
        return _predict_file(args)
    rows = _through_runs(args, args.texts or [line.rstrip("\n") for line in sys.stdin if line.strip()])
    return Answer({"predictions": rows}, _prediction_lines(rows))


def _predict_file(args: argparse.Namespace) -> Answer:
    from senti.evaluation import chosen_runs, label_file

    out = args.out or args.file.with_name(f"{args.file.stem}-predicted{args.file.suffix}")
    runs = chosen_runs(args.output_dir, args.runs)
    frame, notices = label_file(args.file, out, runs, args.text_column, bar("rows"))
    for line in notices:
        note(line)
    names = [run.name for run in runs]
    return Answer({"file": str(out), "rows": len(frame), "runs": names},
                  [f"{out}: {len(frame):,} rows with the labels of {', '.join(names)}"])  # fmt: skip


def _clean(texts: list[str]) -> list[str]:
    """Texts a model can take. Raises BadText naming the first that it cannot."""
    from senti.encoder import clean_text, length_notice

    if not texts:
        raise BadText("No text given; pass one as an argument, one per line on standard input, or --file.")
    out = []
    for number, text in enumerate(texts, 1):
        try:
            out.append(clean_text(text))
        except BadText as e:
            raise BadData(f"Text {number} of {len(texts)}: {e}") from e
    for line in length_notice(texts):
        note(line)
    return out


def runs(args: argparse.Namespace) -> Answer:
    """List all runs; show, stop, resume or delete one."""
    if args.action == "list":
        return _list(args.output_dir)
    if not args.name:
        raise UnknownRun(f"`senti runs {args.action}` needs the name of a run; `senti runs` lists them.")
    if args.action == "import":
        return _import(args.output_dir, Path(args.name))
    from senti.evaluation import hints

    run = open_run(args.output_dir, args.name)
    if args.action == "export":
        return _export(run)
    if args.action == "resume":
        return _resume(args.output_dir, args.name)
    if args.action == "stop":
        run = stop_run(args.output_dir, args.name)
    if args.action == "delete":
        return _delete(args.output_dir, args.name, args.yes)
    payload = {"run": run.name, "status": run.status, "config": to_dict(run.config), "error": run.error,
               "result": run.result, "hints": hints(run)}  # fmt: skip
    error = [run.error["message"]] if run.error else []
    way = [f"`senti runs resume {run.name}` goes on with it"] if run.resumable else []
    return Answer(payload, [f"{run.name}: {run.status}", run.facts.get("command", ""), *error, *hints(run), *way])


def _resume(root: Path, name: str) -> Answer:
    from senti.experiment import conduct, resume

    resumed = resume(root, name)
    for line in resumed.lines:
        note(line)
    result = conduct(replace(resumed.run, on_event=watcher()))
    return Answer(result, summary(result))


def _list(root: Path) -> Answer:
    rows = [_row(run) for run in list_runs(root)]
    if not rows:
        return Answer({"runs": []}, [f"No runs in {root}; `python -m senti quickstart` trains three."])
    cells = [[r["run"], r["status"], r["dataset"], percent(r["test"]) if r["test"] is not None else "-"] for r in rows]
    return Answer({"runs": rows}, table(["run", "status", "reviews", "test"], cells))


def _row(run: Run) -> dict[str, Any]:
    result = run.result
    return {"run": run.name, "status": run.status, "method": run.facts.get("method"),
            "dataset": run.facts.get("data", {}).get("name", ""),
            "test": result["scores"]["test"]["accuracy"] if result else None}  # fmt: skip


def _export(run: Run) -> Answer:
    from senti.bundle import pack

    path = pack(run, Path(f"{run.name}.zip"))
    return Answer({"run": run.name, "file": str(path)}, [f"{path}: {run.name}; `senti runs import {path}` elsewhere"])


def _import(root: Path, path: Path) -> Answer:
    from senti.bundle import unpack

    if not path.is_file():
        raise BadData(f"{path} is not a file on this machine; check the path.")
    run = unpack(root, path)
    return Answer({"run": run.name, "file": str(path)}, [f"{run.name}: from {path}"])


def _delete(root: Path, name: str, sure: bool) -> Answer:
    if not sure:
        if not sys.stdin.isatty():
            raise BadConfig(f"Deleting {name} cannot be undone; add --yes to confirm.")
        sure = input(f"Delete {name} for good? [y/N] ").strip().lower() in ("y", "yes")
    if sure:
        delete_run(root, name)
    return Answer({"run": name, "deleted": sure}, [f"{name} {'deleted' if sure else 'kept'}"])
