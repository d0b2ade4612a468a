"""Loading torch and transformers once, aside, so that the first click on a model need not wait for them."""

import contextlib
import threading
from pathlib import Path

from senti.errors import SentiError
from senti.evaluation import finished_runs, load_predictor
from senti.runs import keep_ready

WARM_RUNS = 3
_importing = threading.Lock()  # transformers imports its parts on first use, and not safely from two threads at once


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
    for run in finished_runs(root)[:WARM_RUNS]:
        with contextlib.suppress(SentiError):  # whoever asks for this run will be told
            load_predictor(run)


def await_models() -> None:
    """Return once torch and the parts of transformers that senti uses are loaded."""
    with _importing:
        import peft  # noqa: F401
        import torch  # noqa: F401
        from transformers import (  # noqa: F401
            AutoConfig,
            AutoModel,
            AutoModelForSequenceClassification,
            AutoTokenizer,
            Trainer,
        )
