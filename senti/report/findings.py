"""The sections on results, discussion and conclusion."""

import pandas as pd

from senti.evaluation import hints, seed_groups
from senti.evaluation.seeds import MEANING, mean_and_deviation, seeds_title
from senti.methods import TITLES
from senti.numbers import count, duration, interval, milliseconds, percent, size
from senti.plots import confusion, loss_curves, results_dots, weights_and_accuracy
from senti.report import checks
from senti.report.blocks import Block, Bullets, Check, Figure, Heading, Paragraph, Section, Table, Words
from senti.report.facts import Facts, Group
from senti.report.method import trained
from senti.report.names import inside
from senti.report.opening import named, shortened
from senti.report.sentences import (
    curve,
    efficiency,
    failures,
    fewest,
    headline,
    p_words,
    pairs_of,
    points_range,
    seeds,
    verdicts,
)

NOT_SHOWN = "The reviews themselves cannot be shown: "


def results(facts: Facts) -> Section:
    """The table, the accuracies with intervals, and the training curves."""
    blocks: list[Block] = []
    for number, group in enumerate(facts.groups):
        blocks += [Heading(group.title)] if len(facts.groups) > 1 else []
        blocks += [_table(group), Check(checks.results(group)), Figure(
            f"Accuracy on the test reviews of {group.title}, with 95 % intervals.", results_dots(group.table),
            _name("accuracy", number), checks.dots(group),
        )]  # fmt: skip
        blocks += [Paragraph(line) for line in headline(group)]
        blocks += _seeds(group)
        blocks += [Paragraph(f"{group.titles[run.name]}: {note}") for run in group.runs
                   for note in (run.result or {}).get("notes", [])]  # fmt: skip
        blocks += _curves(group)
    blocks.append(Words("What in these numbers did you expect, and what surprises you? Does a curve show overfitting?"))
    return Section("Results", tuple(blocks))


def discussion(facts: Facts) -> Section:
    """Is it real, what did it cost, and where does it fail."""
    blocks: list[Block] = []
    for number, group in enumerate(facts.groups):
        on = f" on {named(group)}" if len(facts.groups) > 1 else ""
        blocks += [Heading(f"Significance{on}"), *_significance(group)]
        blocks += [Heading(f"Efficiency{on}"), *_efficiency(group, number)]
        blocks += [Heading(f"Failure cases{on}"), *_failures(group, number)]
        blocks += _hints(group, on)
    blocks.append(Words("Why do these reviews go wrong? Sort some of them: irony, mixed feelings, wrong labels, ..."))
    return Section("Discussion", tuple(blocks))


def _hints(group: Group, on: str) -> list[Block]:
    """What the runs themselves show that could be tried next."""
    told = tuple(f"{group.titles[run.name]}: {hint}" for run in group.runs for hint in hints(run))
    return [Heading(f"What could be tried next{on}"), Bullets(told)] if told else []


def conclusion(facts: Facts) -> Section:
    """What may be said, and what may not."""
    blocks: list[Block] = []
    for group in facts.groups:
        blocks += [Heading(group.title)] if len(facts.groups) > 1 else []
        blocks += [Paragraph(" ".join(headline(group))), *(Paragraph(line) for line in fewest(group))]
    runs = [run for group in facts.groups for run in group.runs]
    limits = [
        seeds(runs),
        "All of this holds for reviews like these, with these labels; no other kind of text was tested.",
        "The numbers are those of one set of knobs per run; other knobs might change the order.",
    ]
    if len(facts.groups) > 1:
        limits.append("Runs on different reviews were not compared, and their accuracies must not be.")
    blocks += [Heading("Limits"), Bullets(tuple(limits))]
    blocks.append(Words("What is your answer to the question of the introduction? What would you try next?"))
    return Section("Conclusion", tuple(blocks))


def _name(stem: str, number: int) -> str:
    return f"{stem}-{number + 1}" if number else stem


def _table(group: Group) -> Table:
    rows = []
    for row in group.table.itertuples():
        scores = (group.run(row.run).result or {})["scores"]["test"]
        rows.append((
            row.title, row.model or "–", count(row.trained), duration(row.train_seconds), milliseconds(row.ms),
            size(row.bytes), percent(row.validation), interval(row.test, row.test_low, row.test_high),
            percent(scores["macro_f1"]),
        ))  # fmt: skip
    columns = ("Method", "Backbone", "Trained weights", "Training time", "One text", "On disk", "Validation",
               "Test", "Macro F1, test")  # fmt: skip
    return Table(f"Results on {group.title}: {int(group.table['n_test'].iloc[0]):,} test reviews; ± is half a 95 % "
                 "interval.", columns,
                 tuple(rows), "ttnnnnnnn")  # fmt: skip


def _seeds(group: Group) -> list[Block]:
    """Runs that differ in the seed alone, a row for all of them."""
    repeated = seed_groups(group.runs)
    if repeated.empty:
        return []
    rows = tuple((seeds_title(r.title, r.n_seeds), ", ".join(map(str, r.seeds)),
                  mean_and_deviation(r.validation, r.validation_deviation),
                  mean_and_deviation(r.test, r.test_deviation), percent(r.test_lowest), percent(r.test_highest))
                 for r in repeated.itertuples())  # fmt: skip
    columns = ("Knobs", "Seeds", "Validation", "Test", "Lowest, test", "Highest, test")
    caption = f"The same knobs with several seeds on {group.title}: mean and standard deviation of the accuracy."
    return [Table(caption, columns, rows, "ttnnnn"), Check(checks.seeds(group)), Paragraph(MEANING)]


def _curves(group: Group) -> list[Block]:
    blocks: list[Block] = []
    with_curve = trained(group)
    if with_curve:
        blocks.append(Heading(f"Training curves on {named(group)}"))
        blocks.append(Paragraph(
            "The scores of the curves were taken while training, in the training's number format; those of the table "
            "were measured with the saved model afterwards and can differ by a few reviews."
        ))  # fmt: skip
    for run in with_curve:
        title, events = group.titles[run.name], run.events()
        blocks.append(Figure(f"Loss of {inside(title)} as it trains (run {run.name}).", loss_curves(events),
                             f"loss-{run.name}", checks.curves(run)))  # fmt: skip
        blocks.append(Paragraph(curve(title, events)))
    if with_curve:
        blocks.append(_epochs(group))
    return blocks


def _epochs(group: Group) -> Table:
    """Validation accuracy after each epoch; epoch 0 is before training."""
    columns: dict[str, dict[float, float]] = {}
    for run in trained(group):
        rows = run.events()
        rows = rows[rows["split"] == "validation"]
        columns[run.name] = dict(zip(pd.to_numeric(rows["epoch"]), pd.to_numeric(rows["accuracy"]), strict=True))
    epochs = sorted({epoch for column in columns.values() for epoch in column})
    rows = tuple((f"{epoch:g}", *(percent(column.get(epoch)) for column in columns.values())) for epoch in epochs)
    titles = tuple(group.titles[name] for name in columns)
    return Table(f"Validation accuracy on {group.title} after each epoch; 0 is before training.", ("Epoch", *titles),
                 rows, "n" * (1 + len(titles)))  # fmt: skip


def _significance(group: Group) -> list[Block]:
    pairs = pairs_of(group)
    if not pairs:
        return [Paragraph("With one run on these reviews there is nothing to compare it with.")]
    rows = tuple((pair.first, pair.second, f"{100 * pair.difference:.1f}", points_range(pair),
                  p_words(pair.p).removeprefix("p = ").removeprefix("p "),
                  "better" if pair.apart else "not told apart") for pair in pairs)  # fmt: skip
    columns = ("First", "Second", "Points between", "95 % interval", "p (McNemar, Holm)", "The first is")
    return [
        Table(f"Every pair of runs on the test reviews of {group.title}.", columns, rows, "ttnnnt"),
        Check(checks.differences(group)),
        Paragraph(verdicts(pairs)),
    ]


def _efficiency(group: Group, number: int) -> list[Block]:
    table = group.alone[group.alone["trained"] > 0]
    blocks: list[Block] = []
    if table["trained"].nunique() > 1:
        details = table["title"].str.extract(r"\((.*)\)$")[0].fillna("")
        figure = weights_and_accuracy(table.assign(name=table["method"].map(TITLES), mark=details))
        blocks.append(Figure(f"Trained weights and test accuracy on {group.title}, with 95 % intervals.", figure,
                             _name("weights", number), checks.weights(group)))  # fmt: skip
    said = efficiency(group) or ["There are not two trained runs on these reviews to compare."]
    return blocks + [Paragraph(line) for line in said]


def _failures(group: Group, number: int) -> list[Block]:
    scores = (group.best.result or {})["scores"]["test"]
    labels = group.data["labels"]
    title = inside(group.titles[group.best.name])
    blocks: list[Block] = [
        *(Paragraph(line) for line in failures(group)),
        Figure(f"Confusion matrix of {title} on the test reviews of {group.title}: in each row the reviews of one "
               "label, in each column what they were called.", confusion(scores["confusion"], labels),
               _name("confusion", number), checks.matrix(group)),
        Check(checks.failures(group)),
    ]  # fmt: skip
    if group.reviews is None:
        return [*blocks, Paragraph(NOT_SHOWN + group.absent)]
    texts = group.reviews.corpus.splits["test"]["text"]
    rows = tuple((shortened(str(texts.iloc[r.row])), labels[r.label], labels[r.said], percent(r.confidence))
                 for r in group.mistakes.head(checks.SHOWN_MISTAKES).itertuples())  # fmt: skip
    if not rows:
        return [*blocks, Paragraph("There is no mistake to show.")]
    caption = f"The surest mistakes of {title} on the test reviews of {group.title}."
    return [*blocks, Table(caption, ("Review", "Label", "Called", "Probability"), rows, "wttn")]
