"""Every panel's recipe: what to type, or to write, for its numbers."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from senti.ui import recipe_parts as parts
from senti.ui.choice import Choice
from senti.ui.recipe import Recipe


def overview(choice: Choice) -> Recipe:
    """The balance of the labels."""
    lines = f"""
from senti.corpus import label_balance, load_corpus

result = label_balance({parts.corpus(choice)}).to_dict("records")"""
    return parts.recipe(("data", *parts.whose(choice)), lines, "balance")


def review_map(root: Path, choice: Choice, reader: str, layer: float, pooling: str, split: str) -> Recipe:
    """What the axes of the map show."""
    words = ("map", "--reader", reader, "--layer", f"{layer:.0f}", "--pooling", pooling, "--split", split)
    lines = f"""
from pathlib import Path
from senti.corpus import load_corpus
from senti.evaluation import find_reader, principal

texts = list({parts.corpus(choice)}.splits[{split!r}]["text"])
vectors = find_reader({parts.root(root)}, {reader!r}, {choice.model!r}).layer(texts, {layer:.0f}, {pooling!r})
result = principal(vectors).shares"""
    return parts.recipe((*words, *parts.whose(choice), *parts.folder(root)), lines, "shares")


def slices(root: Path, choice: Choice, names: Sequence[str], split: str) -> Recipe:
    """Each run's accuracy on each slice."""
    chosen = ("--slice", *names) if names else ()
    lines = f"""
from pathlib import Path
from senti.corpus import load_corpus, split_slices
from senti.evaluation import runs_on, slice_scores

corpus = {parts.corpus(choice)}
masks = split_slices(corpus, {split!r}, {list(names or [])!r})
result = slice_scores(masks, runs_on({parts.root(root)}, corpus), {split!r}).to_dict("records")"""
    words = ("slices", *chosen, "--split", split, *parts.whose(choice), *parts.folder(root))
    return parts.recipe(words, lines, "scores")


def problems(choice: Choice) -> Recipe:
    """The flagged reviews."""
    lines = f"""
from senti.corpus import load_corpus
from senti.encoder import resolve_model
from senti.evaluation import problems

found = problems({parts.corpus(choice)}, resolve_model({choice.model!r}))
result = found.rows.drop(columns="place").to_dict("records")"""
    return parts.recipe(("problems", *parts.whose(choice)), lines, "rows")


def pieces(choice: Choice, text: str, part: str = "head") -> Recipe:
    """A text's vector at [CLS]."""
    lines = f"""
from senti.encoder import look_inside, resolve_model

model = resolve_model({choice.model!r})
inside = look_inside(model, {text!r}, 128, {part!r})  # .tokens, .hidden, .attention
result = [round(float(x), 5) for x in inside.cls]"""
    return parts.recipe(parts.said("inspect", (text,), ("--truncation", part, *parts.model(choice))), lines, "cls")


def contrast(choice: Choice, first: str, second: str) -> Recipe:
    """How far two texts drift apart."""
    lines = f"""
from senti.encoder import contrast, resolve_model

result = contrast(resolve_model({choice.model!r}), {first!r}, {second!r}, 128).drift().to_dict("records")"""
    return parts.recipe(parts.said("contrast", (first, second), parts.model(choice)), lines, "drift")


def probes(root: Path, choice: Choice, readers: Sequence[str]) -> Recipe:
    """The probing curves."""
    lines = f"""
from pathlib import Path
from senti.corpus import load_corpus
from senti.evaluation import find_reader, probe

corpus, result = {parts.corpus(choice)}, []
for name in {list(readers)!r}:
    reader = find_reader({parts.root(root)}, name, {choice.model!r})
    result.append({{"reader": name, "curve": probe(reader, corpus).to_dict("records")}})"""
    return parts.recipe(("probe", *readers, *parts.whose(choice), *parts.folder(root)), lines, "probes")


def one_text(root: Path, text: str, runs: Sequence[str]) -> Recipe:
    """What the runs say of a text."""
    lines = f"""
from pathlib import Path
from senti.evaluation import compare

result = compare({parts.root(root)}, [{text!r}], {list(runs)!r}).to_dict("records")"""
    return parts.recipe(parts.said("compare", (text,), (*parts.runs(runs), *parts.folder(root))), lines, "texts")


def why(root: Path, text: str, runs: Sequence[str], label: str = "") -> Recipe:
    """The words that moved the runs' answers."""
    lines = f"""
from pathlib import Path
from senti.evaluation import explain
from senti.runs import open_run

result = []
for name in {list(runs)!r}:
    found = explain(open_run({parts.root(root)}, name), {text!r}{f", {label!r}" if label else ""})
    result.append({{"label": found.label, "words": found.words.to_dict("records")}})"""
    asked = ("--label", label) if label else ()
    return parts.recipe(parts.said("explain", (text,), (*asked, *parts.runs(runs), *parts.folder(root))), lines, "runs")


def disagreement(root: Path, runs: Sequence[str], picked: Any) -> Recipe:
    """Why the runs disagree on the picked sentence: what each says, and the smallest deletion that unites them."""
    text = picked.text if picked else ""
    lines = f"""
from pathlib import Path
from senti.evaluation import explain_disagreement
from senti.runs import open_run

runs = [open_run({parts.root(root)}, name) for name in {list(runs)!r}]
found = explain_disagreement(runs, {text!r})  # .sides, .deletion, .parting
result = [{{"run": side.run.name, "chances": side.chances}} for side in found.sides]"""
    return parts.recipe(parts.said("disagreements", (text,), (*parts.runs(runs), *parts.folder(root))), lines, "sides")


def results(root: Path) -> Recipe:
    """The results table."""
    lines = f"""
from pathlib import Path
from senti.evaluation import results_table

result = results_table({parts.root(root)}).to_dict("records")"""
    return parts.recipe(("compare", *parts.folder(root)), lines, "results")


def differences(root: Path, runs: Sequence[str]) -> Recipe:
    """Every pair of runs, tested."""
    lines = f"""
from pathlib import Path
from senti.evaluation import pairwise
from senti.runs import open_run

runs = [open_run({parts.root(root)}, name) for name in {list(runs)!r}]
result = pairwise(runs).to_dict("records")"""
    return parts.recipe(("differences", *parts.runs(runs), *parts.folder(root)), lines, "pairs")


def split(root: Path, runs: Sequence[str], name: str, sure: float) -> Recipe:
    """The figures of a whole split, answering only from so many per cent on."""
    words = ("split", "--split", name, "--threshold", f"{sure / 100:g}", *parts.runs(runs), *parts.folder(root))
    lines = f"""
from pathlib import Path
from senti.evaluation import split_figures
from senti.runs import open_run

runs = [open_run({parts.root(root)}, name) for name in {list(runs)!r}]
result = split_figures(runs, {name!r}, {sure / 100:g}).to_dict("records")"""
    return parts.recipe(words, lines, "runs")


def cost(root: Path, runs: Sequence[str], kind: str) -> Recipe:
    """Which runs are dominated at a cost."""
    lines = f"""
from pathlib import Path
from senti.evaluation import dominated, results_table

table = results_table({parts.root(root)})
table = table[table["run"].isin({list(runs)!r})]
table = table.assign(dominated_by=dominated(table, {kind!r}))
result = table[["run", "test", {kind!r}, "dominated_by"]].to_dict("records")"""
    return parts.recipe(("cost", "--cost", kind, *parts.runs(runs), *parts.folder(root)), lines, "runs")


def behaviour(root: Path, runs: Sequence[str]) -> Recipe:
    """The pass rates of the suite."""
    lines = f"""
from pathlib import Path
from senti.evaluation import challenge, load_predictor, pass_rates
from senti.runs import open_run

result = []
for name in {list(runs)!r}:
    run = open_run({parts.root(root)}, name)
    answered = challenge(load_predictor(run), run.facts["data"]["labels"])
    result.append({{"run": name, "rates": pass_rates(answered).to_dict("records")}})"""
    return parts.recipe(("challenge", *parts.runs(runs), *parts.folder(root)), lines, "runs")


def ensemble(root: Path, members: Sequence[str], how: str) -> Recipe:
    """The runs combined, and how well that does."""
    lines = f"""
from pathlib import Path
from senti.config import EnsembleConfig
from senti.experiment import conduct, create, prepare

config = EnsembleConfig(members={",".join(members)!r}, how={how!r})
run = create({parts.root(root)}, prepare(config, {parts.root(root)}))
result = conduct(run)["scores"]"""
    return parts.recipe(("ensemble", *members, "--how", how, *parts.folder(root)), lines, "scores")


def a_file(root: Path, upload: str | None, runs: Sequence[str]) -> Recipe:
    """A file's rows with what the runs say."""
    source = Path(upload or "reviews.csv")
    out = f"{source.stem}-predicted{source.suffix}"
    lines = f"""
from pathlib import Path
from senti.evaluation import label_file
from senti.runs import open_run

runs = [open_run({parts.root(root)}, name) for name in {list(runs)!r}]
frame, notices = label_file(Path({source.name!r}), Path({out!r}), runs)
result = len(frame)"""
    return parts.recipe(("predict", "--file", source.name, *parts.runs(runs), *parts.folder(root)), lines, "rows")


def ladder(root: Path, run: str) -> Recipe:
    """The rungs beside a run."""
    lines = f"""
from pathlib import Path
from senti.evaluation import ladder
from senti.runs import open_run

result = ladder({parts.root(root)}, open_run({parts.root(root)}, {run!r})).to_dict("records")"""
    return parts.recipe(("ladder", run, *parts.folder(root)), lines, "rungs")


def learning_curve(choice: Choice) -> Recipe:
    """Accuracy by number of training reviews."""
    lines = f"""
from senti.config import SvmConfig, TfidfConfig
from senti.corpus import load_corpus
from senti.evaluation import learning_curve

svms = [SvmConfig(model={choice.model!r}, pooling=pooling) for pooling in ("cls", "mean")]
result = learning_curve({parts.corpus(choice)}, [TfidfConfig(), *svms]).to_dict("records")"""
    return parts.recipe(("learning-curve", *parts.whose(choice)), lines, "curve")


def cross_validation(root: Path, run: str) -> Recipe:
    """Accuracy per C on held-out folds."""
    lines = _of_run(root, run, "cross_validation", "")
    return parts.recipe(("cross-validate", run, *parts.folder(root)), lines, "table")


def nearest(root: Path, run: str, text: str) -> Recipe:
    """The training reviews nearest to a text."""
    lines = _of_run(root, run, "nearest", f", {text!r}", "nearest")
    return parts.recipe(parts.said("nearest", (text,), (*parts.runs([run]), *parts.folder(root))), lines, "runs")


def mistakes(root: Path, run: str, split: str) -> Recipe:
    """The surest mistakes of a run."""
    lines = _of_run(root, run, "mistakes", f", {split!r}", "mistakes")
    return parts.recipe(("mistakes", "--split", split, *parts.runs([run]), *parts.folder(root)), lines, "runs")


def temperature(root: Path, run: str) -> Recipe:
    """Reliability before and after the temperature."""
    lines = f"""
from pathlib import Path
from senti.evaluation import temperature
from senti.runs import open_run

found = temperature(open_run({parts.root(root)}, {run!r}))
tables = {{"before": found.before.to_dict("records"), "after": found.after.to_dict("records")}}
result = [{{"temperature": found.temperature, "error_after": found.error_after, **tables}}]"""
    return parts.recipe(("temperature", *parts.runs([run]), *parts.folder(root)), lines, "runs")


def _of_run(root: Path, run: str, function: str, others: str, key: str = "") -> str:
    """Lines that ask a function of one run for its rows; with a key, as the command gives them for several."""
    rows = f'{function}(open_run({parts.root(root)}, {run!r}){others}).to_dict("records")'
    return f"""
from pathlib import Path
from senti.evaluation import {function}
from senti.runs import open_run

result = {f'[{{"{key}": {rows}}}]' if key else rows}"""
