"""How far a measurement is that takes a while: what it tells, and to whom."""

from collections.abc import Callable

Report = Callable[[float, str], None]  # share done, and of what


def reading(report: Report, start: float, room: float) -> Callable[[int, int], None]:
    """A report of reviews read, as that part of the whole which begins at `start`."""
    return lambda done, total: report(start + room * done / max(total, 1), f"{done:,} of {total:,} reviews read")
