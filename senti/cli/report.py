"""The command that writes the lab report, and pushes a run with its card to the Hub."""

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

from senti.cli.answer import Answer
from senti.errors import BadConfig
from senti.runs import open_run


def report(args: argparse.Namespace) -> Answer:
    """Write the lab report of the named runs, or of all finished ones."""
    from senti.evaluation import chosen_runs
    from senti.report import check_push, collect, push, write_report

    repo = args.push_to_hub
    if repo:
        if len(args.report_runs) != 1:
            n = len(args.report_runs) or "all"
            raise BadConfig(f"--push-to-hub takes one run, not {n}; name it: senti report RUN --push-to-hub {repo}")
        check_push(open_run(args.output_dir, args.report_runs[0]), repo)
    names = [run.name for run in chosen_runs(args.output_dir, args.report_runs)]
    facts = collect(args.output_dir, names, place=_way_back(args.out), command=_command(args, names))
    files = write_report(facts, args.out, args.formats)
    runs = [run.name for group in facts.groups for run in group.runs]
    lines = [f"report of {len(runs)} runs on {len(facts.groups)} set{'s' if len(facts.groups) > 1 else ''} of reviews:",
             *(f"  {path}" for path in files if path.parent.name != "figures")]  # fmt: skip
    payload: dict[str, Any] = {"runs": runs, "files": [str(path) for path in files]}
    if repo:
        payload["pushed"] = push(open_run(args.output_dir, args.report_runs[0]), repo)
        lines.append(f"pushed to {payload['pushed']}")
    return Answer(payload, lines)


def _way_back(out: Path) -> str:
    """From the report to the folder this was called in, for the notebook."""
    try:
        return Path(os.path.relpath(Path.cwd(), out)).as_posix()
    except ValueError:  # another drive
        return Path.cwd().as_posix()


def _command(args: argparse.Namespace, names: list[str]) -> str:
    """The words that ask for this report, also when there are other runs."""
    words = ["python", "-m", "senti", "report", *names, "--out", args.out.as_posix()]
    if args.output_dir != Path("checkpoints"):
        words += ["--output_dir", args.output_dir.as_posix()]
    return shlex.join(words)
