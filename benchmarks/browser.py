"""How long a page takes to open, and a browser works for a click on it, fresh and once all tabs have been opened, with
Gradio's scripts mended and as they come: `python -m benchmarks.browser [--rounds 2]`. Wants Chromium and
`pip install -r requirements-dev.txt`.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import sync_playwright

from benchmarks import machine
from benchmarks.load import app

TABS = ["Tokens & hidden states", "SVM baseline", "Fine-tune", "LoRA", "Compare", "Experiments", "Report", "Data"]
CLICKS, PAUSE = 6, 700  # milliseconds
SIDES = {"as they come": "from senti.ui import mended\nmended.scripts = dict", "mended": ""}


class Visit:
    """A page, and how long its main thread has worked."""

    def __init__(self, browser: Any, url: str) -> None:
        self.page = browser.new_page(viewport={"width": 1440, "height": 900})
        self.told = self.page.context.new_cdp_session(self.page)
        self.told.send("Performance.enable")
        began = time.monotonic()
        self.page.goto(url)
        self.page.locator("tr[data-pick]:visible").first.wait_for()
        self.opened = time.monotonic() - began  # seconds until the reviews are there
        self.page.wait_for_timeout(PAUSE)

    def worked(self) -> float:
        """Seconds until now."""
        metrics = self.told.send("Performance.getMetrics")["metrics"]
        return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration")

    def open(self, tab: str) -> None:
        """Open a tab and let it fill."""
        self.page.locator("button[role=tab]:visible").filter(has_text=tab).first.click()
        self.page.wait_for_timeout(PAUSE)

    def tour(self) -> None:
        """Open every tab and every panel, and come back."""
        for tab in TABS:
            self.open(tab)
            for panel in self.page.locator("button[role=tab]:visible").all_inner_texts()[len(TABS) :]:
                self.open(panel)
        self.open("Overview")

    def click(self) -> float:
        """Seconds of work per review that is picked."""
        before = self.worked()
        for i in range(CLICKS):
            self.page.locator("tr[data-pick]:visible").nth(i % 2).click()
            self.page.wait_for_timeout(PAUSE)
        return (self.worked() - before) / CLICKS


def measure(browser: Any, first: str, root: Path) -> tuple[float, ...]:
    """Seconds to open, of a click on a fresh page, of the tour, and of a click then; `first` is run before the app."""
    with app(root, first) as (url, _):
        visit = Visit(browser, url)
        fresh, before = visit.click(), visit.worked()
        visit.tour()
        tour, used = visit.worked() - before, visit.click()
        visit.page.close()
        return visit.opened, fresh, tour, used


def main() -> None:
    """Measure both by turns, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browser", description=(__doc__ or "").partition(":")[0])
    parser.add_argument("--rounds", type=int, default=2, help="visits per side (default 2)")
    rounds = parser.parse_args().rounds
    if (load := machine.busy()) > machine.BUSY:
        raise SystemExit(f"{100 * load:.0f} % of this machine is in use; close what runs.")
    sides: dict[str, list[tuple[float, ...]]] = {how: [] for how in SIDES}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "checkpoints"
        shutil.copytree("checkpoints", root)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(rounds):
            for how, found in sides.items():
                found.append(measure(browser, SIDES[how], root))
    for how, found in sides.items():
        opened, fresh, tour, used = (median(column) for column in zip(*found, strict=True))
        print(f"{how:12} opened in {opened:.1f} s, click on a fresh page {fresh:.2f} s, "
              f"opening all tabs {tour:.1f} s, a click then {used:.2f} s")  # fmt: skip


if __name__ == "__main__":
    main()
