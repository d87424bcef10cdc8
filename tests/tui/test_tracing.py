"""Tracing as you type, by keys, as a user would."""

from __future__ import annotations

import pytest

from osmscope.report.inventory.document import Ref
from tests.tui.conftest import press, screen_text, settle
from tests.tui.trace_view import (
    BUYER,
    MISSING,
    STORE,
    V1,
    at,
    explained,
    toasts,
    trace,
    type_text,
)

pytestmark = pytest.mark.anyio


async def test_each_keystroke_traces_anew(open_app):
    async with open_app() as pilot:
        await press(pilot, "t")
        assert "type a target, and see where a request to it lands" in screen_text(pilot)
        await type_text(pilot, "bookstore-v1:1400")
        assert "it has no port 1400, only 14001" in screen_text(pilot)
        await type_text(pilot, "1")
        text = screen_text(pilot)
        assert "✓ reaches 10.244.1.21:14001" in text
        assert "outbound_virtual-host|bookstore-v1.bookstore.svc.cluster.local" in text
        await pilot.press(*["home", *["right"] * 9, "delete", "delete", "delete"])
        await settle(pilot)
        text = screen_text(pilot)
        assert "✓ reaches 3 endpoints of 2 clusters" in text
        assert " 50 % cluster bookstore/bookstore-v1|14001" in text


async def test_another_path_lands_elsewhere(open_app):
    async with open_app() as pilot:
        certificate = {"client_cert_dns": "bookbuyer.bookbuyer.cluster.local"}
        await trace(pilot, member=V1, target="bookstore:14001", direction="inbound", **certificate)
        assert "✗ is answered by Envoy: 404 (NR) route_not_found" in screen_text(pilot)
        await press(pilot, "i", "tab", "tab")
        await type_text(pilot, "/buy-a-book/new")
        assert "✓ reaches 127.0.0.1:14001" in screen_text(pilot)


async def test_what_cannot_be_read_is_an_error_of_its_field_in_words(open_app):
    async with open_app() as pilot:
        await trace(pilot, "nonsense", target="a:1", src_ip="10.0", dst_port="x")
        text = screen_text(pilot)
        assert "! not traced: the request cannot be read" in text
        assert "! source not an IP address" in text
        assert "!source" in text
        assert "!dst port" in text
        assert "!header" in text
        await trace(pilot, target=STORE)
        assert "!" not in screen_text(pilot)


async def test_a_header_field_follows_each_header(open_app):
    async with open_app() as pilot:
        await trace(pilot, "a: 1", "b: 2", target=STORE)
        fields = pilot.app.view.fields
        assert [one.input.value for one in fields.headers] == ["a: 1", "b: 2", ""]
        await press(pilot, "i", "tab", "tab", "tab", "tab", "tab")
        await type_text(pilot, "c: 3")
        assert [one.input.value for one in fields.headers] == ["a: 1", "b: 2", "c: 3", ""]
        assert pilot.app.view.told.question.form.headers[:3] == ("a: 1", "b: 2", "c: 3")
        await trace(pilot, target=STORE)
        assert [one.input.value for one in fields.headers] == [""]


async def test_arrows_go_from_field_to_field(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        await press(pilot, "i", "down")
        assert pilot.app.view.focused is pilot.app.view.fields.fields["method"].input
        await press(pilot, "up")
        assert pilot.app.view.focused is pilot.app.view.fields.fields["target"].input


async def test_seldom_needed_fields_are_folded_away_unless_they_say_something(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        assert "ALPN  " not in screen_text(pilot)
        await press(pilot, "m")
        assert "cert URI" in screen_text(pilot)
        await press(pilot, "m")
        assert "cert URI" not in screen_text(pilot)
        await trace(pilot, target=STORE, random_value="7")
        assert "random" in screen_text(pilot)
        assert "cert URI" not in screen_text(pilot)


async def test_enter_unfolds_a_decision_with_its_losers_and_their_reasons(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        assert "not inbound-listener" not in screen_text(pilot)
        await at(pilot, "listener")
        await press(pilot, "enter")
        await explained(pilot)
        text = screen_text(pilot)
        assert "▾ listener" in text
        assert "not inbound-listener" in text
        assert "outbound connections are redirected to another listener" in text
        await press(pilot, "enter")
        assert "not inbound-listener" not in screen_text(pilot)


async def test_losers_of_filter_chains_come_when_they_are_asked_for(open_app):
    async with open_app(size=(160, 60)) as pilot:
        await trace(pilot, target=STORE)
        assert pilot.app.view.told.question.in_full is False
        await press(pilot, "w")
        await explained(pilot)
        text = screen_text(pilot)
        assert pilot.app.view.told.question.in_full is True
        assert "not outbound_bookstore/bookstore-v1_14001_http" in text
        assert "it asks for 10.96.18.21/32" in text
        assert "by filter_chain_match.destination_port" in text
        await press(pilot, "w")
        assert "by filter_chain_match" not in screen_text(pilot)


async def test_a_near_miss_is_corrected_by_its_number(open_app):
    async with open_app() as pilot:
        await trace(pilot, **MISSING)
        text = screen_text(pilot)
        assert "✗ is answered by Envoy: 404 (NR) route_not_found" in text
        assert '1 use the host "bookstore.bookstore:14001"' in text
        await press(pilot, "1")
        await explained(pilot)
        assert "✓ reaches 3 endpoints of 2 clusters" in screen_text(pilot)
        values = pilot.app.view.form().values
        assert values == {**MISSING, "target": f"{STORE}/books-bought"}
        await press(pilot, "1")
        assert "there is no such near miss" in toasts(pilot)


@pytest.mark.parametrize("key", ["2", "3", "4", "5"])
async def test_each_near_miss_has_its_key(open_app, key):
    async with open_app() as pilot:
        await trace(pilot, **MISSING)
        count = len(pilot.app.view.told.report.nearest)
        await press(pilot, key)
        await explained(pilot)
        corrected = "✓ reaches" in screen_text(pilot)
        assert corrected is (int(key) <= count)


async def test_enter_on_a_near_miss_takes_it(open_app):
    async with open_app() as pilot:
        await trace(pilot, **MISSING)
        await press(pilot, "g", "j", "enter")
        await explained(pilot)
        assert "✓ reaches 3 endpoints of 2 clusters" in screen_text(pilot)


async def test_assumptions_are_shown_and_counted(open_app):
    async with open_app() as pilot:
        await trace(pilot, target="nowhere.example:14001")
        text = screen_text(pilot)
        assert "≈ rests on 1 assumption" in text
        assert "≈ assumed   nowhere.example resolves to an address that no filter chain" in text


@pytest.mark.parametrize(
    ("label", "kind", "key"),
    [
        ("listener", "listener", "outbound-listener"),
        ("filter chain", "filter_chain", "outbound-listener#0"),
        ("route", "route", "rds-outbound.14001/outbound_virtual-host|bookstore-v1.bookstore"
                     ".svc.cluster.local#0"),
    ],
)  # fmt: skip
async def test_a_line_leads_to_its_resource(open_app, label, kind, key):
    async with open_app(size=(200, 40)) as pilot:
        await trace(pilot, target="bookstore-v1:14001")
        await at(pilot, label)
        await press(pilot, "b")
        present = pilot.app.history.present
        assert (present.view, present.kind) == ("browse", kind)
        assert pilot.app.inventory(BUYER).title(present.ref)
        assert kind == "filter_chain" or present.ref == Ref(kind, key)
        await press(pilot, "left_square_bracket")
        assert pilot.app.history.present.view == "trace"
        assert "✓ reaches 10.244.1.21:14001" in screen_text(pilot)


async def test_a_line_about_no_resource_leads_nowhere(open_app):
    async with open_app() as pilot:
        await trace(pilot, target=STORE)
        await press(pilot, "g", "b")
        assert "this line is about no resource of the dump" in toasts(pilot)


HOST = "outbound_virtual-host|bookstore.bookstore.svc.cluster.local"


@pytest.mark.parametrize(
    ("kind", "key", "target"),
    [
        ("listener", "outbound-listener", None),
        ("filter_chain", "outbound-listener#0", None),
        ("filter", "outbound-listener#0/filters[0]", None),
        ("route_config", "rds-outbound.14001", None),
        ("virtual_host", f"rds-outbound.14001/{HOST}", STORE),
        ("route", f"rds-outbound.14001/{HOST}#0", STORE),
        ("cluster", "bookstore/bookstore-v2|14001", STORE),
    ],
)
async def test_t_traces_a_request_that_reaches_the_resource(open_app, kind, key, target):
    async with open_app() as pilot:
        inventory = pilot.app.inventory(BUYER)
        if kind == "filter":
            key = inventory.listing("filter").rows[-1].key
        await pilot.app.open_resource(BUYER, Ref(kind, key))
        await press(pilot, "t")
        await explained(pilot)
        text = screen_text(pilot)
        assert pilot.app.history.present.view == "trace"
        assert "✓ reaches" in text
        assert "this request reaches" in text
        if target is not None:
            assert pilot.app.view.form().text("target") == target


async def test_t_traces_a_request_to_an_endpoint(open_app):
    async with open_app() as pilot:
        rows = pilot.app.inventory(BUYER).listing("endpoint").rows
        row = next(one for one in rows if "10.244.1.22:14001" in one.names)
        await pilot.app.open_resource(BUYER, Ref("endpoint", row.key))
        await press(pilot, "t")
        await explained(pilot)
        assert "10.244.1.22:14001" in screen_text(pilot)


async def test_t_says_why_no_request_can_reach_a_resource(open_app):
    async with open_app() as pilot:
        await pilot.app.open_resource(BUYER, Ref("cluster", "osm-controller"))
        await press(pilot, "t")
        assert pilot.app.history.present.view == "browse"
        assert any(
            "no request can reach cluster osm-controller: no route and no tcp_proxy" in one
            for one in toasts(pilot)
        )


async def test_t_on_a_secret_says_that_no_request_leads_there(open_app):
    async with open_app() as pilot:
        key = pilot.app.inventory(BUYER).listing("secret").rows[0].key
        await pilot.app.open_resource(BUYER, Ref("secret", key))
        await press(pilot, "t")
        assert "no request leads to a secret of its own" in toasts(pilot)


async def test_escape_goes_from_the_fields_to_the_path_and_up(open_app):
    async with open_app() as pilot:
        await press(pilot, "t")
        await press(pilot, "escape")
        assert pilot.app.view.path.has_focus
        await press(pilot, "escape")
        assert pilot.app.history.present.view == "browse"


async def test_what_is_typed_before_a_new_header_field_is_drawn_is_taken(open_app):
    async with open_app() as pilot:
        await press(pilot, "enter", "j", "j", "j", "t")
        form = pilot.app.view.fields
        for text in ("a: 1", "b: 2"):
            form.headers[-1].input.value = text
            form.mount(form._header(""), after=form.headers[-1])
            assert form.headers[-1].input.value == ""
        await settle(pilot)
        assert [header.input.value for header in form.headers][:2] == ["a: 1", "b: 2"]


async def test_what_is_typed_while_the_first_answer_is_prepared_is_answered(open_app):
    async with open_app() as pilot:
        await pilot.app.trace(BUYER)
        await type_text(pilot, STORE)
        assert pilot.app.view.told.question.form.text("target") == STORE
        assert pilot.app.view.told.report.sign == "good"
