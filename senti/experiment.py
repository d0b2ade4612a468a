"""One experiment from end to end: config -> corpus -> run -> fit -> scores -> result.json.

`prepare` looks before anything trains, `start` puts a run in the queue as a process of its own, `conduct` is what
that process does; the command line calls `prepare`, `create` and `conduct` in the foreground.
"""

import contextlib
import errno
import importlib.util
import platform
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti import __version__
from senti.config import Config, EncoderConfig, LoraConfig, TrainConfig, command_line, to_dict
from senti.corpus import Corpus, load_corpus
from senti.encoder import Backbone, lora_parameters, resolve_model
from senti.errors import BadData, MissingExtra, RunFailed, SentiError, Stopped
from senti.evaluation import score
from senti.methods import Fitted, fit, learn
from senti.processes import world
from senti.runs import Run, create_run, hold, spawn, wait_turn

PACKAGES = ("torch", "transformers", "datasets", "peft", "scikit-learn")
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


def prepare(config: Config) -> Prepared:
    """Load the reviews and find the backbone. Raises SentiError before anything has been written or trained."""
    corpus = load_corpus(
        config.dataset, text_column=config.text_column, label_column=config.label_column,
        subset=config.subset, seed=config.seed,
    )  # fmt: skip
    backbone = resolve_model(config.model) if isinstance(config, EncoderConfig) else None
    if isinstance(config, TrainConfig):
        _check_tracker(config)
    if isinstance(config, LoraConfig) and backbone and (config.lora_targets != "auto" or config.upper_layers):
        lora_parameters(backbone, len(corpus.labels), config.lora_rank, config.lora_targets, config.upper_layers)
    if config.dataset == "auto":
        config = replace(config, dataset=corpus.name)
    if backbone and isinstance(config, EncoderConfig) and config.model == "auto":
        config = replace(config, model=backbone.name)
    return Prepared(config, corpus, backbone)


def create(root: Path, prepared: Prepared, name: str = "") -> Run:
    """A new run in the queue, its config.json telling all that is needed to repeat it."""
    corpus, backbone = prepared.corpus, prepared.backbone
    facts = to_dict(prepared.config) | {
        "data": {"name": corpus.name, "source": corpus.source, "checksum": corpus.checksum,
                 "rows": corpus.rows, "labels": list(corpus.labels)},
        "model_title": backbone.title if backbone else "",
        "hub_id": backbone.hub_id if backbone else "",
        "why": list(prepared.why),
        "command": "python -m senti " + " ".join(command_line(prepared.config)),
        "versions": {"senti": __version__, "python": platform.python_version()}
        | {package: version(package) for package in PACKAGES},
    }  # fmt: skip
    return create_run(root, prepared.config, facts, name)


def start(root: Path, config: Config) -> Run:
    """Put a run in the queue as a process of its own and return at once. Raises SentiError for what cannot work."""
    run = create(root, prepare(config))
    spawn(run)
    return run


def conduct(run: Run) -> dict[str, Any]:
    """Do a queued run: wait for its turn, train, score, write. Returns result.json's content.

    Raises Stopped or another SentiError after leaving the run's folder in a state that says so.
    """
    with hold(run), _stop_on_sigterm(run):
        try:
            with wait_turn(run):
                return _work(run)
        except Stopped:
            raise
        except BaseException as e:
            if isinstance(e, KeyboardInterrupt):
                (run.path / "stop").touch()
                raise Stopped(f"{run.name} was stopped.") from e
            failure = _explained(run, e)
            _record_failure(run, e, failure)
            if failure is None:  # a fault of ours: its traceback is worth more than a sentence
                raise
            raise failure from e


def follow(run: Run) -> None:
    """What the other processes do while the first conducts a run: their share of its training, and nothing else."""
    learn(prepare(run.config).corpus, run)


def _work(run: Run) -> dict[str, Any]:
    began = time.perf_counter()
    prepared = prepare(run.config)
    _check_data(run, prepared.corpus)
    fitted = fit(prepared.corpus, run)
    if run.stop_requested:
        raise Stopped(f"{run.name} was stopped; what it had learned is kept in {run.model_path}.")
    evaluated = time.perf_counter()
    predictions = {
        split: fitted.probabilities(list(prepared.corpus.splits[split]["text"])) for split in ("validation", "test")
    }
    _write_predictions(run, prepared.corpus, predictions)
    result = _result(run, prepared, fitted, predictions)
    now = time.perf_counter()
    result["seconds"] = {"train": fitted.train_seconds, "evaluate": now - evaluated, "total": now - began}
    run.write_json("result.json", result)
    return result


def _result(run: Run, prepared: Prepared, fitted: Fitted, predictions: dict[str, np.ndarray]) -> dict[str, Any]:
    corpus = prepared.corpus
    return {
        "run": run.name,
        "method": run.facts["method"],
        "model": prepared.backbone.title if prepared.backbone else "",
        "dataset": {"name": corpus.name, "checksum": corpus.checksum, "rows": corpus.rows},
        "scores": {
            split: score(corpus.splits[split]["label"], chance, corpus.labels)
            for split, chance in predictions.items()
        },
        "parameters": {"trained": fitted.trained, "total": fitted.total},
        "peak_memory_mb": _peak_memory(),
        "bytes_on_disk": sum(p.stat().st_size for p in run.model_path.rglob("*") if p.is_file()),
        "ms_per_sentence": _latency(fitted, list(corpus.splits["test"]["text"][:TIMED_SENTENCES])),
        "device": _device(),
        "notices": list(corpus.notices),
    }


def _write_predictions(run: Run, corpus: Corpus, predictions: dict[str, np.ndarray]) -> None:
    """Probabilities only, no texts: the reviews stay where they came from, rows point at them."""
    frames = []
    for split, chance in predictions.items():
        columns = {f"p{i}": chance[:, i].astype("float32") for i in range(chance.shape[1])}
        labels = corpus.splits[split]["label"].to_numpy()
        frames.append(pd.DataFrame({"split": split, "row": np.arange(len(labels)), "label": labels, **columns}))
    pd.concat(frames, ignore_index=True).to_parquet(run.path / "predictions.parquet")


def _latency(fitted: Fitted, texts: list[str]) -> float:
    """Median milliseconds of one sentence on its own, as an app would ask."""
    times = []
    for text in texts:
        began = time.perf_counter()
        fitted.probabilities([text])
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)


def _peak_memory() -> float | None:
    """The most memory this process held at once, in MB; on a GPU, of the GPU. None where the system does not say."""
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _device() -> str:
    torch = sys.modules.get("torch")
    name = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else f"CPU, {platform.machine()}"
    return f"{name}, {world()} processes" if world() > 1 else name


def _check_data(run: Run, corpus: Corpus) -> None:
    if corpus.checksum != run.facts["data"]["checksum"]:
        raise BadData(f"The reviews of {corpus.name} changed since {run.name} was created; start a new run.")


def _check_tracker(config: TrainConfig) -> None:
    if config.tracker != "none" and importlib.util.find_spec(config.tracker) is None:
        raise MissingExtra(
            f"{config.tracker} is not installed; `pip install {config.tracker}`, or leave out --use_{config.tracker}."
        )


def _record_failure(run: Run, e: BaseException, failure: SentiError | None) -> None:
    message = str(failure) if failure else f"senti failed with {type(e).__name__}: {str(e).strip()[:300]}"
    with contextlib.suppress(OSError):  # on a full disk even this may fail; the sentence still reaches the caller
        run.write_json("error.json", {"type": type(e).__name__, "message": message})


def _explained(run: Run, e: BaseException) -> SentiError | None:
    """A failure as one sentence with a next step, where its cause lies with the user or the machine."""
    if isinstance(e, SentiError):
        return e
    if isinstance(e, MemoryError) or "out of memory" in str(e).lower() or "not enough memory" in str(e).lower():
        return RunFailed("Memory ran out; try half the batch size, a shorter longest text, or gradient checkpointing.")
    if isinstance(e, OSError) and e.errno == errno.ENOSPC:
        return RunFailed(f"The disk is full; free some space below {run.path.parent} and start again.")
    return None


@contextlib.contextmanager
def _stop_on_sigterm(run: Run) -> Iterator[None]:
    """While the run lives, a SIGTERM is a request to stop."""
    try:
        before = signal.signal(signal.SIGTERM, lambda *_: (run.path / "stop").touch())
    except ValueError:  # only the main thread may set handlers
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
