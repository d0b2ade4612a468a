"""Tables as they were read, before anyone knows what their columns mean."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Tables:
    """What was read: one table of strings per split (blank: missing), indexed by the line or row a person sees.

    class_names: for columns whose values are class numbers, the names of the classes.
    """

    splits: dict[str, pd.DataFrame]
    notices: tuple[str, ...] = ()
    class_names: dict[str, tuple[str, ...]] = field(default_factory=dict)


def places(frame: pd.DataFrame, most: int = 5) -> str:
    """The first few line or row numbers of a table, for a message: `lines 3, 7, 9, ...`."""
    return name_places(str(frame.index.name or "row"), list(frame.index), most)


def name_places(kind: str, numbers: list[int], most: int = 5) -> str:
    """The first few of some line or row numbers, for a message."""
    shown = ", ".join(str(number) for number in numbers[:most])
    return f"{kind}{'s' if len(numbers) > 1 else ''} {shown}{', ...' if len(numbers) > most else ''}"


def count(number: int, noun: str) -> str:
    """A number with its noun, for a message: `1 row`, `1,200 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shorten(value: str, most: int = 40) -> str:
    """A value as a message shows it: in quotes, control characters escaped, cut."""
    return repr(value if len(value) <= most else value[: most - 1] + "…")


def strings(frame: pd.DataFrame) -> pd.DataFrame:
    """Every value as a string; a missing one as the empty string."""
    return pd.DataFrame(
        {str(name): column.astype(object).where(column.notna(), "").map(str) for name, column in frame.items()},
        index=frame.index,
        dtype="str",
    )


def numbered(frame: pd.DataFrame, first: int = 1) -> pd.DataFrame:
    """The same table with rows counted, for sources that have no lines."""
    return frame.set_axis(pd.RangeIndex(first, first + len(frame), name="row"), axis=0)
