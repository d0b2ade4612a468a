"""The page is sent compressed, a tenth of its size: Gradio compresses what is called like a file, and a page is not."""

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send


class Packed:
    """The app, with its page compressed for those who take it so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.packed = GZipMiddleware(app, compresslevel=5)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["path"] == "/"
        await (self.packed if page else self.app)(scope, receive, send)
