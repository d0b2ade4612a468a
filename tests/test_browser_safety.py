"""Hostile text in a real browser: on every tab, in every hover, it stays text, and no page asks anyone else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_browser import Server, browser, open_tab, page

from senti.config import MajorityConfig, TfidfConfig
from senti.experiment import conduct, create, prepare

pytestmark = pytest.mark.browser
assert browser and page  # fixtures

RUN = "window.__pwn=1"
PAYLOADS = [
    f"<img src=x onerror={RUN}>", f"<script>{RUN}</script>", f"<svg onload={RUN}>",
    f'"><iframe srcdoc="<script>parent.{RUN}</script>">', f"'onmouseover='{RUN}", "</textarea></style></pre><b>",
    f"[x](javascript:{RUN}) **b**", f"$\\href{{javascript:{RUN}}}{{x}}$ $$x$$", "{{7*7}} ${7*7} <%= 7*7 %>",
    f"<a href=javascript:{RUN}>x</a>", f"&lt;img src=x onerror={RUN}&gt;", f"`${{{RUN}}}`",
]  # fmt: skip
ODD = ["\u05e1\u05e8\u05d8 \u05d8\u05d5\u05d1 \u202e3 > 2", "go" + "\u0301\u0335\u0353" * 300 + "od"]
LABELS = [f"<img src=x onerror={RUN}>bad", f'"><svg onload={RUN}>good']
COLUMN = f"<img src=x onerror={RUN}>"
INJECTED = """() => [...document.querySelectorAll('iframe, img[src=x], [onerror], [onload], [onmouseover],'
    + '[href^="javascript:"], script:not([src]), mjx-container')]
    .map(it => it.outerHTML).filter(html => /__pwn|javascript:|mjx/.test(html))"""
DRAWN = "() => [...document.querySelectorAll('.s-figure')].some(box => box.offsetParent && box.calcdata)"
POINT = "box => { const i = box.calcdata.findIndex(trace => trace.length > 1);" \
        "if (i >= 0) Plotly.Fx.hover(box, [{curveNumber: i, pointNumber: 1}]); }"  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A csv whose texts, labels, one column and own name are payloads; the first two rows are only odd."""
    texts = [*ODD, *(f"{payload} film {i}" for i in range(4) for payload in PAYLOADS)]
    rows = [f"{quoted(text)},{quoted(LABELS[i % 2])},train" for i, text in enumerate(texts)]
    rows += [row.replace(",train", f",{split}").replace(" film", f" {split}")
             for split in ("validation", "test") for row in rows[2:14]]  # fmt: skip
    path = tmp_path / f"<img src=x onerror={RUN}>.csv"
    path.write_text("\n".join([f"{quoted(COLUMN)},mood,split", *rows]) + "\n")
    return path


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@pytest.fixture
def server(root, hostile, with_hub_cache, monkeypatch) -> Iterator[Server]:
    """An app over two runs on the hostile reviews; it starts no others."""
    for config in (MajorityConfig, TfidfConfig):
        conduct(create(root, prepare(config(dataset=str(hostile), text_column=COLUMN, label_column="mood"))))
    monkeypatch.setenv("SENTI_STANDBY", "0")
    server = Server(root)
    server.start()
    yield server
    server.kill()


def test_hostile_text_stays_text_on_every_tab(page, hostile):
    page.on("dialog", lambda dialog: page.trouble.append(f"dialog: {dialog.message}"))
    page.on("console", lambda said: page.trouble.append(said.text) if "Security Policy" in said.text else None)
    choose(page, hostile)
    rows_keep_their_place(page)
    for payload in PAYLOADS:
        page.locator("td.w:visible", has_text=payload).first.wait_for()
    assert "svg onload" in hovers(page)  # a label
    visit_data(page)
    visit_tokens(page)
    for tab in ("SVM baseline", "Fine-tune", "LoRA"):
        open_tab(page, tab)
        page.locator(".s-pre:visible", has_text=f"--text-column '{COLUMN}'").wait_for()
        check(page)
    visit_compare(page, hostile)
    page.goto(f"{page.url.partition('?')[0]}?tab=compare&sentence=<img src=x onerror={RUN}>&runs=<svg onload={RUN}>")
    page.locator(".s-verdict:visible").first.wait_for()
    check(page)


def choose(page, file: Path) -> None:
    """Upload the file; first with a column that it lacks, which the page says."""
    page.locator(".s-chip").first.click()
    page.locator("input[type=file]").first.set_input_files(file)
    page.get_by_label("Label column").first.fill("mood")
    page.get_by_label("Text column").first.fill(f"{COLUMN}gone")
    page.get_by_role("button", name="Use these").click()
    page.locator("[data-testid=toast-body]").get_by_text(f"there is no column '{COLUMN}gone'").wait_for()
    check(page)
    page.get_by_label("Text column").first.fill(COLUMN)
    page.get_by_role("button", name="Use these").click()
    page.get_by_text("74 reviews, each with its label").wait_for()


def rows_keep_their_place(page) -> None:
    """Text from right to left reverses nothing but itself; heaps of accents do not grow out of their row."""
    page.locator("td.w:visible", has_text="\\u202e3 > 2").wait_for()
    cells = page.locator("tr[data-pick]:visible").evaluate_all(
        "rows => rows.slice(0, 3).map(row => [...row.cells].map(cell => [cell.innerText, cell.offsetLeft,"
        "  cell.offsetHeight, getComputedStyle(cell).overflowY]))"
    )
    assert [row[0][0] for row in cells] == ["1", "2", "3"]
    assert [[cell[1:] for cell in row] for row in cells] == [[cell[1:] for cell in cells[2]]] * 3
    assert all(cell[3] == "clip" for row in cells for cell in row)


def visit_data(page) -> None:
    open_tab(page, "Map")
    page.get_by_text("A map of the reviews").locator("visible=true").wait_for()
    assert "__pwn=1" in hovers(page)
    open_tab(page, "Slices")
    page.locator("tr[data-pick]:visible", has_text="label: ").first.wait_for()
    check(page)
    open_tab(page, "Problems")
    page.get_by_role("button", name="Check the reviews").click()
    page.locator("tr[data-pick=twin]:visible").click()
    page.locator("td.f:visible").first.wait_for()
    check(page)
    page.locator("tr[data-pick='0']:visible").first.click()
    page.locator(".s-picked b").wait_for()
    check(page)


def visit_tokens(page) -> None:
    page.get_by_role("button", name="Look inside").first.click()
    page.locator(".s-token:visible").first.wait_for()
    box = page.get_by_label("A sentence to take apart")
    box.fill(PAYLOADS[0] + " {{7*7}}")
    box.press("Enter")
    page.locator(".s-token b:visible", has_text="7").first.wait_for()
    page.locator(".s-figure:visible .nsewdrag").first.hover()
    assert "alike" in hovers(page)
    open_tab(page, "Attention")
    page.locator("[data-from]:visible").nth(1).hover()
    page.get_by_text("looks at “").wait_for()
    open_tab(page, "Two texts")
    page.get_by_label("The second text").fill(PAYLOADS[2])
    page.get_by_label("The second text").press("Enter")
    page.locator(".s-token b:visible", has_text=">").nth(1).wait_for()
    assert "cosine" in hovers(page)
    open_tab(page, "Layer by layer")
    check(page)


def visit_compare(page, file: Path) -> None:
    open_tab(page, "Compare")
    box = page.get_by_label("A sentence to judge")
    box.fill(" ".join(PAYLOADS))
    box.press("Enter")
    page.locator(".s-verdict:visible", has_text=LABELS[0]).nth(1).wait_for()
    page.get_by_role("button", name="Pin this sentence").click()
    page.get_by_text(f"Pinned: «{PAYLOADS[0]}").wait_for()
    page.get_by_role("button", name="Unpin").wait_for()  # it moves what is below, which a click could miss
    page.get_by_text("Why? The words").locator("visible=true").first.click()
    page.locator(".s-marked:visible", has_text="</textarea").first.wait_for()
    check(page)
    panels = page.locator("button[role=tab]:visible").all_inner_texts()
    for panel in panels[panels.index("One text") + 1 :]:
        open_tab(page, panel)
        if panel == "A file":
            page.locator("input[type=file]").last.set_input_files(file)
            page.get_by_label("Text column").locator("visible=true").last.fill(COLUMN)
            page.get_by_role("button", name="Label the rows").click()
            page.locator("td:visible", has_text=f"{PAYLOADS[0]} film 0").first.wait_for()
        page.wait_for_timeout(200)
        check(page)


def hovers(page) -> str:
    """What the hovers of all visible figures say."""
    page.wait_for_function(DRAWN)
    said = ""
    for box in page.locator(".s-figure:visible").all():
        if box.evaluate("box => !!box.calcdata"):
            box.evaluate(POINT)
        said += " ".join(box.locator(".hoverlayer").all_text_contents())
    check(page)
    return said


def check(page) -> None:
    """Nothing ran, nothing was put in, nobody else was asked."""
    assert page.evaluate("window.__pwn") is None
    assert not page.evaluate(INJECTED)
    assert not page.trouble
