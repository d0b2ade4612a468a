"""Numbers as people read them: units, separators, and no more digits than are known."""

import math
from typing import TypeGuard

MINUTE, HOUR = 60, 3600
SIZES = ("bytes", "kB", "MB", "GB", "TB")
UNKNOWN = "–"


def count(n: float | None) -> str:
    """74,498 as it is; from a million on in millions: 22.7 M."""
    if not _known(n):
        return UNKNOWN
    for size, unit in ((1e9, "bn"), (1e6, "M")):
        if abs(n) >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """0.818 is 81.8 %."""
    return f"{share * 100:.{digits}f} %" if _known(share) else UNKNOWN


def interval(share: float | None, low: float | None, high: float | None) -> str:
    """A share with half the width of its interval: 81.8 ± 2.3 %."""
    if not (_known(share) and _known(low) and _known(high)):
        return percent(share)
    return f"{share * 100:.1f} ± {(high - low) * 50:.1f} %"


def rate(value: float) -> str:
    """A learning rate as a person writes it, with two digits at most: 7.4e-5, 5e-4."""
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{float(mantissa):g}e{int(exponent)}"


def plus_minus(value: float, low: float, high: float) -> str:
    """A number with half the width of its interval: 0.68 ± 0.03."""
    return f"{value:.2f} ± {(high - low) / 2:.2f}"


def duration(seconds: float | None) -> str:
    """0 s, 0.4 s, 14 s, 2 min 55 s, 1 h 4 min."""
    if not _known(seconds):
        return UNKNOWN
    if seconds < 0.05:
        return "0 s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"


def milliseconds(ms: float | None) -> str:
    """0.3 ms, 11 ms, 1.2 s."""
    if not _known(ms):
        return UNKNOWN
    return f"{ms / 1000:.1f} s" if ms >= 1000 else f"{ms:.1f} ms" if ms < 10 else f"{ms:.0f} ms"


def size(n: float | None) -> str:
    """Bytes on disk: 640 bytes, 298 kB, 90.9 MB."""
    if not _known(n):
        return UNKNOWN
    for unit in SIZES:
        if n < 1000 or unit == SIZES[-1]:
            break
        n /= 1000
    return f"{n:.0f} {unit}" if n >= 100 or unit == "bytes" else f"{n:.1f} {unit}"


def _known(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)
