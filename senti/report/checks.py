"""Python for the notebook: each cell computes numbers of the report again, through the core, and fails if they differ.

Whatever comes from outside (names of runs, labels) is written as a literal.
"""

from senti.evaluation import seed_groups
from senti.report.facts import Facts, Group
from senti.runs import Run

SHOWN_MISTAKES = 8
NUMBERS = ["validation", "test", "test_low", "test_high", "trained"]
OVER_SEEDS = ["n_seeds", "validation", "validation_deviation", "test", "test_deviation"]
TESTED = ["first", "second", "difference", "low", "high", "corrected"]
LENGTHS = "plots.length_histogram(lengths(corpus).query(\"split == 'train'\"), corpus.labels)"


def setup(facts: Facts) -> str:
    """Where the runs are, and the runs."""
    names = [run.name for group in facts.groups for run in group.runs]
    return f"""import os
import sys
from pathlib import Path

START = globals().get("START") or Path({facts.place!r}).resolve()  # the folder the report was written from
os.chdir(START)
sys.path.insert(0, str(START))  # where senti is not installed, it lies there

from senti import plots
from senti.corpus import label_balance, lengths
from senti.evaluation import missed_by_all, pairwise, results_table, right_answers, seed_groups, wilson, wrong_answers
from senti.evaluation.compare import run_corpus
from senti.runs import open_run

ROOT = Path({facts.root!r})  # the folder of runs
runs = {{name: open_run(ROOT, name) for name in {names!r}}}"""


def data(group: Group) -> str:
    """The reviews are those that the runs were made with."""
    names, checksum = list(group.titles), str(group.data["checksum"])
    code = f"assert all(runs[name].facts['data']['checksum'] == {checksum!r} for name in {names!r})"
    if group.reviews is None:
        return code
    counts = group.reviews.balance["count"].tolist()
    return f"""{code}
corpus = run_corpus(runs[{group.best.name!r}])
balance = label_balance(corpus)
assert balance["count"].tolist() == {counts!r}
balance"""


def results(group: Group) -> str:
    """The results table, and its accuracies once more from each run's answers."""
    said = {row["run"]: [row[name] for name in NUMBERS] for row in group.table.to_dict("records")}
    return f"""said = {said!r}  # {", ".join(NUMBERS)}
table = results_table(ROOT).set_index("run").loc[list(said)]
assert table[{NUMBERS!r}].T.to_dict("list") == said
for name, numbers in said.items():  # once more, from what each run answered
    right = right_answers(runs[name], "test")
    assert [right.mean(), *wilson(int(right.sum()), len(right))] == numbers[1:4]
table[["title", *{NUMBERS!r}]]"""


def seeds(group: Group) -> str:
    """Mean and deviation over seeds, again."""
    said = seed_groups(group.runs)[OVER_SEEDS].to_numpy().tolist()
    return f"""repeated = seed_groups([runs[name] for name in {list(group.titles)!r}])
assert repeated[{OVER_SEEDS!r}].to_numpy().tolist() == {said!r}
repeated[["title", *{OVER_SEEDS!r}]]"""


def differences(group: Group) -> str:
    """Every pair of runs, tested again."""
    rows = [list(row.values()) for row in group.pairs[TESTED].to_dict("records")]
    return f"""found = pairwise([runs[name] for name in {list(group.titles)!r}])
assert found[{TESTED!r}].to_numpy().tolist() == {rows!r}
found[{TESTED!r}]"""


def failures(group: Group) -> str:
    """The mistakes of the run that is looked at."""
    shown = group.mistakes["row"].head(SHOWN_MISTAKES).tolist()
    return f"""wrong = wrong_answers(runs[{group.best.name!r}])
assert len(wrong) == {len(group.mistakes)} and wrong["row"].head({SHOWN_MISTAKES}).tolist() == {shown!r}
assert len(missed_by_all([runs[name] for name in {list(group.titles)!r}])) == {group.missed}
wrong.head({SHOWN_MISTAKES})"""


def curves(run: Run) -> str:
    """A run's losses."""
    return f"plots.loss_curves(runs[{run.name!r}].events())"


def dots(group: Group) -> str:
    """The accuracies with their intervals."""
    return f"plots.results_dots(results_table(ROOT).set_index('run').loc[{list(group.titles)!r}])"


def matrix(group: Group) -> str:
    """The confusion matrix of the run that is looked at."""
    run = f"runs[{group.best.name!r}]"
    return f"plots.confusion({run}.result['scores']['test']['confusion'], {run}.facts['data']['labels'])"


def weights(group: Group) -> str:
    """Trained weights against accuracy."""
    names = [row["run"] for row in group.alone.to_dict("records") if row["trained"] > 0]
    return f"""table = results_table(ROOT).set_index("run").loc[{names!r}]
plots.weights_and_accuracy(table.assign(name=table["title"], mark=""))"""
