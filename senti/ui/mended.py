"""Three scripts of Gradio's page, mended as they are served.

- An event that comes while its last answer is on its way is asked again after it. Gradio then asked for everything that
  listens to the same thing: of two listeners each had the other asked again, without end, forty requests a second.
- Each event left a status with every input that it read. The page goes through all statuses at every event, and looks
  for the part of each in the whole page: with all tabs opened it did so for 220 parts, ten times per click.
  Only inputs that stream have a use for a status, and senti has none of those.
- To find the events of each part, the page that opens compared every part with every target of every event, twice: half
  a million times, a third of the time until it shows something. Now the events are sorted by their parts first.

Where Gradio's script reads otherwise, it is served as it is; a test says so.
"""

import functools
from pathlib import Path

import gradio as gr
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
MENDS = [  # in which script, how often, what it says, what it is to say
    (  # in `dispatch`: e is what happened, r the one that listens
        "Blocks-*.js", 2,
        "(this.queue.delete(r.id),this.dispatch(e))",
        "(this.queue.delete(r.id),this.dispatch({type:`fn`,fn_index:r.id,event_data:e.event_data,target_id:e.target_id}))",
    ),
    (  # in `resolve_args`: p are the outputs, h the inputs
        "statustracker-*.js", 1,
        "return p.concat(h).map(",
        "return p.map(",
    ),
    (  # in `postprocess`: #n are the events, t those of each part by its id
        "core-*.js", 1,
        "e=>this.find_attached_events(e,this.#n)",
        "(t=>e=>this.find_attached_events(e,[...t.get(e.id)??[]]))(this.#n.reduce((e,t)=>"
        "(t.targets.forEach(([n])=>e.set(n,(e.get(n)??new Set).add(t))),e),new Map))",
    ),
    (  # in the search for a part: e is the page, t the part's id
        "core-*.js", 1,
        "function Z(e,t){if(e.id===t)return e;"
        "if(e.children)for(let n of e.children){let e=Z(n,t);if(e)return e}return null}",
        "function Z(e,t){let n=(Z.known??=new WeakMap).get(e);"
        "if(t!==null&&!n?.has(t)){let r=e=>{n.has(e.id)||n.set(e.id,e),e.children?.forEach(r)};"
        "Z.known.set(e,n=new Map),r(e)}return n?.get(t)??null}",
    ),
]  # fmt: skip
A_YEAR = "public, max-age=31536000, immutable"  # a script's name changes with what Gradio put in it


@functools.cache
def scripts() -> dict[str, bytes]:
    """The mended scripts by name; without those that hold nothing to mend."""
    found: dict[str, str] = {}
    for pattern, times, old, new in MENDS:
        for file in ASSETS.glob(pattern):
            text = found.get(file.name) or file.read_text(encoding="utf-8")
            if text.count(old) == times:
                found[file.name] = text.replace(old, new)
    return {name: text.encode() for name, text in found.items()}


class Mended:
    """The app, with those scripts in place of Gradio's."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer: ASGIApp = self.app
        if scope["type"] == "http":
            folder, _, name = scope["path"].rpartition("/")
            text = scripts().get(name) if folder.endswith("/assets") else None
            if text:
                answer = Response(text, media_type="text/javascript", headers={"cache-control": A_YEAR})
        await answer(scope, receive, send)
