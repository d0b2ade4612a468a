"""What a visitor may ask of the machine: nothing is limited at home, everything is on a page that many share.

`SENTI_MODE` is `local` or `shared`; without it a Space is shared, any other machine local.
"""

import os
from dataclasses import dataclass, replace

from senti.errors import BadConfig


@dataclass(frozen=True)
class Limits:
    """Each number is the most that is allowed; None allows any. Of one visitor: `each`."""

    mode: str
    waiting: int  # runs queued or running
    active_each: int | None = None  # runs of one visitor queued or running
    kept_each: int | None = None  # runs of one visitor in the folder
    minutes: float | None = None  # of one run
    steps: int | None = None  # of one run
    train_rows: int | None = None
    upload_mb: int = 200
    file_rows: int = 20_000  # that the page labels
    texts_each_minute: int | None = None
    disk_gb: float | None = None  # of the folder of runs
    own_models: bool = True  # Hub ids beside the known names

    @property
    def shared(self) -> bool:
        """True where visitors are strangers to one another."""
        return self.mode == "shared"

    @property
    def forgetful(self) -> bool:
        """True on a Space without a volume for SENTI_HOME: a restart takes all runs with it."""
        return "SPACE_ID" in os.environ and not os.environ.get("SENTI_HOME")

    @property
    def sentences(self) -> list[str]:
        """What a visitor should know before a limit is hit; nothing where there is none."""
        if not self.shared:
            return []
        forgets = "This Space forgets its runs when it restarts; download what you want to keep."
        return [
            *([forgets] if self.forgetful else []),
            f"This page is shared: one run trains at a time, up to {self.waiting} wait, up to {self.active_each} of "
            f"them yours; you may keep {self.kept_each}. Only who started a run may stop or delete it, "
            "and one on a file of their own is shown to them and the instructor alone.",
            f"A run may take {self.minutes:g} minutes, {self.steps:,} steps, {self.train_rows:,} training reviews; a "
            f"file {self.upload_mb} MB, {self.file_rows:,} rows. You get {self.texts_each_minute} answers a minute.",
        ]


LOCAL = Limits("local", waiting=20)
# four at once, for «Train the SVM» starts its ladder and the quickstart three
SHARED = Limits("shared", waiting=30, active_each=4, kept_each=8, minutes=20, steps=2_000, train_rows=10_000,
                upload_mb=5, texts_each_minute=120, disk_gb=20, own_models=False)  # fmt: skip
SPACE = replace(SHARED, waiting=12, minutes=10, steps=500, train_rows=5_000, texts_each_minute=60, disk_gb=5)


def limits() -> Limits:
    """The limits of this machine. Raises BadConfig for an unknown SENTI_MODE."""
    on_a_space = "SPACE_ID" in os.environ
    mode = os.environ.get("SENTI_MODE") or ("shared" if on_a_space else "local")
    if mode not in ("local", "shared"):
        raise BadConfig(f"SENTI_MODE is {mode!r}; it can be local or shared.")
    if mode == "local":
        return LOCAL
    return SPACE if on_a_space else SHARED
