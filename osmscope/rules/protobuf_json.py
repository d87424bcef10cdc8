"""A text as the JSON that protobuf writes of it.

What Envoy does: `%FILTER_STATE(key)%` is protobuf's JSON of an object. It is UTF-8 as it stands,
but what could mislead a browser or a reader is escaped: `<` and `>`, control, format and
direction characters.
Checked against Envoy 1.40.0, character by character. Not modelled: objects that are no text.
"""

import re

_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = re.compile(
    '["\\\\<>\x00-\x1f\x7f-\x9f\u00ad\u0600-\u0603\u06dd\u070f\u17b4\u17b5\u200b-\u200f'
    "\u2028-\u202e\u2060-\u2064\u206a-\u206f\ufeff\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)


def protobuf_json(text: str) -> str:
    """Return a text as a JSON string."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    letter = found[0]
    units = letter.encode("utf-16-be")
    pairs = (units[at : at + 2].hex() for at in range(0, len(units), 2))
    return _SHORT.get(letter) or "".join(f"\\u{pair}" for pair in pairs)
