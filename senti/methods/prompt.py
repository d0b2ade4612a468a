"""Labels in words: the text gets the label whose words suit it best, and no weight of the transformer is changed.

cosine  the label whose prompt has the vector nearest to the text's; with shots, that vector is averaged with those of a
        few labelled reviews (Reimers & Gurevych 2019; Snell et al. 2017, whose prototypes are such means)
cloze   the label whose word a masked-language model finds most fitting in a pattern's blank (Schick & Schütze 2021)

Neither looks at labels to set how sure it is, so the probabilities are not calibrated.
"""

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from senti.config import PromptConfig
from senti.corpus import Corpus
from senti.encoder import Backbone, cloze, features, masked_parameters, model_facts, resolve_model
from senti.errors import BadConfig, BadData, MissingModel
from senti.methods.classifier import softmax
from senti.methods.fitted import Fitted
from senti.methods.svm import WORTH_KEEPING
from senti.runs import Run

SCALE = 20.0  # cosines are multiplied by it before the softmax: what sentence-transformers trains its encoders with
MOST = 32  # descriptions of one label
LABEL = "{label}"
UNSURE = "The probabilities are not calibrated."


def check(config: PromptConfig, corpus: Corpus, backbone: Backbone) -> None:
    """Raises SentiError where such a run would fail, before anything is written."""
    if config.how == "cosine":
        descriptions(config.prompts, corpus.labels)
        draw_shots(config, corpus)
        return
    if config.shots:
        raise BadConfig(
            f"shots is {config.shots}, but cloze learns from no review; leave it out, or take --how cosine."
        )
    _ask(config, backbone, descriptions(config.verbalizer, corpus.labels, "verbalizer"))


def fit(config: PromptConfig, corpus: Corpus, run: Run) -> Fitted:
    """Turn the labels into vectors or words and save those. Nothing is trained."""
    backbone = resolve_model(config.model)
    run.model_path.mkdir(exist_ok=True)
    if config.how == "cloze":
        words = descriptions(config.verbalizer, corpus.labels, "verbalizer")
        (run.model_path / "words.json").write_text(json.dumps(words) + "\n")
        return Fitted(load(run), 0, masked_parameters(backbone), 0.0, notes(config))
    from safetensors.numpy import save_file

    began = time.perf_counter()
    vectors = class_vectors(config, corpus.labels, draw_shots(config, corpus), backbone)
    seconds = time.perf_counter() - began if config.shots else 0.0
    save_file({"classes": vectors}, run.model_path / "classes.safetensors")
    trained = vectors.size if config.shots else 0  # what labelled reviews had a part in
    return Fitted(load(run), trained, vectors.size + model_facts(backbone)["parameters"], seconds, notes(config))


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved vectors or words and the backbone. Raises MissingModel where damaged."""
    config, labels = run.config, run.facts["data"]["labels"]
    assert isinstance(config, PromptConfig)
    backbone = resolve_model(config.model)
    if config.how == "cloze":
        return _ask(config, backbone, _saved_words(run, len(labels)))
    vectors = _saved_vectors(run, len(labels))

    def probabilities(texts: Sequence[str]) -> np.ndarray:
        return softmax(SCALE * (directions(config, backbone, texts) @ vectors.T))

    return probabilities


def descriptions(given: str, labels: Sequence[str], knob: str = "prompts") -> list[list[str]]:
    """The descriptions of each label, in the order of the labels, from how they are written in a knob.

    `{label}` stands for the label's name; | divides labels, ; the descriptions of one.  Without a | the same ones serve
    every label.  Raises BadConfig.
    """
    parts = given.split("|")
    if len(parts) == 1 and LABEL in given:
        parts *= len(labels)
    if len(parts) != len(labels):
        raise BadConfig(
            f"{knob} is {given[:100]!r}, {len(parts)} for {len(labels)} labels; divide them by | in the order "
            f"{', '.join(labels)}, or write one pattern with {LABEL}."
        )
    found = [[each.strip() for each in part.replace(LABEL, label).split(";") if each.strip()]
             for part, label in zip(parts, labels, strict=True)]  # fmt: skip
    for label, mine in zip(labels, found, strict=True):
        if LABEL in given and not any(c.isalpha() for c in label):
            raise BadConfig(f"The label {label!r} is no word, so {LABEL} describes nothing; write {knob} for each of "
                            f"{', '.join(labels)}, divided by |.")  # fmt: skip
        if not 0 < len(mine) <= MOST:
            raise BadConfig(f"{knob} has {len(mine)} descriptions of {label}; give 1 to {MOST}, divided by ;.")
    if len({tuple(sorted(mine)) for mine in found}) < len(labels):
        raise BadConfig(f"{knob} is {given[:100]!r}, the same for two labels; nothing would tell them apart.")
    return found


def directions(
    config: PromptConfig,
    backbone: Backbone,
    texts: Sequence[str],
    on_progress: Callable[[int, int], None] | None = None,
) -> np.ndarray:
    """The mean over a text's tokens, at length 1, as sentence-transformers does: (n, width) float32."""
    found = features(
        backbone, list(texts), pooling="mean", max_length=config.max_length, truncation=config.truncation,
        precision=config.precision, cache=len(texts) >= WORTH_KEEPING, on_progress=on_progress,
    )  # fmt: skip
    return _at_length_1(found)


def class_vectors(
    config: PromptConfig, labels: Sequence[str], shots: Sequence[Sequence[str]], backbone: Backbone
) -> np.ndarray:
    """A direction per label, (labels, width) float32: the mean of its prompts', and of that and its shots'."""
    out = []
    for mine, few in zip(descriptions(config.prompts, labels), shots, strict=True):
        found = directions(config, backbone, [*mine, *few])
        prompt = _at_length_1(found[: len(mine)].mean(axis=0))
        out.append(np.vstack([prompt, found[len(mine) :]]).mean(axis=0))
    return _at_length_1(np.stack(out))


def cosines(config: PromptConfig, labels: Sequence[str], text: str, backbone: Backbone) -> pd.DataFrame:
    """A text beside each prompt, a row each: label, prompt, cosine, and chance, that of the label without shots."""
    given = descriptions(config.prompts, labels)
    vector = directions(config, backbone, [text])[0]
    vectors = class_vectors(config, labels, [[] for _ in labels], backbone)
    chances = softmax(SCALE * (vectors @ vector)[None])[0]
    rows = [(label, prompt, float(direction @ vector), float(chance))
            for label, mine, chance in zip(labels, given, chances, strict=True)
            for prompt, direction in zip(mine, directions(config, backbone, mine), strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["label", "prompt", "cosine", "chance"])


def draw_shots(config: PromptConfig, corpus: Corpus) -> list[list[str]]:
    """So many training reviews of each label, drawn with the seed; fewer shots are the beginning of more.

    Raises BadData where a label has fewer.
    """
    train, out = corpus.splits["train"], []
    draw = np.random.default_rng(config.seed)
    for i, label in enumerate(corpus.labels):
        mine = train["text"][train["label"] == i].to_numpy(dtype=object)
        if len(mine) < config.shots:
            raise BadData(f"shots is {config.shots}, but {label} has {len(mine):,} training reviews; ask for fewer.")
        out.append([str(text) for text in draw.permutation(mine)[: config.shots]])
    return out


def notes(config: PromptConfig) -> tuple[str, ...]:
    """What a reader of the result should know."""
    few = "1 labelled review" if config.shots == 1 else f"{config.shots} labelled reviews"
    learned = f"A class is the mean of its prompts and {few}; nothing else was learned."
    none = "Nothing was trained and no training review was looked at."
    return (f"{learned if config.shots else none} {UNSURE}",)


def _ask(config: PromptConfig, backbone: Backbone, words: list[list[str]]) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities by the blank: the softmax of each label's score, the mean over its words."""
    scores = cloze(
        backbone, config.pattern, [word for mine in words for word in mine], max_length=config.max_length,
        truncation=config.truncation, precision=config.precision,
    )  # fmt: skip
    ends = np.cumsum([len(mine) for mine in words])[:-1]

    def probabilities(texts: Sequence[str]) -> np.ndarray:
        labels = np.split(scores(texts), ends, axis=1)
        return softmax(np.stack([each.mean(axis=1) for each in labels], axis=1))

    return probabilities


def _at_length_1(vectors: np.ndarray) -> np.ndarray:
    out: np.ndarray = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
    return out


def _saved_vectors(run: Run, labels: int) -> np.ndarray:
    from safetensors.numpy import load_file

    file = run.model_path / "classes.safetensors"
    try:
        found = load_file(file)["classes"]
    except Exception as e:  # safetensors has errors of its own
        raise MissingModel(f"{file} is damaged ({type(e).__name__}); start the run again.") from e
    if found.shape[:-1] != (labels,) or not np.isfinite(found).all():
        raise MissingModel(f"{file} is damaged: it holds no vector per label; start the run again.")
    return found


def _saved_words(run: Run, labels: int) -> list[list[str]]:
    file = run.model_path / "words.json"
    try:
        found: Any = json.loads(file.read_text())
        fits = len(found) == labels and all(mine and all(isinstance(word, str) for word in mine) for mine in found)
    except (OSError, ValueError, TypeError) as e:
        raise MissingModel(f"{file} is damaged ({type(e).__name__}); start the run again.") from e
    if not fits:
        raise MissingModel(f"{file} is damaged: it holds no words per label; start the run again.")
    return found
