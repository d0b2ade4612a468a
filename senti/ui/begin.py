"""Runs of the visitor who asks: queued and started, as far as the limits of a shared page go."""

from collections.abc import Sequence
from pathlib import Path

import gradio as gr

from senti.config import Config
from senti.errors import SentiError
from senti.experiment import create, prepare
from senti.limits import limits
from senti.runs import Run, one_at_a_time, spawn
from senti.ui import html
from senti.ui.known import current_visitor
from senti.visitors import check_may_start


def begin(root: Path, config: Config) -> Run:
    """Queue a run of the visitor who asks, unless that would pass a limit. Raises SentiError."""
    who, most = current_visitor(), limits()
    prepared = prepare(config, root)
    with one_at_a_time(root):
        check_may_start(root, prepared, who, most)
        run = create(root, prepared, owner=who.owner, minutes=None if who.instructor else most.minutes)
    spawn(run)
    return run


def begin_all(root: Path, configs: Sequence[Config], then: str) -> Run:
    """Queue runs as far as a limit lets it, say how many, and `then`; returns the first. Raises SentiError if none."""
    run, queued = begin(root, configs[0]), 1
    try:
        for config in configs[1:]:
            begin(root, config)
            queued += 1
    except SentiError as e:  # what has begun goes on all the same
        gr.Info(f"The rest is not trained: {html.h(e)}")
    gr.Info(f"{queued} of {len(configs)} runs are queued. {then}")
    return run
