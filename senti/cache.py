"""Where computed things are kept between runs: `$SENTI_CACHE`, else `~/.cache/senti`, else a temporary folder."""

import os
import tempfile
from pathlib import Path


def cache_dir(room: str) -> Path:
    """A writable folder for one kind of cached thing, for example `features`."""
    home = Path(os.environ.get("SENTI_CACHE") or Path.home() / ".cache" / "senti")
    for base in (home, Path(tempfile.gettempdir()) / f"senti-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"):
        folder = base / room
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="senti-"))
