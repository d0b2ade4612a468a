"""Whose a run is, and what a visitor of a shared page may still start."""

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from senti.config import TrainConfig, most_texts
from senti.corpus.sources import is_path
from senti.errors import BadConfig, UnknownRun
from senti.experiment import Prepared
from senti.limits import Limits
from senti.runs import ACTIVE, Run, all_runs


@dataclass(frozen=True)
class Visitor:
    """owner: what stands in the config.json of this visitor's runs. instructor: may change everybody's."""

    owner: str = ""
    instructor: bool = False


def new_token() -> str:
    """The secret by which a browser is known again; 128 random bits, kept there and nowhere else."""
    return secrets.token_urlsafe(16)


def visitor(token: str, shown: str = "") -> Visitor:
    """Who a token stands for; `shown` is what may prove the instructor."""
    secret = os.environ.get("SENTI_INSTRUCTOR", "")
    knows = bool(secret) and hmac.compare_digest(shown.encode(), proof(secret).encode())
    return Visitor(hashlib.sha256(token.encode()).hexdigest()[:16] if token else "", knows)


def proof(word: str) -> str:
    """What a browser keeps in place of the instructor's word, SENTI_INSTRUCTOR; nothing for any other word."""
    secret = os.environ.get("SENTI_INSTRUCTOR", "")
    if not secret or not hmac.compare_digest(word.encode(), secret.encode()):
        return ""
    return hmac.new(secret.encode(), b"senti instructor", hashlib.sha256).hexdigest()


def may_look(run: Run, who: Visitor, limits: Limits) -> bool:
    """True but for another's run on a file of their own: on a shared page its reviews are nobody else's business."""
    if not limits.shared or who.instructor or not is_path(str(run.facts.get("dataset", ""))):
        return True
    return _is_own(run, who)


def check_may_change(run: Run, who: Visitor, limits: Limits) -> None:
    """Raises UnknownRun where a run is another's: on a shared page only its owner and the instructor may change it."""
    if not limits.shared or who.instructor:
        return
    if not _is_own(run, who):
        raise UnknownRun(f"{run.name} was started by somebody else; only they and the instructor may change it.")


def check_may_start(root: Path, prepared: Prepared, who: Visitor, limits: Limits) -> None:
    """Raises BadConfig, naming the limit and what to do, where a run would pass one."""
    _check_queue(root, who, limits)
    if who.instructor or not limits.shared:
        return
    check_may_keep(root, who, limits)
    rows = most_texts(prepared.config, prepared.corpus.rows["train"])
    _check("training reviews are asked for", rows, limits.train_rows, "set «Reviews to use» lower")
    if isinstance(prepared.config, TrainConfig):
        from senti.training.trainer import total_steps

        steps = total_steps(prepared.config, rows)
        _check("steps are asked for", steps, limits.steps, "take fewer epochs or reviews, or larger batches")


def check_may_keep(root: Path, who: Visitor, limits: Limits) -> None:
    """Raises BadConfig where one more run of a visitor would be more than they or the disk may hold."""
    if who.instructor or not limits.shared:
        return
    mine = _runs_of(who, all_runs(root))
    _check("runs of yours would be kept with this one", len(mine) + 1, limits.kept_each, "delete one first")
    if limits.disk_gb is not None:
        used = sum(path.stat().st_size for path in Path(root).rglob("*") if path.is_file()) / 1e9
        if used >= limits.disk_gb:
            raise BadConfig(f"The runs here take {used:.1f} GB of {limits.disk_gb:g} GB; delete one of yours first.")


def check_may_resume(run: Run, who: Visitor, limits: Limits) -> None:
    """The same for a run that is to go on. Raises UnknownRun where it is another's, BadConfig for a limit."""
    check_may_change(run, who, limits)
    _check_queue(run.path.parent, who, limits)
    if run.stop_reason:
        raise BadConfig(f"{run.name} was stopped because {run.stop_reason}; start a shorter run.")


def _is_own(run: Run, who: Visitor) -> bool:
    """True if a visitor started it; a run without an owner is nobody's."""
    return bool(who.owner) and run.facts.get("owner") == who.owner


def _runs_of(who: Visitor, runs: list[Run]) -> list[Run]:
    return [run for run in runs if run.facts.get("owner") == who.owner]


def _check_queue(root: Path, who: Visitor, limits: Limits) -> None:
    """Raises BadConfig where one more run would be one too many."""
    waiting = [run for run in all_runs(root) if run.status in ACTIVE]
    _check("runs would wait with this one", len(waiting) + 1, limits.waiting, "wait until some have finished")
    if limits.shared and not who.instructor:
        active = len(_runs_of(who, waiting)) + 1
        what = "runs of yours would wait with this one"
        _check(what, active, limits.active_each, "wait until one is over, or stop one")


def _check(what: str, asked: int, most: int | None, next_step: str) -> None:
    if most is not None and asked > most:
        raise BadConfig(f"{asked:,} {what}, at most {most:,} can be here; {next_step}.")


@dataclass
class Turnstile:
    """How many texts each visitor has asked for in the last minute; one per app, shared by its threads."""

    most: int | None
    clock: Callable[[], float] = time.monotonic
    _asked: dict[str, list[float]] = field(default_factory=dict)

    def enter(self, who: Visitor, texts: int = 1) -> None:
        """Count a request. Raises BadConfig, telling when to come back, where the minute's are used up."""
        if self.most is None or who.instructor:
            return
        now = self.clock()
        times = [t for t in self._asked.get(who.owner, []) if now - t < 60]
        if len(times) + texts > self.most:
            seconds = 60 - (now - times[0]) if times else 60
            raise BadConfig(f"{self.most} texts a minute can be asked for here; try again in {seconds:.0f} seconds.")
        self._asked[who.owner] = [*times, *[now] * texts]
        if len(self._asked) > 10_000:  # visitors who left
            self._asked = {name: seen for name, seen in self._asked.items() if now - seen[-1] < 60}
