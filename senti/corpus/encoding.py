"""Bytes become text: binary files are refused, the encoding is found, damage is repaired and said."""

import codecs

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


def refuse_binary(data: bytes, name: str) -> None:
    """Raises BadData if the bytes are those of an image, an archive or the like."""
    for magic, kind in _MAGIC.items():
        if data.startswith(magic):
            raise BadData(f"{name} is {kind}, not a text file; save the reviews as CSV (UTF-8).")
    head = data[:8192]
    odd = sum(byte < 9 or 13 < byte < 32 for byte in head) - head.count(0)
    if odd > len(head) / 20:
        raise BadData(f"{name} is a binary file, not a text file; save the reviews as CSV (UTF-8).")


def decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The text in the bytes, with line ends as newlines, and notices on what was assumed or repaired."""
    text, notices = _decode(data, name)
    nuls = text.count("\0")
    if nuls:
        text = text.replace("\0", "")
        notices += (f"{nuls:,} NUL characters in {name} were removed.",)
    return text.replace("\r\n", "\n").replace("\r", "\n"), notices


def scrub(text: str) -> str:
    """The text without NUL characters, and with U+FFFD for lone surrogates, which no file and no table can hold."""
    if text.isascii() or text.isprintable():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return data.decode(encoding, "replace"), ()
    encoding = _markless_utf16(data)
    if encoding:
        return data.decode(encoding, "replace"), (f"{name} was read as {encoding.upper()}.",)
    try:
        return data.decode(), ()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        notice = f"{name} is not UTF-8 (line {line}) and was read as Latin-1 (Windows-1252); check accents there."
        return _latin(data), (notice,)


def _latin(data: bytes) -> str:
    """Windows-1252, which is Latin-1 with curly quotes; Latin-1 where that has no character."""
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _markless_utf16(data: bytes) -> str:
    """The UTF-16 flavour of bytes without a mark: Western text has a zero in every second byte."""
    head = data[:2000]
    half = len(head) // 2
    if half and head[1::2].count(0) > 0.4 * half and head[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if half and head[::2].count(0) > 0.4 * half and head[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return ""
