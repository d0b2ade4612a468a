"""The app: a header and one tab per step; `build_app` is the map, `launch` opens the door.

>>> build_app(Path("checkpoints")).title
'senti'
"""

import inspect
import os
import shutil
from pathlib import Path
from typing import Any

from senti.imports import collect_rarely, without_stubs

with without_stubs():  # ahead of all that imports it
    import gradio as gr

from starlette.middleware import Middleware

from senti.cache import runs_dir
from senti.ui import (
    header,
    html,
    link,
    one_text,
    tab_compare,
    tab_data,
    tab_experiments,
    tab_finetune,
    tab_lora,
    tab_svm,
    tab_tokens,
)
from senti.ui.api import build_api
from senti.ui.choice import Choice, chosen_source
from senti.ui.guard import guard, most_uploaded
from senti.ui.known import Greeter, seen_by_visitor
from senti.ui.mended import Mended
from senti.ui.packed import Packed
from senti.ui.reviews import rows_of, shortened
from senti.ui.selection import MOST_SENT, Selection
from senti.ui.tab_report import build as build_report
from senti.ui.theme import css, theme
from senti.ui.warm import load_figures, warm_up
from senti.ui.widgets import plotly_script

__all__ = ["CHECKPOINTS", "build_app", "launch", "warm_up"]

CHECKPOINTS = runs_dir()
LOOK_EVERY = 0.01  # seconds between two looks for events; by itself Gradio looks every millisecond, 7 % of a core
MOST_PAGES = 1_000  # whose parts are kept in memory, 1.3 MB each; by itself Gradio would keep 10,000


def build_app(root: Path = CHECKPOINTS) -> gr.Blocks:
    """The whole app over one folder of runs; nothing heavy is loaded."""
    load_figures()
    with gr.Blocks(title="senti", analytics_enabled=False, fill_width=True) as app:
        choice = gr.State(Choice())
        opened, switch, copy = header.build(app, choice)
        with gr.Tabs() as tabs:
            picked = tab_data.build(app, root, choice)
            inspector = tab_tokens.build(app, root, choice)
            study = tab_svm.build(root, choice)
            for tab in (tab_finetune, tab_lora):
                tab.build(root, choice)
            comparison, panels = tab_compare.build(root)
            experiments = tab_experiments.build(root, choice)
            build_report(root)
        picked.other.click(
            header.flip, opened, [opened, switch], api_visibility="private", queue=False, show_progress="hidden"
        )
        build_api(root)
        _send(picked, tabs, inspector, comparison, panels)
        places = {"tab": tabs, "data": picked.panels, "tokens": inspector.panels, "compare": panels,
                  "svm": study.panels, "experiments": experiments}  # fmt: skip
        values = {
            "search": picked.table.filters[0], "split": picked.table.filters[1], "text": inspector.text,
            "second": inspector.second, "layer": inspector.inputs[2], "attention_layer": inspector.inputs[3],
            "head": inspector.inputs[4], "like": study.text, "sentence": comparison.text,
        }  # fmt: skip
        link.build(app, link.Parts(places, values, comparison.runs, choice, copy))
    _hide_progress(app)
    for event in app.fns.values():
        event.fn = event.fn and seen_by_visitor(event.fn)
    _keep_signatures(app)
    app.queue(default_concurrency_limit=8)
    app._queue.sleep_when_free = LOOK_EVERY
    return app


def launch(root: Path = CHECKPOINTS, **kwargs: Any) -> Any:
    """Build and serve the app; keywords go to Gradio's launch. GRADIO_SERVER_NAME and _PORT are honoured."""
    bring_references(root)
    collect_rarely()
    # Gradio would go through its last 10,000 events after each one, for a page of figures that senti does not have
    os.environ |= {"GRADIO_ANALYTICS_MAX_EVENTS": "1", "GRADIO_ANALYTICS_CACHE_FREQUENCY": str(10**9)}
    # Gradio asks its own address before it lets anyone in, and would ask a university's proxy for that
    spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
    os.environ["no_proxy"] = ",".join(filter(None, [spared, "localhost", "127.0.0.1"]))
    gr.set_static_paths([plotly_script().parent])
    host = os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1")
    layers = [guard(kwargs.get("server_name", host)), Middleware(Greeter), Middleware(Packed), Middleware(Mended)]
    ours: dict[str, Any] = {
        "theme": theme(), "css": css(), "ssr_mode": False, "run_history": False, "show_error": True, "pwa": False,
        "share": False, "footer_links": ["api", "settings"], "server_name": host, "max_file_size": most_uploaded(),
        "mcp_server": False, "enable_monitoring": False, "state_session_capacity": MOST_PAGES,
        "app_kwargs": {"middleware": layers},
    }  # fmt: skip
    return build_app(root).launch(**ours | kwargs)


def bring_references(root: Path) -> None:
    """Copy the runs that come with senti into another folder of runs, such as a Space's volume, where it is empty."""
    shipped = Path(__file__).parents[2] / "checkpoints"
    if root == CHECKPOINTS and "SENTI_HOME" in os.environ and not root.exists() and shipped.exists():
        shutil.copytree(shipped, root, ignore=lambda folder, names: [n for n in names if n.startswith(".")])


def _hide_progress(app: gr.Blocks) -> None:
    """Say of events that show no progress that they show it nowhere, which makes the page several times faster.

    Else the page keeps the state of all their outputs, and goes through all that it keeps at every event.
    """
    for event in app.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = []


def _keep_signatures(app: gr.Blocks) -> None:
    """Work out once which parameters each kind of part takes: Gradio asks that of every part for every new page.

    It is half of what a new visitor costs.
    """
    for kind in {type(block) for block in app.blocks.values()}:
        start: Any = kind.__init__
        start.__signature__ = inspect.signature(start)


def _send(
    picked: tab_data.Picked, tabs: gr.Tabs, inspector: tab_tokens.Inspector, comparison: one_text.Comparison,
    panels: gr.Tabs,
) -> None:  # fmt: skip
    """The selected review's buttons."""
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    offers = [part for tab in (inspector, comparison) for part in (tab.examples, tab.offered)]
    picked.selection.change(offer, [picked.choice, picked.selection], offers, show_progress="hidden", **private)
    sent = picked.look.click(to_tokens, picked.text, [tabs, inspector.text], show_progress="hidden", **private)
    strip = inspector.outputs[0]
    sent.then(tab_tokens.look_inside, inspector.inputs, inspector.outputs, show_progress_on=strip, **private)
    picked.compare.click(to_compare, picked.text, [tabs, panels, comparison.text], show_progress="hidden", **private)


def offer(choice: Choice, selection: Selection | None) -> tuple[str, list[str], str, list[str]]:
    """What the two tabs offer to try: the first of the selected reviews, else their own examples."""
    if selection is None:
        inside, across = list(tab_tokens.EXAMPLES), list(one_text.EXAMPLES)
        return html.buttons(inside, "Try"), inside, html.buttons(across, "Try"), across
    texts = list(rows_of(chosen_source(choice))["text"].iloc[list(selection.places[:MOST_SENT])])
    buttons = html.buttons([shortened(text, 60) for text in texts], "Your selection")
    return buttons, texts, buttons, texts


def to_compare(text: str) -> tuple[Any, Any, str]:
    """Turn to the comparison, which judges what it is given when it is turned to, and give it the text."""
    return gr.Tabs(selected="compare"), gr.Tabs(selected="one"), text


def to_tokens(text: str) -> tuple[Any, str]:
    """Turn to the inspector and give it the text."""
    return gr.Tabs(selected="tokens"), text
