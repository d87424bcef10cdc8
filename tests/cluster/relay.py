"""``python relay.py FD TARGET``: hand connections on, from a socket that was inherited.

A socket stays in the network namespace it was made in. So a socket of the machine's own, inherited
by this program in a pod's namespace, leads to what listens on that pod's loopback. The target is
"HOST:PORT", or the path of a Unix socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


async def _connect(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if target.startswith("/"):
        return await asyncio.open_unix_connection(target)
    host, _, port = target.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _serve(listener: socket.socket, target: str) -> None:
    async def hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            try:
                there, back = await _connect(target)
            except OSError:
                return
            with contextlib.closing(back):
                await asyncio.gather(_copy(reader, back), _copy(there, writer))

    async with await asyncio.start_server(hand_on, sock=listener) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2]))
