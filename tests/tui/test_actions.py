"""The registry of actions, the classes that act, their bindings and the help cannot drift apart."""

from __future__ import annotations

import importlib

import pytest
from textual.binding import Binding
from textual.keys import _character_to_key

from osmscope.tui.actions import ACTIONS, BY_NAME, CONTEXTS, bindings, clash

PAIRS = [(action, context) for action in ACTIONS for context in action.where]


def _class_of(context: str) -> type:
    found = CONTEXTS[context]
    return getattr(importlib.import_module(f"osmscope.tui.{found.module}"), found.class_name)


@pytest.mark.parametrize(("action", "context"), PAIRS, ids=[f"{c}-{a.name}" for a, c in PAIRS])
def test_each_action_is_one_of_its_class(action, context):
    method = getattr(_class_of(context), f"action_{action.name}", None)
    assert callable(method)
    assert method.__doc__


@pytest.mark.parametrize("context", list(CONTEXTS))
def test_each_class_names_its_context_and_takes_all_bindings_from_the_registry(context):
    found = _class_of(context)
    assert context == found.CONTEXT
    assert bindings(context) == found.__dict__["BINDINGS"]
    assert bindings(context)


def test_no_key_means_two_things_in_one_place():
    """A widget and the view and the app around it may all be asked for a key."""
    assert clash({}) is None
    assert clash({"theme": ("j",)}) == ("j", "theme", "down")
    assert clash({"wide": ("l",)}) is None


def test_names_are_unique_and_words_are_sentences():
    assert len(BY_NAME) == len(ACTIONS)
    for action in ACTIONS:
        assert action.words[0].isupper()
        assert not action.words.endswith(".")
        assert set(action.where) <= set(CONTEXTS)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_keys_are_named_as_textual_names_them(action):
    for key in action.keys:
        assert len(key) > 1 or _character_to_key(key) in (key, f"upper_{key.lower()}")


def test_a_binding_is_known_by_the_actions_name():
    """So that a keymap can move it."""
    for context in CONTEXTS:
        for binding in bindings(context):
            assert isinstance(binding, Binding)
            assert binding.id == binding.action
