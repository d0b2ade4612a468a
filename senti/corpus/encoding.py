"""Bytes become text: binary files are refused, the encoding is found, damage is repaired and said."""

import codecs
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from senti.errors import BadData

_MAGIC = {
    b"PK\x03\x04": "a zip archive or an Excel workbook",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\xd0\xcf\x11\xe0": "an old Excel or Word file",
    b"PAR1": "a Parquet file; give it the suffix .parquet",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"SQLite format": "a database",
}

# UTF-32 comes first: its little-endian mark begins with that of UTF-16.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextlib.contextmanager
def open_text(path: Path) -> Iterator[tuple["Lines", tuple[str, ...]]]:
    """The lines of a file, ends as newlines, and a notice on an encoding that was assumed.

    Raises BadData where the file is empty or binary.
    """
    try:
        with path.open("rb") as file:
            head = file.read(8192)
        _refuse_binary(head, path.name)
        encoding, notices = _encoding(path, head)
        with path.open(encoding=encoding, errors="replace") as text:
            lines = Lines(text)
            if not lines.head().strip():
                raise BadData(f"{path.name} is empty; it needs a header line and at least one review.")
            yield lines, notices
    except OSError as error:
        raise BadData(f"{path.name} cannot be read ({error.strerror}); check its permissions.") from error


class Lines:
    """A text file read line by line, without its NUL characters, which are counted in `nuls`."""

    def __init__(self, file: TextIO) -> None:
        self.file, self.nuls = file, 0

    def __iter__(self) -> Iterator[str]:
        return map(self._clean, self.file)

    def head(self, characters: int = 1_000_000) -> str:
        """The beginning, without moving on."""
        text = self.file.read(characters).replace("\0", "")
        self.file.seek(0)
        return text

    def _clean(self, line: str) -> str:
        nuls = line.count("\0")
        self.nuls += nuls
        return line.replace("\0", "") if nuls else line


def nul_notice(lines: Lines, name: str) -> tuple[str, ...]:
    """What to say of NUL characters, once all lines are read."""
    if not lines.nuls:
        return ()
    were = "s in {} were" if lines.nuls > 1 else " in {} was"
    return (f"{lines.nuls:,} NUL character{were.format(name)} removed.",)


def _refuse_binary(head: bytes, name: str) -> None:
    """Raises BadData if a file begins like an image, an archive or the like."""
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise BadData(f"{name} is {kind}, not a text file; save the reviews as CSV (UTF-8).")
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head) - head.count(0)
    if odd > len(head) / 20:
        raise BadData(f"{name} is a binary file, not a text file; save the reviews as CSV (UTF-8).")


def _encoding(path: Path, head: bytes) -> tuple[str, tuple[str, ...]]:
    """The encoding of a file: by its mark, by its zeros, else UTF-8, else what Western editors write; and a notice."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding, ()
    encoding = _markless_utf16(head)
    if encoding:
        return encoding, (f"{path.name} was read as {encoding.upper()}.",)
    line = _fault(path, "utf-8")
    if not line:
        return "utf-8", ()
    # Windows-1252 is Latin-1 with curly quotes; where it has no character, Latin-1 has one
    encoding = "latin-1" if _fault(path, "cp1252") else "cp1252"
    return encoding, (
        f"{path.name} is not UTF-8 (line {line}) and was read as Latin-1 (Windows-1252); check accents there.",
    )


def _fault(path: Path, encoding: str) -> int:
    """The line with the first bytes that an encoding has no character for, or 0."""
    decoder, line = codecs.getincrementaldecoder(encoding)(), 1
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            line += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return line
    return 0


def _markless_utf16(data: bytes) -> str:
    """The UTF-16 flavour of bytes without a mark: Western text has a zero in every second byte."""
    head = data[:2000]
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.4 * half and head[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and head[::2].count(0) > 0.4 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return ""
