"""One experiment from end to end: config -> corpus -> run -> fit -> scores -> result.json.

`prepare` looks before anything trains, `create` puts a run in the queue, `conduct` does it: at once on the command
line, in a process of its own (`senti.runs.spawn`) from the app.
"""

import contextlib
import importlib.util
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.config import (
    Config,
    DistillConfig,
    EncoderConfig,
    EnsembleConfig,
    LoraConfig,
    PromptConfig,
    TrainConfig,
    command_line,
    to_dict,
)
from senti.corpus import Corpus, load_corpus, unlabelled_texts
from senti.encoder import Backbone, lora_parameters, resolve_model
from senti.errors import BadData, MissingExtra, SentiError, Stopped, UnknownRun
from senti.evaluation import score
from senti.evaluation.reading import cut_sentence, cut_texts
from senti.methods import Fitted, fit, learn, prompt
from senti.methods.distill import find_teacher, same_reading
from senti.methods.ensemble import find_members, same_reviews
from senti.runs import Run, create_run, explained, hold, open_run, requeue, wait_turn
from senti.training import checkpoint
from senti.training.space import check_space
from senti.training.variants import variants_sentence, with_variants
from senti.usage import device, latency, peak_memory

TIMED_SENTENCES = 40


@dataclass(frozen=True)
class Prepared:
    """A config whose `auto` names have become real ones, with what they stand for."""

    config: Config
    corpus: Corpus
    backbone: Backbone | None

    @property
    def why(self) -> tuple[str, ...]:
        """Why `auto` chose what it chose, a sentence each."""
        reasons = (self.corpus.why, self.backbone.why if self.backbone else "")
        return tuple(reason for reason in reasons if reason)

    @property
    def learned(self) -> Corpus:
        """The reviews as the method learns from them: with variants in the training split, where it asks for some."""
        return with_variants(self.corpus, self.config, self.backbone)


def prepare(config: Config, root: Path | None = None) -> Prepared:
    """Load the reviews and find the backbone. Raises SentiError before anything has been written or trained.

    root: the folder of runs, in which an ensemble finds its members and a student its teacher.
    """
    members: list[Run] = []
    if isinstance(config, EnsembleConfig):
        assert root is not None, "an ensemble has members, and they are in a folder"
        members = find_members(config, root)
        config = same_reviews(config, members[0])
    if isinstance(config, DistillConfig):
        assert root is not None, "a student has a teacher, and it is in a folder"
        members = [find_teacher(config, root)]
        config = same_reading(config, members[0])
    corpus = load_corpus(
        config.dataset, text_column=config.text_column, label_column=config.label_column,
        subset=config.subset, seed=config.seed,
    )  # fmt: skip
    if members:
        check_data(members[0], corpus)
    backbone = resolve_model(config.model) if isinstance(config, EncoderConfig) else None
    if isinstance(config, TrainConfig):
        _check_tracker(config)
    if isinstance(config, DistillConfig) and config.unlabelled:
        unlabelled_texts(config.unlabelled, corpus)
    if isinstance(config, LoraConfig) and backbone and _may_not_fit(config):
        lora_parameters(backbone, len(corpus.labels), config)
    if isinstance(config, PromptConfig) and backbone:
        prompt.check(config, corpus, backbone)
    if config.dataset == "auto":
        config = replace(config, dataset=corpus.name)
    if backbone and isinstance(config, EncoderConfig) and config.model == "auto":
        config = replace(config, model=backbone.name)
    return Prepared(config, corpus, backbone)


def create(root: Path, prepared: Prepared, name: str = "", *, owner: str = "", minutes: float | None = None) -> Run:
    """A new run in the queue, its config.json telling all that is needed to repeat it. Raises BadConfig, no space.

    owner: who may change it on a shared page.  minutes: after which it is stopped.
    """
    corpus, backbone = prepared.corpus, prepared.backbone
    if isinstance(prepared.config, TrainConfig) and backbone:
        check_space(root, prepared.config, backbone)
    facts = to_dict(prepared.config) | {
        "data": {"name": corpus.name, "source": corpus.source, "checksum": corpus.checksum,
                 "rows": corpus.rows, "labels": list(corpus.labels)},
        "model_title": backbone.title if backbone else "",
        "hub_id": backbone.hub_id if backbone else "",
        "why": list(prepared.why),
        "command": shlex.join(["python", "-m", "senti", *command_line(prepared.config)]),
        "versions": checkpoint.versions(),
    }  # fmt: skip
    facts |= {name: value for name, value in (("owner", owner), ("minutes", minutes)) if value}
    return create_run(root, prepared.config, facts, name)


@dataclass(frozen=True)
class Resumed:
    """A run that is in the queue again: the step it goes on from, 0 for the beginning, and checkpoints passed over."""

    run: Run
    step: int
    skipped: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """What to tell a person."""
        return [*(f"skipped {line}" for line in self.skipped),
                f"{self.run.name} goes on from {f'step {self.step}' if self.step else 'the beginning'}"]  # fmt: skip


def resume(root: Path, name: str) -> Resumed:
    """Put an interrupted, stopped or failed run back in the queue; its worker goes on from the newest whole checkpoint.

    Raises UnknownRun where there is nothing to resume, BadConfig with the differences where reviews, knobs, model,
    versions or machine are not those it began with, and what `prepare` raises.
    """
    run = open_run(root, name)
    if not run.resumable:
        why = "its loss diverged and would again; start a run with other knobs" if run.error else "nothing to resume"
        raise UnknownRun(f"{name} is {run.status}: {why}.")
    prepared = prepare(run.config, root)
    found, skipped = checkpoint.newest(run.path / "state")
    if found and isinstance(prepared.config, TrainConfig):
        checkpoint.check(name, found.conditions, checkpoint.conditions(prepared.config, prepared.learned.checksum))
    else:
        began = {"reviews": run.facts["data"]["checksum"], "versions": run.facts["versions"]}
        checkpoint.check(name, began, {"reviews": prepared.corpus.checksum, "versions": checkpoint.versions()})
    if isinstance(prepared.config, TrainConfig) and prepared.backbone:
        written = sum(path.stat().st_size for path in run.path.rglob("*") if path.is_file())
        check_space(root, prepared.config, prepared.backbone, written)
    requeue(run)
    return Resumed(run, found.step if found else 0, tuple(skipped))


def conduct(run: Run) -> dict[str, Any]:
    """Do a queued run: wait for its turn, train, score, write. Returns result.json's content.

    Raises Stopped or another SentiError after leaving the run's folder in a state that says so.
    """
    with hold(run), _stop_on_sigterm(run):
        try:
            with wait_turn(run), _time_limit(run):
                return _work(run)
        except Stopped:
            raise
        except BaseException as e:
            if isinstance(e, KeyboardInterrupt):
                run.request_stop()
                raise Stopped(f"{run.name} was stopped.") from e
            failure = explained(run, e)
            _record_failure(run, e, failure)
            if failure is None:  # a fault of ours: its traceback is worth more than a sentence
                raise
            raise failure from e


def follow(run: Run) -> None:
    """What the other processes do while the first conducts a run: their share of its training, and nothing else."""
    learn(prepare(run.config, run.path.parent).learned, run)


def _work(run: Run) -> dict[str, Any]:
    began = time.perf_counter()
    prepared = prepare(run.config, run.path.parent)
    check_data(run, prepared.corpus)
    if not isinstance(run.config, TrainConfig):  # it has no checkpoints and begins anew
        run.keep_events(-1)
    learned = prepared.learned
    fitted = fit(learned, run)
    if run.stop_requested:
        why = f": {run.stop_reason}" if run.stop_reason else ""
        raise Stopped(f"{run.name} was stopped{why}; what it had learned is kept in {run.model_path}.")
    evaluated = time.perf_counter()
    predictions = {
        split: fitted.known[split]
        if split in fitted.known
        else fitted.probabilities(list(prepared.corpus.splits[split]["text"]))
        for split in ("validation", "test")
    }
    _write_predictions(run, prepared.corpus, predictions)
    result = _result(run, prepared, fitted, predictions)
    more = variants_sentence(run.config, prepared.corpus.rows["train"], learned.rows["train"])
    result["notes"] += [more] if more else []
    now = time.perf_counter()
    train, evaluate = fitted.train_seconds, now - evaluated
    # a resumed run trained before this process began
    result["seconds"] = {"train": train, "evaluate": evaluate, "total": max(now - began, train + evaluate)}
    run.write_json("result.json", result)
    shutil.rmtree(run.path / "state", ignore_errors=True)  # not before: until then a killed run goes on from it
    return result


def _result(run: Run, prepared: Prepared, fitted: Fitted, predictions: dict[str, np.ndarray]) -> dict[str, Any]:
    corpus, config = prepared.corpus, prepared.config
    cut = {split: cut_texts(run, list(frame["text"])) for split, frame in corpus.splits.items()}
    total, lost = sum(corpus.rows.values()), sum(cut.values())
    said = [cut_sentence(config, lost, total, "reviews")] if lost and isinstance(config, EncoderConfig) else []
    return {
        "run": run.name,
        "method": run.facts["method"],
        "model": prepared.backbone.title if prepared.backbone else "",
        "dataset": {"name": corpus.name, "checksum": corpus.checksum, "rows": corpus.rows},
        "scores": {
            split: score(corpus.splits[split]["label"], chance, corpus.labels) for split, chance in predictions.items()
        },
        "parameters": {"trained": fitted.trained, "total": fitted.total},
        "peak_memory_mb": peak_memory(),
        "bytes_on_disk": sum(p.stat().st_size for p in run.model_path.rglob("*") if p.is_file()),
        "ms_per_sentence": latency(fitted.probabilities, list(corpus.splits["test"]["text"][:TIMED_SENTENCES])),
        "device": device(),
        "cut": cut,
        "notices": list(corpus.notices),
        "notes": [*fitted.notes, *said],
    }


def _write_predictions(run: Run, corpus: Corpus, predictions: dict[str, np.ndarray]) -> None:
    """Probabilities only, no texts: the reviews stay where they came from, rows point at them."""
    frames = []
    for split, chance in predictions.items():
        columns = {f"p{i}": chance[:, i].astype("float32") for i in range(chance.shape[1])}
        labels = corpus.splits[split]["label"].to_numpy()
        frames.append(pd.DataFrame({"split": split, "row": np.arange(len(labels)), "label": labels, **columns}))
    pd.concat(frames, ignore_index=True).to_parquet(run.path / "predictions.parquet")


def check_data(run: Run, corpus: Corpus) -> None:
    """Raises BadData where the reviews are not those that a run was created with."""
    if corpus.checksum != run.facts["data"]["checksum"]:
        raise BadData(f"The reviews of {corpus.name} changed since {run.name} was created; start a new run.")


def _may_not_fit(config: LoraConfig) -> bool:
    """True for an adapter that not every model takes."""
    return config.lora_targets != "auto" or config.upper_layers > 0 or config.adapter != "lora"


def _check_tracker(config: TrainConfig) -> None:
    if config.tracker != "none" and importlib.util.find_spec(config.tracker) is None:
        raise MissingExtra(
            f"{config.tracker} is not installed; `pip install {config.tracker}`, or leave out --use_{config.tracker}."
        )


def _record_failure(run: Run, e: BaseException, failure: SentiError | None) -> None:
    message = str(failure) if failure else f"senti failed with {type(e).__name__}: {str(e).strip()[:300]}"
    with contextlib.suppress(OSError):  # on a full disk even this may fail; the sentence still reaches the caller
        run.write_json("error.json", {"type": type(e).__name__, "message": message})


@contextlib.contextmanager
def _time_limit(run: Run) -> Iterator[None]:
    """A run that may take only so many minutes, all told, is stopped after them; what it has learned is kept."""
    minutes = run.facts.get("minutes")
    left = max(0.0, 60 * (minutes or 0) - run.seconds)
    stop = threading.Timer(left, run.request_stop, [f"its {minutes} minutes were over"])
    stop.daemon = True
    if minutes:
        stop.start()
    try:
        yield
    finally:
        stop.cancel()


@contextlib.contextmanager
def _stop_on_sigterm(run: Run) -> Iterator[None]:
    """While the run lives, a SIGTERM is a request to stop."""
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: run.request_stop())
    except ValueError:  # only the main thread may set handlers
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
