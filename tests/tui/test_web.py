"""Who is let in to the UI in a browser, and who is not."""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("textual_serve", reason="needs textual-serve: pip install '.[test]'")

import aiohttp
from aiohttp import web
from textual_serve.app_service import AppService

from osmscope.cli.tui import _own_command
from osmscope.errors import UsageError
from osmscope.tui.web import GuardedServer

pytestmark = pytest.mark.anyio
COMMAND = shlex.join([sys.executable, "-m", "osmscope", "tui", "--from", "demo"])


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class _ObservedServer(GuardedServer):
    """Keeps hold of the processes of the UI; textual-serve does not wait for their end."""

    def __init__(self, command: str) -> None:
        super().__init__(command)
        self.services: list[AppService] = []

    async def _process_messages(self, websocket, app_service):
        self.services.append(app_service)
        await super()._process_messages(websocket, app_service)

    async def wait(self) -> None:
        """Wait until the processes are gone."""
        for service in self.services:
            assert service._process is not None
            async with asyncio.timeout(30):
                await service._process.wait()


@asynccontextmanager
async def served() -> AsyncIterator[tuple[GuardedServer, aiohttp.ClientSession]]:
    server = _ObservedServer(COMMAND)
    runner = web.AppRunner(await server.make_app())
    await runner.setup()
    await web.SockSite(runner, server.socket).start()
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an IP address too
    try:
        async with aiohttp.ClientSession(
            f"http://{server.guard.authority}", cookie_jar=jar
        ) as client:
            yield server, client
    finally:
        await runner.cleanup()
        await server.wait()
        server.socket.close()


async def _enter(server: GuardedServer, client: aiohttp.ClientSession) -> None:
    async with client.get(f"/?token={server.guard.token}") as answer:
        assert answer.status == 200


async def test_the_token_is_exchanged_for_a_cookie_and_leaves_the_address():
    async with served() as (server, client):
        async with client.get(f"/?token={server.guard.token}", allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/")
            cookie = answer.headers["Set-Cookie"]
            assert "HttpOnly" in cookie
            assert "SameSite=Strict" in cookie
            assert server.guard.token not in cookie
        async with client.get("/") as answer:
            assert answer.status == 200
            assert f"ws://{server.guard.authority}/ws" in await answer.text()
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/ws", "/static/js/textual.js",
                                  "/download/x", "/nothing"])  # fmt: skip
async def test_without_the_token_nothing_is_served(path):
    async with served() as (_, client), client.get(path) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("host", ["localhost", "evil.example", "127.0.0.1", "evil.example:{port}"])
async def test_another_name_of_the_host_is_refused_even_with_the_cookie(host):
    async with served() as (server, client):
        await _enter(server, client)
        name = host.replace("{port}", str(server.port))
        async with client.get("/", headers={"Host": name}) as answer:
            assert answer.status == 403


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://localhost"])
async def test_a_websocket_from_another_page_is_refused_even_with_the_cookie(origin):
    async with served() as (server, client):
        await _enter(server, client)
        headers = {} if origin is None else {"Origin": origin}
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect("/ws", headers=headers)
        assert caught.value.status == 403


async def test_nothing_is_ever_written():
    async with served() as (server, client):
        await _enter(server, client)
        async with client.post("/") as answer:
            assert answer.status == 405


async def test_a_browser_with_the_cookie_gets_the_ui():
    async with served() as (server, client):
        await _enter(server, client)
        origin = {"Origin": f"http://{server.guard.authority}"}
        async with client.ws_connect("/ws?width=100&height=30", headers=origin) as page:
            seen = b""
            async with asyncio.timeout(30):
                while b"bookbuyer" not in seen:
                    message = await page.receive()
                    assert message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY)
                    seen += message.data if isinstance(message.data, bytes) else b""


def test_it_listens_on_loopback_alone():
    server = GuardedServer(COMMAND)
    assert server.socket.getsockname()[0] == "127.0.0.1"
    server.socket.close()


def test_a_port_that_is_taken_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UsageError, match="cannot be used"):
            GuardedServer(COMMAND, taken.getsockname()[1])


def test_each_visitor_runs_the_same_command_without_the_web():
    command = _own_command(["tui", "a b.json", "--web", "--port", "80", "--port=81", "-n", "x"])
    assert shlex.split(command)[1:] == ["-m", "osmscope", "tui", "a b.json", "-n", "x"]
