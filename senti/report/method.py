"""The section on methodology: what was done, with every knob, and what decides."""

from collections.abc import Sequence
from dataclasses import fields

from senti.config import ADAPTERS, LoraConfig, TrainConfig
from senti.methods import TITLES
from senti.numbers import count, percent
from senti.report.blocks import Block, Bullets, Heading, Paragraph, Section, Table, Words
from senti.report.facts import Facts, Group
from senti.report.names import listed, value_words
from senti.runs import Run

MOST_COLUMNS = 5  # runs side by side in the table of knobs
TRAINING = (
    "Trained with the Hugging Face Trainer: AdamW (beta 0.9 and 0.999, epsilon 1e-8), no weight decay on biases and "
    "layer norms, gradients clipped to norm 1, batches of reviews of like length in an order drawn from the seed, "
    "cross-entropy loss unless said otherwise. After each epoch the validation reviews are scored; the epoch with the "
    "best validation accuracy is kept."
)
MARGINS = (
    "Margins become probabilities through one temperature, fitted on out-of-fold margins of the training reviews "
    "(Guo et al. 2017), which changes no label."
)
PROMPTS = (
    "By cosine, a text goes to the label whose prompt has the nearest vector: the mean over its tokens, at length 1. "
    "With shots, the vectors of so many training reviews per label, drawn with the seed, are averaged with the "
    "prompt's. By cloze, it goes to the label whose word the masked-language model scores highest at the blank. No "
    "weight is trained; probabilities are the softmax of the scores, cosines times 20, and not calibrated."
)
HOW = (  # what is fixed in the code, beside the knobs
    (("tfidf",), "Scikit-learn's TfidfVectorizer over words and word pairs, then its LinearSVC."),
    (("svm",), "One vector per review from the frozen backbone, each of its numbers standardised, then scikit-learn's "
               "LinearSVC in its primal form."),
    (("tfidf", "svm"), MARGINS),
    (("lora",), "Through the library PEFT: a pair of thin matrices beside each adapted projection, and a new "
                "classification head. Nothing else learns."),
    (("prompt",), PROMPTS),
    (("dora",), "Through PEFT, as LoRA; the length of each row of an adapted projection is learned apart from its "
                "direction."),
    (("ia3",), "Through PEFT: keys, values and what the second half of each feed-forward takes are scaled by learned "
               "numbers. The classification head is new."),
    (("prefix",), "Through PEFT: 20 learned keys and values stand before the text's in every layer, without a network "
                  "that makes them. The classification head is new."),
    (("prompt-tuning",), "Through PEFT: 20 learned vectors stand before the text's; the new classification head "
                         "reads the first of them."),
    (("distill",), "The student begins as its teacher with some layers left out, as DistilBERT did. Its loss is alpha "
                   "T² KL(teacher, student) at temperature T and (1 - alpha) cross-entropy with the label (Hinton et "
                   "al. 2015); texts without a label have the first part alone."),
    (("finetune", "lora", *ADAPTERS, "distill"), TRAINING),
)  # fmt: skip
MEASURES = (
    "Accuracy is the share of right answers, with its 95 % Wilson interval: what other reviews of the same kind would "
    "be expected to give.",
    "Two runs are compared on the same test reviews by McNemar's exact test. All p-values of a set of runs are "
    "corrected together after Holm. The interval of a difference is a paired bootstrap of 10,000 draws, seed 0.",
    "One run is called better than another only where the corrected p is below 0.05 and the interval lies above zero.",
    "Where one run is picked to be looked at, its validation accuracy picks it; test reviews choose nothing.",
    "Training time is that of the run's process, reading features included; the time for one text is the median over "
    "40 texts, one at a time.",
)


def methodology(facts: Facts) -> Section:
    """Backbones, methods, knobs, measures."""
    runs = [run for group in facts.groups for run in group.runs]
    blocks: list[Block] = [Heading("Backbone"), *_backbones(facts)] if facts.backbones else []
    blocks += [Heading("Methods"), *_methods(runs), Heading("Hyperparameters")]
    blocks.append(Paragraph(
        "Every knob of every run, as it was stored when the run was created. A dash means that the method has no such "
        "knob."
    ))  # fmt: skip
    for group in facts.groups:
        blocks += _knobs(group)
    blocks += _autos(runs)
    blocks += [Heading("What is measured"), Bullets(MEASURES)]
    blocks.append(Words("How were these knobs chosen? What was tried on the validation reviews, and what was fixed?"))
    return Section("Methodology", tuple(blocks))


def _backbones(facts: Facts) -> list[Block]:
    rows, absent = [], []
    for title, known in facts.backbones.items():
        if "layers" not in known:
            absent.append(f"{title} ({known['hub_id']}) is not on this machine, so its shape is not told.")
            continue
        rows.append((title, known["hub_id"], known["model_type"], f"{known['layers']}", f"{known['heads']}",
                     f"{known['width']:,}", f"{known['vocabulary']:,}", count(known["parameters"]),
                     known["checksum"][:16]))  # fmt: skip
    columns = ("Backbone", "Hub id", "Kind", "Layers", "Heads", "Width", "Word pieces", "Parameters",
               "SHA-256 (first 16)")  # fmt: skip
    blocks: list[Block] = [Paragraph(line) for line in absent]
    if rows:
        blocks.append(Table("The pre-trained transformers.", columns, tuple(rows), "tttnnnnnt"))
    for title, (median, longest, cut) in facts.tokens.items():
        blocks.append(Paragraph(
            f"In word pieces of {title}, the training reviews of {facts.groups[0].title} have a median length of "
            f"{median:.0f}, the longest has {longest:,}; "
            f"{percent(cut) if cut else 'none'} of them {'are' if cut else 'is'} cut."
        ))  # fmt: skip
    return blocks


def _methods(runs: list[Run]) -> list[Block]:
    used = dict.fromkeys(kind_of(run) for run in runs)
    items = []
    for methods, said in HOW:
        titles = [(TITLES | ADAPTERS)[name] for name in dict.fromkeys(methods) if name in used]
        items += [f"{listed(titles)}: {said}"] if titles else []
    return [Bullets(tuple(items))] if items else []


def kind_of(run: Run) -> str:
    """The method of a run, or its adapter where that is not LoRA."""
    return run.config.adapter if isinstance(run.config, LoraConfig) else str(run.facts["method"])


def _knobs(group: Group) -> list[Block]:
    blocks: list[Block] = []
    for start in range(0, len(group.runs), MOST_COLUMNS):
        runs = group.runs[start : start + MOST_COLUMNS]
        names = dict.fromkeys(f.name for run in runs for f in fields(run.config)
                              if not f.metadata["late"] or any(f.name in run.facts for run in runs))  # fmt: skip
        rows = [(_label(runs, name), *(_knob(run, name) for run in runs))
                for name in names]  # fmt: skip
        titles = tuple(group.titles[run.name] for run in runs)
        caption = f"Hyperparameters of the runs on {group.title}."
        blocks.append(Table(caption, ("Knob", *titles), tuple(rows), "t" + "n" * len(titles)))
    return blocks


def _label(runs: Sequence[Run], name: str) -> str:
    """A knob's name for people."""
    found = next(f for run in runs for f in fields(run.config) if f.name == name)
    return str(found.metadata["label"]) or name.replace("_", " ").capitalize()


def _autos(runs: Sequence[Run]) -> list[Block]:
    """What `auto` means for the knobs that say so."""
    said = {f.name: f"{f.metadata['label']}: {f.metadata['help']}." for run in runs for f in fields(run.config)
            if run.facts.get(f.name) == "auto"}  # fmt: skip
    told = "Where a knob says auto, it was settled as the run began. " + " ".join(said.values())
    return [Paragraph(told)] if said else []


def _knob(run: Run, name: str) -> str:
    knob = next((f for f in fields(run.config) if f.name == name), None)
    if knob is None:
        return "–"
    if name in run.facts:
        return value_words(run.facts[name])
    return value_words(knob.default) if knob.metadata["late"] else "not recorded"


def trained(group: Group) -> list[Run]:
    """The runs that have a training curve."""
    return [run for run in group.runs if isinstance(run.config, TrainConfig) and len(run.events())]
