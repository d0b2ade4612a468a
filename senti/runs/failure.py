"""Why a run failed, as one sentence with a next step, where the cause lies with the machine or the user."""

import errno

from senti.errors import RunFailed, SentiError
from senti.runs.store import Run

FULL = (errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC))
CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO)
# torch, safetensors and Arrow wrap the system's errors in their own, which keep its words alone
FULL_WORDS = ("no space left", "file too large", "quota exceeded")
MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory", "bad_alloc")


def explained(run: Run, e: BaseException) -> SentiError | None:
    """The failure for a person; None where it is a fault of ours, whose traceback is worth more than a sentence."""
    said = str(e).lower()
    number = e.errno if isinstance(e, OSError) else None
    if isinstance(e, SentiError):
        return e
    if isinstance(e, MemoryError) or number == errno.ENOMEM or any(words in said for words in MEMORY_WORDS):
        return RunFailed(
            "Memory ran out. Close other programs and resume the run; or start a new one with half the batch size, "
            "a shorter longest text, or gradient checkpointing."
        )
    if number in FULL or any(words in said for words in FULL_WORDS):
        return RunFailed(f"The disk is full. Free some space for {run.path.parent}, then resume the run.")
    if number in CLOSED and isinstance(e, OSError):
        where = e.filename or run.path
        return RunFailed(f"{where} cannot be used ({e.strerror}). Give this user access to it, then resume the run.")
    return None
