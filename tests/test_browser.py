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
TABS = ["Data", "Tokens & hidden states", "SVM baseline", "Fine-tune", "LoRA", "Compare", "Experiments", "Report"]
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
POINTS = """() => Math.max(0, ...[...document.querySelectorAll('.s-figure')]
    .filter(box => box.offsetParent && box.calcdata).map(box => box.calcdata[0].length))"""


class Server:
    """The app as a process of its own, on a free port, over one folder of runs, which is named as the usual one is."""

    def __init__(self, root: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.root = root
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        env = os.environ | {"GRADIO_SERVER_PORT": str(self.port), "SENTI_HOME": ""}
        self.process = subprocess.Popen([sys.executable, PROJECT / "app.py"], cwd=self.root.parent, env=env)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the app did not open")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory, hub_cache) -> Iterator[Server]:
    """An app over two runs, for all tests of this file one after the other; what one trains, the next ones see."""
    from huggingface_hub import constants

    from senti.config import MajorityConfig, TfidfConfig
    from senti.experiment import conduct, create, prepare
    from senti.runs import list_runs, stop_run

    root = tmp_path_factory.mktemp("visited") / "checkpoints"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        patch.setenv("HF_HUB_CACHE", str(hub_cache))
        patch.setenv("SENTI_CACHE", str(tmp_path_factory.mktemp("cache")))  # nothing is measured yet
        for config in (MajorityConfig(dataset="rotten_tomatoes"), TfidfConfig(dataset="rotten_tomatoes")):
            conduct(create(root, prepare(config)))
        server = Server(root)
        server.start()
        yield server
    server.kill()
    for run in list_runs(root):  # runs outlive the app; none may outlive the test
        stop_run(root, run.name, polite_seconds=5)


@pytest.fixture(scope="module")
def browser():
    if not Path(CHROMIUM).exists():
        if os.environ.get("SENTI_REQUIRE_BROWSER"):
            pytest.fail("no chromium here, and SENTI_REQUIRE_BROWSER is set")
        pytest.skip("no chromium here; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )


@pytest.fixture
def page(server, browser):
    page = browser.new_page(viewport={"width": 1440, "height": 900})  # with a profile of its own
    page.set_default_timeout(60_000)  # on a machine that does much else
    page.trouble = []
    page.on("pageerror", lambda e: page.trouble.append(str(e)))
    page.on("request", lambda r: page.trouble.append(r.url) if _outside(r.url) else None)
    page.goto(server.url)
    yield page
    page.close()


def _outside(url: str) -> bool:
    return url.startswith("http") and not url.startswith("http://127.0.0.1")


def open_tab(page, name: str) -> None:
    page.locator("button[role=tab]:visible").filter(has_text=name).first.click()


def wait_for_points(page, more_than: int, **timeout: int) -> None:
    """Wait until a visible figure has more points; not at every frame, which a page in work has better uses for."""
    page.wait_for_function(f"({POINTS})() > {more_than}", polling=200, **timeout)


def is_seen(locator) -> bool:
    """True if no part round it clips it away, which Playwright would not notice."""
    return locator.evaluate("""it => {
        const middle = it.getBoundingClientRect().y + it.getBoundingClientRect().height / 2;
        for (let part = it.parentElement; part; part = part.parentElement) {
            const box = part.getBoundingClientRect();
            const clips = getComputedStyle(part).overflowY === 'hidden';
            if (clips && (middle < box.top || middle > box.bottom)) return false;
        }
        return true;
    }""")


def hurry_through_tabs_and_come_to_rest(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.evaluate("""async () => {
        const tabs = [...document.querySelectorAll('button[role=tab]')].filter(tab => /LoRA|Fine/.test(tab.innerText));
        for (let i = 0; i < 60; i++) {
            tabs[i % tabs.length].click();
            await new Promise(done => setTimeout(done, 15));
        }
    }""")
    page.wait_for_timeout(3000)
    deadline = time.monotonic() + 15
    while asked:
        assert time.monotonic() < deadline, "the page asks without end"
        asked.clear()
        page.wait_for_timeout(1000)


def look_at_the_whole_split(page):
    open_tab(page, "Whole split")
    page.locator(".s-matrix:visible [data-pick]").last.click()
    page.get_by_text("reviews labelled positive that it called positive").wait_for()
    page.locator("label:visible", has_text="Coverage").click()
    page.get_by_text("answers none of the reviews").wait_for()
    page.get_by_label("number input for Answer only").fill("40")
    page.get_by_text("answers none of the reviews").wait_for(state="hidden")
    wait_for_points(page, 0)


def write_the_report(page):
    open_tab(page, "Report")
    page.locator(".token-remove:visible").first.wait_for()  # the runs to report on
    page.get_by_role("button", name="Write the report").click()
    page.frame_locator("iframe[title='The report']").get_by_text("5. Discussion").first.wait_for()
    with page.expect_download() as taken:
        page.locator("a[download='report.html']").first.click()
    assert "Lab report: sentiment analysis" in taken.value.path().read_text(encoding="utf-8")


def test_a_visit(page, server):
    from senti.runs import list_runs, stop_run

    for name in TABS:
        open_tab(page, name)
        page.locator(".s-lead:visible").first.wait_for()
    hurry_through_tabs_and_come_to_rest(page)

    open_tab(page, "Data")
    page.locator("tr[data-pick]:visible").first.click()
    page.get_by_role("button", name="Look inside").first.click()
    page.locator(".s-token:visible").first.wait_for()

    open_tab(page, "Fine-tune")
    page.get_by_label("Epochs").locator("visible=true").last.fill("50")
    page.get_by_label("Batch size").locator("visible=true").last.fill("1")
    page.get_by_role("button", name="Start fine-tuning").click()
    wait_for_points(page, 2, timeout=150_000)
    before = page.evaluate(POINTS)
    wait_for_points(page, before)

    page.reload()
    open_tab(page, "Fine-tune")
    wait_for_points(page, before)
    page.get_by_role("button", name="Stop").locator("visible=true").click()
    status = page.locator(".s-status:visible")  # the table below may still say what was true a moment ago
    status.get_by_text("stopped", exact=True).wait_for()
    page.get_by_role("button", name="Resume").locator("visible=true").click()
    status.get_by_text("running", exact=True).wait_for()
    before = page.evaluate(POINTS)
    page.goto("about:blank")  # an open page reloads by itself when the app is back, and could do so at the same time
    server.kill()  # the app goes, the run goes on
    server.start()
    page.goto(server.url)
    open_tab(page, "Fine-tune")
    wait_for_points(page, before)
    for run in list_runs(server.root):  # it has shown what it should, unless it is over already
        stop_run(server.root, run.name, polite_seconds=5)
    page.get_by_role("button", name="Edit and rerun").locator("visible=true").click()
    page.wait_for_function("[...document.querySelectorAll('input')].some(i => i.offsetParent && i.value === '50')")

    open_tab(page, "Compare")
    box = page.get_by_label("A sentence to judge")
    box.fill("a tender film about two sisters")
    box.press("Enter")
    page.locator(".s-verdict:visible").nth(1).wait_for()
    said = page.locator(".s-verdict:visible").all_inner_texts()
    assert len(said) == 2 and "positive" in next(text for text in said if "TF-IDF" in text)

    look_at_the_whole_split(page)
    write_the_report(page)
    assert not page.trouble


def test_the_ladder_is_trained_and_a_mistake_finds_its_neighbours(page):
    open_tab(page, "SVM")
    page.get_by_role("button", name="Train the SVM").click()
    page.get_by_text("points above").or_(page.get_by_text("points below")).nth(2).wait_for(timeout=150_000)  # 3 steps
    assert page.locator(".s-dot:visible").count() == 4 and is_seen(page.locator(".s-dot:visible").last)
    page.locator("tr[data-pick*=tfidf]:visible").first.click()
    page.locator(".s-panel h3:visible", has_text="TF-IDF").wait_for()  # the rung's run is shown above
    page.locator("tr[data-pick*=svm]:visible").first.click()
    page.locator(".s-panel h3:visible", has_text="SVM on").wait_for()
    open_tab(page, "Mistakes")
    mistake = page.locator("tr[data-pick='0']:visible")
    text = mistake.locator("td").first.inner_text()
    mistake.click()
    page.get_by_text("nearest training reviews are").wait_for()
    assert page.get_by_label("A text").locator("visible=true").input_value() == text
    assert page.locator("table:visible", has_text="Cosine").locator("tbody tr").count() == 5
    open_tab(page, "How much data?")
    page.get_by_role("button", name="Measure the curve").click()
    wait_for_points(page, 0)
    open_tab(page, "How sure?")
    page.get_by_text("Expected calibration error on").wait_for()
    assert is_seen(page.get_by_text("Expected calibration error on"))
    assert not page.trouble


def test_what_is_drawn_round_on_the_map_is_what_the_table_and_the_other_tabs_show(page):
    open_tab(page, "Data")
    open_tab(page, "Map")
    wait_for_points(page, 0, timeout=150_000)
    page.wait_for_timeout(500)
    box = page.locator(".s-figure:visible .nsewdrag").bounding_box()
    x, y, wide, tall = box["x"], box["y"], box["width"], box["height"]
    page.mouse.move(x + 4, y + 4)
    page.mouse.down()
    for right, down in ((1, 0), (1, 1), (0, 1), (0, 0.02)):
        page.mouse.move(x + 4 + (wide - 8) * right, y + 4 + (tall - 8) * down, steps=4)
    page.mouse.up()
    page.get_by_text("From the map: 32 reviews").wait_for()  # all of the tiny validation split
    first = page.locator("tr[data-pick='0']:visible td").nth(1).inner_text()
    open_tab(page, "Compare")
    page.locator(".s-buttons:visible button").first.click()
    page.wait_for_function(
        "text => [...document.querySelectorAll('textarea')].some(box => box.offsetParent && box.value === text)",
        arg=first,
    )
    open_tab(page, "Data")
    page.get_by_role("button", name="Show all reviews").click()
    page.get_by_text("1 to 25 of 128").wait_for()
    assert not page.trouble


def test_a_student_points_at_pieces_picks_a_head_and_takes_the_tour(page):
    open_tab(page, "Tokens")
    page.locator(".s-token:visible").first.wait_for()
    page.get_by_role("button", name="Take the tour").click()
    for step in range(1, 9):
        page.locator(".s-tour h3", has_text=f"{step}.").wait_for()
        page.get_by_role("button", name="End" if step == 8 else "Next ›").locator("visible=true").last.click()
    page.locator(".s-tour").wait_for(state="hidden")
    open_tab(page, "Attention")
    page.locator("[data-from]:visible").nth(2).hover()
    page.get_by_text("looks at “").wait_for()
    page.locator(".s-heads button:visible").nth(6).click()  # layer 2, head 3 of a model of 4 heads
    page.locator(".s-heads button.picked[data-pick='2-3']:visible").wait_for()
    from playwright.sync_api import expect

    expect(page.get_by_label("number input for Attention head")).to_have_value("3")
    open_tab(page, "Two texts")
    page.get_by_text("The second text").locator("visible=true").first.wait_for()
    wait_for_points(page, 0)
    assert not page.trouble


def tell_that_all_three_are_trained(page, names: str) -> None:
    """What the quickstart's last tick does; its three trainings would take a minute."""
    page.evaluate("""names => {
        const labels = [...document.querySelectorAll('label')];
        const box = labels.find(label => label.textContent.trim() === 'quickstart').querySelector('textarea');
        box.value = names;
        box.dispatchEvent(new Event('input', {bubbles: true}));
    }""", names)


def test_a_link_reopens_tab_texts_runs_and_sliders(page):
    from playwright.sync_api import expect

    open_tab(page, "Compare")
    box = page.get_by_label("A sentence to judge")
    box.fill("a dull & <b>hollow</b> film, 100 % \u00e9")
    box.press("Enter")
    page.locator(".s-verdict:visible").first.wait_for()
    shown = page.locator(".s-verdict:visible").count()
    page.get_by_text("Which runs").click()
    name = page.locator(".token:visible").first.inner_text().split(" · ")[-1].strip()
    page.locator(".token-remove:visible").first.click()
    expect(page.locator(".s-verdict:visible")).to_have_count(shown - 1)
    left = page.locator(".s-verdict:visible h3").all_inner_texts()
    tell_that_all_three_are_trained(page, name)
    expect(page.locator(".s-verdict:visible")).to_have_count(shown)  # and it joins the others
    page.locator(".token-remove:visible").nth(shown - 1).click()
    expect(page.locator(".s-verdict:visible")).to_have_count(shown - 1)
    open_tab(page, "Is it real?")
    open_tab(page, "Tokens")
    page.get_by_label("number input for Layer").locator("visible=true").first.fill("2")
    open_tab(page, "Compare")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Copied.").wait_for()
    assert "sentence=a+dull" in page.url and "compare=real" in page.url
    page.reload()
    pairs = page.get_by_text("Choose two runs on the same reviews").or_(page.get_by_text("In words"))
    pairs.locator("visible=true").first.wait_for()  # the tab and its panel
    open_tab(page, "One text")
    expect(page.get_by_label("A sentence to judge")).to_have_value("a dull & <b>hollow</b> film, 100 % \u00e9")
    expect(page.locator(".s-verdict:visible h3")).to_have_text(left)
    open_tab(page, "Tokens")
    expect(page.get_by_label("number input for Layer").locator("visible=true").first).to_have_value("2")
    address = page.url.split("?")[0]
    for query in ("tab=nowhere&layer=abc&runs=nobody,..&head=-7", "dataset=/etc/passwd", "tab=data&model=../../x"):
        page.goto(f"{address}?{query}")
        page.get_by_role("tab", name="Data").locator("visible=true").first.wait_for()
        page.locator(".s-tile:visible").first.wait_for()  # the reviews are shown all the same
    page.trouble.clear()
