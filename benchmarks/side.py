"""One side of a comparison in a process of its own, so that neither finds what the other left behind.

`python -m benchmarks.side peers.svm_script SCRATCH '{}'` prints its figures as one JSON line; arrays go to a file.
"""

import importlib
import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np


def main(name: str, scratch: Path, knobs: dict[str, Any]) -> None:
    """Call one function of `peers` or `ours`."""
    warnings.simplefilter("ignore")
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    module, function = name.split(".")
    figures = getattr(importlib.import_module(f"benchmarks.{module}"), function)(scratch, **knobs)
    if "vectors" in figures:
        path = scratch / f"{name}-{time.time_ns()}.npy"
        np.save(path, figures["vectors"])
        figures["vectors"] = str(path)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
