"""The stock tools, each used as its own documentation says. Every function returns seconds and what it computed."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.inputs import model_folder, splits, texts

WARM = ["a film to warm up with", "another one"] * 16


def few(frame: Any, rows: int) -> Any:
    """So many rows, evenly spread over the frame, which is ordered by label; 0: all of them."""
    return frame.iloc[:: max(1, len(frame) // rows)] if rows else frame


def features_sentence_transformers(scratch: Path, size: str, n: int) -> dict[str, Any]:
    """`SentenceTransformer(...).encode(texts)`."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(model_folder(size, scratch), device="cpu")
    model.max_seq_length = 128
    model.encode(WARM)
    began = time.perf_counter()
    vectors = model.encode(texts(n))
    return {"seconds": time.perf_counter() - began, "vectors": vectors}


def features_pipeline(scratch: Path, size: str, n: int) -> dict[str, Any]:
    """`pipeline("feature-extraction", batch_size=32)`, its tensors pooled to [CLS]."""
    from transformers import pipeline

    folder = model_folder(size, scratch)
    extract = pipeline("feature-extraction", folder, batch_size=32, device="cpu",
                       tokenize_kwargs={"truncation": True, "max_length": 128})  # fmt: skip
    extract(WARM, return_tensors=True)
    began = time.perf_counter()
    vectors = np.stack([states[0, 0].numpy() for states in extract(texts(n), return_tensors=True)])
    return {"seconds": time.perf_counter() - began, "vectors": vectors}


def svm_script(scratch: Path, rows: int = 0) -> dict[str, Any]:
    """A plain script: every split through the model, 32 texts at a time, and a LinearSVC."""
    import torch
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC
    from transformers import AutoModel, AutoTokenizer

    began = time.perf_counter()
    folder = model_folder("minilm", scratch)
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()

    def read(frame: Any) -> np.ndarray:
        out, every = [], list(frame["text"])
        with torch.no_grad():
            for start in range(0, len(every), 32):
                batch = tokenizer(every[start : start + 32], padding=True, truncation=True, max_length=128,
                                  return_tensors="pt")  # fmt: skip
                states, mask = model(**batch).last_hidden_state, batch["attention_mask"].unsqueeze(-1)
                out.append(((states * mask).sum(1) / mask.sum(1)).numpy())
        return np.concatenate(out)

    frames = {name: few(frame, rows) for name, frame in splits().items()}
    svm = make_pipeline(StandardScaler(), LinearSVC(C=0.01, dual=False))
    svm.fit(read(frames["train"]), frames["train"]["label"])
    scores = {name: svm.score(read(frames[name]), frames[name]["label"]) for name in ("validation", "test")}
    return {"seconds": time.perf_counter() - began, "accuracy": scores["test"]}


def training(
    scratch: Path, lora: bool, seed: int, epochs: int, lr: float, batch_size: int = 16, rows: int = 0
) -> dict[str, Any]:
    """The course's script: Dataset.map, dynamic padding, Trainer with its defaults in float32, the best epoch kept."""
    began = time.perf_counter()
    import datasets
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, Trainer, TrainingArguments, set_seed

    set_seed(seed)
    folder, frames = model_folder("minilm", scratch), splits()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    data = {name: datasets.Dataset.from_pandas(few(frames[name][["text", "label"]], rows), preserve_index=False)
            for name in ("train", "validation")}  # fmt: skip
    data = {name: each.map(lambda x: tokenizer(x["text"], truncation=True, max_length=128), batched=True)
            for name, each in data.items()}  # fmt: skip
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=2)
    if lora:
        from peft import LoraConfig, get_peft_model

        model = get_peft_model(model, LoraConfig(task_type="SEQ_CLS", r=8, lora_alpha=32, lora_dropout=0.1,
                                                 target_modules=["query", "value"]))  # fmt: skip
    args = TrainingArguments(
        str(scratch / f"stock-{time.time_ns()}"), num_train_epochs=epochs, per_device_train_batch_size=batch_size,
        per_device_eval_batch_size=64, learning_rate=lr, weight_decay=0.01, warmup_steps=0.06, eval_strategy="epoch",
        save_strategy="epoch", save_total_limit=1, load_best_model_at_end=True, metric_for_best_model="accuracy",
        seed=seed, use_cpu=True, report_to="none", disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(
        model, args, train_dataset=data["train"], eval_dataset=data["validation"], processing_class=tokenizer,
        compute_metrics=lambda p: {"accuracy": float((p.predictions.argmax(-1) == p.label_ids).mean())},
    )  # fmt: skip
    trained = time.perf_counter()
    trainer.train()
    now = time.perf_counter()
    best = max(row["eval_accuracy"] for row in trainer.state.log_history if "eval_accuracy" in row)
    return {"seconds": now - trained, "whole": now - began, "accuracy": best,
            "rate": epochs * len(data["train"]) / (now - trained)}  # fmt: skip


def _classifier(run: str) -> Any:
    """A fine-tuned run as the stock Trainer would have saved it: in float32."""
    import torch
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(run + "/model", dtype=torch.float32)


def one_text_pipelines(scratch: Path, runs: dict[str, str], n: int) -> dict[str, Any]:
    """Three pipelines, one after the other: two classifiers (an adapter merged is one), features with the SVM."""
    from transformers import pipeline

    from senti.methods import linear
    from senti.runs import Run

    minilm = model_folder("minilm", scratch)
    full = pipeline("text-classification", _classifier(runs["finetune"]), tokenizer=minilm, device="cpu")
    second = pipeline("text-classification", _classifier(runs["finetune"]), tokenizer=minilm, device="cpu")
    extract = pipeline("feature-extraction", minilm, device="cpu")
    svm = linear.restore(Run(Path(runs["svm"])).model_path)
    seconds = []
    for i, text in enumerate(texts(n + 5)):
        began = time.perf_counter()
        full(text), second(text)
        svm.predict(np.asarray(extract(text)[0]).mean(0, keepdims=True))
        if i >= 5:
            seconds.append(time.perf_counter() - began)
    return {"seconds": float(np.median(seconds))}


def predict_pipeline(scratch: Path, runs: dict[str, str], n: int) -> dict[str, Any]:
    """`pipeline("text-classification", batch_size=32)` over n texts."""
    from transformers import pipeline

    minilm = model_folder("minilm", scratch)
    classify = pipeline("text-classification", _classifier(runs["finetune"]), tokenizer=minilm, device="cpu",
                        batch_size=32, top_k=None, truncation=True, max_length=128)  # fmt: skip
    classify(WARM)
    began = time.perf_counter()
    rows = classify(texts(n))
    seconds = time.perf_counter() - began
    chances = [{each["label"]: each["score"] for each in row} for row in rows]
    return {"seconds": seconds, "vectors": np.array([[c["negative"], c["positive"]] for c in chances])}
