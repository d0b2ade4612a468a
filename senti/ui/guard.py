"""What stands before the app: it counts what is sent while it comes in, looks at the name the app is called by, and
closes doors of Gradio that senti has no use for.

A page from elsewhere can reach an app on this machine by a name of its own (DNS rebinding), but not by a number.
"""

import ipaddress
import os
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from senti.limits import limits

MOST_JSON = 2_000_000  # bytes of a request that is no upload
MOST_FILES = 10  # in one upload
UPLOAD = "/gradio_api/upload"
# routes by which the server would fetch an address for a visitor, or start a program
CLOSED = re.compile(r"/gradio_api/(proxy=|process_recording|vibe-|file[=/]https?:)")
HEADERS = {
    "content-security-policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def guard(bound: str) -> Middleware:
    """The guard of an app that listens on `bound`; as Gradio's launch takes it among its `app_kwargs`."""
    return Middleware(Guard, hosts=host_names(bound), most_uploaded=most_uploaded())


def most_uploaded() -> int:
    """Bytes of one upload."""
    return limits().upload_mb * 1_000_000


def host_names(bound: str) -> frozenset[str]:
    """Names the app may be called by: this machine's, the Space's, and those of SENTI_HOSTS (divided by commas)."""
    names = ["localhost", bound, os.environ.get("SPACE_HOST", ""), *os.environ.get("SENTI_HOSTS", "").split(",")]
    if bound in ("0.0.0.0", "::"):
        names += [socket.gethostname(), f"{socket.gethostname()}.local"]
    return frozenset(name.strip().lower() for name in names if name.strip())


class Guard:
    """ASGI middleware: refuses or passes on, each with one sentence or unchanged."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str], most_uploaded: int, most_json: int = MOST_JSON) -> None:
        self.app, self.hosts = app, frozenset(hosts)
        self.most_uploaded, self.most_json = most_uploaded, most_json

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is refused; count the body of any other as it comes in."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        upload = scope["path"].rstrip("/").endswith(UPLOAD)
        most = self.most_uploaded if upload else self.most_json
        status, sentence = self._refusal(scope, Headers(scope=scope), most)
        answer = PlainTextResponse(f"{sentence}\n", status) if status else self.app
        await answer(scope, counted(scope, receive, most, upload), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers, most: int) -> tuple[int, str]:
        """Status and sentence, or 0."""
        host = headers.get("host", "")
        if not self._known(host):
            return 400, f"This app does not answer to the name {host[:80]!r}; start it with SENTI_HOSTS=that.name."
        origin = headers.get("origin")
        if origin is not None and scope["method"] not in ("GET", "HEAD") and not self._same(origin, host):
            return 403, "This app answers its own pages and programs, not pages from elsewhere."
        if CLOSED.search(scope["path"]):
            return 403, "This app has no use for that address."
        if (size := headers.get("content-length", "0")).isdecimal() and int(size) > most:
            return 413, _too_large(most)
        return 0, ""

    def _known(self, host: str) -> bool:
        name = _name(f"//{host}")
        try:
            return name in self.hosts or bool(ipaddress.ip_address(name))
        except ValueError:
            return False

    def _same(self, origin: str, host: str) -> bool:
        name = _name(origin)
        return name != "" and (name == _name(f"//{host}") or name in self.hosts)


def counted(scope: Scope, receive: Receive, most: int, upload: bool) -> Receive:
    """`receive`, which ends with an error that means 413 after `most` bytes, or at too many files."""
    total, files, tail = 0, 0, b""
    mark = _boundary(Headers(scope=scope).get("content-type", "")) if upload else b""

    async def take() -> Message:
        nonlocal total, files, tail
        message = await receive()
        body = message.get("body", b"")
        total += len(body)
        if mark:
            seen = tail + body
            files, tail = files + seen.count(mark), seen[1 - len(mark) :]
        if total > most:
            raise _excess(_too_large(most), upload)
        if files > MOST_FILES + 1:  # one mark more than parts
            raise _excess(f"At most {MOST_FILES} files can be sent at once.", upload)
        return message

    return take


def _excess(sentence: str, upload: bool) -> Exception:
    """What Gradio answers with this sentence; of an upload it then removes what it has stored."""
    return MultiPartException(sentence) if upload else HTTPException(413, sentence)


def _too_large(most: int) -> str:
    return f"That is over {most / 1e6:g} MB, the maximum allowed size."  # Gradio takes these last words for a 413


def _boundary(content_type: str) -> bytes:
    """What stands before each part of a form."""
    found = re.search(r'boundary="?([^";,]+)', content_type)
    return b"--" + found[1].strip().encode() if found else b""


def _name(address: str) -> str:
    """The host of an address, in small letters, without port; empty where it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return answer
