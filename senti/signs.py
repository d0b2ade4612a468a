"""Signs that a screen obeys where it should show them: control characters, and marks that turn the reading direction.

>>> seen("\\x1b[2J")
'␛[2J'
"""

_CONTROLS = {code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\t\n"} | {0x7F: "␡"}
_WRITTEN = (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))  # more controls, and direction marks
SEEN = _CONTROLS | {code: f"\\u{code:04x}" for code in _WRITTEN} | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


def seen(text: str) -> str:
    """A text in which these are visible signs, and half a character (a lone surrogate) is U+FFFD."""
    return text.translate(SEEN)


def scrub(text: str) -> str:
    """The text without NUL characters, and with U+FFFD for lone surrogates, which no file and no table can hold."""
    if text.isascii() or text.isprintable():
        return text.replace("\0", "")
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
