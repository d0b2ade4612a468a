"""The run directory on disk, and the processes that fill it."""

from senti.runs.launch import hold, queue_place, spawn, stop_run, wait_turn
from senti.runs.standby import keep_ready
from senti.runs.store import Run, create_run, delete_run, list_runs, open_run

__all__ = [
    "Run",
    "create_run",
    "delete_run",
    "hold",
    "keep_ready",
    "list_runs",
    "open_run",
    "queue_place",
    "spawn",
    "stop_run",
    "wait_turn",
]
