"""From any text to one JSON document in Envoy's own form.

Decision: a text that is JSON in Envoy's form comes back as it is, without a copy. What stands
before or after the document is cut off and recorded as a gap; YAML and camelCase are converted.
"""

from osmscope.dump import casing, text
from osmscope.dump.gaps import Gap


def canonical_document(data: bytes, *, where: str, gaps: list[Gap]) -> bytes | memoryview:
    """Find the document in a text.

    Args:
        data: The text, as it was read.
        where: The place it comes from, for errors.
        gaps: Is told of what was cut off.

    Returns:
        The JSON document, from its first bracket to its last.

    Raises:
        DumpError: There is none in the text.
    """
    document = text.as_utf8(data, where=where)
    text.refuse_other_than_json(document, where=where)
    start = text.json_start(document)
    if start is None:
        from osmscope.dump.yaml_text import json_of_yaml

        text.check_utf8(document, where=where)
        return casing.canonical_json(json_of_yaml(document, where=where), where=where)
    before = bytes(document[:start]).strip()
    if before:
        skipped = text.shown(before)
        gaps.append(Gap("", f"text before the JSON document skipped: {skipped!r}"))
    document = text.whole_document(memoryview(document)[start:], where=where, gaps=gaps)
    text.check_utf8(document, where=where)
    if casing.is_foreign(document):
        return casing.canonical_json(document, where=where)
    return document
