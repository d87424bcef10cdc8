"""The server's side of TLS over bytes that somebody else sends, and what the client asked for."""

import ssl
from collections.abc import Iterator

_RECORD_HEAD, _HANDSHAKE_HEAD = 5, 4
_VERSION_AND_RANDOM = 34
_SERVER_NAME, _ALPN = 0, 16


class ServerTls:
    """One connection."""

    def __init__(self, context: ssl.SSLContext, client_hello: bytes) -> None:
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.failed = False
        extensions = dict(_extensions(client_hello))
        name = extensions.get(_SERVER_NAME, b"")
        self.sni = name[5:].decode("latin-1")
        """What the client asked for; "" for nothing."""
        self.alpn = list(_protocols(extensions.get(_ALPN, b"")[2:]))

    def decrypt(self, data: bytes) -> bytes:
        """Take what the client sent; return what it says, as far as that is complete."""
        self._incoming.write(data)
        plain = b""
        try:
            self._object.do_handshake()
            while chunk := self._object.read(65536):
                plain += chunk
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            self.failed = True
        return plain

    def encrypt(self, data: bytes) -> bytes:
        """Return what to send to say this."""
        self._object.write(data)
        return self.pending()

    def pending(self) -> bytes:
        """Return what has to be sent now."""
        return self._outgoing.read()


def _extensions(hello: bytes) -> Iterator[tuple[int, bytes]]:
    """Read the extensions of a ClientHello that came in one record."""
    at = _RECORD_HEAD + _HANDSHAKE_HEAD + _VERSION_AND_RANDOM
    at += 1 + hello[at]  # session
    at += 2 + int.from_bytes(hello[at : at + 2])  # cipher suites
    at += 1 + hello[at]  # compression
    at += 2
    while at + 4 <= len(hello):
        kind, size = int.from_bytes(hello[at : at + 2]), int.from_bytes(hello[at + 2 : at + 4])
        yield kind, hello[at + 4 : at + 4 + size]
        at += 4 + size


def _protocols(data: bytes) -> Iterator[str]:
    while data:
        yield data[1 : 1 + data[0]].decode("latin-1")
        data = data[1 + data[0] :]
