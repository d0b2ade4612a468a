"""The command on what runs disagree about: the list, or why they disagree on one text."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from senti.cli.answer import Answer, table
from senti.cli.judge import comparable
from senti.cli.progress import share_bar
from senti.numbers import percent

if TYPE_CHECKING:
    from senti.evaluation import Disagreement
    from senti.evaluation.disagreement import Side
    from senti.evaluation.parting import Parting

UNREAD = "Neighbours or layers are not known yet; --read reads the training reviews, about a minute per transformer."


def disagreements(args: argparse.Namespace) -> Answer:
    """The sentences on which runs differ; with a text, why they differ on that one."""
    from senti.evaluation import disagreements as find
    from senti.evaluation import explain_disagreement

    runs = comparable(args)
    if args.text is not None:
        found = explain_disagreement(runs, args.text, read=args.read, on_progress=share_bar())
        return Answer(_payload(found), _lines(found))
    names = [run.name for run in runs]
    rows = find(args.output_dir, names, args.split)
    lines = table(["true label", *names, "sentence"], rows[["label", *names, "text"]].to_numpy().tolist())
    return Answer({"split": args.split, "runs": names, "sentences": rows.to_dict("records")}, lines)


def _payload(found: "Disagreement") -> dict[str, Any]:
    sides = [
        {"run": side.run.name, "label": side.explanation.label, "chances": side.chances,
         "words": side.explanation.words.to_dict("records"),
         "nearest": None if side.neighbours is None else side.neighbours.to_dict("records")}
        for side in found.sides
    ]  # fmt: skip
    deletion = found.deletion and asdict(found.deletion) | {"label": found.labels[found.deletion.label]}
    return {"text": found.text, "sides": sides, "deletion": deletion, "parting": _parted(found.parting)}


def _parted(parting: "Parting | None") -> dict[str, Any] | None:
    if parting is None:
        return None
    readings = [{"reader": r.title, "layers": r.layers.to_dict("records")} for r in parting.readings]
    return {"layer": parting.layer, "label": parting.label, "sentence": parting.sentence, "readings": readings}


def _lines(found: "Disagreement") -> list[str]:
    lines, least = [line for side in found.sides for line in _side_lines(side)], found.deletion
    if least:
        words, label = ", ".join(least.words) or "nothing", found.labels[least.label]
        proof = "no smaller one does it" if least.proven else "a smaller one may exist"
        lines += [f"delete {words}: all say {label}, {percent(least.confidence, 0)} sure on average ({proof})",
                  f"  {least.rest}"]  # fmt: skip
    else:
        lines += ["no deletion was found after which all agree"]
    lines += [found.parting.sentence] if found.parting else []
    return lines + ([] if found.complete else [UNREAD])


def _side_lines(side: "Side") -> list[str]:
    why = side.explanation
    ranked = why.words.sort_values("occlusion", key=abs, ascending=False).head(4)
    moved = ", ".join(f"{row.word} {100 * row.occlusion:+.0f}" for row in ranked.itertuples())
    near = [] if side.neighbours is None else [f"  near: {r.label}, “{r.text}”" for r in side.neighbours.itertuples()]
    return [f"{why.title} ({side.run.name}): {why.label}, {percent(why.probability, 0)}",
            f"  points lost without the word: {moved}", *near]  # fmt: skip
