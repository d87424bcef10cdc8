"""The trace view as it looks: held against golden files, in two themes and two sizes.

The answers are made by hand, so that only the view decides how they look. The text is the same in
all themes; what differs are colours, and none of them hides anything. Write the files anew with
OSMSCOPE_GOLDEN=write.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from osmscope.report.trace_report import Setting, trace_report
from osmscope.session.request_form import RequestForm, read_form
from osmscope.session.tracing import Traced
from osmscope.tui.tracing import Question, Told
from tests.report.conftest import CASES
from tests.trace.sidecars import chain, cluster, host, listener, manager, route, sections, table
from tests.tui.conftest import screen_text, settle
from tests.tui.test_tracing import BUYER, STORE, explained

pytestmark = pytest.mark.anyio
GOLDEN = Path(__file__).parent / "golden"
SIZES = {"80x24": (80, 24), "160x50": (160, 50)}
CERTAIN = ["split", "missing_host", "partly", "unknown", "hostile"]


def told(name, number):
    """An answer made by hand."""
    answer, explanation, request = CASES[name]()
    form = RequestForm({"target": STORE})
    setting = Setting(source="bookbuyer", inferred=("service bookstore/bookstore has an address",))
    return Told(
        question=Question(number=number, form=form, typed=read_form(form).typed, in_full=True),
        traced=Traced(request=request, answer=answer, explanation=explanation, inferred=()),
        report=trace_report(answer, explanation, request, setting),
    )


def hold(pilot, name, size):
    """Hold the screen against its file; nothing on it has the colour of its background."""
    # The last line, what can be done, is the registry's.
    text = "\n".join(screen_text(pilot).splitlines()[:-1]) + "\n"
    for strip in pilot.app.screen._compositor.render_strips():
        for segment in strip:
            style = segment.style
            if segment.text.strip() and style is not None and style.color is not None:
                assert style.color != style.bgcolor or style.reverse
    path = GOLDEN / f"{name}-{size}.txt"
    if os.environ.get("OSMSCOPE_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")
    width, height = SIZES[size]
    assert len(text.splitlines()) == height - 1
    assert max(map(len, text.splitlines())) <= width


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_answer_looks_as_it_did(open_app, size, theme):
    async with open_app(size=SIZES[size]) as pilot:
        pilot.app.theme = theme
        await pilot.app.trace(BUYER, RequestForm())
        await explained(pilot)
        view = pilot.app.view
        for name in CERTAIN:
            view.told = told(name, view._number)
            view.answered(view.told)
            await settle(pilot)
            hold(pilot, f"trace-{name}", size)


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
async def test_the_form_with_its_errors_looks_as_it_did(open_app, size, theme):
    async with open_app(size=SIZES[size]) as pilot:
        pilot.app.theme = theme
        values = {"target": STORE, "src_ip": "10.0", "direction": "up", "alpn": "h2"}
        await pilot.app.trace(BUYER, RequestForm(values, ("nonsense", "a: 1")))
        await explained(pilot)
        hold(pilot, "trace-errors", size)


@pytest.mark.parametrize(
    "name",
    ["\x1b[31mx\x1b[0m", "[bold red]x[/]", "a\u202egnp.exe", "n" * 10_000, "👩‍👩‍👧‍👦", "名" * 50],
)
async def test_a_hostile_name_leaves_the_screen_whole(open_app, tmp_path, name):
    tables = table(host(name, ["*"], route(name) | {"name": name}), name=name)
    body = listener(chain(manager(tables), name=name), name=name)
    dump = tmp_path / "config_dump.json"
    built = sections([body], (), [cluster(name)])
    dump.write_text(json.dumps({"configs": list(built.values())}))
    async with open_app(str(dump), size=(80, 24)) as pilot:
        (member,) = pilot.app.mesh.members
        form = RequestForm({"target": "a.com:15001"}, (f"x: {name if name.isprintable() else 1}",))
        await pilot.app.trace(member, form)
        await explained(pilot)
        text = screen_text(pilot)
        assert "✓ reaches 10.1.0.1:80" in text
        await pilot.press("w")
        await explained(pilot)
        strips = pilot.app.screen._compositor.render_strips()
        assert all(strip.cell_length == 80 for strip in strips)
        for line in screen_text(pilot).splitlines():
            assert line.isprintable()
