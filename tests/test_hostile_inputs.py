"""65 kinds of hostile input, each through the core, the command line and a really launched app, where it makes sense:
a refusal in one sentence, or the right result; never a traceback, and nothing is lost."""

import gzip
import io
import json
import re
import shutil
import time
import unicodedata
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from serving import serve

from senti import cli
from senti.config import MajorityConfig, SvmConfig, TfidfConfig, to_dict
from senti.corpus import load_corpus
from senti.encoder import load_tokenizer, resolve_model, token_table
from senti.errors import BadConfig, SentiError, UnknownRun
from senti.evaluation import compare, unknown_notices
from senti.experiment import conduct, create, prepare
from senti.runs import create_run, list_runs, open_run
from senti.ui import link
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.forms import read_form
from senti.ui.html import h

TESTS = Path(__file__).parent
ELSEWHERE = {  # lines that other files test, for the core alone or altogether
    "5": "test_corpus_files.py::test_utf16_without_a_mark_is_said",
    "12": "test_corpus_files.py::test_nul_characters_are_removed_and_counted",
    "26": "test_corpus_rows.py::test_labels_are_numbered_in_order",
    "40": "test_corpus_files.py::test_lone_surrogates_become_replacement_characters",
    "42": "test_browser_safety.py::rows_keep_their_place",
    "43": "test_browser_safety.py::rows_keep_their_place",
    "45": "test_encoder_inside.py::test_typed_specials_stay_text",
    "46": "test_browser_safety.py::test_hostile_text_stays_text_on_every_tab",
    "47": "test_browser_safety.py::test_hostile_text_stays_text_on_every_tab",
    "48": "test_browser_safety.py::test_hostile_text_stays_text_on_every_tab",
    "53": "test_runs.py::test_odd_names_are_refused",
    "54": "test_runs.py::test_a_link_out_of_the_folder_is_no_run",
    "55": "test_runs.py::test_runs_made_in_one_second_are_all_kept",
    "56": "test_encoder_backbone.py::test_names_that_lead_nowhere_are_refused_at_once",
    "57": "test_encoder_hub.py::test_what_is_hostile_is_refused_before_its_weights_are_asked_for",
    "58": "test_encoder_load.py::test_hostile_configurations_are_refused_before_weights",
    "59": "test_ui_compare.py::test_names_from_files_stay_text",
    "60": "test_config.py::test_a_bad_knob_is_refused_by_name_and_value",
    "61": "test_methods.py::test_a_diverging_run_fails_with_a_sentence",
    "62": "test_encoder_load.py::test_damaged_weights_of_a_folder_are_refused",
    "63": "test_encoder_load.py::test_an_index_leads_to_safetensors_beside_it_only",
}
CONNECTIONS = """
import socket, sys
def told(real):
    def connect(*args, **kwargs):
        address = next(a for a in args if isinstance(a, (tuple, str, bytes)))
        host = address[0] if isinstance(address, tuple) else address
        if host not in ("127.0.0.1", "::1", "localhost", "0.0.0.0"):
            with open(sys.argv[1] + "-asked", "a") as file:
                print(host, file=file)
            raise OSError(101, "Network is unreachable")
        return real(*args, **kwargs)
    return connect
for place, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
    setattr(place, name, told(getattr(place, name)))
"""


# --- the three doors


@pytest.fixture(scope="module")
def root(tmp_path_factory, hub_cache) -> Path:
    """Two finished runs on the tiny reviews: majority and TF-IDF."""
    root = tmp_path_factory.mktemp("hostile") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(hub_cache))
        for config in (MajorityConfig, TfidfConfig):
            conduct(create(root, prepare(config(dataset="rotten_tomatoes")), config.__name__.removesuffix("Config")))
    return root


@pytest.fixture(scope="module")
def app(root, hub_cache):
    """The app, with a network that is not there, and that tells of every attempt to reach it."""
    with serve(root, hub_cache, CONNECTIONS, HF_HUB_OFFLINE="0", GRADIO_ANALYTICS_ENABLED="True") as served:
        asked = Path(f"{root}-asked")
        yield SimpleNamespace(url=served.url, asked=lambda: asked.read_text().split() if asked.exists() else [])


@pytest.fixture(autouse=True)
def _with_cache(with_hub_cache):
    """Every test sees the tiny DistilBERT and the tiny reviews."""


def ask(app, endpoint: str, *args: object) -> tuple[object, str]:
    """What an endpoint of the app answers, and the sentence where it refuses."""
    asked = {"data": args, "session_hash": "one"}  # a session more for each question would cost more than its answer
    status, body = send(app, f"gradio_api/call/{endpoint}", json.dumps(asked).encode())
    assert status == 200, body
    address = f"{app.url}gradio_api/call/{endpoint}/{json.loads(body)['event_id']}"
    with urllib.request.urlopen(address) as answer:
        event, data = answer.read().decode().split("\n")[-4:-2]
    told = json.loads(data.removeprefix("data: "))
    return (told[0], "") if event == "event: complete" else (None, str(told["error"]))


def send(app, path: str, body: bytes, kind: str = "application/json", **headers: str) -> tuple[int, str]:
    """Status and body of a POST."""
    request = urllib.request.Request(app.url + path, body, {"Content-Type": kind, **headers})
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode()


def upload(app, *files: tuple[str, bytes]) -> tuple[int, str]:
    """Status and body of an upload of (name, content) pairs."""
    parts = [b"--xYzZy\r\nContent-Disposition: form-data; name=\"files\"; filename=\"%s\"\r\n\r\n%s\r\n"
             % (name.encode(), content) for name, content in files]  # fmt: skip
    return send(app, "gradio_api/upload", b"".join(parts) + b"--xYzZy--\r\n", "multipart/form-data; boundary=xYzZy")


def one_sentence(said: str) -> None:
    """Nothing that only a programmer could read, and an end."""
    assert said.endswith(".") and "\n" not in said and "Traceback" not in said and len(said) < 500, said
    assert not re.search(r"\b(object|argument|operand|codec|Errno|NoneType)\b", said), said


def in_html(said: str) -> str:
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


# --- 1 to 35: files


def table(texts: list[str] | None = None, labels: list[str] | None = None, n: int = 24, between: str = ",") -> str:
    """A csv of so many reviews; those given come first."""
    texts = [*(texts or []), *(f"film {i} was fine" for i in range(n))][:n]
    labels = [*(labels or []), *("10" * n)][:n]
    quoted = ('"' + text.replace('"', '""') + '"' for text in texts)
    lines = (f"{text}{between}{label}\n" for text, label in zip(quoted, labels, strict=True))
    return f"text{between}label\n" + "".join(lines)


def zipped(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


def unpacking_parquet() -> bytes:
    """5,000,001 rows in a few kilobytes."""
    row = pa.DictionaryArray.from_arrays(pa.array(np.zeros(5_000_001, dtype=np.int8)), ["a film"])
    file = io.BytesIO()
    pq.write_table(pa.table({"text": row, "label": row}), file)
    return file.getvalue()


EVIL = "<img src=x onerror=alert(1)>"
REFUSED = [  # line, what, name, content, words of the sentence
    ("1", "empty", "a.csv", b"", "a.csv is empty"),
    ("2", "header only", "a.csv", b"text,label\n", "a.csv has no rows"),
    ("3", "one row", "a.csv", table(n=1), "there are 1 row with text and label; at least 8 are needed"),
    ("11", "open quote", "a.csv", 'text,label\nok,1\n"open,0\n', "a.csv, line 3: a quote is never closed"),
    ("16", "no label", "a.csv", "text,mood\na,1\n", "no column is named like a label; the columns are 'text', 'mood'"),
    ("17", "twin header", "a.csv", "text,text\na,b\n", "line 1: the column 'text' appears twice"),
    ("18", "evil header", "a.csv", f"text,{EVIL}\na,1\n", f"the columns are 'text', '{EVIL}'"),
    ("22", "one class", "a.csv", table(labels=["1"] * 24), "every row has the label '1'"),
    ("23", "one of a class", "a.csv", table(labels=["rare"]), "the class 'rare' has 1 training row (line 2)"),
    ("24", "ids as labels", "a.csv", table(labels=[str(i) for i in range(5000)], n=5000), "looks like text or ids"),
    ("27", "one text", "a.csv", table(["same"] * 24), "all training texts are the same"),
    ("29", "gzip", "a.csv", gzip.compress(bytes(50_000_000), mtime=0), "a gzip archive, not a text file"),
    ("29", "a parquet that unpacks", "a.parquet", unpacking_parquet, "unpacks to 5,000,001 rows"),
    ("30", "png", "a.csv", b"\x89PNG\r\n\x1a\n" + bytes(99), "a PNG image, not a text file"),
    ("30", "xlsx", "a.csv", zipped("xl/workbook.xml", b"<x/>"), "a zip archive or an Excel workbook"),
    ("30", "exe", "a.csv", b"MZ\x90" + bytes(99), "a program, not a text file"),
    ("30", "a suffix of its own", "a.exe", b"MZ\x90", "save it as one of .csv"),
]  # fmt: skip
READ = [  # line, what, content, texts among those read, words of the notice
    ("4", "mark", table(["café"]).encode("utf-8-sig"), ["café"], ""),
    ("5", "utf-16", table(["café"]).encode("utf-16"), ["café"], ""),
    ("5", "utf-16 be", b"\xfe\xff" + table(["café"]).encode("utf-16-be"), ["café"], ""),
    ("6", "latin-1", table(["café"]).encode("latin-1"), ["café"], "was read as Latin-1"),
    ("7", "mixed", table(["café"]).encode() + b"caf\xe9 again,1\n", [], "is not UTF-8 (line 26)"),
    ("8", "semicolon", table(["a, b"], between=";"), ["a, b"], ""),
    ("8", "tab", table(["a, b"], between="\t"), ["a, b"], ""),
    ("8", "bar", table(["a, b"], between="|"), ["a, b"], ""),
    ("9", "first row longer", table().replace("\n", "\nx,y,1\n", 1), ["film 0 was fine"], "(line 2) did not have"),
    ("10", "later rows ragged", table() + "x,y,1\nz\n", ["film 0 was fine"], "(lines 26, 27) did not have"),
    ("12", "nul", table(["go\0od"]), ["good"], "1 NUL character in a.csv was removed"),
    ("13", "cr", table(["one", "two"]).replace("\n", "\r"), ["one", "two"], ""),
    ("14", "newline in quotes", table(["one\ntwo"]), ["one\ntwo"], ""),
    ("15", "a long cell", table(["x" * 200_000]), ["x" * 20_000], "1 text was cut to 20,000 characters (line 2)"),
    ("19", "words for nothing", table(["NA", "null", "None", "nan"]), ["NA", "null", "None", "nan"], ""),
    ("20", "numbers", table(["007", "1e5", "TRUE"]), ["007", "1e5", "TRUE"], ""),
    ("21", "no labels", table(labels=["", " "]), [], "2 rows have no label and were left out (lines 2, 3)"),
    ("25", "spellings", table(labels=["Pos", "pos", "POS"] * 4 + ["neg"] * 12), [], "are read as one"),
    ("26", "-1 and 1", table(labels=["-1", "1"] * 12), [], "The labels -1 and 1 are read as negative and positive"),
    ("26", "0 and 4", table(labels=["0", "4"] * 12), [], "0 is class 0, 4 is class 1"),
    ("28", "two minds", table(["same", "same"]), ["same"], "1 text occurs under different labels"),
]  # fmt: skip


def written(tmp_path: Path, content: str | bytes | Callable[[], bytes], name: str = "a.csv") -> tuple[Path, bytes]:
    data = content() if callable(content) else content if isinstance(content, bytes) else content.encode()
    path = tmp_path / name
    path.write_bytes(data)
    return path, data


def line_ids(rows: list[tuple]) -> list[str]:
    return [f"{line}-{what}" for line, what, *_ in rows]


@pytest.mark.parametrize(("line", "what", "name", "content", "says"), REFUSED, ids=line_ids(REFUSED))
def test_files_that_are_refused(line, what, name, content, says, tmp_path, command, app):
    path, data = written(tmp_path, content, name)
    with pytest.raises(SentiError) as refusal:
        load_corpus(str(path))
    one_sentence(str(refusal.value))
    assert says in str(refusal.value)
    code, out, err = command("data", "--dataset", str(path))
    assert (code, out) == (2, "") and says in err.splitlines()[-1] and "Traceback" not in err
    if data:  # the app takes no empty file in the first place
        (there,) = json.loads(upload(app, (name, data))[1])
        _, said = ask(app, "data_page", there, "all", "all", "", 1)
        one_sentence(said)
        assert in_html(says) in said


@pytest.mark.parametrize(("line", "what", "content", "texts", "notice"), READ, ids=line_ids(READ))
def test_files_that_are_read(line, what, content, texts, notice, tmp_path, command, app):
    path, data = written(tmp_path, content)
    corpus = load_corpus(str(path))
    read = [text for frame in corpus.splits.values() for text in frame["text"]]
    assert set(texts) <= set(read)
    assert any(notice in line for line in corpus.notices) if notice else not corpus.notices[1:-1]
    code, _, err = command("data", "--dataset", str(path))
    assert code == 0 and notice in err
    (there,) = json.loads(upload(app, ("a.csv", data))[1])
    found, said = ask(app, "data_page", there, "all", "all", texts[0][:50] if texts else "", 1)
    assert not said and found["matches"] >= (1 if texts else len(read))
    assert set(texts[:1]) <= {row["text"] for row in found["rows"]}


@pytest.mark.parametrize(("line", "what", "content", "texts", "notice"), READ, ids=line_ids(READ))
def test_files_of_any_size_are_read_alike(line, what, content, texts, notice, tmp_path, command):
    """`predict IN OUT` reads piece by piece; what it reads, and what it says of it, is the same."""
    path, _ = written(tmp_path, content)
    code, _, err = command("predict", str(path), str(tmp_path / "out"), "--runs", "Majority", "--shard-rows", "24")
    shards = pd.concat([pd.read_parquet(file) for file in sorted((tmp_path / "out").glob("*.parquet"))])
    assert code == 0 and list(shards.columns[:2]) == ["text", "label"]
    assert {text[:20_000] for text in shards["text"]} >= set(texts) and shards["Majority label"].notna().all()
    if line in ("6", "7", "9", "10", "12"):
        assert notice in err


def test_22_a_file_of_one_class_is_labelled(tmp_path, command):
    path, _ = written(tmp_path, table(labels=["1"] * 24))
    code, out, _ = command("predict", "--file", str(path), "--runs", "Tfidf", "--json")
    assert code == 0 and json.loads(out)["rows"] == 24


def test_25_to_28_no_row_without_text_is_lost(tmp_path, command):
    path, _ = written(tmp_path, 'text,id\na tender film,1\n,2\n" \u200b",3\nNA,4\n')
    out = tmp_path / "out.jsonl"
    code, _, err = command("predict", "--file", str(path), "--out", str(out), "--runs", "Tfidf")
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert code == 0 and "2 rows without text stay unlabelled (lines 3, 4)." in err
    assert [row["id"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["Tfidf label"] is None for row in rows] == [False, True, True, False]


BODIES = {
    "31-a file over the cap": ("upload", 201_000_000, "multipart/form-data; boundary=x"),
    "33-a nameless form field": ("upload", 300_000_000, "multipart/form-data; boundary=x"),
    "34-JSON": ("call/predict", 200_000_000, "application/json"),
}


@pytest.mark.parametrize("body", BODIES)
def test_bodies_that_are_too_large_are_refused_before_they_are_read(body, app):
    path, size, kind = BODIES[body]
    status, said = send(app, f"gradio_api/{path}", b"x", kind, **{"Content-Length": str(size)})
    assert status == 413
    one_sentence(said.strip())


def test_34_39_what_comes_without_its_size_is_counted(app):
    """Ten million characters: urllib sends what is no bytes in chunks, without a size."""
    body = iter([b'{"data":["', *[b"x" * 1_000_000] * 10, b'",[]]}'])
    try:
        status, said = send(app, "gradio_api/call/predict", body)
    except urllib.error.URLError:  # the app had hung up before all was sent
        return
    assert status == 413 and "over 2 MB" in said


def test_32_many_files_at_once_are_refused(app):
    status, said = upload(app, *((f"{i}.csv", b"text\na\n") for i in range(1000)))
    assert status == 400
    one_sentence(said)


NAMES = ["../../../evil.csv", "x" * 300 + ".csv", "CON.csv", "\U0001f600.csv", "a\u202egnp.csv", "\\..\\b.csv", ".csv"]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: f"35-{name[:12]!r}")
def test_file_names_lead_nowhere(name, app):
    status, said = upload(app, (name, table().encode()))
    assert status == 200
    (path,) = json.loads(said)
    assert re.fullmatch(r".*/[0-9a-f]{64}/[^/\\]+", path) and len(Path(path).name.encode()) <= 255
    found, refusal = ask(app, "data_page", path, "all", "all", "", 1)
    assert found["matches"] == 24 if found else "is not a kind of file" in refusal


# --- 36 to 52: texts

BLANK = ["", "   ", " \u200b\u2060\ufeff\u3000", "\x00\x07"]


@pytest.mark.parametrize("text", BLANK, ids=lambda text: f"{'36' if not text else '37'}-{text!r}")
def test_no_text_is_no_guess(text, command, app):
    for words in (["predict", text], ["inspect", text, "--model", "distilbert"]):
        code, out, err = command(*words)
        assert (code, out) == (2, "") and "type a sentence" in err and err.count("\n") == 1
    for endpoint, more in (("predict", [[]]), ("tokens", ["distilbert", "head"])):
        _, said = ask(app, endpoint, text, *more)
        assert said == "The text is empty; type a sentence."


TEXTS = [  # line, what, text, what the terminal shows of it
    ("38", "100,000 characters", "x" * 100_000, "x" * 20_000),
    ("40", "half a character", "good \udce9", "good \ufffd"),
    ("41", "a family", "\U0001f468\u200d\U0001f469\u200d\U0001f467 good", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    ("42", "turned round", "\u05e9\u05dc\u05d5\u05dd \u202egood", "\u05e9\u05dc\u05d5\u05dd \\u202egood"),
    ("43", "a thousand marks", "go" + "\u0301" * 1000 + "od", "go\u0301"),
    ("44", "controls", "a\x07\x1b[2J\x9bb", "a\u2407\u241b[2J\\u009bb"),
    ("45", "special tokens", "[SEP] [CLS] [PAD] [MASK]", "[SEP] [CLS] [PAD] [MASK]"),
    ("46", "script", "<script>alert(1)</script><svg onload=alert(1)>", "<script>alert(1)</script><svg onload="),
    ("47", "markdown", "**b** [x](javascript:1) $\\href{javascript:1}{x}$", "**b** [x](javascript:1) $\\href{java"),
    ("48", "templates", "{{7*7}} ${7*7} %s%n '; DROP TABLE", "{{7*7}} ${7*7} %s%n '; DROP TABLE"),
]


@pytest.mark.parametrize(("line", "what", "text", "shown"), TEXTS, ids=line_ids(TEXTS))
def test_odd_texts_are_answered(line, what, text, shown, command, app):
    began = time.perf_counter()
    code, out, err = command("predict", text)
    assert code == 0 and out.startswith(shown) and "Traceback" not in err
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", out + err)
    assert time.perf_counter() - began < 2
    answer, said = ask(app, "predict", text, ["Tfidf"])
    assert not said and [row["run"] for row in answer] == ["Tfidf"]
    told, said = ask(app, "tokens", text, "distilbert", "head")
    assert not said and sum(piece["special"] for piece in told["pieces"]) == 2
    if line == "38":
        assert "only the first 20,000 are read" in err


@pytest.mark.parametrize("command_", ["contrast", "explain", "inspect", "compare"], ids=lambda name: f"44-{name}")
def test_no_command_clears_the_terminal(command_, command):
    texts = {"contrast": ["\x1b[2J a", "b\x07 \udce9"]}.get(command_, ["\x1b[2J\x07 a"])
    words = ["--model", "distilbert"] if command_ in ("contrast", "inspect") else ["--runs", "Tfidf"]
    code, out, err = command(command_, *texts, *words)
    assert code == 0 and "\x1b" not in out + err and "\x07" not in out + err and "\udce9" not in out


def test_44_messages_do_not_either(command):
    for words in (["data", "--dataset", "\x1b[2J.csv"], ["svm", "--\x1b[2J"], ["runs", "show", "\x1b[2J"]):
        code, out, err = command(*words)
        assert code == 2 and out == "" and "\x1b" not in err


def test_41_a_family_is_one_piece():
    pieces = token_table(load_tokenizer(resolve_model("minilm")), "\U0001f468\u200d\U0001f469\u200d\U0001f467")
    assert list(pieces["special"]) == [True, False, True] and (pieces["start"][1], pieces["end"][1]) == (0, 5)


def test_42_44_on_a_page_they_are_seen():
    assert h("\x1b[2J\u202eevil\x9b\ud800") == "\u241b[2J\\u202eevil\\u009b\ufffd" and h("a\tb\nc") == "a\tb\nc"


FORMULAS = ["=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\uff1d1", "\r=1", "\ufeff=1"]


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_49_exports_are_no_formulas(suffix, tmp_path, command):
    frame = pd.DataFrame({"text": FORMULAS, "=1+1": "x"})
    frame.to_json(tmp_path / "in.jsonl", orient="records", lines=True)
    out = tmp_path / f"out.{suffix}"
    assert command("predict", "--file", str(tmp_path / "in.jsonl"), "--out", str(out), "--runs", "Tfidf")[0] == 0
    back = pd.read_csv(out, sep="\t" if suffix == "tsv" else ",", dtype=str, encoding="utf-8-sig", quotechar='"')
    assert list(back.columns[:2]) == ["text", "'=1+1"]
    assert [cell[0] for cell in back["text"]] == ["'"] * len(FORMULAS) and set(back["'=1+1"]) == {"x"}
    assert command("predict", "--file", str(tmp_path / "in.jsonl"), "--runs", "Tfidf")[0] == 0
    kept = [json.loads(line)["text"] for line in (tmp_path / "in-predicted.jsonl").read_text().splitlines()]
    assert kept == FORMULAS  # the file for programs holds every text as it is


def test_50_an_unknown_script_is_answered_and_said(command, tmp_path):
    thai = "\u0e2b\u0e19\u0e31\u0e07\u0e40\u0e23\u0e37\u0e48\u0e2d\u0e07 \u0e14\u0e35"
    code, out, _ = command("inspect", thai, "--model", "distilbert")
    assert code == 0 and "DistilBERT does not know" in out and "[UNK]" in out
    config = SvmConfig(model="distilbert")
    runs = [create_run(tmp_path, config, to_dict(config), name) for name in ("one", "two")]
    runs.append(create_run(tmp_path, MajorityConfig(), to_dict(MajorityConfig())))
    (said,) = unknown_notices(runs, [thai, "a tender film"])
    assert said.startswith("DistilBERT does not know 2 of the 5 pieces") and said.endswith(".")
    assert unknown_notices(runs, ["a tender film"]) == ()


KINDS = [["a"] * 65, None]
ENDPOINTS = [  # endpoint, its arguments, and which of them are texts
    ("predict", ["a film", ["Tfidf"]], [0]), ("tokens", ["a film", "distilbert", "head"], [0, 1]),
    ("data_page", ["rotten_tomatoes", "all", "all", "", 1], [0, 1, 2, 3]), ("run_status", ["Tfidf"], [0]),
    ("stop_run", ["Tfidf"], [0]), ("start_run", ["majority", "{}"], [0, 1]),
]  # fmt: skip


@pytest.mark.parametrize(("endpoint", "args", "texts"), ENDPOINTS, ids=lambda value: f"51-52-{value}"[:40])
def test_what_is_no_text_is_refused(endpoint, args, texts, app):
    assert endpoint == "start_run" or ask(app, endpoint, *args)[1] == ""
    for place in texts:
        for kind in KINDS:
            _, said = ask(app, endpoint, *(kind if i == place else arg for i, arg in enumerate(args)))
            one_sentence(said)
            assert said.endswith("send a text.")
    numbers = {"data_page": 4}.get(endpoint)
    for kind in ("1", None, [1], True) if numbers else ():
        assert "send a whole number." in ask(app, endpoint, *args[:4], kind)[1]
    for kind in (3, "Tfidf", [3], {"a": 1}) if endpoint == "predict" else ():
        assert "send a list of names." in ask(app, endpoint, args[0], kind)[1]


@pytest.mark.parametrize("text", ["[", "[1]", "3", "[" * 100_000, '{"C": ' + "1" * 5000 + "}", "\ud800"], ids=len)
def test_51_what_is_no_object_is_refused(text, app):
    one_sentence(ask(app, "start_run", "svm", text)[1].replace("object", "one"))


# --- 53 to 65: names, models, knobs, runs

RUN_NAMES = ["../x", "/abs", "a/b", ".", "..", "CON", "nul.txt", "-rf", "x\0y", "x" * 300, "e\u0301", "\u00e9",
             "a.", "\ud800"]  # fmt: skip


@pytest.mark.parametrize("name", RUN_NAMES, ids=lambda name: f"53-{name[:9]!r}")
def test_run_names_are_names(name, root, command, app):
    before = sorted(path.name for path in root.iterdir())
    code, out, err = command("majority", "--dataset", "rotten_tomatoes", f"--run={name}")
    assert (code, out) == (2, "") and "cannot name a run" in err.splitlines()[-1]
    for action in ("show", "stop", "delete"):
        code, out, err = command("runs", action, name, "--yes")
        assert (code, out) == (2, "") and ("No run named" in err or name == "-rf")
    assert "No run named" in ask(app, "run_status", name)[1]
    with pytest.raises(UnknownRun):
        compare(root, ["a film"], [name])
    assert sorted(path.name for path in root.iterdir()) == before


def test_53_runs_that_differ_in_case_are_two(tmp_path):
    for name in ("Run", "run"):
        create_run(tmp_path, MajorityConfig(), {}, name)
    assert {run.name for run in list_runs(tmp_path)} == {"Run", "run"}
    assert unicodedata.normalize("NFC", "run") == "run"  # names are ASCII: they have no other form


IDS = ["../../etc/passwd", "/etc", "file:///etc", "hf://a/b", "http://169.254.169.254", "a/b@main", "a/b/c", "a" * 97,
       "x" * 5000 + "/y", "./here", "~/model", "a\0b", "senti"]  # fmt: skip


@pytest.mark.parametrize("name", IDS, ids=lambda name: f"56-{name[:16]!r}")
def test_ids_lead_to_no_file_and_no_host(name, command, app):
    for words in (["inspect", "a film", "--model", name], ["data", "--dataset", f"{name}.csv"],
                  ["data", "--dataset", name, "--model", "distilbert"]):  # fmt: skip
        if words[-2:] == ["--dataset", "senti.csv"] or name == "senti":
            continue  # a folder of this project
        code, out, err = command(*words)
        assert (code, out) == (2, "") and err.count("\n") == 1, err
    for said in (ask(app, "tokens", "a film", name, "head")[1], ask(app, "data_page", name, "all", "all", "", 1)[1]):
        one_sentence(said)
    for choice in (Choice(name), Choice(f"{name}.csv"), Choice(model=name)):
        with pytest.raises(SentiError):
            read(chosen_source(choice)), chosen_model(choice)


def test_57_no_network_is_named_and_what_is_cached_works(command, app):
    for said in (command("inspect", "a", "--model", "owner/elsewhere")[2],
                 ask(app, "tokens", "a", "owner/elsewhere", "head")[1],
                 ask(app, "data_page", "sst2", "all", "all", "", 1)[1]):  # fmt: skip
        assert "is not on this machine and the Hub does not answer" in said
    assert ask(app, "tokens", "a", "distilbert", "head")[1] == ""
    assert app.asked() in ([], ["huggingface.co"])  # one probe, after someone asked for what is not here


MODELS = {
    "58-auto_map": ({"auto_map": {"AutoModel": "evil.Model"}}, "auto_map"),
    "58-attention from elsewhere": ({"_attn_implementation_internal": "evil/x"}, "_attn_implementation_internal"),
    "58-7 B": ({"dim": 30_000, "n_layers": 32}, "billion parameters"),
    "58-decoder": ({"model_type": "gpt2"}, "is of type 'gpt2'"),
    "59-10 MB of labels": ({"id2label": {"0": "x" * 10_000_000}}, "over 1 MB"),
}


@pytest.mark.parametrize("what", MODELS)
def test_models_are_checked_before_their_weights(what, tmp_path, hub_cache, command):
    values, says = MODELS[what]
    (config,) = hub_cache.glob("models--*/snapshots/*/config.json")
    (tmp_path / "config.json").write_text(json.dumps(json.loads(config.read_text()) | values))
    code, out, err = command("inspect", "a film", "--model", str(tmp_path))
    assert (code, out) == (2, "") and says in err.splitlines()[-1] and "Traceback" not in err


KNOBS = [("lr", value) for value in ("0", "-1", "1e9", "nan", "inf", "abc")] + [
    ("batch_size", "0"), ("batch_size", "1000000"), ("epochs", "0"), ("epochs", "1000000000"), ("max_length", "0"),
    ("max_length", "1000000000"), ("lora_rank", "0"), ("lora_rank", "10000"), ("epochs", "1.5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), KNOBS, ids=lambda value: f"60-{value}")
def test_knobs_out_of_bounds_are_refused(name, value, command, app):
    code, out, err = command("lora", f"--{name}={value}")
    assert (code, out) == (2, "") and value.split("e")[0][:3] in err and err.count("\n") == 1
    with pytest.raises(BadConfig):
        read_form("lora", (name,), Choice("bundled", "minilm"), (value,))
    sent = {"abc": '"abc"', "nan": "NaN", "inf": "Infinity"}.get(value, value)
    said = ask(app, "start_run", "lora", f'{{"{name}": {sent}}}')[1]
    one_sentence(said)
    assert name in said


@pytest.mark.parametrize("words", ["dataset=/etc/passwd", "model=../../x", "dataset=bundled&model=~/model"])
def test_a_link_leads_to_no_file_of_the_server(words):
    with pytest.raises(gr.Error, match="path on the server"):
        link.choose(words)


@pytest.mark.parametrize(
    "damage", ["half", "empty", "no zip", "hostile", "stranger", "another thing"], ids=lambda x: f"62-{x}"
)
def test_a_damaged_svm_is_refused(damage, root, tmp_path, capsys):
    import skops.io
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.preprocessing import FunctionTransformer

    saved = {"hostile": FunctionTransformer(eval), "stranger": KNeighborsClassifier(), "another thing": {"a": 1}}
    shutil.copytree(root / "Tfidf", tmp_path / "Tfidf")
    file = tmp_path / "Tfidf" / "model" / "model.skops"
    whole = file.read_bytes()
    if damage in saved:
        skops.io.dump(saved[damage], file)
    else:
        file.write_bytes({"half": whole[: len(whole) // 2], "empty": b"", "no zip": b'{"a":1}'}[damage])
    (file.parent / "model.pkl").write_bytes(b"cos\nsystem\n(S'touch pwned'\ntR.")
    capsys.readouterr()
    code = cli.run(["predict", "a film", "--output_dir", str(tmp_path)])
    said = capsys.readouterr().err
    assert code == 2 and "train the run again" in said and said.count("\n") == 1 and not Path("pwned").exists()
    by_type = "it is not read" in said  # before anything is made of it
    assert by_type is (damage in ("hostile", "stranger"))


def test_64_order_does_not_depend_on_the_clock(tmp_path):
    run = create_run(tmp_path, MajorityConfig(), {}, "run")
    for step, seconds in ((1, 10.0), (2, -3590.0), (3, -3580.0)):
        run.record({"step": step, "split": "train", "seconds": seconds})
    assert list(run.events()["step"]) == [1, 2, 3]


@pytest.mark.parametrize("damage", ["newer", "unknown method", "no result", "no config", "list", "knob"])
def test_65_a_run_that_cannot_be_read_is_said_and_spoils_nothing(damage, root, command, app):
    run = create_run(root, MajorityConfig(), {"method": "majority"}, "odd")
    (run.path / "queued").unlink()
    whole = open_run(root, "Majority")
    config, result = whole.facts, whole.result
    config |= {"newer": {"versions": {"senti": "99.1.0"}}, "unknown method": {"method": "magic"},
               "knob": {"seed": "abc"}}.get(damage, {})  # fmt: skip
    config = {"created": "abc"} if damage == "no config" else config
    (run.path / "config.json").write_text(json.dumps(config))
    (run.path / "result.json").write_text({"no result": "{", "list": "[]"}.get(damage, json.dumps(result)))
    try:
        assert run.status == "unreadable"
        code, out, _ = command("runs", "--json")
        assert code == 0 and {r["run"]: r["status"] for r in json.loads(out)["runs"]}["odd"] == "unreadable"
        told, (answer, said) = json.loads(command("compare", "--json")[1])["results"], ask(app, "results")
        assert not said and {row["run"] for row in told} == {row["run"] for row in answer} == {"Majority", "Tfidf"}
        assert len(compare(root, ["a film"])) == 2
        if damage == "newer":
            code, _, err = command("runs", "show", "odd")
            assert code == 2 and "was made by senti 99.1.0" in err and "update senti" in err
            with pytest.raises(UnknownRun, match="update senti"):
                _ = run.config
        assert command("runs", "delete", "odd", "--yes")[0] == 0
        assert not run.path.exists()
    finally:
        shutil.rmtree(run.path, ignore_errors=True)


# --- all together


def test_no_endpoint_tells_what_is_in_a_file(app, root, tmp_path):
    """A file beside the runs and one elsewhere: named in every argument of every endpoint, in every way."""
    canary = "canary-1b7e"
    secrets = [root / "secret.csv", tmp_path / "secret.csv"]
    for secret in secrets:
        secret.write_text(table([canary] * 4))
    names = [*map(str, secrets), "../secret.csv", f"Tfidf/../../{secrets[0].name}", f"file://{secrets[0]}"]
    places = [("tokens", 1), ("data_page", 0), ("run_status", 0), ("start_run", 1)]
    given = {endpoint: args for endpoint, args, _ in ENDPOINTS}
    for endpoint, place in places:
        for name in names:
            answer, said = ask(app, endpoint, *(name if i == place else arg for i, arg in enumerate(given[endpoint])))
            assert canary not in json.dumps(answer) + said
    for name in names:
        try:
            with urllib.request.urlopen(f"{app.url}gradio_api/file={name}") as answer:
                assert canary not in answer.read().decode()
        except urllib.error.HTTPError as e:
            assert e.code == 403
    for secret in secrets:
        secret.unlink()


def test_the_app_asked_nobody_but_the_hub_and_that_once(app):
    assert app.asked() in ([], ["huggingface.co"])


def test_every_line_has_a_test():
    source = Path(__file__).read_text()
    here = {line for rows in (REFUSED, READ, TEXTS) for line, *_ in rows}
    here |= {line for numbers in re.findall(r"def test_((?:\d\d_)+)", source) for line in numbers.strip("_").split("_")}
    here |= set(re.findall(r'["{](\d\d)-', source)) | {"36", "37", "51", "52"}
    for line, where in ELSEWHERE.items():
        file, name = where.split("::")
        assert f"def {name}(" in (TESTS / file).read_text(), f"line {line}: {where} is gone"
    assert {str(line) for line in range(1, 66)} <= here | set(ELSEWHERE)
