"""How much room a run needs on the disk, known before it starts."""

import math
import shutil
from pathlib import Path

from senti.config import LoraConfig, TrainConfig
from senti.encoder import Backbone, stored_shapes
from senti.errors import BadConfig
from senti.numbers import size
from senti.training.checkpoint import KEPT

PER_PARAMETER = 20  # bytes in a checkpoint: master, two moments, weights, best weights, each in float32 at most
BESIDE = 100_000_000  # log, tokenized texts, predictions


def needed(config: TrainConfig, backbone: Backbone) -> int:
    """Bytes of the checkpoints that a run keeps, the one that it writes, and the model: at most. 0 if nobody knows."""
    shapes = stored_shapes(backbone)
    if not shapes:  # still to be fetched
        return 0
    parameters = sum(map(math.prod, shapes))
    if isinstance(config, LoraConfig):  # as if every matrix were adapted, and a head of two layers
        width = max(shapes, key=math.prod)[-1]  # of the words' embeddings
        adapters = config.lora_rank * sum(sum(shape) for shape in shapes if len(shape) == 2)
        parameters = min(parameters, adapters + 2 * width**2)
    return parameters * (PER_PARAMETER * (KEPT + 1) + 4)


def check_space(root: Path, config: TrainConfig, backbone: Backbone, written: int = 0) -> None:
    """Raises BadConfig where a run, of which so many bytes are there already, would fill the disk of `root`."""
    there = next(path for path in (root.resolve(), *root.resolve().parents) if path.exists())
    free, more = shutil.disk_usage(there).free, needed(config, backbone) + BESIDE - written
    if more > free:
        raise BadConfig(
            f"This run writes up to {size(more)} below {root}, where {size(free)} are free; free some space, "
            "choose another folder with --output_dir, a smaller model, or LoRA."
        )
