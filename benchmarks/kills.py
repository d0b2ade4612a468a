"""Runs that are killed and resumed, against the same runs left alone: `python -m benchmarks.kills [--kills 50]`.

Each is ended once with SIGKILL, at a moment drawn from a seed: some at any time of the run, some between two file
operations of a save. It is then resumed, in a new process, and has to end with the same bytes in `model/`.
"""

import argparse
import contextlib
import gc
import hashlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from senti.config import Config, FinetuneConfig, LoraConfig
from senti.training.checkpoint import FILES, MANIFEST

LOADED = ["senti.experiment", "senti.training.trainer", "peft", "datasets", "sklearn.metrics"]
INSIDE = 2 / 5  # of the kills hit a save
TOUCHING = ("open", "os.mkdir", "os.rename", "os.remove", "shutil.rmtree")
SMALL = {"epochs": 2, "batch_size": 8, "lr": 1e-3}


@dataclass(frozen=True)
class Left:
    """What a run that nobody disturbed ended with: sha256 of its weights, how long it took, operations in its saves."""

    weights: str
    seconds: float
    operations: int


@dataclass(frozen=True)
class Kill:
    """One killed and resumed run: where it was hit, the step it went on from, and if it ended as the reference."""

    inside: bool
    torn: bool  # a half-written checkpoint was left behind
    step: int
    same: bool


def cases(dataset: str, model: str, subset: int | None = None) -> dict[str, Config]:
    """Name to config; all have batches by length, and checkpoints within the epoch; the model should have dropout."""
    shared: dict[str, Any] = {"dataset": dataset, "model": model, "subset": subset, **SMALL}
    return {
        "full fine-tuning": FinetuneConfig(**shared),
        "full fine-tuning, float32": FinetuneConfig(**shared, precision="fp32"),
        "full fine-tuning, 2 batches per update": FinetuneConfig(**shared, gradient_accumulation=2),
        "full fine-tuning, early stopping": FinetuneConfig(**shared | {"epochs": 12, "lr": 1e-5}, early_stopping=2),
        "LoRA": LoraConfig(**shared),
        "LoRA, upper layer only": LoraConfig(**shared, upper_layers=1),
    }


class Ward:
    """Processes that have loaded everything, forked from one that did so once."""

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        self.context = multiprocessing.get_context("forkserver")
        self.context.set_forkserver_preload(LOADED)

    def left_alone(self, config: Config, name: str) -> Left:
        """The reference."""
        path = self._created(config, name)
        began = time.monotonic()
        self._run(_work, path, 0)
        operations = int((path / "operations").read_text())
        return Left(weights(path), time.monotonic() - began, operations)

    def killed(self, config: Config, reference: Left, seed: int, inside: bool) -> Kill:
        """Kill one and resume it. Raises AssertionError where it ended by itself."""
        draw = random.Random(seed)
        path = self._created(config, f"killed-{seed}")
        moment = draw.randint(1, reference.operations) if inside else 0
        delay = None if inside else draw.uniform(0, 0.95 * reference.seconds)
        code = self._run(_work, path, moment, after=delay)
        if delay is not None and (path / "result.json").exists():  # over before it could be hit: once more, sooner
            return self.killed(config, Left(reference.weights, delay, 0), seed + 10_000, inside)
        assert code == -signal.SIGKILL, f"{path.name} ended by itself with {code}"
        torn = any((path / "state").glob(".checkpoint-*"))
        self._run(_go_on, path)
        step = json.loads((path / "resumed").read_text())
        return Kill(inside, torn, step, weights(path) == reference.weights)

    def _created(self, config: Config, name: str) -> Path:
        from senti.experiment import create, prepare

        return create(self.scratch, prepare(config), name).path

    def _run(self, job: Callable[..., None], path: Path, *args: Any, after: float | None = None) -> int | None:
        process = self.context.Process(target=_quietly, args=(job, path, *args))
        process.start()
        if after is not None:
            process.join(after)
            process.kill()
        process.join()
        return process.exitcode


def weights(path: Path) -> str:
    """One sha256 over all files of a run's model; of nothing where it has none."""
    digest = hashlib.sha256()
    for file in sorted((path / "model").glob("*")):
        digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def tiny_model(folder: Path) -> str:
    """A DistilBERT of two thin layers with random weights, dropout as in the real one, and MiniLM's vocabulary."""
    from transformers import AutoTokenizer, DistilBertConfig, DistilBertModel

    from senti.encoder import resolve_model

    tokenizer = AutoTokenizer.from_pretrained(resolve_model("minilm").path)
    DistilBertModel(DistilBertConfig(dim=16, hidden_dim=32, n_layers=2, n_heads=2)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def kills(ward: Ward, chosen: dict[str, Config], count: int, seed: int = 0) -> Iterator[tuple[str, Kill]]:
    """`count` of them over the cases in turn, seeded: (case, what became of it)."""
    references = {name: ward.left_alone(config, f"reference-{i}") for i, (name, config) in enumerate(chosen.items())}
    inside = round(INSIDE * count)
    for i in range(count):
        name = list(chosen)[i % len(chosen)]
        hit = (i + 1) * inside // count > i * inside // count  # spread evenly
        yield name, ward.killed(chosen[name], references[name], seed + i, hit)


def _work(path: Path, moment: int) -> None:
    """Do a run; at the `moment`-th file operation in its saves, if not 0, end this process as the kernel would."""
    from senti.experiment import conduct
    from senti.runs import Run

    seen, state, result = [0], str(path / "state"), str(path / "result.json")

    def watch(event: str, args: tuple[Any, ...]) -> None:
        saves = event in TOUCHING and (str(args[0]).startswith(state) or args[0] in (*FILES, MANIFEST))
        if saves and not os.path.exists(result):
            seen[0] += 1
            if seen[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    conduct(Run(path))
    (path / "operations").write_text(str(seen[0]))


def _go_on(path: Path) -> None:
    from senti.experiment import conduct, resume
    from senti.runs import Run

    run = Run(path)
    if run.status == "queued":  # killed before it held its lock: to anyone else it has yet to start
        (path / "resumed").write_text("0")
        conduct(run)
        return
    resumed = resume(path.parent, path.name)
    (path / "resumed").write_text(str(resumed.step))
    conduct(resumed.run)


def _quietly(job: Callable[..., None], *args: Any) -> None:
    gc.freeze()  # all that was loaded: the Trainer collects garbage, and would look through it each time
    with open(os.devnull, "w") as nothing, contextlib.redirect_stdout(nothing):
        job(*args)


def report(found: list[tuple[str, Kill]]) -> str:
    """A table in Markdown: a row per case, and one for all."""
    lines = ["| case | killed | inside a save | left a torn one | went on from a checkpoint | same weights |",
             "|---|--:|--:|--:|--:|--:|"]  # fmt: skip
    for name in [*dict.fromkeys(name for name, _ in found), "all"]:
        mine = [kill for case, kill in found if name in (case, "all")]
        cells = [len(mine), *(sum(map(bool, column)) for column in zip(
            *((k.inside, k.torn, k.step, k.same) for k in mine), strict=True))]  # fmt: skip
        lines.append(f"| {name} | {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> None:
    """Kill, resume, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.environ["SENTI_CHECKPOINT_SECONDS"] = "0"  # after every step
    with tempfile.TemporaryDirectory() as folder:
        chosen = cases("bundled", tiny_model(Path(folder) / "model"), subset=64)
        found, ward = [], Ward(Path(folder) / "runs")
        for name, config in chosen.items():  # what differs when nobody kills it proves nothing
            alone = {ward.left_alone(config, f"alone-{len(name)}-{i}").weights for i in range(2)}
            assert len(alone) == 1, f"{name} differs by itself"
        for name, kill in kills(ward, chosen, args.kills, args.seed):
            print(f"{len(found) + 1:3} {name}: {kill}", file=sys.stderr, flush=True)
            found.append((name, kill))
    print(report(found))
    raise SystemExit(0 if all(kill.same for _, kill in found) else 1)


if __name__ == "__main__":
    main()
