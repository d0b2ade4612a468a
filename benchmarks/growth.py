"""Memory and time of the feature engine as the texts become many, on a tiny model."""

from typing import Any

from benchmarks.rows import Bench


def growth(bench: Bench) -> dict[str, Any]:
    """Peak memory beyond texts and results, and texts per second, for more and more texts."""
    sizes = (10_000, 30_000) if bench.quick else (10_000, 100_000, 1_000_000)
    found = {n: bench.side("ours.memory", n=n) for n in sizes}
    lines = [
        f"features of {n:,} texts (tiny model): peak {f['peak']:,.0f} MB, {f['before']:,.0f} of it before they began, "
        f"{f['results']:,.0f} the results; {n / f['seconds']:,.0f} texts/s."
        for n, f in found.items()
    ]
    return {"sizes": found, "lines": lines}
