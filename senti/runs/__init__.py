"""The run directory on disk, and the processes that fill it."""

from senti.runs.failure import explained
from senti.runs.launch import between_runs, hold, launch, one_at_a_time, queue_place, spawn, stop_run, wait_turn
from senti.runs.predictions import saved_chances, saved_predictions, saved_probabilities
from senti.runs.sight import seen_by
from senti.runs.standby import keep_ready
from senti.runs.store import ACTIVE, Run, all_runs, create_run, delete_run, list_runs, open_run, requeue

__all__ = [
    "ACTIVE",
    "Run",
    "all_runs",
    "between_runs",
    "create_run",
    "delete_run",
    "explained",
    "hold",
    "keep_ready",
    "launch",
    "list_runs",
    "one_at_a_time",
    "open_run",
    "queue_place",
    "requeue",
    "saved_chances",
    "saved_predictions",
    "saved_probabilities",
    "seen_by",
    "spawn",
    "stop_run",
    "wait_turn",
]
