"""Two Gradio parts of our own: HTML whose rows and chips can be picked, and a figure that keeps its zoom."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

import gradio as gr

from senti.errors import BadConfig, SentiError
from senti.plots import DARK
from senti.signs import scrub
from senti.ui.html import h, message, what

P = ParamSpec("P")
R = TypeVar("R")

PICK = """
const pick = event => {
  const picked = event.target.closest('[data-pick]');
  if (!picked) return;
  element.querySelectorAll('.picked').forEach(other => other.classList.remove('picked'));
  picked.classList.add('picked');
  trigger('click', {pick: picked.dataset.pick});
};
element.addEventListener('click', pick);
element.addEventListener('keydown', event => {
  if ((event.key !== 'Enter' && event.key !== ' ') || event.target.tagName === 'BUTTON') return;
  event.preventDefault();
  pick(event);
});
"""

DRAW = """
const box = element.querySelector('.s-figure');
const dark = DARK_COLORS;
const draw = () => {
  box.hidden = !props.value;
  if (!props.value || !window.Plotly) return;
  let text = props.value;
  if (document.body.classList.contains('dark'))
    for (const [light, deep] of Object.entries(dark)) text = text.replaceAll(light, deep);
  const figure = JSON.parse(text);
  box.style.height = figure.layout.height + 'px';
  const config = {responsive: true, displayModeBar: false, scrollZoom: !!figure.layout.dragmode};
  Plotly.react(box, figure.data, figure.layout, config).then(() => listen(figure.layout.dragmode));
};
const pick = points => {
  const picked = points.map(point => point.customdata).filter(place => place !== undefined);
  if (picked.length) trigger('click', {pick: picked});
};
const listen = pickable => {
  if (!pickable || box.listening) return;
  box.listening = true;
  box.on('plotly_click', event => pick(event.points));
  box.on('plotly_selected', event => event && pick(event.points));
};
draw();
watch('value', draw);
new MutationObserver(draw).observe(document.body, {attributes: true, attributeFilter: ['class']});
new ResizeObserver(() => box.data && box.offsetWidth && Plotly.Plots.resize(box)).observe(box);
""".replace("DARK_COLORS", json.dumps(DARK))


def page(value: str = "", **kwargs: Any) -> gr.HTML:
    """A piece of page that is only read."""
    return gr.HTML(value, elem_classes=["s-flush"], js_on_load=None, **kwargs)


def pickable(value: str = "", **kwargs: Any) -> gr.HTML:
    """A piece of page whose elements with `data-pick` can be clicked; the handler's event carries `pick`."""
    return gr.HTML(value, elem_classes=["s-flush"], js_on_load=PICK, **kwargs)


@dataclass(frozen=True)
class Caption:
    """What stands around a figure: title and hint above, the folded explanation with its source below."""

    title: str
    hint: str = ""
    explanation: str = ""
    source: str = ""
    link: str = ""


def figure(caption: Caption, height: int = 300, **kwargs: Any) -> gr.HTML:
    """A panel with a plotly figure; its value is the figure's JSON. A new value redraws in place, zoom stays.

    gr.Plot would build the figure anew at each value and stay white on the dark page. Points with customdata in a
    figure with a dragmode can be picked, by a click or by drawing round them: the click event's `pick` lists them.
    """
    title = h(caption.title)
    hint = f"<p>{h(caption.hint)}</p>" if caption.hint else ""
    template = (
        f'<section class="s-panel"><header><h3>{title}</h3>{hint}</header>'
        f'<div class="s-figure" role="img" aria-label="{title}" style="height:{height}px"></div>'
        f"{what(caption.explanation, caption.source, caption.link)}</section>"
    )
    script = f'<script src="gradio_api/file={plotly_script().as_posix()}"></script>'
    return gr.HTML(html_template=template, js_on_load=DRAW, head=script, elem_classes=["s-flush"], **kwargs)


def plotly_script() -> Path:
    """plotly.js as it comes with plotly, so that no page needs the network."""
    import plotly

    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def bound(handler: Callable[..., R], root: Path) -> Callable[..., R]:
    """A handler with its first argument, the folder of runs, filled in; Gradio reads the rest of its signature."""
    first, *rest = inspect.signature(handler).parameters.values()

    def call(*args: Any, **kwargs: Any) -> R:
        return handler(root, *args, **kwargs)

    call.__name__, call.__doc__ = handler.__name__, handler.__doc__
    call.__signature__ = inspect.signature(handler).replace(parameters=rest)  # type: ignore[attr-defined]
    call.__annotations__ = {name: kind for name, kind in handler.__annotations__.items() if name != first.name}
    return call


def friendly(handler: Callable[P, R]) -> Callable[P, R]:
    """A handler whose SentiError becomes a message on the page instead of a traceback in the log."""

    @wraps(handler)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return handler(*args, **kwargs)
        except SentiError as e:
            raise gr.Error(message(str(e)), print_exception=False) from None
        except gr.Error:
            raise
        except Exception as e:  # a fault of ours: its traceback goes to the terminal, and no text of a user to the page
            raise gr.Error(f"senti failed with {type(e).__name__}; the terminal that runs the app says where.") from e

    return answer


def public(handler: Callable[P, R]) -> Callable[P, R]:
    """A friendly handler that programs call: an argument of another kind than it declares is refused."""
    kinds, names = get_type_hints(handler), list(inspect.signature(handler).parameters)

    @wraps(handler)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        given = dict(zip(names, args, strict=False)) | kwargs
        for name, value in given.items():
            if not _fits(value, kinds[name]):
                wanted = {str: "a text", int: "a whole number"}.get(kinds[name], "a list of names")
                raise BadConfig(f"{name} is {repr(value)[:60]}; send {wanted}.")
        scrubbed: Any = {name: scrub(value) if isinstance(value, str) else value for name, value in given.items()}
        return cast(Any, handler)(**scrubbed)

    return friendly(answer)


def _fits(value: Any, kind: Any) -> bool:
    """True if a value is of a kind: a class, a list of one, or either of two."""
    if get_origin(kind) is list:
        return isinstance(value, list) and all(_fits(each, get_args(kind)[0]) for each in value)
    if get_args(kind):
        return any(_fits(value, each) for each in get_args(kind))
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))
