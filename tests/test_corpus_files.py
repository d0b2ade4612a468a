"""Files become tables of strings, or are refused with one sentence."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pytest

from senti.corpus import files, read_table
from senti.errors import BadData


def write(folder: Path, data: str | bytes, name: str = "my.csv") -> Path:
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def rows(path: Path) -> list[list[str]]:
    return read_table(path)[0].to_numpy().tolist()


PLAIN = [["good film", "1"], ["café, so so", "0"]]
CSV = 'text,label\ngood film,1\n"café, so so",0\n'


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", CSV.encode()),
        ("a.CSV", CSV.encode("utf-8-sig")),
        ("a.csv", CSV.encode("utf-16")),
        ("a.csv", b"\xfe\xff" + CSV.encode("utf-16-be")),
        ("a.csv", CSV.encode("utf-32")),
        ("a.csv", CSV.replace("\n", "\r\n").encode()),
        ("a.csv", CSV.replace("\n", "\r").encode()),
        ("a.csv", b"text;label\ngood film;1\ncaf\xc3\xa9, so so;0\n"),
        ("a.csv", b"text|label\ngood film|1\ncaf\xc3\xa9, so so|0\n"),
        ("a.csv", b"text\tlabel\ngood film\t1\ncaf\xc3\xa9, so so\t0\n"),
        ("a.tsv", b"text\tlabel\ngood film\t1\ncaf\xc3\xa9, so so\t0\n"),
        ("a.jsonl", '{"text": "good film", "label": 1}\n\n{"label": 0, "text": "café, so so"}'.encode()),
        ("a.json", json.dumps([{"text": t, "label": int(n)} for t, n in PLAIN]).encode()),
    ],
)
def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path, name: str, data: bytes) -> None:
    assert rows(write(tmp_path, data, name)) == PLAIN
    assert read_table(tmp_path / name)[1] == ()


def test_parquet_gives_strings_and_blanks(tmp_path: Path) -> None:
    frame = pd.DataFrame({"text": ["a", None], "label": [1, 0], "share": [0.5, None]}, index=[7, 9])
    frame.to_parquet(tmp_path / "a.parquet")
    table, notices = read_table(str(tmp_path / "a.parquet"))
    assert table.to_numpy().tolist() == [["a", "1", "0.5"], ["", "0", ""]]
    assert list(table.index) == [1, 2] and notices == ()


def test_values_stay_what_they_are(tmp_path: Path) -> None:
    words = ["NA", "null", "None", "nan", "007", "1e5", "TRUE", "", " x "]
    path = write(tmp_path, "text,label\n" + "".join(f"{word},{i}\n" for i, word in enumerate(words)))
    assert list(read_table(path)[0]["text"]) == words


def test_newlines_in_quotes_and_lines_are_counted(tmp_path: Path) -> None:
    table, _ = read_table(write(tmp_path, 'text,label\n"a\nb",1\n\n"say ""no""",0\n'))
    assert list(table["text"]) == ["a\nb", 'say "no"']
    assert list(table.index) == [2, 5] and table.index.name == "line"


def test_latin_is_read_and_said_with_its_line(tmp_path: Path) -> None:
    table, notices = read_table(write(tmp_path, b"text,label\nplain,1\ncaf\xe9 \x93good\x94,0\n"))
    assert table["text"].iloc[1] == "café “good”"
    assert notices == ("my.csv is not UTF-8 (line 3) and was read as Latin-1 (Windows-1252); check accents there.",)
    assert rows(write(tmp_path, b"text,label\ncaf\xe9 \x81,0\n"))[0][0] == "café \x81"


def test_utf16_without_a_mark_is_said(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        table, notices = read_table(write(tmp_path, CSV.encode(encoding)))
        assert table.to_numpy().tolist() == PLAIN
        assert notices == (f"my.csv was read as {encoding.upper()}.",)


def test_nul_characters_are_removed_and_counted(tmp_path: Path) -> None:
    table, notices = read_table(write(tmp_path, "text,label\ngo\0od\0,1\n"))
    assert table.iat[0, 0] == "good"
    assert notices == ("2 NUL characters in my.csv were removed.",)


def test_lone_surrogates_become_replacement_characters(tmp_path: Path) -> None:
    line = r'{"text": "a\ud800b \ud83d\ude00 \u0000x", "label": 1}'
    table, _ = read_table(write(tmp_path, line, "a.jsonl"))
    assert table.iat[0, 0] == "a\ufffdb 😀 x"


def test_ragged_rows_are_left_out_and_named(tmp_path: Path) -> None:
    table, notices = read_table(write(tmp_path, "text,label\nfine,1\na,b,0\nshort\nfine too,0\n"))
    assert list(table["text"]) == ["fine", "fine too"]
    assert notices == ("2 rows of my.csv (lines 3, 4) did not have the 2 columns of the header and were left out.",)


def test_one_column_is_not_split_at_commas(tmp_path: Path) -> None:
    assert rows(write(tmp_path, 'text\ngood, but long\n"quoted; fine"\n')) == [["good, but long"], ["quoted; fine"]]


def test_very_long_cells_are_read(tmp_path: Path) -> None:
    assert len(read_table(write(tmp_path, f"text,label\n{'x' * 200_000},1\n"))[0].iat[0, 0]) == 200_000


def test_nested_json_values_and_missing_keys(tmp_path: Path) -> None:
    lines = '{"text": ["a", "é"], "label": true}\n{"text": "b", "extra": null}\n'
    assert rows(write(tmp_path, lines, "a.jsonl")) == [['["a", "é"]', "true", ""], ["b", "", ""]]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.csv", b"", "a.csv is empty"),
        ("a.csv", b" \n\n", "a.csv is empty"),
        ("a.csv", b"text,label\n", "a.csv has no rows; it needs a header line"),
        ("a.jsonl", b"\n\n", "a.jsonl is empty"),
        ("a.json", b"[]", "a.json has no rows"),
        ("a.csv", b"text,text\na,b\n", "line 1: the column 'text' appears twice; rename or remove one"),
        ("a.csv", b'text,label\nok,1\n"never closed,0\nx,1\n', "line 3: a quote is never closed; close it"),
        ("a.csv", b'text,label\nok,1\n"a" b,0\n', "line 3: a quote inside a quoted text; close it, or write it twice"),
        ("a.csv", b"text,label,more\na,1\nb,0\n", "no row has the 3 columns of the header"),
        ("a.jsonl", b'{"text": "a"}\n{"text": \n', "a.jsonl, line 2: not JSON; each line must be one object"),
        ("a.jsonl", b'{"text": "a"}\n[1]\n', "a.jsonl, line 2: not an object"),
        ("a.jsonl", b"[" * 100_000, "a.jsonl, line 1: not JSON"),
        ("a.json", b'{"text": "a"}\n{"text": "b"}', "if each line is one object, name the file .jsonl"),
        ("a.json", b'{"text": "a"}', "a.json must be a list of objects"),
        ("a.jsonl", b'{"text": ' + b"1" * 5000 + b"}", "a.jsonl, line 1: not JSON"),
        ("a.json", b"[" * 100_000, "a.json holds a number or a nest without end"),
        ("a.csv", b"\x89PNG\r\n\x1a\n123", "a.csv is a PNG image, not a text file; save the reviews as CSV"),
        ("a.csv", b"PK\x03\x04 123", "a zip archive or an Excel workbook"),
        ("a.csv", gzip.compress(b"text,label\n", mtime=0), "a gzip archive"),
        ("a.csv", b"PAR1....", "a Parquet file; give it the suffix .parquet"),
        ("a.tsv", bytes(range(1, 32)) * 9, "a.tsv is a binary file"),
        ("a.parquet", b"text,label\na,1\n", "a.parquet is not a whole Parquet file"),
        ("a.xlsx", b"PK\x03\x04", "save it as one of .csv, .tsv"),
    ],
)
def test_files_that_cannot_be_read_are_refused(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    with pytest.raises(BadData) as caught:
        read_table(write(tmp_path, data, name))
    assert message in str(caught.value)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_missing_and_too_large_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadData, match="is not a file on this machine; check the path"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(BadData, match="is not a file on this machine"):
        read_table(tmp_path / ("long" * 100 + ".csv"))
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    with pytest.raises(BadData, match="at most 0 MB can be read"):
        read_table(write(tmp_path, "text,label\na,1\n"))
