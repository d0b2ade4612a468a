"""The command line: one sub-command per job, and the lab's steps as aliases.

A command takes the parsed arguments and returns an Answer; only this file prints and exits.
Exit codes: 0, 2 for a mistake a user can mend, 1 for anything else, 130 after Ctrl-C.
"""

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from senti.cli.answer import Answer
from senti.cli.parser import build_parser, expand_step
from senti.cli.progress import note
from senti.errors import SentiError
from senti.imports import collect_rarely
from senti.processes import rank
from senti.signs import seen

__all__ = ["Answer", "main"]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit."""
    raise SystemExit(run(list(sys.argv[1:] if argv is None else argv)))


def run(argv: list[str]) -> int:
    """Run one command; returns the exit code."""
    collect_rarely()
    if os.environ.get("SENTI_BACKGROUND"):
        _give_way()
    try:
        parser = build_parser()
        args = parser.parse_args(expand_step(argv))
        if not hasattr(args, "command"):
            parser.print_help()
            return 0
        return _print(args.command(args), args.json)
    except SentiError as e:
        if rank() == 0:
            note(f"senti: {e}")
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _give_way() -> None:
    """A run started from the app must not make its pages slow, nor take the app with it where memory runs out."""
    if hasattr(os, "nice"):
        os.nice(10)
    # Linux weighs whole sessions against one another, and a process's own niceness only within its session; 5 leaves
    # a run a quarter of what both want
    for name, value in (("autogroup", "5"), ("oom_score_adj", "1000")):
        with contextlib.suppress(OSError):
            Path("/proc/self", name).write_text(value)


def _print(answer: Answer, as_json: bool) -> int:
    if rank() > 0:  # of several processes the first speaks
        return answer.code
    if as_json:
        print(json.dumps(answer.payload, allow_nan=False))
    else:
        print(seen("\n".join(answer.lines)))
    return answer.code
