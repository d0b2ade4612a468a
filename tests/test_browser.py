"""A visitor with a real browser: every tab, a run that survives a reload and the app's restart, and a comparison."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
PROJECT = Path(__file__).parents[1]
TABS = ["Data", "Tokens & hidden states", "SVM baseline", "Fine-tune", "LoRA", "Compare"]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
POINTS = """() => Math.max(0, ...[...document.querySelectorAll('.s-figure')]
    .filter(box => box.offsetParent && box.calcdata).map(box => box.calcdata[0].length))"""


class Server:
    """The app as a process of its own, on a free port, over one folder of runs."""

    def __init__(self, root: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.root = root
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        code = f"from pathlib import Path; from senti.ui import launch; launch(Path({str(self.root)!r}), quiet=True)"
        env = os.environ | {"GRADIO_SERVER_PORT": str(self.port)}
        self.process = subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT, env=env)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the app did not open within a minute")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def server(root, with_hub_cache) -> Iterator[Server]:
    from senti.config import MajorityConfig, TfidfConfig
    from senti.experiment import conduct, create, prepare
    from senti.runs import list_runs, stop_run

    for config in (MajorityConfig(dataset="rotten_tomatoes"), TfidfConfig(dataset="rotten_tomatoes")):
        conduct(create(root, prepare(config)))
    server = Server(root)
    server.start()
    yield server
    server.kill()
    for run in list_runs(root):  # runs outlive the app; none may outlive the test
        stop_run(root, run.name, polite_seconds=5)


@pytest.fixture
def page(server):
    if not Path(CHROMIUM).exists():
        if os.environ.get("SENTI_REQUIRE_BROWSER"):
            pytest.fail("no chromium here, and SENTI_REQUIRE_BROWSER is set")
        pytest.skip("no chromium here; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(30_000)
        page.trouble = []
        page.on("pageerror", lambda e: page.trouble.append(str(e)))
        page.on("request", lambda r: page.trouble.append(r.url) if _outside(r.url) else None)
        page.goto(server.url)
        yield page
        browser.close()


def _outside(url: str) -> bool:
    return url.startswith("http") and not url.startswith("http://127.0.0.1")


def open_tab(page, name: str) -> None:
    page.locator("button[role=tab]:visible").filter(has_text=name).first.click()


def test_a_visit(page, server):
    for name in TABS:
        open_tab(page, name)
        page.locator(".s-lead:visible").first.wait_for()

    open_tab(page, "Data")
    page.locator("tr[data-pick]:visible").first.click()
    page.get_by_role("button", name="Look inside").first.click()
    page.locator(".s-token:visible").first.wait_for()

    open_tab(page, "Fine-tune")
    page.get_by_label("Epochs").locator("visible=true").last.fill("50")
    page.get_by_label("Batch size").locator("visible=true").last.fill("1")
    page.get_by_role("button", name="Start fine-tuning").click()
    page.wait_for_function(f"({POINTS})() > 2", timeout=60_000)
    before = page.evaluate(POINTS)
    page.wait_for_function(f"({POINTS})() > {before}")

    page.reload()
    open_tab(page, "Fine-tune")
    page.wait_for_function(f"({POINTS})() > {before}")
    server.kill()  # the app goes, the run goes on
    server.start()
    page.goto(server.url)
    open_tab(page, "Fine-tune")
    page.wait_for_function(f"({POINTS})() > {before}")
    page.get_by_role("button", name="Stop").locator("visible=true").click()
    page.get_by_text("stopped").locator("visible=true").first.wait_for()

    open_tab(page, "Compare")
    box = page.get_by_label("A sentence to judge")
    box.fill("a tender film about two sisters")
    box.press("Enter")
    page.locator(".s-verdict:visible").nth(1).wait_for()
    said = page.locator(".s-verdict:visible").all_inner_texts()
    assert len(said) == 2 and "positive" in next(text for text in said if "TF-IDF" in text)
    assert not page.trouble


def test_hostile_text_stays_text(page):
    open_tab(page, "Compare")
    box = page.get_by_label("A sentence to judge")
    box.fill("<img src=x onerror=window.__pwn=1> <script>window.__pwn=1</script> $\\href{javascript:1}{x}$ {{7*7}}")
    box.press("Enter")
    page.locator(".s-verdict:visible").first.wait_for()
    open_tab(page, "Tokens")
    box = page.get_by_label("A sentence to take apart")
    box.fill("<img src=x onerror=window.__pwn=1> ${7*7}")
    box.press("Enter")
    page.locator(".s-token:visible").first.wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("window.__pwn") is None
