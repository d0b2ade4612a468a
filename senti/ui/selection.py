"""What a visitor has picked out of the reviews: select once, and table, inspector and Compare follow."""

from dataclasses import dataclass

MOST_SENT = 6  # reviews that the other tabs offer as buttons


@dataclass(frozen=True)
class Selection:
    """Some reviews by their places in `all_rows`, what they are called together, and a word on each if there is one."""

    title: str
    places: tuple[int, ...]
    why: tuple[str, ...] = ()
