"""The UI in a browser, for whoever sits at this machine: `osmscope tui --web`.

textual-serve runs the UI in a process of its own for each visitor and has no authentication.
Decision: a guard before everything it serves. It listens on loopback alone; the address that is
printed holds a token, which is exchanged once for a cookie, so that it stays in no history; whoever
comes by another name than the loopback address (DNS rebinding), or from another page, is refused.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from textual_serve.server import Server

from osmscope.errors import UsageError

HOST = "127.0.0.1"
_COOKIE = "osmscope"
_HEADERS = {
    # textual-serve's page asks for a font from elsewhere and runs scripts of its own in the page.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "connect-src 'self' ws://{host}; frame-ancestors 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """Lets in whoever has the token, by the loopback address, from our own page."""

    def __init__(self, port: int) -> None:
        """Draw a token for the address on a port."""
        self.authority = f"{HOST}:{port}"
        self.token = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)

    @property
    def address(self) -> str:
        """The address that lets in."""
        return f"http://{self.authority}/?token={self.token}"

    async def check(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Answer a request, or refuse it.

        Raises:
            web.HTTPException: It is refused, or sent on without its token.
        """
        if request.headers.get("Host") != self.authority:
            raise web.HTTPForbidden(text=f"open http://{self.authority}, not another name of it")
        if request.method not in ("GET", "HEAD"):
            raise web.HTTPMethodNotAllowed(request.method, ["GET"])
        given = request.query.get("token")
        if request.path == "/" and given is not None and _same(given, self.token):
            raise self._welcome()
        if not _same(request.cookies.get(_COOKIE, ""), self._session):
            raise web.HTTPForbidden(text="open the address that osmscope printed, token included")
        origin = request.headers.get("Origin")
        needs_origin = request.headers.get("Upgrade", "").lower() == "websocket"
        if (origin is not None or needs_origin) and origin != f"http://{self.authority}":
            raise web.HTTPForbidden(text="not from another page")
        return await handler(request)

    def _welcome(self) -> web.HTTPSeeOther:
        answer = web.HTTPSeeOther("/")
        answer.set_cookie(_COOKIE, self._session, httponly=True, samesite="Strict", path="/")
        return answer

    async def add_headers(self, _: web.Request, response: web.StreamResponse) -> None:
        """Keep the page to itself."""
        for name, value in _HEADERS.items():
            response.headers[name] = value.replace("{host}", self.authority)


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), wanted.encode())


class GuardedServer(Server):
    """textual-serve behind the guard."""

    def __init__(self, command: str, port: int = 0) -> None:
        """Take a port of the loopback address.

        Args:
            command: The command that runs the UI, quoted for a shell.
            port: The port; 0 for a free one.

        Raises:
            UsageError: The port is taken.
        """
        self.socket = _bound(port)
        found = self.socket.getsockname()[1]
        self.guard = Guard(found)
        super().__init__(command, host=HOST, port=found, title="osmscope")

    async def make_app(self) -> web.Application:
        """Make the web application, guarded."""
        app = await self._make_app()

        @web.middleware
        async def guarded(request: web.Request, handler: _Handler) -> web.StreamResponse:
            return await self.guard.check(request, handler)

        app.middlewares.append(guarded)
        app.on_response_prepare.append(self.guard.add_headers)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing; the command line tells the address."""

    def run(self) -> None:
        """Serve until interrupted."""
        web.run_app(
            self.make_app(), sock=self.socket, access_log=None, print=None,
            loop=asyncio.new_event_loop(),
        )  # fmt: skip


def _bound(port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        raise UsageError(
            f"port {port} cannot be used: {error.strerror}",
            hint="give another with --port, or none",
        ) from None
    return bound
