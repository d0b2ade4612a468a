"""The app: a header and one tab per step; `build_app` is the map, `launch` opens the door.

>>> build_app(Path("checkpoints")).title
'senti'
"""

import os
from pathlib import Path
from typing import Any

import gradio as gr

from senti.ui import header, tab_compare, tab_data, tab_finetune, tab_lora, tab_svm, tab_tokens
from senti.ui.api import build_api
from senti.ui.choice import Choice
from senti.ui.theme import css, theme
from senti.ui.warm import load_figures, warm_up
from senti.ui.widgets import plotly_script

__all__ = ["CHECKPOINTS", "build_app", "launch", "warm_up"]

CHECKPOINTS = Path("checkpoints")


def build_app(root: Path = CHECKPOINTS) -> gr.Blocks:
    """The whole app over one folder of runs; nothing heavy is loaded."""
    load_figures()
    with gr.Blocks(title="senti", analytics_enabled=False, fill_width=True) as app:
        choice = gr.State(Choice())
        opened, switch = header.build(app, choice)
        with gr.Tabs() as tabs:
            picked = tab_data.build(app, root, choice)
            inspector = tab_tokens.build(app, root, choice)
            for tab in (tab_svm, tab_finetune, tab_lora):
                tab.build(app, root, choice)
            comparison = tab_compare.build(app, root, choice)
        picked.other.click(
            header.flip, opened, [opened, switch], api_visibility="private", queue=False, show_progress="hidden"
        )
        build_api(root)
        _send(picked, tabs, inspector, comparison)
    return app.queue(default_concurrency_limit=8)


def launch(root: Path = CHECKPOINTS, **kwargs: Any) -> Any:
    """Build and serve the app; keywords go to Gradio's launch. GRADIO_SERVER_NAME and _PORT are honoured."""
    gr.set_static_paths([plotly_script().parent])
    host = os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1")
    ours: dict[str, Any] = {
        "theme": theme(), "css": css(), "ssr_mode": False, "run_history": False, "show_error": True, "pwa": False,
        "share": False, "footer_links": ["api", "settings"], "server_name": host, "max_file_size": "200mb",
        "mcp_server": False,
    }  # fmt: skip
    return build_app(root).launch(**ours | kwargs)


def _send(
    picked: tab_data.Picked, tabs: gr.Tabs, inspector: tab_tokens.Inspector, comparison: tab_compare.Comparison
) -> None:
    """The selected review's buttons."""
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    sent = picked.look.click(to_tokens, picked.text, [tabs, inspector.text], show_progress="hidden", **private)
    strip = inspector.outputs[0]
    sent.then(tab_tokens.look_inside, inspector.inputs, inspector.outputs, show_progress_on=strip, **private)
    sent = picked.compare.click(to_compare, picked.text, [tabs, comparison.text], show_progress="hidden", **private)
    sent.then(comparison.say, comparison.inputs, comparison.outputs, concurrency_id="predict", api_visibility="private")


def to_compare(text: str) -> tuple[Any, str]:
    """Turn to the comparison and give it the text."""
    return gr.Tabs(selected="compare"), text


def to_tokens(text: str) -> tuple[Any, str]:
    """Turn to the inspector and give it the text."""
    return gr.Tabs(selected="tokens"), text
