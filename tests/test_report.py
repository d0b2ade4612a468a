"""The lab report: its numbers, what its sentences dare to say, and each form it is written in."""

import ast
import html.parser
import inspect
import json
import re
import shutil
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markdown_it import MarkdownIt
from scipy import stats

from senti.config import EnsembleConfig, FinetuneConfig, MajorityConfig, TfidfConfig
from senti.errors import BadConfig, BadData, UnknownRun
from senti.evaluation import missed_by_all, score, wrong_answers
from senti.experiment import conduct, create, prepare
from senti.report import FORMATS, checks, collect, outline, report_files, to_html, write_report
from senti.report.blocks import Figure, Outline, Section
from senti.report.latex import t
from senti.report.markdown import begun, m
from senti.report.notebook import HOW
from senti.report.sentences import Pair, difference, headline, standings, verdicts
from senti.runs import Run

EVIL = (
    '<img src=x onerror="window.__pwn=1"><script>window.__pwn=1</script> $x^2$ [a](javascript:1) | `b` **c** {{7*7}} '
    "${1} https://evil.example www.evil.example \\input{secret} % # _ ~ ^ & \"q\" 'q' -- </script><!-- \\\\( --> a@b"
)
LABELS = ('<b>"bad" & $1$</b>|_%', "good\\{}'''\"\"\"`")


def made(root, config, name: str) -> Run:
    run = create(root, prepare(config), name)
    conduct(run)
    return run


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny_folder, hub_cache):
    """Runs on the tiny reviews: the floor, two TF-IDF that differ in C, and a fine-tuned DistilBERT."""
    from huggingface_hub import constants

    root = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(constants, "HF_HUB_CACHE", str(hub_cache))
        for config, name in (
            (MajorityConfig(dataset=str(tiny_folder)), "floor"),
            (TfidfConfig(dataset=str(tiny_folder)), "words"),
            (TfidfConfig(dataset=str(tiny_folder), C=1e-6), "few"),
            (FinetuneConfig(dataset=str(tiny_folder), model="distilbert", lr=1e-2, epochs=2, subset=None), "full"),
        ):
            made(root, config, name)
        yield root


def test_an_ensemble_is_not_called_cheap_nor_best_by_the_reviews_that_taught_it(root, tmp_path, with_hub_cache):
    here = tmp_path / "runs"
    shutil.copytree(root, here)
    shutil.rmtree(here / "words")  # which makes no mistake here
    both = create(here, prepare(EnsembleConfig(members="few,full", how="stacking"), here), "both")
    conduct(both)
    result = json.loads((both.path / "result.json").read_text())
    result["scores"]["validation"]["accuracy"] = 1.0
    both.write_json("result.json", result)
    facts = collect(here)
    (group,) = facts.groups
    assert group.table.loc[group.table["validation"].idxmax(), "run"] == "both" != group.best.name
    told = outline(facts)
    text = " ".join(block.text for section in told.sections for block in section.blocks if hasattr(block, "text"))
    assert "Combines few and full." in text and "Fitted on the validation reviews" in text
    assert not re.search(r"[Ee]nsemble[^.]* trained the fewest|Training took[^.]*nsemble", text)
    assert collect(here, ["both"]).groups[0].best.name == "both"


@pytest.fixture(scope="module")
def facts(root):
    return collect(root, command="python -m senti report", place="..")


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """The report of two runs on reviews that try to break out of their text."""
    folder = tmp_path_factory.mktemp("evil")
    rows = [(f"{word} {EVIL}", LABELS[i % 2]) for i, word in enumerate("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN" * 3)]
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(folder / "<b>$x$.csv", index=False)
    for cls in (MajorityConfig, TfidfConfig):
        made(folder / "runs", cls(dataset=str(folder / "<b>$x$.csv"), subset=30), cls.__name__)
    return collect(folder / "runs")


def doctored(run: Run, name: str, right: np.ndarray, labels=("negative", "positive")) -> Run:
    """A copy of a run in which just these validation and test reviews are right, surer the later they come."""
    copy = Run(run.path.with_name(name))
    shutil.copytree(run.path, copy.path)
    table = pd.read_parquet(run.path / "predictions.parquet")
    result = run.result
    for split in ("validation", "test"):
        rows = table["split"] == split
        said = np.where(right, table.loc[rows, "label"], 1 - table.loc[rows, "label"])
        sure = np.linspace(0.6, 0.9, len(said))
        table.loc[rows, "p1"] = np.where(said == 1, sure, 1 - sure).astype("float32")
        table.loc[rows, "p0"] = 1 - table.loc[rows, "p1"]
        result["scores"][split] = score(table.loc[rows, "label"], table.loc[rows, ["p0", "p1"]].to_numpy(), labels)
    table.to_parquet(copy.path / "predictions.parquet")
    copy.write_json("result.json", result)
    return copy


def test_facts_are_those_of_the_runs(root, facts):
    (group,) = facts.groups
    assert set(group.titles) == {"floor", "few", "words", "full"} == {run.name for run in group.runs}
    for row in group.table.to_dict("records"):
        scores = Run(root / row["run"]).result["scores"]
        assert row["test"] == scores["test"]["accuracy"] and row["validation"] == scores["validation"]["accuracy"]
    assert group.best.name in ("words", "full") and len(group.pairs) == 6
    assert group.reviews.balance["count"].tolist() == [32, 32, 16, 16, 16, 16]
    assert facts.backbones["DistilBERT"]["layers"] == 2 and facts.tokens["DistilBERT"][1] <= 128


def test_the_methodology_speaks_of_the_code():
    from senti.evaluation.significance import DRAWS, LEVEL
    from senti.experiment import TIMED_SENTENCES
    from senti.methods.tuning import FOLDS
    from senti.report.method import MEASURES, TRAINING
    from senti.training.optimizer import MasterAdamW
    from senti.training.trainer import MAX_NORM

    (low, high), eps = (inspect.signature(MasterAdamW).parameters[name].default for name in ("betas", "eps"))
    assert f"clipped to norm {MAX_NORM:g}" in TRAINING and f"beta {low} and {high}, epsilon {eps:.0e}" in (
        TRAINING.replace("1e-8", "1e-08")
    )
    told = " ".join(MEASURES)
    assert f"{DRAWS:,} draws" in told and f"below {LEVEL}" in told and f"over {TIMED_SENTENCES} texts" in told
    assert FOLDS > 1  # margins out of fold


def test_runs_of_one_name_are_told_apart(root):
    titles = collect(root, ["words", "few"]).groups[0].titles
    assert titles == {"words": "TF-IDF + SVM (C 1)", "few": "TF-IDF + SVM (C 1e-06)"}
    doctored(Run(root / "words"), "again", np.ones(32, dtype=bool))
    try:
        assert collect(root, ["words", "again"]).groups[0].titles["again"] == "TF-IDF + SVM (again)"
    finally:
        shutil.rmtree(root / "again")


def test_mistakes_come_surest_first(root):
    right = np.arange(32) % 4 > 0
    run = doctored(Run(root / "words"), "wrong", right)
    other = doctored(Run(root / "words"), "other", np.arange(32) != 8)
    try:
        found = wrong_answers(run)
        assert found["row"].tolist() == [28, 24, 20, 16, 12, 8, 4, 0] and (found["said"] != found["label"]).all()
        assert found["confidence"].is_monotonic_decreasing
        assert missed_by_all([run, other]).tolist() == [8]
    finally:
        shutil.rmtree(run.path)
        shutil.rmtree(other.path)


@pytest.mark.parametrize(("p", "low"), list(product([0.0001, 0.049, 0.05, 0.3, 1.0], [-0.01, 0.0, 0.001])))
def test_better_is_said_only_where_test_and_interval_carry_it(p, low):
    pair = Pair("A", "B", 0.02, low, 0.04, p, 500)
    said = " ".join([difference(pair), *standings("A", [pair])])
    assert ("better" in said) == (p < 0.05 and low > 0)
    assert ("not told apart" in said) == (not pair.apart)
    assert ("differ beyond chance" in verdicts([pair])) == pair.apart


@pytest.mark.parametrize(("only_first", "only_second"), [(0, 0), (4, 1), (7, 0), (16, 0), (9, 3)])
def test_the_headline_says_what_an_independent_test_says(root, only_first, only_second):
    both = np.zeros(32, dtype=bool)
    first, second = both.copy(), both.copy()
    first[:only_first] = True
    second[only_first : only_first + only_second] = True
    a, b = doctored(Run(root / "few"), "a-run", first), doctored(Run(root / "few"), "b-run", second)
    try:
        said = " ".join(headline(collect(root, ["a-run", "b-run"]).groups[0]))
    finally:
        shutil.rmtree(a.path)
        shutil.rmtree(b.path)
    n = only_first + only_second
    real = n > 0 and stats.binomtest(only_first, n).pvalue < 0.05
    assert ("It is better than" in said) == real and ("not told apart" in said) == (not real)


def test_runs_on_different_reviews_are_never_compared(root, tmp_path, tiny_folder):
    folder = tmp_path / "runs"
    shutil.copytree(root / "words", folder / "words")
    made(folder, TfidfConfig(dataset=str(tiny_folder), subset=20), "smaller")
    facts = collect(folder)
    assert [list(group.titles) for group in facts.groups] in ([["words"], ["smaller"]], [["smaller"], ["words"]])
    assert all(group.pairs.empty for group in facts.groups)
    text = report_files(facts, ["markdown"])["report.md"]
    assert "2 runs on tiny (128 reviews) and tiny (60 reviews)" in text or "tiny (60 reviews) and tiny (128" in text
    assert "nothing to compare it with" in text and "It is better than" not in text
    assert "Runs on different reviews were not compared" in text


def test_without_the_reviews_the_report_says_so(tmp_path):
    rows = [(f"a {word} film number {i}", word) for i in range(20) for word in ("good", "bad")]
    path = tmp_path / "gone.csv"
    pd.DataFrame(rows, columns=["text", "label"]).to_csv(path, index=False)
    made(tmp_path / "runs", TfidfConfig(dataset=str(path)), "one")
    path.unlink()
    text = report_files(collect(tmp_path / "runs"), ["markdown"])["report.md"]
    assert "Statistics and samples are missing" in text and "are not on this machine" in text


def test_a_run_without_a_result_is_refused(root, tmp_path):
    shutil.copytree(root / "words", tmp_path / "half")
    (tmp_path / "half" / "predictions.parquet").unlink()
    with pytest.raises(UnknownRun, match=r"lost its predictions\.parquet"):
        collect(tmp_path)
    (tmp_path / "half" / "result.json").unlink()
    with pytest.raises(UnknownRun, match="half is interrupted"):
        collect(tmp_path, ["half"])


def test_every_form_holds_every_number(facts, tmp_path):
    files = write_report(facts, tmp_path / "lab-report")
    assert {path.name for path in files} >= {"report.html", "report.md", "tables.tex", "report.ipynb", "words.md"}
    group = facts.groups[0]
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix in (".html", ".md", ".tex", ".ipynb")
             and path.parent.name != "cards"]  # fmt: skip
    for text in texts:
        plain = text.replace("\\", "").replace("\u00a0", " ").replace("~%", " %").replace("ensuremath{pm}", "±")
        for row in group.table.itertuples():
            assert f"{100 * row.test:.1f} ±" in plain and f"{row.trained:,}" in plain
        assert group.data["checksum"] in plain and "2.13.0" in plain
    for text in texts[:2]:
        plain = text.replace("\\", "")
        assert all(run.facts["command"] in plain for run in group.runs)
        for title in ("Introduction", "Dataset analysis", "Methodology", "Results", "Discussion", "Conclusion"):
            assert re.search(rf"\d\. {title}", plain)
        for knob in ("Learning rate", "Weight decay", "Warm-up", "Batch size", "Precision"):
            assert knob in plain
        assert text.count("Your words") == 7
    with pytest.raises(BadConfig, match="format is 'pdf'"):
        write_report(facts, tmp_path, ["pdf"])
    with pytest.raises(BadConfig, match="cannot be written"):
        write_report(facts, files[0] / "below", ["latex"])


def cells(facts) -> tuple[list[str], list[str]]:
    """The notebook's code and its text."""
    notebook = json.loads(report_files(facts, ["notebook"])["report.ipynb"])
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    return tuple(["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]
                 for kind in ("code", "markdown"))  # fmt: skip


def run_all(code: list[str], folder, monkeypatch) -> dict:
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)
    names: dict = {}
    for source in code:
        exec(compile(source, "cell", "exec"), names)
    return names


def test_the_notebook_computes_the_numbers_again(facts, root, monkeypatch):
    code, text = cells(facts)
    names = run_all(code, root / "lab-report", monkeypatch)
    (root / "lab-report").rmdir()
    accuracy = {run: numbers[1] for run, numbers in names["said"].items()}
    assert accuracy == {name: Run(root / name).result["scores"]["test"]["accuracy"] for name in accuracy}
    for run, share in accuracy.items():
        assert f"{100 * share:.1f} ±" in "".join(text).replace("\\", ""), run
    assert len(names["found"]) == 6 and len(names["balance"]) == 6 and len(names["wrong"]) <= 32


@pytest.mark.parametrize("name", ["predictions.parquet", "result.json"])
def test_the_notebook_stops_where_a_run_has_changed(facts, root, monkeypatch, name):
    kept = (root / "few" / name).read_bytes()
    other = doctored(Run(root / "few"), "twin", np.arange(32) % 3 > 0)
    shutil.copy(other.path / name, root / "few" / name)
    try:
        with pytest.raises(AssertionError):
            run_all([checks.setup(facts), checks.results(facts.groups[0])], root / "lab-report", monkeypatch)
    finally:
        shutil.rmtree(other.path)
        (root / "few" / name).write_bytes(kept)


def test_every_check_fails_where_the_report_says_another_number(facts, root, monkeypatch):
    group = facts.groups[0]
    floor = replace(group, best=group.run("floor"), mistakes=wrong_answers(group.run("floor")))  # which has some
    rows = group.reviews.balance.assign(count=group.reviews.balance["count"] + 1)
    wrong = [
        checks.data(replace(group, data=group.data | {"checksum": "0" * 16})),
        checks.data(replace(group, reviews=replace(group.reviews, balance=rows))),
        checks.results(replace(group, table=group.table.assign(test_low=group.table["test_low"] - 1e-9))),
        checks.differences(replace(group, pairs=group.pairs.assign(corrected=0.04))),
        checks.failures(replace(group, missed=group.missed + 1)),
        checks.failures(replace(floor, mistakes=floor.mistakes.iloc[1:])),
        checks.failures(replace(floor, mistakes=floor.mistakes.assign(row=floor.mistakes["row"] + 1))),
    ]
    names = run_all([checks.setup(facts)], root / "lab-report", monkeypatch)
    exec(checks.failures(floor), dict(names))
    for code in wrong:
        with pytest.raises((AssertionError, BadData)):  # other reviews are refused by the core
            exec(code, dict(names))


class Tags(html.parser.HTMLParser):
    """Every tag with its attributes, and the text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.text, self.data, self.inside = [], [], [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside = tag

    def handle_data(self, data):
        (self.data if self.inside in ("script", "style") else self.text).append(data)

    def handle_endtag(self, tag):
        self.inside = ""


@pytest.mark.parametrize("interactive", [True, False])
def test_hostile_text_stays_text_in_html(hostile, interactive):
    page = Tags(to_html(outline(hostile), interactive=interactive))
    names = [tag for tag, _ in page.tags]
    assert not {"img", "b-", "iframe", "object", "link", "base"} & set(names)
    assert not [attrs for _, attrs in page.tags if any(name.startswith("on") for name in attrs)]
    figures = sum(attrs.get("type") == "application/json" for _, attrs in page.tags)
    assert names.count("script") == (figures + 2 if interactive else 0) and figures == (3 if interactive else 0)
    text = " ".join("".join(page.text).split()).replace("\u00a0", " ")
    assert EVIL in text and LABELS[0] in text and LABELS[1] in text
    policy = next(attrs["content"] for _, attrs in page.tags if attrs.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    for data in page.data:
        if data.startswith("{") and '"layout"' in data:
            json.loads(data)


def test_no_figure_ends_the_script_it_stands_in():
    import plotly.graph_objects as go

    figure = go.Figure(go.Scatter(x=[1], y=[1], name="</script><img src=x onerror=alert(1)>"))
    report = Outline("t", "r", (), (Section("s", (Figure("c", figure, "f", ""),)),))
    page = Tags(to_html(report))
    assert "img" not in [tag for tag, _ in page.tags]
    assert any("</script><img" in str(json.loads(data)) for data in page.data if data.startswith("{"))


@pytest.mark.browser
def test_the_page_opens_with_no_network_and_its_figures_answer(hostile, tmp_path):
    from test_browser import CHROMIUM

    if not Path(CHROMIUM).exists():
        pytest.skip("no chromium here; on Debian: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    write_report(hostile, tmp_path, ["html"])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        asked, trouble = [], []
        page.on("request", lambda r: asked.append(r.url))
        page.on("pageerror", lambda e: trouble.append(str(e)))
        page.on("console", lambda message: trouble.append(message.text))
        page.goto((tmp_path / "report.html").as_uri())
        page.wait_for_function("document.querySelectorAll('.figure .main-svg').length >= 3")
        page.locator(".figure .nsewdrag").first.hover()
        page.locator(".hoverlayer text").first.wait_for()
        page.locator(".words [contenteditable]").first.fill("A Student")
        assert "A Student" in page.content() and page.evaluate("window.__pwn") is None
        page.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")  # its own policy forbids it
        assert asked == [(tmp_path / "report.html").as_uri()]
        assert [text for text in trouble if "Content Security Policy" not in text] == []
        assert page.evaluate("document.documentElement.scrollWidth") == 1100
        browser.close()


def check_markdown(text: str) -> str:
    """The text that is read; nothing in it has become markup that the report did not write."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inner = [child for token in tokens for child in token.children or []]
    assert {token.content for token in inner if token.type == "html_inline"} <= {"<span>", "</span>"}
    assert not [token for token in tokens if token.type == "html_block"]
    links = [token.attrs["href"] for token in inner if token.type == "link_open"]
    assert all(link.startswith("https://") and "evil" not in link for link in links)
    assert not [token for token in inner if token.type in ("em_open", "code_inline") and token.content not in HOW]
    assert all(token.attrs["src"].startswith("figures/") for token in inner if token.type == "image")
    return " ".join("".join(token.content for token in inner if token.type in ("text", "text_special")).split())


def test_hostile_text_stays_text_in_markdown(hostile):
    text = report_files(hostile, ["markdown"])["report.md"]
    said = check_markdown(text)
    assert EVIL in said and LABELS[0] in said and LABELS[1] in said
    text = re.sub(r"```.*?```", "", text, flags=re.S)  # a fence shows all letter by letter
    assert "http://" not in text and "$" not in text
    assert not re.search(r"(?<!\]\()https://|www\.", text.split("## 8. Sources")[0])  # nothing links by itself


@pytest.mark.parametrize("text", ["- a", "+ a", "# a", "1. a", "12) a", "= a", "-", "2024 was dull", "1.5 stars", EVIL])
def test_a_paragraph_stays_a_paragraph(text):
    tokens = MarkdownIt("commonmark").parse(f"{begun(text)}\n")
    assert [token.type for token in tokens] == ["paragraph_open", "inline", "paragraph_close"]
    said = "".join(child.content for child in tokens[1].children if child.type.startswith("text"))
    assert said == " ".join(text.split())
    assert "\n" not in m(f"{text}\n{text}")


def test_hostile_text_stays_text_in_latex(hostile):
    text = report_files(hostile, ["latex"])["tables.tex"]
    assert text.count("\\toprule") == text.count("\\bottomrule") == text.count("\\caption{") >= 8
    commands = set(re.findall(r"\\([A-Za-z]+)", "\n".join(line for line in text.splitlines() if line[:1] != "%")))
    assert commands <= {
        "begin", "end", "centering", "caption", "label", "toprule", "midrule", "bottomrule", "resizebox", "linewidth",
        "textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater", "textbar", "textquotedbl",
        "textasciigrave", "textquotesingle", "ensuremath", "pm", "le", "ge", "dots",
    }  # fmt: skip
    for row in re.findall(r"^(.*) \\\\$", text, re.M):
        bare = re.sub(r"\\(?:[A-Za-z]+\{?\}?|[{}$&#_%])", "", row)
        assert not set("$#_^\\%") & set(bare), row
    assert t("a--b 5 % x_1 [") == r"a-{}-b 5~\% x\_1 ["


def test_hostile_text_stays_text_in_the_notebook(hostile, tmp_path, monkeypatch):
    code, text = cells(hostile)
    assert EVIL in check_markdown("\n\n".join(text))
    for source in code:
        names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
        assert "__pwn" not in names and "secret" not in names
    monkeypatch.chdir(tmp_path)
    run_all(code, tmp_path, monkeypatch)


def test_figures_without_scripts_show_the_same_numbers(facts):
    pictures = {name: text for name, text in report_files(facts, ["markdown"]).items() if name.endswith(".svg")}
    assert set(pictures) == {f"figures/{name}.svg" for name in ("lengths", "accuracy", "loss-full", "weights",
                                                                "confusion")}  # fmt: skip
    from xml.etree import ElementTree

    for text in pictures.values():
        ElementTree.fromstring(text)
    group = facts.groups[0]
    drawn = pictures["figures/accuracy.svg"]
    dots = np.array(re.findall(r'<circle cx="([\d.]+)"', drawn), dtype=float)
    ticks = np.array(re.findall(r'<text x="([\d.]+)"[^>]*text-anchor="middle">(\d+)%', drawn), dtype=float)
    slope, start = np.polyfit(ticks[:, 0], ticks[:, 1], 1)  # read off the picture's own axis
    np.testing.assert_allclose(slope * dots + start, 100 * group.table["test"].to_numpy(), atol=0.1)
    ends = np.array(re.findall(r'd="M([\d.]+) [\d.]+H([\d.]+)" stroke="#(?!dfe3ec)', drawn), dtype=float)
    bounds = 100 * group.table[["test_low", "test_high"]].to_numpy()
    np.testing.assert_allclose(slope * ends + start, bounds, atol=0.1)
    matrix = group.best.result["scores"]["test"]["confusion"]
    assert re.findall(r'font-size="16"[^>]*>([\d,]+)<', pictures["figures/confusion.svg"]) == [
        f"{n:,}" for row in matrix for n in row
    ]
    assert len(FORMATS) == 5
