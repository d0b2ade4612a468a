"""Who a request comes from: a random cookie that no script on the page can read, set when a page is first opened.

Programs may send the same secret of their own as the header `x-senti-visitor`. The instructor opens the app once with
`?instructor=WORD`, the word that the environment variable SENTI_INSTRUCTOR holds.
"""

import functools
import os
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import ParamSpec, TypeVar
from urllib.parse import parse_qs

from gradio.context import LocalContext
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from senti.experiment import Resumed, resume
from senti.limits import limits
from senti.runs import Run, one_at_a_time, open_run, seen_by, spawn
from senti.visitors import (
    Turnstile,
    Visitor,
    check_may_change,
    check_may_resume,
    may_look,
    new_token,
    proof,
    visitor,
)

TOKEN, PROOF, HEADER = "senti_visitor", "senti_instructor", "x-senti-visitor"
DAYS = 90
P = ParamSpec("P")
R = TypeVar("R")


def current_visitor() -> Visitor:
    """Who asked for what this thread is doing; nobody outside a request."""
    request = LocalContext.request.get(None)
    if request is None or not hasattr(request, "headers"):
        return Visitor()
    headers = request.headers
    cookies = SimpleCookie(headers.get("cookie", ""))
    token = cookies[TOKEN].value if TOKEN in cookies else headers.get(HEADER, "")
    return visitor(token, cookies[PROOF].value if PROOF in cookies else "")


def seen_by_visitor(handler: Callable[P, R]) -> Callable[P, R]:
    """A handler for which the runs are there that the visitor who asks may know of."""

    @functools.wraps(handler)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R:
        who, now = current_visitor(), limits()
        with seen_by(lambda run: may_look(run, who, now)):
            return handler(*args, **kwargs)

    return answer


def own_run(root: Path, name: str) -> Run:
    """A run that the visitor who asks may change. Raises UnknownRun."""
    run = open_run(root, name)
    check_may_change(run, current_visitor(), limits())
    return run


def resume_own(root: Path, name: str) -> Resumed:
    """Put a run of the visitor who asks back in the queue and to work. Raises SentiError, also for a limit."""
    with one_at_a_time(root):
        check_may_resume(open_run(root, name), current_visitor(), limits())
        resumed = resume(root, name)
    spawn(resumed.run)
    return resumed


@functools.lru_cache(maxsize=1)
def turnstile() -> Turnstile:
    """The one that all visitors of this app pass."""
    return Turnstile(limits().texts_each_minute)


class Greeter:
    """ASGI middleware: gives a browser that opens a page its cookie, and the instructor theirs."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a page that is opened without a cookie comes back with one."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        words = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("instructor", [])
        if words:
            shown = proof(words[0])
            answer = RedirectResponse("/", 303) if shown else PlainTextResponse("Not the instructor's word.\n", 403)
            if shown:  # the word itself does not stay in the address bar, which a class can see
                answer.headers.append("set-cookie", _cookie(PROOF, shown))
            await answer(scope, receive, send)
            return
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))

        async def greeting(message: Message) -> None:
            if message["type"] == "http.response.start" and TOKEN not in cookies:
                MutableHeaders(scope=message).append("set-cookie", _cookie(TOKEN, new_token()))
            await send(message)

        await self.app(scope, receive, greeting)


def _cookie(name: str, value: str) -> str:
    # a Space is shown inside a page of another site, where only such cookies are kept
    site = "SameSite=None; Secure; Partitioned" if "SPACE_ID" in os.environ else "SameSite=Lax"
    return f"{name}={value}; Path=/; Max-Age={DAYS * 86_400}; HttpOnly; {site}"
