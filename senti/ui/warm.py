"""Loading torch and transformers once, aside, so that the first click on a model need not wait for them."""

import contextlib
import os
import threading
from pathlib import Path

from senti.config import EncoderConfig, EnsembleConfig
from senti.encoder import resolve_model
from senti.errors import SentiError
from senti.evaluation import explain, finished_runs, load_predictor
from senti.imports import importing
from senti.runs import Run, keep_ready

WARM_RUNS = 3


def load_figures() -> None:
    """Load plotly before any thread starts: it and scikit-learn both load narwhals, and two threads doing so block."""
    import plotly.graph_objects as go

    go.Figure()


def warm_up(root: Path) -> threading.Thread:
    """Begin to load them, and the newest finished runs, in a thread of their own."""
    thread = threading.Thread(target=_load, args=(root,), daemon=True)
    thread.start()
    return thread


def _load(root: Path) -> None:
    """Models first: who looks at a text waits for them; a run from the app then finds a worker that is ready."""
    await_models()
    keep_ready()
    runs = finished_runs(root)[:WARM_RUNS]
    for prepare in (load_predictor, lambda run: explain(run, "a film")):  # answers first, then what explains them
        for run in runs:
            with contextlib.suppress(SentiError):  # whoever asks for this run will be told
                if _is_here(run):
                    prepare(run)


def _is_here(run: Run) -> bool:
    """True if loading a run surely asks no network: nobody has asked for a download."""
    config = run.config
    model_here = not isinstance(config, EncoderConfig) or os.path.isdir(resolve_model(config.model).path)
    return model_here and not isinstance(config, EnsembleConfig)


def await_models() -> None:
    """Return once torch and the parts of transformers that senti uses are loaded."""
    with importing:
        import peft  # noqa: F401
        import torch  # noqa: F401
        from transformers import (  # noqa: F401
            AutoConfig,
            AutoModel,
            AutoModelForSequenceClassification,
            AutoTokenizer,
            Trainer,
        )
