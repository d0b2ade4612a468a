"""The address of the page as it stands: tab, panel, texts, runs and sliders, to reopen, to share, to bookmark."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr

from senti.corpus.sources import is_path
from senti.ui.choice import Choice, checked_dataset, checked_model
from senti.ui.parts import place_in, tabs_of
from senti.ui.widgets import friendly

COPIED = "Copied. The address of this page now reopens it as it is."
WHOSE = ("dataset", "model", "text_column", "label_column")
MOST = 4000  # letters of one value; an address is no place for a book
BUILD = """(...values) => {
  const names = NAMES, query = new URLSearchParams(Object.entries({PLACES}).filter(([name, place]) => place));
  names.forEach((name, i) => {
    const value = Array.isArray(values[i]) ? values[i].join(',') : String(values[i] ?? '');
    if (value) query.set(name, value.slice(0, MOST));
  });
  const theme = new URLSearchParams(location.search).get('__theme');
  if (theme) query.set('__theme', theme);
  history.replaceState(null, '', location.pathname + '?' + query);
  if (navigator.clipboard) navigator.clipboard.writeText(location.href).catch(() => {});
  return values;
}"""


@dataclass(frozen=True)
class Parts:
    """What a link holds: tabs and components by name, the runs (which Compare itself reopens), and whose reviews."""

    tabs: Mapping[str, gr.Tabs]
    values: Mapping[str, Any]
    runs: gr.Dropdown
    choice: gr.State
    copy: gr.Button


@friendly
def reopen(parts: Parts, request: gr.Request) -> tuple[Any, ...]:
    """An update per tabs and per value, then the words of the choice; what the address does not name, or names badly,
    stays."""
    query = {name: value[:MOST] for name, value in request.query_params.items()}
    tabs = (gr.Tabs(selected=query[name]) if query.get(name) in _ids(part) else gr.skip()
            for name, part in parts.tabs.items())  # fmt: skip
    values = (_value(part, query[name]) if name in query else gr.skip() for name, part in parts.values.items())
    return *tabs, *values, urlencode({name: query[name] for name in WHOSE if name in query})


def linked_runs(request: gr.Request | None) -> list[str]:
    """The runs that the address names."""
    return [name for name in (request.query_params.get("runs", "") if request else "").split(",") if name]


def _ids(tabs: gr.Tabs) -> set[str]:
    return {str(tab.id) for tab in tabs_of(tabs)}


def _value(part: Any, text: str) -> Any:
    """The text as a value of this component. A number outside its bounds, or no number, is left where it was."""
    if not isinstance(part, gr.Slider):
        return text
    try:
        number = float(text)
    except ValueError:
        return gr.skip()
    return number if part.minimum <= number else gr.skip()  # a model of more layers raises the other bound later


@friendly
def choose(words: str) -> Choice:
    """The reviews and the model that the address names. Raises SentiError for what a visitor may not choose."""
    query = dict(parse_qsl(words))
    dataset, model = query.get("dataset", "auto"), query.get("model", "auto")
    return Choice(checked_dataset(dataset), checked_model(model), query.get("text_column"), query.get("label_column"))


def build(app: gr.Blocks, parts: Parts) -> None:
    """Wire the button that makes the link, and the page that opens with one."""
    named: dict[str, Any] = {**parts.values, "runs": parts.runs, **_whose(parts.choice)}
    places = ", ".join(f"{name}: {place_in(tabs)}" for name, tabs in parts.tabs.items())
    script = BUILD.replace("NAMES", json.dumps(list(named))).replace("MOST", str(MOST)).replace("PLACES", places)
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    parts.copy.click(None, list(named.values()), None, js=script, **quiet).then(lambda: gr.Info(COPIED), **quiet)

    def opened(request: gr.Request) -> tuple[Any, ...]:
        return reopen(parts, request)

    asked = gr.Textbox(visible="hidden", label="reviews and model of the link")
    app.load(opened, None, [*parts.tabs.values(), *parts.values.values(), asked], **quiet)
    asked.change(choose, asked, parts.choice, **quiet)


def _whose(choice: gr.State) -> dict[str, gr.Textbox]:
    """The choice as words for the link; an upload has no address, so it is left out."""
    words = {name: gr.Textbox(visible="hidden", label=name) for name in WHOSE}
    choice.change(tell, choice, list(words.values()), api_visibility="private", show_progress="hidden", queue=False)
    return words


def tell(choice: Choice) -> tuple[str, ...]:
    """A choice as words: dataset, model and columns; nothing for what is chosen by itself."""
    dataset = "" if is_path(choice.dataset) or choice.dataset == "auto" else choice.dataset
    model = "" if choice.model == "auto" else choice.model
    columns = (choice.text_column or "", choice.label_column or "") if dataset else ("", "")
    return dataset, model, *columns
