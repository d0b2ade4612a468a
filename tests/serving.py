"""The app in a process of its own, for tests that call it over HTTP."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVE = """
import ast
import os
import sys
from pathlib import Path
parse, parsed = ast.parse, []
ast.parse = lambda *words, **more: (parsed.append(1), parse(*words, **more))[1]
from senti.ui import launch
app, url, _ = launch(Path(sys.argv[1]), prevent_thread_lock=True, quiet=True)
print(url, flush=True)
sys.stdin.readline()
print(sorted({"torch", "transformers", "sklearn", "datasets", "peft"} & set(sys.modules)), flush=True)
print(app.state_holder.capacity, len(parsed), flush=True)
sys.stdin.read()
os._exit(0)  # at once: closing waits for connections that a browser or client keeps
"""


@dataclass(frozen=True)
class Served:
    """A running app: its process, address, first page, heavy packages loaded to serve that, how many pages it keeps,
    how many Python sources it parsed to start."""

    pid: int
    url: str
    page: str
    heavy: str
    kept: int
    parsed: int


@contextmanager
def serve(root: Path, hub_cache: Path, first: str = "", **settings: str) -> Iterator[Served]:
    """The app over a folder of runs and a Hub cache, with more environment variables; it ends when its input does.

    `first` is code that runs before the app.
    """
    env = os.environ | {"HF_HUB_CACHE": str(hub_cache), "HF_HUB_OFFLINE": "1"} | settings
    command = [sys.executable, "-c", first + SERVE, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as process:
        url = process.stdout.readline().strip()
        page = read(url).decode()
        process.stdin.write("\n")
        process.stdin.flush()
        heavy, counts = process.stdout.readline().strip(), process.stdout.readline().split()
        yield Served(process.pid, url, page, heavy, *map(int, counts))
        process.communicate()


def read(address: str) -> bytes:
    """What an address answers with."""
    with urllib.request.urlopen(address) as answer:
        return answer.read()
