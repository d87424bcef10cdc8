"""The user's config file: keymap, theme and defaults, checked as a whole before the UI opens.

Decision: TOML in the platform's place for configuration. What is not known is an error with its
line, never ignored: a key that silently does nothing is worse than none.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from osmscope.errors import UsageError
from osmscope.report.inventory.kinds import BY_ALIAS
from osmscope.tui import actions

THEMES = ("dark", "light", "contrast", "ansi")
FORMS = ("words", "YAML", "JSON")
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super", "hyper", "meta"})


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the UI starts."""

    view: str = "clusters"
    """The kind that a sidecar opens with, or "tree"."""
    form: str = "words"
    """How resources are shown: words, YAML or JSON."""
    wide: bool = False
    """Whether tables show the columns of the wide form."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the config file says."""

    theme: str = ""
    """ "" for the one that was used last."""
    keymap: dict[str, str | list[str]] = {}
    """Keys by the names of actions: "x", "x,ctrl+y", or a list."""
    defaults: Defaults = Defaults()

    def keys(self) -> dict[str, tuple[str, ...]]:
        """Return the keymap in Textual's names of keys."""
        return {name: tuple(map(_named, _split(keys))) for name, keys in self.keymap.items()}

    @property
    def kind(self) -> str:
        """The kind that a sidecar opens with; "" for the tree."""
        return "" if self.defaults.view == "tree" else BY_ALIAS[self.defaults.view].name


def config_path() -> Path:
    """Return where the config file is, whether or not there is one."""
    import platformdirs

    return platformdirs.user_config_path("osmscope", appauthor=False) / "config.toml"


def read_settings(path: Path) -> Settings:
    """Read the config file; what it does not say has its default.

    Raises:
        UsageError: It cannot be read, or says what is not known.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise _problem(f"the config file cannot be read: {reason}", path, "", "") from None
    return parse_settings(text, path)


def parse_settings(text: str, path: Path) -> Settings:
    """Understand the text of a config file; raises as `read_settings`."""
    try:
        settings = msgspec.convert(tomllib.loads(text), Settings)
    except tomllib.TOMLDecodeError as error:
        message = f"the config file is no TOML: {error}"
        raise _problem(message, path, text, "", hint="see https://toml.io") from None
    except msgspec.ValidationError as error:
        raise _invalid(error, path, text) from None
    _check(settings, path, text)
    return settings


def _invalid(error: msgspec.ValidationError, path: Path, text: str) -> UsageError:
    message, _, place = str(error).partition(" - at `$")
    unknown = re.search(r"unknown field `(.*)`", message)
    if unknown is None:
        word = place.rstrip("`").rpartition(".")[2]
        return _problem(f"{word}: {message[:1].lower()}{message[1:]}", path, text, word)
    word = unknown[1]
    struct = Defaults if ".defaults" in place else Settings
    known = [field.encode_name for field in msgspec.structs.fields(struct)]
    return _problem(f"{word!r} is no setting", path, text, word, hint=_close(word, known))


def _check(settings: Settings, path: Path, text: str) -> None:
    for name, value, known in (
        ("theme", settings.theme or THEMES[0], THEMES),
        ("view", settings.defaults.view, ("tree", *BY_ALIAS)),
        ("form", settings.defaults.form, FORMS),
    ):
        if value not in known:
            message = f"{value!r} is no {name}"
            raise _problem(message, path, text, name, hint=_close(value, known))
    for name, keys in settings.keymap.items():
        if name not in actions.BY_NAME:
            hint = _close(name, actions.BY_NAME)
            raise _problem(f"{name!r} is no action", path, text, name, hint=hint)
        for key in _split(keys) or [""]:
            if not _is_key(key):
                hint = 'write it as "x", "ctrl+x", "f5", "enter", "pagedown"'
                raise _problem(f"{key!r} is no key", path, text, name, hint=hint)
    found = actions.clash(settings.keys())
    if found is not None:
        key, *names = found
        mine = next(name for name in reversed(names) if name in settings.keymap)
        message = f"the key {key!r} would mean both {names[0]!r} and {names[1]!r}"
        hint = "give one of them another key"
        raise _problem(message, path, text, mine, hint=hint)


def _problem(message: str, path: Path, text: str, word: str, hint: str = "") -> UsageError:
    line = _line_of(text, word)
    return UsageError(message, where=f"{path}:{line}" if line else str(path), hint=hint)


def _line_of(text: str, word: str) -> int:
    """Find the line that sets something; 0 where none is found."""
    if not word:
        return 0
    pattern = re.compile(rf'^\s*(?:[\w.-]+\.)?["\']?{re.escape(word)}["\']?\s*=|^\s*\[{word}\]')
    lines = enumerate(text.splitlines(), 1)
    return next((number for number, line in lines if pattern.search(line)), 0)


def _close(word: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    if close:
        return f"did you mean {', '.join(close)}?"
    return f"choose one of {', '.join(names)}" if len(names) <= 12 else "see ? in the UI"


def _split(keys: str | list[str]) -> list[str]:
    if isinstance(keys, list):
        return keys
    return [keys] if len(keys) == 1 else [key.strip() for key in keys.split(",")]


def _is_key(key: str) -> bool:
    from textual.keys import Keys, key_to_character

    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    if not set(modifiers) <= _MODIFIERS or not last:
        return False
    if len(last) == 1:
        return last.isprintable()
    known = {str(name.value) for name in Keys} | {"space"}
    return last in known or key_to_character(last) is not None


def _named(key: str) -> str:
    """Return Textual's name of a key that may be given as its character: `?`, `ctrl+a`."""
    from textual.keys import _character_to_key

    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    return "+".join([*modifiers, _character_to_key(last) if len(last) == 1 else last])
