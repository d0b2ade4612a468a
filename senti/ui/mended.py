"""One script of Gradio's page, mended as it is served: each event left a status with every input that it read.

The page goes through all statuses at every event, and looks for the part of each in the whole page: a page whose tabs
had all been opened did so for 220 parts ten times per click. Only inputs that stream have a use for a status, and senti
has none of those. Where Gradio's script reads otherwise, it is served as it is; a test says so.
"""

import functools
from pathlib import Path

import gradio as gr
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
OF_ALL, OF_OUTPUTS = "return p.concat(h).map(", "return p.map("  # in `resolve_args`: p are the outputs, h the inputs
A_YEAR = "public, max-age=31536000, immutable"  # its name changes with what Gradio put in it


@functools.cache
def script() -> tuple[str, bytes]:
    """Where the page finds the script, and the script; nowhere where there is nothing to mend."""
    for file in ASSETS.glob("statustracker-*.js"):
        text = file.read_text(encoding="utf-8")
        if text.count(OF_ALL) == 1:
            return f"/assets/{file.name}", text.replace(OF_ALL, OF_OUTPUTS).encode()
    return "", b""


class Mended:
    """The app, with that script in place of Gradio's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place, text = script()
        answer: ASGIApp = self.app
        if scope["type"] == "http" and place and scope["path"].endswith(place):
            answer = Response(text, media_type="text/javascript", headers={"cache-control": A_YEAR})
        await answer(scope, receive, send)
