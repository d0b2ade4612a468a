"""The first two sections: what was asked, and what the reviews are like."""

from senti.config import METHODS
from senti.numbers import percent
from senti.plots import length_histogram
from senti.report import checks
from senti.report.blocks import Block, Bullets, Check, Figure, Heading, Paragraph, Section, Table, Words
from senti.report.facts import TELLING, Facts, Group, Reviews
from senti.report.names import listed

LONGEST_SHOWN = 400  # letters of a review in a table


def introduction(facts: Facts) -> Section:
    """The question and the methods."""
    models = list(facts.backbones)
    adapted = (f"Here {listed(models)}, pre-trained on plain text, {'is' if len(models) == 1 else 'are'} put to this "
               "task. ") if models else ""  # fmt: skip
    sets = {tuple(group.data["labels"]) for group in facts.groups}
    labels = f"the labels {listed(sets.pop())}" if len(sets) == 1 else "a few labels"
    blocks: list[Block] = [Paragraph(
        f"Sentiment analysis asks what a writer thinks of something: each review is to be given one of {labels}. "
        f"{adapted}This report tells what was trained, on which reviews, how well it did, and how certain that is. "
        "All numbers were measured; the sentences about them were generated from them."
    )]  # fmt: skip
    names = dict.fromkeys(run.facts["method"] for group in facts.groups for run in group.runs)
    blocks.append(Bullets(tuple(" ".join((METHODS[name].__doc__ or "").split()) for name in names)))
    if len(facts.groups) > 1:
        blocks.append(Paragraph(
            f"The runs were made on {len(facts.groups)} different sets of reviews. Accuracies on different reviews are "
            "never compared with each other here."
        ))  # fmt: skip
    blocks.append(Words("What do you want to find out, and what did you expect before you ran it?"))
    return Section("Introduction", tuple(blocks))


def dataset(facts: Facts) -> Section:
    """Sizes, balance, lengths, telling words and samples of each set of reviews."""
    blocks: list[Block] = []
    for number, group in enumerate(facts.groups):
        blocks += [Heading(group.title)] if len(facts.groups) > 1 else []
        blocks += _source(group)
        blocks += (
            _described(group.title, group.reviews, number)
            if group.reviews
            else [Paragraph(f"Statistics and samples are missing: {group.absent}")]
        )
    blocks.append(Words("What makes these reviews hard? Look at the samples: would you have given these labels?"))
    return Section("Dataset analysis", tuple(blocks))


def named(group: Group) -> str:
    """The reviews inside a sentence."""
    return group.title[:1].lower() + group.title[1:] if group.title.startswith("The ") else group.title


def _source(group: Group) -> list[Block]:
    rows = group.data["rows"]
    sizes = listed([f"{n:,} {split}" for split, n in rows.items()])
    return [
        Paragraph(
            f"{group.title} ({group.data['source']}) has the labels {listed(group.data['labels'])} and {sizes} "
            f"reviews. Checksum over all texts and labels in order: {group.data['checksum']} (the first 16 digits of a "
            "SHA-256). Methods learn from the training reviews, choices are made on the validation reviews, and the "
            "test reviews give the result."
        ),
        Check(checks.data(group)),
    ]  # fmt: skip


def _described(title: str, reviews: Reviews, number: int) -> list[Block]:
    corpus = reviews.corpus
    train = reviews.lengths[reviews.lengths["split"] == "train"]
    name = f"lengths-{number + 1}" if number else "lengths"
    blocks: list[Block] = [_balance(title, reviews)]
    blocks += [Paragraph(notice) for notice in corpus.notices]
    blocks += [
        _length_table(title, reviews),
        Figure(f"How long the training reviews of {title} are, by label.",
               length_histogram(train, corpus.labels), name, checks.LENGTHS),
        _telling(title, reviews),
        Table(f"Training reviews of {title}, drawn at random with seed 0.", ("Label", "Review"),
              tuple((row.label, shortened(str(row.text))) for row in reviews.samples.itertuples()), "tw"),
    ]  # fmt: skip
    return blocks


def _balance(title: str, reviews: Reviews) -> Table:
    table = reviews.balance
    splits, labels = list(dict.fromkeys(table["split"])), list(dict.fromkeys(table["label"]))
    cells = {(row["split"], row["label"]): f"{row['count']:,} ({percent(row['share'])})"
             for row in table.to_dict("records")}  # fmt: skip
    rows = tuple((split, *(cells[split, label] for label in labels), f"{reviews.corpus.rows[split]:,}")
                 for split in splits)  # fmt: skip
    return Table(f"Reviews of {title} per split and label.", ("Split", *labels, "All"), rows,
                 "t" + "n" * (len(labels) + 1))  # fmt: skip


def _length_table(title: str, reviews: Reviews) -> Table:
    rows, found = [], dict(list(reviews.lengths.groupby(["split", "label"])["words"]))
    for (split, label), words in sorted(found.items(), key=lambda item: _place(reviews, *item[0])):
        rows.append((split, label, f"{words.mean():.1f}", f"{words.median():.0f}", f"{words.quantile(0.95):.0f}",
                     f"{words.max():,}"))  # fmt: skip
    columns = ("Mean", "Median", "95 % are within", "Longest")
    caption = f"Words per review of {title}; what white space separates is a word."
    return Table(caption, ("Split", "Label", *columns), tuple(rows), "ttnnnn")


def _place(reviews: Reviews, split: str, label: str) -> tuple[int, int]:
    return list(reviews.corpus.splits).index(split), reviews.corpus.labels.index(label)


def _telling(title: str, reviews: Reviews) -> Table:
    words = reviews.telling
    rows = tuple((label, ", ".join(words[words["label"] == label]["word"])) for label in reviews.corpus.labels)
    return Table(
        f"The {TELLING} words that speak most for each label in the training reviews of {title} (log-odds with a "
        "Dirichlet prior, Monroe et al. 2008).", ("Label", "Words"), rows, "tw",
    )  # fmt: skip


def shortened(text: str) -> str:
    """The beginning of a review, cut between words."""
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 2].rsplit(" ", 1)[0] + " …"
