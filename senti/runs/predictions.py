"""What a run said of the reviews it was scored on, as it was written then; the reviews themselves are not in it."""

import numpy as np
import pandas as pd

from senti.errors import BadData
from senti.runs.store import Run


def saved_predictions(run: Run, split: str) -> pd.DataFrame:
    """What a run predicted for a split when it was trained: row, label, p0, p1, ... as written then. Raises BadData."""
    path = run.path / "predictions.parquet"
    if not path.is_file():
        raise BadData(f"{run.name} has lost its predictions (predictions.parquet); train it again to look at them.")
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as e:  # pyarrow's errors are one of these
        raise BadData(f"The saved predictions of {run.name} are damaged; train the run again.") from e
    return frame[frame["split"] == split].drop(columns="split").reset_index(drop=True)


def saved_probabilities(run: Run, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The true classes (n,) of a split and the probabilities (n, classes) a run gave when it was trained."""
    table = saved_predictions(run, split)
    return table["label"].to_numpy(), table.filter(regex=r"^p\d+$").to_numpy()


def saved_chances(run: Run, split: str) -> np.ndarray:
    """The probabilities in them, (n, classes)."""
    return saved_probabilities(run, split)[1].astype(float)
