"""Credentials in text: what looks like one is replaced, wherever it stands.

Decision: the replacement is the one that Envoy itself writes for the fields it knows to be secret.
What only names a scheme ("Bearer ", "Basic .*") or takes its value from the request
("%REQ(x-token)%") is no secret and stays, so that a route which asks for it is still decided.
"""

import re
from collections.abc import Callable
from functools import lru_cache

REDACTED = "[redacted]"
"""What stands in the place of a secret, in a dump of Envoy's too."""

_SCHEMES = r"bearer|basic|digest|negotiate|token|apikey"
_SECRET_HEADER = re.compile(
    r"""authorization | cookie | token | secret | passw | credential | session | signature | jwt
    | api[-_]?key | access[-_]?key | private[-_]?key | (?:^|[-_])auth(?:$|[-_]?(?:key|data|info)$)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_SECRET_FIELD = re.compile(
    r"""(?:^|(?<!max)[_.-])(?:
      (?:pass(?:word|wd|phrase)|secret|token|credential|jwt)s? | authorization
    | (?:private|secret|api|access|signing|encryption|hmac|license)[_-]?key
    | apikey | access_key_id | json_key | pkcs12 | pem_?key
    )$""",
    re.IGNORECASE | re.VERBOSE,
)
_COOKIES = ("cookie", "set-cookie")
_HIDDEN = "hidden_envoy_deprecated_"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_KEY_BLOCK = re.compile(
    r"-----BEGIN (?P<kind>[A-Z0-9 ]*PRIVATE KEY)-----.*?(?:-----END (?P=kind)-----|\Z)", re.DOTALL
)
_TOKENS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(Bearer|Basic)( +)(?!%)[\w.~+/=-]{8,}"), rf"\1\2{REDACTED}"),
    (re.compile(r"(?<![\w-])eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*"), REDACTED),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), REDACTED),
    (re.compile(r"\b(?:gh[oprsu]_[A-Za-z0-9]{30,}|xox[abprs]-[\w-]{10,})"), REDACTED),
    (re.compile(r"(?<=://)[^/\s:@\"']*:[^/\s@\"']+(?=@)"), REDACTED),
)
_MAY_HOLD = re.compile(r"PRIVATE KEY|[Bb]earer |[Bb]asic |eyJ|AKIA|ASIA|gh[oprsu]_|xox[abprs]-|@")

_NAME = r"(?<![\w.-])(?P<name>[\w.-]{1,128})"
_QUOTED = r"(?P<quote>\\?[\"'])(?P<value>(?:(?!(?P=quote)).){0,65536})(?P=quote)"
_CALL = re.compile(
    rf"(?P<head>[\"']{_NAME}\\?[\"']\s*,\s*){_QUOTED}",
)
"""Two literals after each other: headers:add("authorization", "…")."""
_ASSIGNED = re.compile(
    rf"(?P<head>{_NAME}\\?[\"']?\s{{0,9}}\]?\s{{0,9}}(?:[=~]?=|:)\s{{0,9}}){_QUOTED}",
)
"""A name and a literal: api_key = "…", ["x-token"] = "…", "password": "…"."""
_BARE = re.compile(
    rf"^(?P<head>[ \t]*(?:-[ \t]+)?{_NAME}[ \t]*:[ \t]+)(?P<quote>)"
    r"(?P<value>[^\s\"'{\[|>&*#][^\n]*)$",
    re.MULTILINE,
)
"""A line of YAML: password: …"""
_OPTION = re.compile(
    r"(?P<head>(?:^|\s)--?(?P<name>[\w.-]{1,128})(?:=|\s+))(?P<quote>)(?P<value>[^\s\"'-][^\s\"']*)"
)
"""An option of a command line: --token=…"""

_FILLING = re.compile(
    rf"%[^%]{{0,256}}%|\b(?:{_SCHEMES})\b|\\[A-Za-z]|\[[^\[\]]{{0,256}}\]"
    r"|(?<![\w.-])[\w.-]{1,128}=(?=[.\[(\\$]|$)|[\W_]",
    re.IGNORECASE,
)
"""What a pattern may hold without giving anything away: schemes, names of cookies, operators."""


@lru_cache(maxsize=4096)
def is_secret_header(name: str) -> bool:
    """Whether the value of a header, a query parameter or a cookie of this name is a secret."""
    return _SECRET_HEADER.search(name) is not None


@lru_cache(maxsize=4096)
def is_secret_field(name: str) -> bool:
    """Whether a field or a variable of this name holds a secret, if it holds text."""
    return name.lower() in _COOKIES or _SECRET_FIELD.search(snake_case(name)) is not None


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """Envoy's name of a field that another writer may have spelled in camelCase."""
    return _HUMP.sub("_", name).lower().removeprefix(_HIDDEN)


def redact_text(text: str) -> str:
    """Replace what looks like a credential in any text: keys, tokens, user:password@host."""
    if _MAY_HOLD.search(text) is None:
        return text
    text = _KEY_BLOCK.sub(REDACTED, text)
    for pattern, replacement in _TOKENS:
        text = pattern.sub(replacement, text)
    return text


def redact_code(text: str) -> str:
    """Replace credentials in a program or a configuration: Lua, JSON or YAML as text.

    Beside what `redact_text` finds, literals that are given to a name which says that it is secret.
    """
    text = redact_text(text)
    text = _CALL.sub(_named(is_secret_header), text)
    text = _ASSIGNED.sub(_named(is_secret_field), text)
    return _BARE.sub(_named(is_secret_field), text)


def redact_command(text: str) -> str:
    """Replace credentials in the words of a command line, such as --token=…, as well."""
    return _OPTION.sub(_named(is_secret_field), redact_code(text))


def redact_value(value: str) -> str:
    """Replace what is a secret as a whole, but for the scheme that it starts with.

    Args:
        value: The value of a header, or the pattern that one is held against.
    """
    if not _FILLING.sub("", value):
        return value
    scheme = re.match(rf"\^?(?:{_SCHEMES})(?:\\s|\s)[+*]?", value, re.IGNORECASE)
    return f"{scheme[0] if scheme else ''}{REDACTED}"


def _named(is_secret: Callable[[str], bool]) -> Callable[[re.Match[str]], str]:
    def replaced(found: re.Match[str]) -> str:
        if not is_secret(found["name"]):
            return found[0]
        return f"{found['head']}{found['quote']}{redact_value(found['value'])}{found['quote']}"

    return replaced
