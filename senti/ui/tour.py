"""The guided tour: from «a review is text» to «which words moved the prediction», with the student's own sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from senti.encoder import Backbone, Inside, clean_text, features, similarity
from senti.evaluation import finished_runs, load_predictor, occlusion
from senti.evaluation.table import run_title
from senti.numbers import percent
from senti.plots import label_colors
from senti.runs import Run
from senti.ui import attention, html
from senti.ui.choice import Choice, Source, chosen_model, chosen_source, read
from senti.ui.inside import inside_of
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly

NUMBERS, WORDS, NEAREST = 8, 5, 3
LIKENESS = "Likeness of its last vector to its first"


@dataclass(frozen=True)
class Stop:
    """Where the tour stands: the text, what the model makes of it, the visitor's choice, and the folder of runs."""

    root: Path
    choice: Choice
    text: str
    inside: Inside


def _letters(stop: Stop) -> str:
    codes = " ".join(str(ord(c)) for c in stop.text[:16])
    return _say(
        f"Your review has {len(stop.text.split())} words and {len(stop.text):,} letters. To a computer it is a row of "
        f"codes, one per letter: {codes}{' …' if len(stop.text) > 16 else ''}. Nothing in them says praise or blame: "
        "that has to be learned from examples.",
        "Type another sentence above and press Enter: every step of this tour follows it.",
    )


def _pieces(stop: Stop) -> str:
    tokens = stop.inside.tokens
    real = tokens[~tokens["special"]]
    split = real.groupby("word").size()
    many = int((split > 1).sum())
    return _say(
        f"The tokenizer cuts it into {len(real)} pieces it knows by number, and adds {len(tokens) - len(real)} marks. "
        + (f"{many} of your words {'is' if many == 1 else 'are'} not in its vocabulary and became several pieces."
           if many else "All of your words are in its vocabulary; try “unflinchingly” to see one cut."),
    ) + html.token_strip(tokens, stop.inside.cut)  # fmt: skip


def _vectors(stop: Stop) -> str:
    tokens, first = stop.inside.tokens, stop.inside.hidden[0]
    place = int(np.flatnonzero(~tokens["special"])[0])
    piece, width = tokens["piece"][place], first.shape[1]
    shown = ", ".join(f"{x:+.2f}" for x in first[place][:NUMBERS])
    return _say(
        f"Each number is looked up in a table, which gives the piece a vector of {width} numbers. “{piece}” begins "
        f"{shown} … No single one of them means anything; pieces that are used alike have vectors that point alike.",
        f"Your review is now a table of {len(tokens)} rows and {width} columns.",
    )


def _context(stop: Stop) -> str:
    tokens, hidden = stop.inside.tokens, stop.inside.hidden
    places = np.flatnonzero(~tokens["special"])
    kept = [float(similarity(hidden[[0, -1], i])[0, 1]) for i in places]
    rows = [[html.h(tokens["piece"][places[i]]), _bar(kept[i])] for i in np.argsort(kept)[:WORDS]]
    return _say(
        f"{len(hidden) - 1} layers rewrite every vector, each time mixing in what stands around it. How much of the "
        "vector that a piece began with is left in the last layer? These changed most:",
    ) + html.table(["Piece", LIKENESS], rows, wide=LIKENESS)


def _looks(stop: Stop) -> str:
    weights = stop.inside.attention[len(stop.inside.attention) // 2].mean(axis=0)
    return _say(
        "How does it mix? By attention: each piece spreads 100 % of its looks over all pieces, and takes over some of "
        f"what it looks at. This is layer {len(stop.inside.attention) // 2 + 1}, the mean of its heads.",
    ) + attention.strip(list(stop.inside.tokens["piece"]), weights)


def _whole(stop: Stop) -> str:
    source = chosen_source(stop.choice)
    if not source.is_here:
        return _say("One vector stands for the whole review. Fetch the reviews on the Data tab to see its neighbours.")
    rows = _nearest(source, chosen_model(stop.choice), clean_text(stop.text))
    labels = read(source).labels
    cells = [[html.h(r.text), html.label_mark(r.label, labels), f"{r.cosine:.2f}"] for r in rows.itertuples()]
    return _say(
        "The mean of all vectors, or [CLS] alone, stands for the whole review: a point among all others. Its nearest "
        "neighbours among the validation reviews, before any fine-tuning, are about the same things; whether they "
        "have the same label is another matter.",
    ) + html.table(["Nearest review", "Label", "Cosine"], cells, wide="Nearest review", numbers=("Cosine",))


def _line(stop: Stop) -> str:
    run = _judge(stop.root)
    if run is None:
        return _say("A classifier draws lines through that space, with one label on each side. No trained run is here "
                    "yet; train one on the Compare tab and come back.")  # fmt: skip
    labels = run.facts["data"]["labels"]
    chance = load_predictor(run)([clean_text(stop.text)])[0]
    lines = f"a line between {' and '.join(labels)}" if len(labels) == 2 else f"lines between its {len(labels)} labels"
    said = "".join(f"<tr><td>{html.label_mark(label, labels)}</td><td>{_bar(float(p))}</td></tr>"
                   for label, p in zip(labels, chance, strict=True))  # fmt: skip
    return (
        _say(
            f"Training moves the vectors and draws {lines}. {_named(run)} says of yours:",
        )
        + f'<table class="s-table s-card">{said}</table>'
    )


def _words(stop: Stop) -> str:
    run = _judge(stop.root)
    if run is None:
        return _say("Which words moved the prediction? Train a run on the Compare tab and come back.")
    labels, text = run.facts["data"]["labels"], clean_text(stop.text)
    predict = load_predictor(run)
    chance = predict([text])[0]
    label = int(chance.argmax())
    effects = occlusion(predict, text, label)
    return (
        _say(
            f"Leave a word out and ask again: how much less sure of “{labels[label]}” ({percent(chance[label], 0)}) is "
            f"{_named(run)}? Words in its colour speak for it, words in the other colour against it.",
        )
        + marked_words(text, effects, labels, label)
        + _say("That is the whole way from letters to an answer. On the Compare tab all methods answer side by side.")
    )


STOPS: tuple[tuple[str, Callable[[Stop], str]], ...] = (
    ("A review is text", _letters), ("Text becomes pieces", _pieces), ("Pieces become numbers", _vectors),
    ("Layers mix in the context", _context), ("Attention says who looks at whom", _looks),
    ("One vector for the whole", _whole), ("A line between the labels", _line),
    ("Which words moved the prediction", _words),
)  # fmt: skip


def marked_words(text: str, effects: pd.DataFrame, labels: list[str], label: int) -> str:
    """The text with each word in the colour of the side that it speaks for, the stronger the more, and its number."""
    colors = label_colors(labels)
    mine = html.VARIABLES.get(colors[labels[label]], colors[labels[label]])
    others = [html.VARIABLES.get(colors[name], colors[name]) for name in labels if name != labels[label]]
    other = others[0] if len(others) == 1 else "var(--s-quiet)"
    reach, out, done = max(effects["effect"].abs().max() if len(effects) else 0, 0.05), [], 0
    for row in effects.itertuples():
        out.append(html.h(text[done : row.start]))
        strength = 60 * abs(row.effect) / reach
        color = f"color-mix(in srgb, {mine if row.effect >= 0 else other} {strength:.0f}%, transparent)"
        out.append(f'<span style="background:{color}">{html.h(row.word)}<sub>{100 * row.effect:+.0f}</sub></span>')
        done = row.end
    return f'<p class="s-marked">{"".join(out)}{html.h(text[done:])}</p>'


@friendly
def show(root: Path, choice: Choice, text: str, step: int | None) -> tuple[str, Any, Any, Any]:
    """The card of a step, its two buttons, and the panel; no step is no tour."""
    if step is None:
        return "", gr.skip(), gr.skip(), gr.Column(visible=False)
    title, tell = STOPS[step]
    body = tell(Stop(root, choice, text, inside_of(choice, text)))
    dots = "".join(f'<i class="{"here" if i == step else ""}"></i>' for i in range(len(STOPS)))
    card = (f'<section class="s-tour"><header><h3>{step + 1}. {html.h(title)}</h3>'
            f'<span aria-label="step {step + 1} of {len(STOPS)}">{dots}</span></header>{body}</section>')  # fmt: skip
    last = step == len(STOPS) - 1
    return card, gr.Button(interactive=step > 0), gr.Button("End" if last else "Next ›"), gr.Column(visible=True)


def forth(step: int | None) -> int | None:
    """The next step; after the last, none."""
    return 0 if step is None else step + 1 if step + 1 < len(STOPS) else None


def back(step: int | None) -> int | None:
    """The step before."""
    return max(0, (step or 0) - 1)


def _say(*sentences: str) -> str:
    return html.paragraphs(sentences)


def _bar(share: float) -> str:
    wide = 100 * min(max(share, 0.0), 1.0)
    return f'<div class="s-share"><i style="width:{wide:.0f}%"></i><span>{html.h(percent(share, 0))}</span></div>'


def _named(run: Run) -> str:
    return f"{run_title(run.config)} ({run.name})"


def _judge(root: Path) -> Run | None:
    """The finished run that answers: the best on its validation reviews, a transformer if there is one."""
    await_models()
    runs = finished_runs(root)
    rank = {"finetune": 2, "lora": 2, "distill": 2, "svm": 1, "tfidf": 1}

    def worth(run: Run) -> tuple[int, float]:
        return rank.get(run.facts["method"], 0), (run.result or {})["scores"]["validation"]["accuracy"]

    return max(runs, key=worth, default=None)


@lru_cache(maxsize=32)
def _nearest(source: Source, backbone: Backbone, text: str) -> pd.DataFrame:
    """The validation reviews whose mean vectors are nearest to the text's: text, label (name), cosine."""
    corpus = read(source)
    frame = corpus.splits["validation"]
    others = features(backbone, list(frame["text"]), pooling="mean")
    mine = features(backbone, [text], pooling="mean", cache=False)
    cosines = (others @ mine[0]) / np.linalg.norm(others, axis=1) / np.linalg.norm(mine[0])
    best = np.argsort(-cosines)[:NEAREST]
    return pd.DataFrame({"text": frame["text"].iloc[best].to_numpy(), "cosine": cosines[best],
                         "label": [corpus.labels[i] for i in frame["label"].iloc[best]]})  # fmt: skip


def build(root: Path, choice: gr.State, text: gr.Textbox, start: gr.Button) -> None:
    """The tour's panel, where it is called."""
    step = gr.State(None)  # None while no tour is on
    with gr.Column(visible=False) as panel:
        card = gr.HTML("", elem_classes=["s-flush"], js_on_load=attention.HOVER)
        with gr.Row(elem_classes=["s-pages"]):
            before = gr.Button("‹ Back", size="md", scale=0, min_width=110)
            after = gr.Button("Next ›", variant="primary", size="md", scale=0, min_width=110)
            leave = gr.Button("Leave the tour", size="md", scale=0, min_width=140)
    quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4, "show_progress": "hidden"}
    shown = bound(show, root), [choice, text, step], [card, before, after, panel]
    start.click(lambda: 0, None, step, **quiet).then(*shown, **quiet)
    after.click(forth, step, step, **quiet).then(*shown, **quiet)
    before.click(back, step, step, **quiet).then(*shown, **quiet)
    leave.click(lambda: None, None, step, **quiet).then(*shown, **quiet)
    text.submit(*shown, **quiet)


STYLE = """
.s-tour { background: var(--s-soft); border: 1px solid var(--s-accent); border-radius: 12px; padding: 14px 18px; }
.s-tour header { display: flex; justify-content: space-between; align-items: center; margin-bottom: 8px; }
.gradio-container .s-tour h3 { font-size: 18px; font-weight: 700; margin: 0; color: var(--s-ink); }
.s-tour header i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-left: 6px;
  background: var(--s-line); }
.s-tour header i.here { background: var(--s-accent); }
.gradio-container .s-tour .s-text { margin: 8px 0 !important; max-width: 90ch; font-size: 16px; }
.s-share { display: flex; align-items: center; gap: 8px; min-width: 180px; }
.s-share i { height: 10px; border-radius: 5px; background: var(--s-accent); flex: none; max-width: calc(100% - 56px); }
.gradio-container .s-marked { font-size: 18px; line-height: 2; margin: 8px 0; color: var(--s-ink); }
.gradio-container .s-verdict .s-marked { font-size: 16px; margin: 10px 0; color: var(--s-ink); }
.s-marked span { border-radius: 5px; padding: 2px 4px; }
.s-marked sub { font-size: 13px; color: var(--s-ink); opacity: .8; margin-left: 3px; }
"""
