"""senti against the stock tools, side by side on this machine: `python -m benchmarks [--quick] [--only ROW ...]`.

Prints a table of medians and ratios with the equality check beside each, writes JSON, and draws the README's figure.
Wants `pip install -r benchmarks/requirements.txt`.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks import figure, machine
from benchmarks.growth import growth
from benchmarks.rows import ROWS, Bench, Row

QUICKLY = ["features_st", "cache", "svm", "full", "first_page"]


def main() -> None:
    """Measure the rows that were asked for; those of an earlier file are kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small inputs, one round each: under two minutes")
    parser.add_argument("--only", nargs="+", choices=[*ROWS, "growth"], default=None, help="measure these rows alone")
    parser.add_argument("--json", type=Path, default=None, help="where figures are written, and added to")
    parser.add_argument("--figure", type=Path, default=None, help="where the figure is drawn: docs/speed.svg")
    parser.add_argument("--busy-is-fine", action="store_true", help="measure on a loaded machine, and say so")
    args = parser.parse_args()
    load = machine.busy()
    if load > machine.BUSY and not args.busy_is_fine:
        raise SystemExit(f"{100 * load:.0f} % of this machine is in use; close what runs, or pass --busy-is-fine.")
    kept = json.loads(args.json.read_text()) if args.json and args.json.exists() else {"rows": {}}
    kept["machine"] = machine.describe() | {"busy_before": load, "quick": args.quick}
    say = print if sys.stderr.isatty() else lambda line: print(line, file=sys.stderr, flush=True)
    wanted = args.only or (QUICKLY if args.quick else [*ROWS, "growth"])
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(Path(scratch), args.quick, say)
        for name in wanted:
            say(name)
            if name == "growth":
                kept["growth"] = growth(bench)
            else:
                row = ROWS[name](bench)
                kept["rows"][name] = asdict(row) | {"ratio": row.ratio}
            if args.json:
                args.json.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    rows = [Row(**{k: v for k, v in found.items() if k != "ratio"})
            for found in map(kept["rows"].get, ROWS) if found]  # fmt: skip
    print(report(rows, kept))
    if args.figure:
        args.figure.write_text(figure.draw(rows))


def report(rows: list[Row], kept: dict) -> str:
    """The README's table, in Markdown."""
    rates = kept["machine"]["rates"]
    lines = ["| path | against | senti | stock | ratio | target | equal? |", "|---|---|--:|--:|--:|---|---|"]
    lines += [
        f"| {r.path} | {r.against} | {_number(r.ours)} {r.unit} | {_number(r.theirs)} {r.unit} | **{r.ratio:.1f}x** | "
        f"{r.target} | {r.equality}{'; ' + r.note if r.note else ''} |"
        for r in rows
    ]
    where = f"{kept['machine']['processor']}, {kept['machine']['cores']} cores"
    reach = f"fp32 {rates['fp32']:,.0f}, bf16 {rates['bf16']:,.0f} billion operations per second"
    lines += ["", f"{where}; matrix products: {reach}. Reached of that:", ""]
    lines += [f"{reached(r, rates)}" for r in rows if r.unit == "texts/s"]
    lines += [f"- {line}" for line in kept.get("growth", {}).get("lines", [])]
    return "\n".join(lines)


def reached(row: Row, rates: dict[str, float]) -> str:
    """How much of the machine's bf16 rate a path reaches: two operations per weight and token, six where it learns.

    Where [CLS] is all that is asked for, the last of MiniLM's six layers makes keys and values alone.
    """
    weights = 42.5e6 if "DistilBERT" in row.path else 10.6e6
    passes = {"full fine-tuning": 6, "LoRA, rank 8": 4}.get(row.path, 2)
    share = 62 / 72 if row.against.startswith("pipeline") else 1
    rate = row.ours * 27.4 * weights * passes * share / 1e9
    return f"- {row.path} ({row.against}): {rate:,.0f} of {rates['bf16']:,.0f} ({100 * rate / rates['bf16']:.0f} %)."


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    main()
