"""Texts that other tools wrote, brought to Envoy's own form."""

from osmscope.dump import text
from osmscope.dump.gaps import Gap
from osmscope.errors import DumpError


def canonical_document(data: bytes, *, where: str, gaps: list[Gap]) -> bytes | memoryview:
    """The JSON document in a text, canonical."""
    document = text.as_utf8(data, where=where)
    text.refuse_other_than_json(document, where=where)
    start = text.json_start(document)
    if start is None:
        raise DumpError("not JSON", where=where, hint=text.EXPECTED)
    if start:
        document = memoryview(document)[start:]
    text.check_utf8(document, where=where)
    return document
