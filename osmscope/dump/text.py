"""From bytes to one JSON document, and from a decoder's complaints to words for a user.

Decision: the bytes are never copied. What surrounds the JSON (a prompt, a warning of kubectl, a
byte order mark) is cut off with a view, and only a text that is not UTF-8 JSON is written anew.
The decoder skips undecoded bodies without looking at their UTF-8, so that is checked here, once.
"""

import codecs
import re
from typing import TypeVar

import msgspec

from osmscope.dump.gaps import Gap
from osmscope.errors import DumpError

T = TypeVar("T")

Text = bytes | memoryview | msgspec.Raw
"""JSON that has not been decoded."""

CHUNK = 1 << 20
HEAD = 1 << 16
CAPTURE_AGAIN = "capture it again, and check that the command that wrote it was not interrupted"
EXPECTED = "give the answer of Envoy's /config_dump?include_eds"

_DOCUMENT_START = re.compile(rb"(?m)^[ \t]*(?=\{\s*[\"}]|\[\s*[\{\[\]])")
_INLINE_START = re.compile(rb"\{\s*\"")
_HTML = re.compile(rb"\s*<(?:!doctype|html|head|body|\?xml|h\d)", re.IGNORECASE)
_PAIRS = {(b"{", b"}"), (b"[", b"]")}
_TRAILING = re.compile(r"trailing characters \(byte (\d+)\)")
_BYTE = re.compile(r" ?\(byte (\d+)\)")


def opens(text: Text, bracket: bytes) -> bool:
    """Whether a value that has no blanks around it starts with a bracket or a quote."""
    return bytes(memoryview(text)[:1]) == bracket


def shown(text: bytes, limit: int = 60) -> str:
    """The beginning of a foreign text, printable on one line of a terminal."""
    line = text[: limit * 4].decode("utf-8", "replace").strip().split("\n", 1)[0].strip()
    line = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in line)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def check_utf8(data: bytes | memoryview, *, where: str) -> None:
    """Refuse a text that is not UTF-8, without holding it twice.

    Raises:
        DumpError: There is a byte that no UTF-8 text has there.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, len(view), CHUNK):
        held = len(decoder.getstate()[0])
        chunk = bytes(view[start : start + CHUNK])
        if not held and chunk.isascii():
            continue  # ten times as fast, and Envoy's output mostly is
        try:
            decoder.decode(chunk, final=start + CHUNK >= len(view))
        except UnicodeDecodeError as error:
            raise DumpError(
                f"not UTF-8: invalid byte at offset {start - held + error.start}",
                where=where,
                hint=CAPTURE_AGAIN,
            ) from None


def as_utf8(data: bytes, *, where: str) -> bytes | memoryview:
    """The text without its byte order mark; UTF-16, which PowerShell's `>` writes, as UTF-8.

    Raises:
        DumpError: The text is not what its byte order mark says.
    """
    if data.startswith(codecs.BOM_UTF8):
        return memoryview(data)[len(codecs.BOM_UTF8) :]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise DumpError(
                f"not UTF-16, although it starts with its mark: offset {error.start}",
                where=where,
                hint=CAPTURE_AGAIN,
            ) from None
    return data


def json_start(text: bytes | memoryview) -> int | None:
    """The offset at which a JSON document starts, None where there is none near the beginning."""
    head = bytes(text[:HEAD])
    stripped = head.lstrip()
    if stripped[:1] in (b"{", b"["):
        return len(head) - len(stripped)
    found = _DOCUMENT_START.search(head)
    if found:
        return found.end()
    inline = _INLINE_START.search(head)
    return inline.start() if inline and b"\n" not in head[: inline.start()].strip() else None


def refuse_other_than_json(text: bytes | memoryview, *, where: str) -> None:
    """Name what a text is that has no JSON in it.

    Raises:
        DumpError: The text is empty, a page of HTML, or the text form of /clusters.
    """
    head = bytes(text[:HEAD])
    if not head.strip(b" \t\r\n\0"):
        raise DumpError("the file is empty", where=where, hint=CAPTURE_AGAIN)
    if _HTML.match(head):
        raise DumpError(
            "this is a page of HTML, not a config dump",
            where=where,
            hint="ask Envoy's admin port, not a proxy or a login page in front of it",
        )
    if b"::added_via_api::" in head:
        raise clusters_instead(where=where)


def clusters_instead(*, where: str) -> DumpError:
    """The error for a text that answers another question."""
    return DumpError(
        "this is the answer of /clusters, not of /config_dump",
        where=where,
        hint="give it with --clusters, next to a config dump",
    )


def decode(text: Text, type_: type[T], *, where: str) -> T:
    """Decode JSON into a type.

    Raises:
        DumpError: The text is not JSON, is cut off, is nested too deeply, or is another type.
    """
    try:
        return msgspec.json.decode(text, type=type_)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise refusal(error, size=len(memoryview(text)), where=where) from None


def whole_document(text: memoryview, *, where: str, gaps: list[Gap]) -> memoryview:
    """Cut off what follows a JSON document.

    A text that ends with the bracket that closes its first one is left to whoever decodes it.

    Args:
        text: The text, from its first bracket on.
        where: The place it comes from, for errors.
        gaps: Is told of what was cut off.

    Raises:
        DumpError: As `decode` does.
    """
    last = bytes(text[-HEAD:]).rstrip()[-1:]
    if (bytes(text[:1]), last) in _PAIRS:
        return text
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError) as error:
        trailing = _TRAILING.search(str(error))
        if trailing is None:
            raise refusal(error, size=len(text), where=where) from None
        end = int(trailing[1]) - 1  # the decoder counts the byte it has read
        rest = shown(bytes(text[end : end + HEAD]))
        gaps.append(Gap("", f"text after the JSON document, from byte {end} on, skipped: {rest!r}"))
        return text[:end]
    return text


def refusal(error: Exception, *, size: int, where: str) -> DumpError:
    """What the decoder complains of, for a user."""
    message = str(error)
    if isinstance(error, RecursionError):
        return DumpError(
            "the JSON is nested too deeply to be a config dump", where=where, hint=EXPECTED
        )
    if isinstance(error, msgspec.ValidationError):
        return DumpError(
            f"not the shape of a config dump: {message.replace('`', '')}",
            where=where,
            hint=EXPECTED,
        )
    if "truncated" in message:
        return DumpError(
            f"the file is cut off: it ends at byte {size}, within the JSON document",
            where=where,
            hint=CAPTURE_AGAIN,
        )
    if _TRAILING.search(message):
        return DumpError("more than one JSON document", where=where, hint="give one dump a file")
    position = _BYTE.search(message)
    at = f" at byte {position[1]}" if position else ""
    reason = _BYTE.sub("", message.removeprefix("JSON is malformed: "))
    return DumpError(f"not JSON: {reason}{at}", where=where, hint=EXPECTED)
