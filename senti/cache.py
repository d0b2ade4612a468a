"""Where senti keeps things: runs in `$SENTI_HOME/checkpoints`, else `./checkpoints`; what can be computed anew in
`$SENTI_CACHE`, else `$SENTI_HOME/cache`, else `~/.cache/senti`, else a temporary folder."""

import os
import tempfile
from pathlib import Path


def runs_dir() -> Path:
    """The folder of runs where none is named."""
    return Path(os.environ.get("SENTI_HOME") or ".") / "checkpoints"


def cache_dir(room: str) -> Path:
    """A writable folder for one kind of cached thing, for example `features`."""
    own = os.environ.get("SENTI_HOME")
    home = Path(os.environ.get("SENTI_CACHE") or (Path(own) / "cache" if own else Path.home() / ".cache" / "senti"))
    for base in (home, Path(tempfile.gettempdir()) / f"senti-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"):
        folder = base / room
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="senti-"))
