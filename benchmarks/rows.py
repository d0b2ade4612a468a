"""The comparisons: each measures both sides A B A B and says beside the ratio whether the results are equal."""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import ours
from benchmarks.inputs import splits

PROJECT = Path(__file__).parents[1]
FULL: dict[str, Any] = {"lr": 5e-5, "epochs": 3}
LORA: dict[str, Any] = {"lr": 1e-3, "epochs": 1}  # a rate is the same in every epoch
FAST: dict[str, Any] = {"lr": 2e-3, "epochs": 2, "batch_size": 32, "upper_layers": 3}  # chosen on validation


@dataclass(frozen=True)
class Row:
    """One comparison: medians of both sides, their ratio (how many times senti is as fast), and the equality check."""

    path: str
    against: str
    ours: float
    theirs: float
    unit: str  # what the two figures count: "texts/s" where more is better, "s" or "ms" where less is
    target: str
    equality: str
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times as fast senti is."""
        return self.ours / self.theirs if self.unit.endswith("/s") else self.theirs / self.ours


@dataclass(frozen=True)
class Bench:
    """Where scratch files go, and whether this is the short version."""

    scratch: Path
    quick: bool
    say: Callable[[str], None]

    def side(self, name: str, **knobs: Any) -> dict[str, Any]:
        """One function of `peers` or `ours` in a process of its own."""
        env = os.environ | {"SENTI_CACHE": str(self.scratch / f"cache-{time.time_ns()}"), "PYTHONPATH": str(PROJECT),
                            "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "true"}  # fmt: skip
        words = [sys.executable, "-m", "benchmarks.side", name, str(self.scratch), json.dumps(knobs)]
        done = subprocess.run(words, capture_output=True, text=True, env=env, cwd=PROJECT)
        if done.returncode:
            raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
        figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        self.say(f"  {name} { ({k: v for k, v in figures.items() if not isinstance(v, str)}) }")
        return figures

    def abab(self, mine: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[list[Any], list[Any]]:
        """Both sides in turns, twice, or once if quick."""
        pairs = [(mine(), theirs()) for _ in range(1 if self.quick else 2)]
        return [a for a, _ in pairs], [b for _, b in pairs]


def middle(figures: list[dict[str, Any]], name: str = "seconds") -> float:
    """The median of one figure."""
    return statistics.median(f[name] for f in figures)


def _features(bench: Bench, size: str, peer: str, pooling: str, target: str) -> Row:
    n = 512 if bench.quick else len(splits()["train"]) + 1066 + 1066
    n = n if size == "minilm" or bench.quick else 2132
    a, b = bench.abab(lambda: bench.side("ours.features", size=size, n=n, pooling=pooling),
                      lambda: bench.side(f"peers.features_{peer}", size=size, n=n))  # fmt: skip
    x, y = np.load(a[0]["vectors"]), np.load(b[0]["vectors"])
    cosine = (x * y).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(y, axis=1)
    equality = f"cosine ≥ {np.floor(cosine.min() * 1e5) / 1e5:.5f}"
    if n > 9596 and len(splits()["train"]) > 5000:
        cut = len(splits()["train"])
        mine, stock = (ours.svm_accuracy(v[:cut], v[cut + 1066 :]) for v in (x, y))
        equality += f"; SVM test {100 * mine:.2f} / {100 * stock:.2f} %"
    name = "MiniLM" if size == "minilm" else "DistilBERT-sized, random weights"
    against = "sentence-transformers encode" if peer == "sentence_transformers" else "pipeline, batch 32"
    return Row(f"features, {name}", against, n / middle(a), n / middle(b), "texts/s", target, equality)


def _training(bench: Bench, name: str, knobs: dict[str, Any], target: str, stock: str = "", whole: bool = False) -> Row:
    """Two seeds, each side once per seed; results are kept, as another row may need the same stock runs."""
    few = {"subset": 400, "epochs": 1} if bench.quick else {}
    stock_knobs = FULL if (stock or name) == "finetune" else LORA
    a, b = [], []
    for seed in (0,) if bench.quick else (0, 1):
        a.append(bench.side("ours.training", method=name, seed=seed, **knobs | few))
        b.append(_stock(bench, (stock or name) == "lora", seed, stock_knobs))
    accuracy = [100 * statistics.mean(f["accuracy"] for f in side) for side in (a, b)]
    seeds = "1 seed" if bench.quick else "mean of 2 seeds"
    equality = f"validation {accuracy[0]:.2f} / {accuracy[1]:.2f} % ({seeds})"
    memory = f"peak {middle(a, 'peak_mb'):.0f} / {middle(b, 'peak_mb'):.0f} MB"
    title = {"finetune": "full fine-tuning", "lora": "LoRA, rank 8"}[name]
    if whole:
        title, share = f"fast LoRA, upper {knobs['upper_layers']} layers", accuracy[0] / accuracy[1]
        return Row(f"{title}, to a finished model", "stock Trainer, full fine-tuning", middle(a, "whole"),
                   middle(b, "whole"), "s", target, f"{equality}: {100 * share:.1f} % of it", memory)  # fmt: skip
    against = "stock Trainer fp32" if name == "finetune" else "stock PEFT + Trainer fp32"
    return Row(title, against, middle(a, "rate"), middle(b, "rate"), "texts/s", target, equality, memory)


def _stock(bench: Bench, lora: bool, seed: int, knobs: dict[str, Any]) -> dict[str, Any]:
    kept = bench.scratch / f"stock-{lora}-{seed}.json"
    if not kept.exists():
        few = {"rows": 400, "epochs": 1} if bench.quick else {}
        kept.write_text(json.dumps(bench.side("peers.training", lora=lora, seed=seed, **knobs | few)))
    figures: dict[str, Any] = json.loads(kept.read_text())
    return figures


def _runs(bench: Bench) -> dict[str, str]:
    """Three small finished runs to predict with."""
    kept = bench.scratch / "runs.json"
    if not kept.exists():
        few: dict[str, Any] = {"subset": 400}
        made = {"svm": bench.side("ours.training", method="svm", pooling="mean", **few),
                "finetune": bench.side("ours.training", method="finetune", epochs=2, lr=1e-4, **few),
                "lora": bench.side("ours.training", method="lora", epochs=2, lr=2e-3, **few)}  # fmt: skip
        kept.write_text(json.dumps({name: figures["run"] for name, figures in made.items()}))
    paths: dict[str, str] = json.loads(kept.read_text())
    return paths


def full(bench: Bench) -> Row:
    """All weights."""
    return _training(bench, "finetune", FULL, "≥ 3.5x, within 0.7 points")


def lora(bench: Bench) -> Row:
    """Small matrices in all layers."""
    return _training(bench, "lora", LORA, "≥ 3x, within 0.7 points")


def fast_lora(bench: Bench) -> Row:
    """Small matrices in the upper layers, the lower ones computed once."""
    return _training(bench, "lora", FAST, "≥ 10x at ≥ 97 %", stock="finetune", whole=True)


def features_st(bench: Bench) -> Row:
    """MiniLM against sentence-transformers."""
    return _features(bench, "minilm", "sentence_transformers", "mean", "≥ 2.5x, cosine ≥ 0.999")


def features_st_distilbert(bench: Bench) -> Row:
    """DistilBERT's shapes against sentence-transformers."""
    return _features(bench, "distilbert", "sentence_transformers", "mean", "≥ 2.5x, cosine ≥ 0.999")


def features_pipeline(bench: Bench) -> Row:
    """MiniLM against the pipeline."""
    return _features(bench, "minilm", "pipeline", "cls", "≥ 5x")


def svm(bench: Bench) -> Row:
    """From texts to scores."""
    few = {"subset": 400} if bench.quick else {}
    a, b = bench.abab(lambda: bench.side("ours.training", method="svm", pooling="mean", **few),
                      lambda: bench.side("peers.svm_script", rows=400 if bench.quick else 0))  # fmt: skip
    equality = f"test {100 * a[0]['test']:.2f} / {100 * b[0]['accuracy']:.2f} %"
    return Row("SVM, texts to scores", "plain script, batch 32", middle(a, "whole"), middle(b), "s", "≥ 5x", equality)


def one_text(bench: Bench) -> Row:
    """A person's sentence through all methods."""
    runs, n = _runs(bench), 40 if bench.quick else 200
    a, b = bench.abab(lambda: bench.side("ours.one_text", runs=runs, n=n),
                      lambda: bench.side("peers.one_text_pipelines", runs=runs, n=n))  # fmt: skip
    return Row("one text, three methods", "three pipeline calls", 1000 * middle(a), 1000 * middle(b), "ms",
               "≥ 2x, p50 ≤ 30 ms", f"p50 over {n} texts")  # fmt: skip


def predict(bench: Bench) -> Row:
    """Many texts through a fine-tuned model."""
    runs, n = _runs(bench), 500 if bench.quick else 10_000
    a, b = bench.abab(lambda: bench.side("ours.predict", runs=runs, n=n),
                      lambda: bench.side("peers.predict_pipeline", runs=runs, n=n))  # fmt: skip
    x, y = np.load(a[0]["vectors"]), np.load(b[0]["vectors"])
    same = 100 * float((x.argmax(1) == y.argmax(1)).mean())
    close = f"probabilities differ by ≤ {np.abs(x - y).max():.3f}"
    return Row(f"prediction of {n:,} texts", "pipeline, batch 32", n / middle(a), n / middle(b), "texts/s", "≥ 3x",
               f"{same:.2f} % same labels; {close}")  # fmt: skip


def cache(bench: Bench) -> Row:
    """The second of two identical feature extractions."""
    n = 500 if bench.quick else 10_662
    a = [bench.side("ours.features_twice", n=n) for _ in range(1 if bench.quick else 2)]
    return Row("a second identical extraction", "the first", middle(a, "second"), middle(a, "first"), "s", "≥ 50x",
               "the same array" if all(f["same"] for f in a) else "DIFFERENT")  # fmt: skip


BARE = "import gradio as gr\nwith gr.Blocks() as app:\n    gr.Markdown('hello')\napp.launch(server_port={port})"


def first_page(bench: Bench) -> Row:
    """From the command to the first page; here less than one is expected."""
    a, b = bench.abab(lambda: _until_page(["app.py"], 7971), lambda: _until_page(["-c", BARE.format(port=7972)], 7972))
    return Row("app: command to first page", "bare gr.Blocks", statistics.median(a), statistics.median(b), "s",
               "at most 1.3 times as long", "both answer 200")  # fmt: skip


def _until_page(words: list[str], port: int) -> float:
    env = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_OFFLINE": "1"}
    began = time.perf_counter()
    app = subprocess.Popen([sys.executable, *words], cwd=PROJECT, env=env, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        while time.perf_counter() - began < 120:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                    page.read()
                    return time.perf_counter() - began
            except OSError:
                time.sleep(0.02)
    finally:
        app.kill()
        app.wait()
    raise SystemExit("the app did not answer within two minutes")


def first_loss(bench: Bench) -> Row:
    """From the click to the first training loss on the bundled reviews, with the app's worker ready."""
    a, b = bench.abab(lambda: _click(bench), lambda: _script(bench))
    return Row("training: click to first loss", "importing and running the stock script", statistics.median(a),
               statistics.median(b), "s", "≤ 3 s or half of it", "after step 1 on each side")  # fmt: skip


CLICK = """
import sys, time
from pathlib import Path
from senti.config import FinetuneConfig
from senti.experiment import create, prepare
from senti.runs import keep_ready, spawn
config = FinetuneConfig(dataset="bundled", model="minilm", subset=200)
prepare(config)  # the form has shown its plan
keep_ready()
time.sleep(20)
began = time.perf_counter()
run = create(Path(sys.argv[1]), prepare(config))
spawn(run)
while not (run.events()["split"] == "train").any():
    time.sleep(0.02)
print(time.perf_counter() - began, flush=True)
while run.status == "running":
    time.sleep(0.1)
"""
SCRIPT = """
import datasets
from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainerCallback, TrainingArguments
import pandas as pd, sys
frame = pd.read_csv(sys.argv[2])
tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
data = datasets.Dataset.from_pandas(frame).map(lambda x: tokenizer(x["text"], truncation=True), batched=True)
model = AutoModelForSequenceClassification.from_pretrained(sys.argv[1], num_labels=2)
class Tell(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        if "loss" in logs:
            print("LOSS", flush=True)
args = TrainingArguments(sys.argv[3], max_steps=2, per_device_train_batch_size=16, logging_steps=1, use_cpu=True,
                         report_to="none", save_strategy="no")
Trainer(model, args, train_dataset=data, processing_class=tokenizer, callbacks=[Tell()]).train()
"""


def _click(bench: Bench) -> float:
    env = os.environ | {"SENTI_CACHE": str(bench.scratch / f"cache-{time.time_ns()}")}
    done = subprocess.run([sys.executable, "-c", CLICK, str(bench.scratch / f"click-{time.time_ns()}")], cwd=PROJECT,
                          capture_output=True, text=True, check=True, env=env)  # fmt: skip
    return float(done.stdout.split()[-1])


def _script(bench: Bench) -> float:
    from senti.corpus import load_corpus
    from senti.encoder import resolve_model

    table = bench.scratch / "bundled.csv"
    load_corpus("bundled", subset=200).splits["train"][["text", "label"]].to_csv(table, index=False)
    words = [sys.executable, "-c", SCRIPT, resolve_model("minilm").path, str(table), str(bench.scratch / "script")]
    began = time.perf_counter()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        next(line for line in process.stdout if "LOSS" in line)
        seconds = time.perf_counter() - began
        process.communicate()
    return seconds


ROWS: dict[str, Callable[[Bench], Row]] = {
    each.__name__: each
    for each in (features_st, features_st_distilbert, features_pipeline, cache, svm, one_text, predict, first_page,
                 first_loss, fast_lora, full, lora)
}  # fmt: skip
