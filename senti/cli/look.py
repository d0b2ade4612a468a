"""Commands that look without training: data, inspect, tokenize, setup."""

import argparse

import numpy as np

from senti.cli.answer import Answer, table
from senti.cli.flags import read_config
from senti.cli.progress import note
from senti.config import Config, EncoderConfig, LoraConfig, most_texts
from senti.corpus import Corpus, load_corpus
from senti.encoder import Backbone, resolve_model
from senti.numbers import percent


def corpus_of(config: Config) -> Corpus:
    """The reviews of a config; what should be known of them is noted."""
    corpus = load_corpus(config.dataset, text_column=config.text_column, label_column=config.label_column,
                         subset=config.subset, seed=config.seed)  # fmt: skip
    for line in filter(None, (corpus.why, *corpus.notices)):
        note(line)
    return corpus


def backbone_of(config: EncoderConfig) -> Backbone:
    """The backbone of a config; why it was chosen is noted."""
    backbone = resolve_model(config.model)
    if backbone.why:
        note(backbone.why)
    return backbone


def data(args: argparse.Namespace) -> Answer:
    """The lab's e11: what is in the dataset."""
    from senti.corpus import label_balance, lengths, telling_words
    from senti.encoder import count_tokens, load_tokenizer
    from senti.evaluation.reading import cut_sentence

    config = read_config(EncoderConfig, args)
    corpus, backbone = corpus_of(config), backbone_of(config)
    balance, words, telling = label_balance(corpus), lengths(corpus), telling_words(corpus)
    tokens = count_tokens(load_tokenizer(backbone), list(corpus.splits["train"]["text"]))
    cut = int((tokens > config.max_length).sum())
    payload = {
        "dataset": corpus.name, "source": corpus.source, "checksum": corpus.checksum, "labels": list(corpus.labels),
        "rows": corpus.rows, "notices": list(corpus.notices),
        "balance": balance.to_dict("records"),
        "words": {"median": float(words["words"].median()), "longest": int(words["words"].max())},
        "tokens": {"median": float(np.median(tokens)), "longest": int(tokens.max()), "model": backbone.title},
        "truncated": {"max_length": config.max_length, "share": cut / len(tokens), "rows": cut,
                      "truncation": config.truncation},
        "telling_words": {
            label: list(telling[telling["label"] == label]["word"]) for label in corpus.labels
        },
    }  # fmt: skip
    first = corpus.splits["train"].iloc[0]
    lines = [
        f"{corpus.name}: {corpus.source}",
        *table(["split", "label", "reviews", "share"],
               [[r["split"], r["label"], f"{r['count']:,}", percent(r["share"])] for r in payload["balance"]]),
        f"length: median {payload['words']['median']:.0f} words, {payload['tokens']['median']:.0f} tokens"
        f" ({backbone.title})",
        cut_sentence(config, cut, len(tokens), f"training reviews ({percent(cut / len(tokens))})"),
        *[f"{label}: {', '.join(words)}" for label, words in payload["telling_words"].items()],
        f"first row: {first['text']!r} -> {corpus.labels[first['label']]}",
    ]  # fmt: skip
    return Answer(payload, lines)


def inspect(args: argparse.Namespace) -> Answer:
    """The lab's e12: the model's shape, and what it makes of one text."""
    from senti.encoder import look_inside, model_facts
    from senti.evaluation import unknown_notice

    config = read_config(EncoderConfig, args)
    backbone = backbone_of(config)
    facts, inside = model_facts(backbone), look_inside(backbone, args.text, config.max_length, config.truncation)
    tokens, lost = inside.tokens, inside.cut[1]
    payload = {
        "model": backbone.title, "hub_id": backbone.hub_id, **facts, "text": args.text,
        "tokens": tokens.to_dict("records"), "cut": lost, "hidden_states": list(inside.hidden.shape),
        "attention": list(inside.attention.shape), "cls": [round(float(x), 5) for x in inside.cls],
    }  # fmt: skip
    lines = [
        f"{backbone.title} ({backbone.hub_id}): {facts['layers']} layers, {facts['heads']} heads, "
        f"width {facts['width']}, {facts['vocabulary']:,} word pieces, {facts['parameters']:,} parameters",
        *table(["piece", "id", "word"], tokens[["piece", "id", "word"]].to_numpy().tolist()),
        *([f"{lost:,} more pieces are not read: only the {config.truncation} of the text is"] if lost else []),
        f"hidden states {tuple(inside.hidden.shape)}: embeddings and {facts['layers']} layers, "
        f"{len(tokens)} pieces, {facts['width']} numbers each",
        f"attention {tuple(inside.attention.shape)}: layers, heads, from, to",
        f"[CLS] vector ({facts['width']}): {', '.join(f'{x:.3f}' for x in inside.cls[:6])}, ...",
        *filter(None, [unknown_notice(tokens, backbone.title)]),
    ]
    return Answer(payload, lines)


def tokenize(args: argparse.Namespace) -> Answer:
    """The lab's e21: every split through the tokenizer with `Dataset.map`, cached."""
    from senti.encoder import count_tokens, load_tokenizer
    from senti.training import tokenize as tokenize_splits

    config = read_config(EncoderConfig, args)
    corpus, backbone = corpus_of(config), backbone_of(config)
    tokenizer = load_tokenizer(backbone)
    splits = tokenize_splits(corpus, tokenizer, config.max_length, config.truncation)
    first = splits["train"][0]
    lengths = {name: [len(ids) for ids in split["input_ids"]] for name, split in splits.items()}
    cut = {name: int((count_tokens(tokenizer, list(frame["text"])) > config.max_length).sum())
           for name, frame in corpus.splits.items()}  # fmt: skip
    payload = {
        "dataset": corpus.name, "model": backbone.title, "max_length": config.max_length,
        "columns": splits["train"].column_names,
        "splits": {name: {"rows": len(n), "tokens": sum(n), "longest": max(n), "cut": cut[name]}
                   for name, n in lengths.items()},
        "first": {"text": first["text"], "label": first["label"], "input_ids": first["input_ids"],
                  "tokens": tokenizer.convert_ids_to_tokens(first["input_ids"])},
    }  # fmt: skip
    lines = [
        f"{corpus.name} through the tokenizer of {backbone.title}, cut at {config.max_length} tokens, not padded",
        *table(["split", "reviews", "tokens", "longest", "cut"],
               [[n, f"{s['rows']:,}", f"{s['tokens']:,}", s["longest"], f"{s['cut']:,}"]
                for n, s in payload["splits"].items()]),
        f"columns: {', '.join(payload['columns'])}",
        f"first row: {first['text']!r}",
        f"  {' '.join(payload['first']['tokens'])}",
        f"  {first['input_ids']}",
    ]  # fmt: skip
    return Answer(payload, lines)


def setup(args: argparse.Namespace) -> Answer:
    """The lab's e22: what full fine-tuning and LoRA would train."""
    from senti.encoder import count_parameters, lora_parameters
    from senti.evaluation.table import run_title

    config = read_config(LoraConfig, args)
    corpus, backbone = corpus_of(config), backbone_of(config)
    classes = len(corpus.labels)
    full = count_parameters(backbone, classes)
    trained, total = lora_parameters(backbone, classes, config)
    rows = most_texts(config, corpus.rows["train"])
    steps = _steps(config, rows)
    what = "reviews" if config.augment == "none" else "reviews and variants"
    payload = {
        "model": backbone.title, "hub_id": backbone.hub_id, "labels": list(corpus.labels),
        "finetune": {"trained": full, "total": full},
        "lora": {"trained": trained, "total": total, "rank": config.lora_rank, "targets": config.lora_targets,
                 "adapter": config.adapter},
        "steps": steps, "epochs": config.epochs, "batch_size": config.batch_size,
    }  # fmt: skip
    lines = [
        f"{backbone.title} with a fresh classification head for {', '.join(corpus.labels)}",
        *table(["method", "trained", "of", "share"],
               [["full fine-tuning", f"{full:,}", f"{full:,}", percent(1.0)],
                [run_title(config), f"{trained:,}", f"{total:,}", percent(trained / total)]]),
        f"{config.epochs} epochs of {rows:,} {what}, {config.batch_size} a batch: {steps:,} steps",
    ]  # fmt: skip
    return Answer(payload, lines)


def _steps(config: LoraConfig, rows: int) -> int:
    from senti.training.trainer import total_steps

    return total_steps(config, rows)
