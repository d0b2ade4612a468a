"""Commands on what was trained: compare, predict, runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from senti.cli import bulk
from senti.cli.answer import Answer, table
from senti.cli.progress import note
from senti.config import to_dict
from senti.errors import BadConfig, BadData, BadText, UnknownRun
from senti.numbers import duration, interval, percent
from senti.runs import Run, delete_run, list_runs, open_run, stop_run

WRITERS = {
    ".csv": lambda frame, path: frame.to_csv(path, index=False),
    ".tsv": lambda frame, path: frame.to_csv(path, index=False, sep="\t"),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, force_ascii=False),
    ".parquet": lambda frame, path: frame.to_parquet(path, index=False),
}


def compare(args: argparse.Namespace) -> Answer:
    """The results table; with texts, every text through every run."""
    from senti.evaluation import compare as compare_texts
    from senti.evaluation import results_table

    results = results_table(args.output_dir)
    if args.runs:
        results = results[results["run"].isin([open_run(args.output_dir, name).name for name in args.runs])]
    lines = _result_lines(results)
    payload: dict[str, Any] = {"results": results.to_dict("records")}
    if args.texts:
        rows = compare_texts(args.output_dir, _clean(args.texts), args.runs).to_dict("records")
        payload["texts"] = rows
        lines += ["", *_prediction_lines(rows)]
    return Answer(payload, lines)


def _result_lines(results: pd.DataFrame) -> list[str]:
    if results.empty:
        return ["No finished run yet; `python -m senti quickstart` trains three in about a minute."]
    lines: list[str] = []
    for name, group in results.groupby("data", sort=False):
        lines += ["", f"reviews: {name}"] if lines else [f"reviews: {name}"]
        head = ["method", "model", "trained", "time", "validation", "test", "run"]
        lines += table(head, [_cells(row) for _, row in group.iterrows()])
    return lines


def _cells(r: pd.Series) -> list[str]:
    return [r["title"], r["model"] or "-", f"{r['trained']:,}", duration(r["train_seconds"]), percent(r["validation"]),
            interval(r["test"], r["test_low"], r["test_high"]), r["run"]]  # fmt: skip


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
    from senti.evaluation import compare as compare_texts

    if bulk.asked_for(args):
        return bulk.predict(args)
    if args.file:
        return _predict_file(args)
    texts = _clean(args.texts or [line.rstrip("\n") for line in sys.stdin if line.strip()])
    rows = compare_texts(args.output_dir, texts, args.runs).to_dict("records")
    return Answer({"predictions": rows}, _prediction_lines(rows))


def _predict_file(args: argparse.Namespace) -> Answer:
    from senti.corpus import find_text_column, read_table
    from senti.evaluation import compare as compare_texts

    out = args.out or args.file.with_name(f"{args.file.stem}-predicted{args.file.suffix}")
    if out.suffix not in WRITERS:
        raise BadConfig(f"{out.name} ends in {out.suffix!r}; --out can be {', '.join(WRITERS)}.")
    frame, notices = read_table(args.file)
    for line in notices:
        note(line)
    column = find_text_column(frame, args.text_column)
    rows = compare_texts(args.output_dir, _clean(list(frame[column])), args.runs)
    for run, group in rows.groupby("run", sort=False):
        frame[f"{run} label"] = group["label"].to_numpy()
        frame[f"{run} confidence"] = group["confidence"].round(4).to_numpy()
    WRITERS[out.suffix](frame, out)
    runs = list(dict.fromkeys(rows["run"]))
    return Answer({"file": str(out), "rows": len(frame), "runs": runs},
                  [f"{out}: {len(frame):,} rows with the labels of {', '.join(runs)}"])  # fmt: skip


def _clean(texts: list[str]) -> list[str]:
    """Texts a model can take. Raises BadText naming the first that it cannot."""
    from senti.encoder import clean_text

    if not texts:
        raise BadText("No text given; pass one as an argument, one per line on standard input, or --file.")
    out = []
    for number, text in enumerate(texts, 1):
        try:
            out.append(clean_text(text))
        except BadText as e:
            raise BadData(f"Text {number} of {len(texts)}: {e}") from e
    return out


def runs(args: argparse.Namespace) -> Answer:
    """List all runs; show, stop or delete one."""
    if args.action == "list":
        return _list(args.output_dir)
    if not args.name:
        raise UnknownRun(f"`senti runs {args.action}` needs the name of a run; `senti runs` lists them.")
    run = open_run(args.output_dir, args.name)
    if args.action == "stop":
        run = stop_run(args.output_dir, args.name)
    if args.action == "delete":
        return _delete(args.output_dir, args.name, args.yes)
    payload = {"run": run.name, "status": run.status, "config": to_dict(run.config), "error": run.error,
               "result": run.result}  # fmt: skip
    error = [run.error["message"]] if run.error else []
    return Answer(payload, [f"{run.name}: {run.status}", run.facts.get("command", ""), *error])


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


def _delete(root: Path, name: str, sure: bool) -> Answer:
    if not sure:
        if not sys.stdin.isatty():
            raise BadConfig(f"Deleting {name} cannot be undone; add --yes to confirm.")
        sure = input(f"Delete {name} for good? [y/N] ").strip().lower() in ("y", "yes")
    if sure:
        delete_run(root, name)
    return Answer({"run": name, "deleted": sure}, [f"{name} {'deleted' if sure else 'kept'}"])
