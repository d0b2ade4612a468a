"""Thirty visitors at once on this machine: `python -m benchmarks.load [--seconds 60] [--soak MINUTES]`.

A real app in a process of its own, real models; every visitor has texts of their own and checks that the answer is that
of their text. Prints a table. Refuses a machine that is in use.
"""

import argparse
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.page import Page, events, own_table

VISITORS, RUN, OVERLOAD = 30, "reference-lora", 300
SERVE = """
import sys
from pathlib import Path
from senti.ui import launch, warm_up
app, url, _ = launch(Path(sys.argv[1]), prevent_thread_lock=True, quiet=True)
warm_up(Path(sys.argv[1])).join()
print(url, flush=True)
sys.stdin.read()
"""
TRAINING = '{"dataset": "bundled", "model": "minilm", "epochs": 50}'


@dataclass
class Tally:
    """What visitors met: seconds per answer, errors, answers that were another text's."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    wrong: int = 0

    def quantile(self, share: float) -> float:
        """The seconds within which that share of answers came."""
        ordered = sorted(self.seconds) or [float("nan")]
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def row(self, name: str, target: str, more: str = "") -> str:
        """A line of the table."""
        times = (self.quantile(0.5), self.quantile(0.95), max(self.seconds, default=0))
        cells = [name, len(self.seconds), *(f"{t:.2f}" for t in times), len(self.errors), self.wrong, target, more]
        return f"| {' | '.join(map(str, cells))} |"


@contextmanager
def app(root: Path, first: str = "") -> Any:
    """The app over a folder of runs: its address and its process. `first` is code that runs before it."""
    command = [sys.executable, "-c", first + SERVE, str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield process.stdout.readline().strip(), process
        process.communicate()


def texts() -> list[str]:
    """A text per visitor and turn, none twice."""
    from senti.corpus import load_corpus

    rows = load_corpus("bundled").splits["train"]["text"].drop_duplicates()
    return list(rows.sample(600, random_state=0))


def known(root: Path, asked: list[str]) -> dict[str, float]:
    """What the run says of each text when nobody else asks: the probability of its first label."""
    from senti.evaluation import load_predictor
    from senti.runs import open_run

    return dict(zip(asked, load_predictor(open_run(root, RUN))(asked)[:, 0].tolist(), strict=True))


def ask(client: Any, text: str, truth: dict[str, float], tally: Tally) -> None:
    """One question, timed and checked."""
    began = time.perf_counter()
    try:
        (said,) = client.predict(text, [RUN], api_name="/predict")
    except Exception as e:  # whatever a visitor would have seen
        tally.errors.append(str(e)[:80])
        return
    tally.seconds.append(time.perf_counter() - began)
    tally.wrong += abs(next(iter(said["probabilities"].values())) - truth[text]) > 0.02


def together(work: Callable[[int], None], visitors: int = VISITORS) -> None:
    """Do it once per visitor, all at the same time."""
    start = threading.Barrier(visitors)

    def enter(i: int) -> None:
        start.wait()
        work(i)

    threads = [threading.Thread(target=enter, args=(i,)) for i in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def thinking(clients: list[Any], mine: list[list[str]], truth: dict[str, float], seconds: float) -> Tally:
    """Visitors who ask, think for two to six seconds, and ask again."""
    tally = Tally()

    def visit(i: int) -> None:
        draw, end = random.Random(i), time.monotonic() + seconds
        time.sleep(draw.uniform(0, 4))
        for turn in range(10_000):
            if time.monotonic() > end:
                return
            ask(clients[i], mine[i][turn % len(mine[i])], truth, tally)
            time.sleep(draw.uniform(2, 6))

    together(visit)
    return tally


def polling(clients: list[Any], name: str, seconds: float) -> Tally:
    """Pages that look at a run every two seconds."""
    tally = Tally()

    def look(i: int) -> None:
        end = time.monotonic() + seconds
        time.sleep(random.Random(i).uniform(0, 2))  # nobody opens a page in step with the others
        while time.monotonic() < end:
            began = time.perf_counter()
            try:
                clients[i].predict(name, api_name="/run_status")
                tally.seconds.append(time.perf_counter() - began)
            except Exception as e:  # whatever a visitor would have seen
                tally.errors.append(str(e)[:80])
            time.sleep(2)

    together(look)
    return tally


def uploading(url: str) -> Tally:
    """A file of its own per page, all at once, as the reviews that are looked at; each must list its own rows alone."""
    tally, known = Tally(), events(url)
    pages, tables = [Page(url, known) for _ in range(VISITORS)], [own_table(i) for i in range(VISITORS)]

    def bring(i: int) -> None:
        began = time.perf_counter()
        try:
            listed = pages[i].bring(f"{i}.csv", tables[i])
        except Exception as e:  # whatever a visitor would have seen
            tally.errors.append(str(e)[:80])
            return
        tally.seconds.append(time.perf_counter() - began)
        tally.wrong += set(re.findall(r"visitor\d\d", listed)) != {f"visitor{i:02d}"}

    together(bring)
    return tally


def starting(clients: list[Any], root: Path) -> tuple[Tally, str]:
    """A training per visitor, all at once; and what became of them."""
    from senti.runs import list_runs, queue_place, stop_run

    tally, full = Tally(), []

    def start(i: int) -> None:
        began = time.perf_counter()
        try:
            clients[i].predict("finetune", TRAINING, api_name="/start_run")
        except Exception as e:  # whatever a visitor would have seen
            (full if "would wait" in str(e) else tally.errors).append(str(e)[:80])
        tally.seconds.append(time.perf_counter() - began)

    together(start)
    time.sleep(15)  # each is a process that takes its place in the queue
    active = [run for run in list_runs(root) if run.status in ("queued", "running")]
    waiting = sorted(queue_place(run) for run in active if run.status == "queued")
    running = len(active) - len(waiting)
    in_order = waiting == list(range(1, len(waiting) + 1))
    for run in active:  # the newest first, so that none begins meanwhile
        stop_run(root, run.name, polite_seconds=5)
    return tally, (f"{running} trains, {len(waiting)} wait {'in places of their own' if in_order else 'WRONGLY'}, "
                   f"{len(full)} told that the queue is full")  # fmt: skip


def overloaded(clients: list[Any], asked: list[str]) -> Tally:
    """Many questions at once: how long until the last one has an answer, or is told that the app is busy."""
    tally, began = Tally(), time.perf_counter()
    turns = [(clients[i % len(clients)], asked[i % len(asked)]) for i in range(OVERLOAD)]
    jobs = [client.submit(text, [RUN], api_name="/predict") for client, text in turns]
    for job in jobs:
        try:
            job.result(timeout=120)
            tally.seconds.append(time.perf_counter() - began)
        except Exception as e:  # busy, or a hang
            tally.errors.append(str(e)[:80] or type(e).__name__)
    return tally


def speed(root: Path, name: str, seconds: float) -> float:
    """Steps per second of a run in training, over so long."""
    from senti.runs import open_run

    def step() -> int:
        events = open_run(root, name).events()
        return int(events["step"].max()) if len(events) else 0

    while step() < 3:
        time.sleep(0.5)
    first, began = step(), time.monotonic()
    time.sleep(seconds)
    return (step() - first) / (time.monotonic() - began)


def held(process: Any) -> dict[str, float]:
    """Memory, open files and processes of the app."""
    import psutil

    own = psutil.Process(process.pid)
    family = [own, *own.children(recursive=True)]
    return {"MB": own.memory_info().rss / 2**20, "files": own.num_fds(), "processes": len(family),
            "zombies": sum(each.status() == psutil.STATUS_ZOMBIE for each in family)}  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--soak", type=float, default=0, metavar="MINUTES")
    args = parser.parse_args()
    if (load := machine.busy()) > machine.BUSY:
        raise SystemExit(f"{100 * load:.0f} % of this machine is in use; close what runs.")
    with tempfile.TemporaryDirectory() as folder:
        import shutil

        root = Path(folder) / "checkpoints"
        shutil.copytree("checkpoints", root)
        with app(root) as (url, process):
            measure(url, process, root, args.seconds, args.soak)


def measure(url: str, process: Any, root: Path, seconds: float, soak: float) -> None:
    """Every row, one after the other, on one app."""
    from gradio_client import Client

    from senti.runs import stop_run

    asked = texts()
    truth, mine = known(root, asked), [asked[i::VISITORS] for i in range(VISITORS)]
    began = time.perf_counter()
    clients: list[Any] = [None] * VISITORS

    def connect(i: int) -> None:
        clients[i] = Client(url, verbose=False, ssl_verify=False)  # else it reads all certificates at every question

    together(connect)
    print(f"30 cold connects: {time.perf_counter() - began:.1f} s (target 10)")
    print("| load | answers | p50 s | p95 s | last s | errors | another's | target | |")
    print("|---|--:|--:|--:|--:|--:|--:|---|---|")
    print(thinking(clients, mine, truth, seconds).row("predict, 30 visitors", "p95 ≤ 1.2 s"), flush=True)
    burst = Tally()
    together(lambda i: ask(clients[i], mine[i][0], truth, burst))
    print(burst.row("burst of 30", "last ≤ 5 s"), flush=True)
    name = clients[0].predict("finetune", TRAINING, api_name="/start_run")
    alone = speed(root, name, 20)
    shares: list[float] = []
    watcher = threading.Thread(target=lambda: shares.append(speed(root, name, seconds)))
    watcher.start()
    beside = thinking(clients, mine, truth, seconds)
    watcher.join()
    kept = f"training keeps {100 * shares[0] / alone:.0f} % of its steps/s (target 40)"
    print(beside.row("predict beside a training", "p95 ≤ 2.5 s", kept), flush=True)
    print(polling(clients, name, min(seconds, 30)).row("30 pages poll the run", "p95 ≤ 0.6 s"), flush=True)
    stop_run(root, name)
    print(uploading(url).row("30 files of 1 MB at once", "last ≤ 20 s"), flush=True)
    begun, became = starting(clients, root)
    print(begun.row("30 trainings started at once", "1 trains, all told their place", became), flush=True)
    many = overloaded(clients, asked)
    print(many.row("300 questions at once", "all answered or told busy", "; ".join(sorted(set(many.errors))[:2])))
    again = thinking(clients, mine, truth, 20)
    print(again.row("after that", "p95 ≤ 1.2 s"), flush=True)
    if soak:
        before = held(process)
        tally = thinking(clients, mine, truth, 60 * soak)
        after = held(process)
        more = ", ".join(f"{key} {before[key]:.0f} → {after[key]:.0f}" for key in before)
        print(tally.row(f"soak of {soak:g} minutes", "flat", more), flush=True)


if __name__ == "__main__":
    main()
