"""A model card per run, in the form of the Hugging Face Hub: front matter for machines, Markdown for people."""

import re
from dataclasses import fields
from typing import Any

from senti.config import ADAPTERS, PROMPTED, LoraConfig, PromptConfig, SvmConfig
from senti.corpus.sources import SOURCES, benchmark
from senti.evaluation.table import run_title
from senti.numbers import count, duration, interval, milliseconds, percent, size
from senti.report.blocks import Block, Heading, Listing, Paragraph, Table, Words
from senti.report.markdown import m, written
from senti.report.names import listed, value_words
from senti.runs import Run

LICENCES = {  # of the backbones that senti knows by name
    "distilbert/distilbert-base-uncased": "apache-2.0", "google-bert/bert-base-uncased": "apache-2.0",
    "FacebookAI/roberta-base": "mit", "albert/albert-base-v2": "apache-2.0",
    "sentence-transformers/all-MiniLM-L6-v2": "apache-2.0",
}  # fmt: skip
ABOUT = {  # the adapters beside LoRA
    "dora": "LoRA whose rows' lengths are learned apart from their directions (Liu et al. 2024).",
    "ia3": "scales of keys, values and feed-forward are learned, the transformer stays frozen (Liu et al. 2022).",
    "prefix": "keys and values of 20 made-up tokens are learned for every layer (Li and Liang 2021).",
    "prompt-tuning": "20 made-up tokens before the text are learned (Lester et al. 2021).",
}
LIBRARIES = {"finetune": "transformers", "distill": "transformers", "lora": "peft", "svm": "sklearn",
             "tfidf": "sklearn"}  # fmt: skip
RELATIONS = {"finetune": "finetune", "distill": "finetune", "lora": "adapter"}
FROM_HUB = re.compile(r"Hub: ([^@]+)@(\w+)")
HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
UNNAMED = "OWNER/NAME"


def to_card(run: Run, repo: str = UNNAMED) -> str:
    """The card of a finished run, as the README.md of the Hub repository `repo`."""
    blocks = [*_about(run), *_use(run, repo), *_results(run), *_training(run)]
    body = "\n\n".join([f"# {m(_title(run))}", *map(_written, blocks)])
    return f"---\n{_front_matter(run)}\n---\n\n{body}\n"


def _written(block: Block) -> str:
    return f"## {m(block.text)}" if isinstance(block, Heading) else written(block)


def _title(run: Run) -> str:
    model = run.facts.get("model_title")
    return f"{run_title(run.config)}{f' on {model}' if model else ''}, {run.facts['data']['name']}"


def dataset_of(run: Run) -> tuple[str, str]:
    """The Hub id of a run's reviews and its revision; both empty for files and the bundled reviews."""
    found = FROM_HUB.fullmatch(run.facts["data"]["source"])
    if not found:
        return "", ""
    known = benchmark(found[1])
    pinned = known.revision if known and known.revision.startswith(found[2]) else found[2]
    return found[1].partition(":")[0], pinned


def _front_matter(run: Run) -> str:
    """The YAML between the dashes."""
    from huggingface_hub import EvalResult, ModelCardData

    facts, result, (hub_id, revision) = run.facts, run.result or {}, dataset_of(run)
    base = facts.get("hub_id") or None
    base = base if base and HUB_ID.fullmatch(base) else None
    shared: dict[str, Any] = {
        "task_type": "text-classification", "task_name": "Sentiment analysis",
        "dataset_type": hub_id or facts["data"]["name"], "dataset_name": facts["data"]["name"],
        "dataset_revision": revision or None, "dataset_args": {"sha256_16": facts["data"]["checksum"]},
    }  # fmt: skip
    measured = [
        EvalResult(**shared, dataset_split=split, metric_type=metric, metric_name=name, metric_value=scores[key])
        for split, scores in result["scores"].items()
        for metric, name, key in (("accuracy", "Accuracy", "accuracy"), ("f1", "F1, macro", "macro_f1"))
    ]
    method = facts["method"]
    data = ModelCardData(
        language="en" if facts["data"]["name"] in SOURCES else None, license=LICENCES.get(base or "", "unknown"),
        library_name=LIBRARIES.get(method), pipeline_tag="text-classification", base_model=base,
        base_model_relation=RELATIONS.get(method) if base else None,
        datasets=[hub_id] if hub_id else None, metrics=["accuracy", "f1"], tags=["sentiment-analysis", "senti", method],
        model_name=run.name, eval_results=measured,
    )  # fmt: skip
    return data.to_yaml()


def _about(run: Run) -> list[Block]:
    facts = run.facts
    said = " ".join((type(run.config).__doc__ or "").split())
    if isinstance(run.config, LoraConfig) and run.config.adapter != "lora":
        said = f"{ADAPTERS[run.config.adapter]}: {ABOUT[run.config.adapter]}"
    base = f" The backbone is {facts['hub_id']}." if facts.get("hub_id") else ""
    blocks: list[Block] = [Paragraph(f"Gives a text one of the labels {listed(facts['data']['labels'])}. {said}{base}")]
    if facts.get("hub_id", "") not in LICENCES:
        blocks.append(Words("Under which licence may others use this model? Put it in place of unknown above."))
    return [
        *blocks,
        Words("Who is this model for, and what should it not be used for?"),
    ]


def _use(run: Run, repo: str) -> list[Block]:
    """How to ask the model; nothing where only senti can."""
    facts, config = run.facts, run.config
    labels = facts["data"]["labels"]
    ask = 'print(classify(["a tender film about two sisters"]))'
    if facts["method"] in ("finetune", "distill"):
        lines = ["from transformers import pipeline", "",
                 f'classify = pipeline("text-classification", model={repo!r})', ask]  # fmt: skip
        return [Heading("How to use it"), Listing(tuple(lines), "python")]
    if isinstance(config, LoraConfig) and config.adapter in PROMPTED:
        lines = ["from peft import AutoPeftModelForSequenceClassification  # pip install transformers peft",
                 "from transformers import AutoTokenizer", "",
                 f"tokenizer = AutoTokenizer.from_pretrained({facts['hub_id']!r})",
                 f"model = AutoPeftModelForSequenceClassification.from_pretrained({repo!r}, num_labels={len(labels)})",
                 'inputs = tokenizer(["a tender film about two sisters"], return_tensors="pt")',
                 f"print(model(**inputs).logits.softmax(-1))  # {listed(labels)}"]  # fmt: skip
        return [Heading("How to use it"), Listing(tuple(lines), "python")]
    if isinstance(config, LoraConfig):
        more = f", model_kwargs={{'num_labels': {len(labels)}}}" if len(labels) != 2 else ""
        given = f"model={repo!r}, tokenizer={facts['hub_id']!r}{more}"
        lines = ["from transformers import pipeline  # pip install transformers peft", "",
                 f'classify = pipeline("text-classification", {given})', ask]  # fmt: skip
        told = ", ".join(f"LABEL_{i} is {label}" for i, label in enumerate(labels))
        return [Heading("How to use it"), Listing(tuple(lines), "python"), Paragraph(f"{told}.")]
    if facts["method"] in ("svm", "tfidf"):
        texts = "np.array(['a tender film about two sisters'], dtype=object)"
        if isinstance(config, SvmConfig):
            texts = (f"features(resolve_model({config.model!r}), ['a tender film about two sisters'], "
                     f"layer={config.layer}, pooling={config.pooling!r}, max_length={config.max_length})")  # fmt: skip
        lines = ["import numpy as np", "import skops.io", "from huggingface_hub import hf_hub_download", "",
                 *(["from senti.encoder import features, resolve_model"] if isinstance(config, SvmConfig) else []),
                 "from senti.methods.linear import TRUSTED", "",
                 f'model = skops.io.load(hf_hub_download({repo!r}, "model.skops"), trusted=TRUSTED)',
                 f"print(model.predict_proba({texts}))  # {listed(labels)}"]  # fmt: skip
        return [Heading("How to use it"), Listing(tuple(lines), "python")]
    return []


def _results(run: Run) -> list[Block]:
    result = run.result or {}
    rows = tuple(
        (split, f"{s['n']:,}", interval(s["accuracy"], s["accuracy_low"], s["accuracy_high"]), percent(s["macro_f1"]))
        for split, s in result["scores"].items()
    )
    test = result["scores"]["test"]["per_class"]
    classes = tuple((label, f"{s['n']:,}", percent(s["precision"]), percent(s["recall"]), percent(s["f1"]))
                    for label, s in test.items())  # fmt: skip
    return [
        Heading("Results"),
        Table("Accuracy with its 95 % Wilson interval.", ("Split", "Texts", "Accuracy", "F1, macro"), rows, "tnnn"),
        Table("On the test split, by label.", ("Label", "Texts", "Precision", "Recall", "F1"), classes, "tnnnn"),
        Paragraph(f"One text takes {milliseconds(result['ms_per_sentence'])} ({result.get('device', '–')}); the model "
                  f"takes {size(result['bytes_on_disk'])} on disk."),
    ]  # fmt: skip


def _training(run: Run) -> list[Block]:
    facts, result = run.facts, run.result or {}
    data, config = facts["data"], run.config
    seen = config.shots * len(data["labels"]) if isinstance(config, PromptConfig) else data["rows"]["train"]
    knobs = tuple((f.name, value_words(facts[f.name]) if f.name in facts else "not recorded")
                  for f in fields(run.config) if f.name in facts or not f.metadata["late"])  # fmt: skip
    versions = tuple((name, number) for name, number in facts.get("versions", {}).items())
    return [
        Heading("Training"),
        Paragraph(f"{count(result['parameters']['trained'])} of {count(result['parameters']['total'])} parameters were "
                  f"trained in {duration(result['seconds']['train'])} on {seen:,} reviews. Reviews: "
                  f"{data['source']}, checksum {data['checksum']} (first 16 digits of a SHA-256 over texts and "
                  f"labels). Seed: {run.config.seed}."),
        Listing((facts.get("command", "not recorded"),)),
        Table("Every knob.", ("Knob", "Value"), knobs, "tn"),
        Table("Versions.", ("Package", "Version"), versions, "tt"),
        Heading("Limits"),
        Paragraph("The accuracy holds for texts like those of the test split; no other kind was tested. The intervals "
                  "speak of other texts of that kind, not of other seeds. Labels were given by other people's rules: "
                  "read some before relying on them."),
    ]  # fmt: skip
