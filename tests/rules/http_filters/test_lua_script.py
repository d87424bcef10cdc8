"""Which Lua scripts are understood."""

import pytest

from osmscope.rules.http_filters.lua_script import HeaderOperation, read_script

OSM = """
function envoy_on_request(request_handle)
  request_handle:headers():add("osm-stats-pod", "bookbuyer-1")
  request_handle:headers():add("osm-stats-kind", "Deployment")
end

function envoy_on_response(response_handle)
  for name, value in pairs(response_handle:headers()) do
    if name == "x" then return end
    repeat local a = function() end until true
  end
end
"""


def entry(body: str) -> str:
    return f"function envoy_on_request(h) {body} end"


def test_the_statistics_script_of_osm() -> None:
    assert read_script(OSM) == (
        HeaderOperation("add", "osm-stats-pod", "bookbuyer-1"),
        HeaderOperation("add", "osm-stats-kind", "Deployment"),
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", ()),
        ('h:headers():replace("a", "b");', (HeaderOperation("replace", "a", "b"),)),
        ("h:headers():remove('a')", (HeaderOperation("remove", "a"),)),
        ('h:headers():add("a", "x\\"y\\n\\\\")', (HeaderOperation("add", "a", 'x"y\n\\'),)),
        ('--[[ if x then ]] h:headers():remove("a") -- end', None),
        ('--[[ if x then ]] h:headers():remove("a") -- end\n', (HeaderOperation("remove", "a"),)),
        ('h:logInfo("text")', ()),
    ],
)
def test_straight_lines(body: str, expected: tuple[HeaderOperation, ...] | None) -> None:
    assert read_script(entry(body)) == expected


@pytest.mark.parametrize(
    "script",
    [
        "",
        "local x = 1",
        'function envoy_on_response(h) h:headers():add("a", "b") end',
    ],
)
def test_without_an_entry_a_request_is_not_touched(script: str) -> None:
    assert read_script(script) == ()


@pytest.mark.parametrize(
    "body",
    [
        "local headers = h:headers()",
        'h:headers():add("a", value)',
        'h:headers():add("a", "b" .. "c")',
        'h:headers():add("a")',
        'h:headers():get("a")',
        'h:headers("a"):add("a", "b")',
        'h:headers():add("a", "\\x41")',
        "h:respond()",
        "h:streamInfo()",
        "h.x = 1",
        'h:logInfo(h:headers():get("a"))',
        "other:headers()",
        "if x then end",
    ],
)
def test_everything_else_is_not_understood(body: str) -> None:
    assert read_script(entry(body)) is None


@pytest.mark.parametrize(
    "script",
    [
        "x = 1\nfunction envoy_on_request(h) end",
        "function envoy_on_request(h)",
        "function envoy_on_request(h, i) end",
        "function other() envoy_on_request() end",
        "function envoy_on_request(h) end function other() if x then",
    ],
)
def test_other_scripts_are_not_understood(script: str) -> None:
    assert read_script(script) is None


def test_helpers_and_separators_are_skipped_and_the_last_definition_counts() -> None:
    last = entry('h:headers():remove("a")')
    script = f"function helper() do end end; {entry('')} {last}"
    assert read_script(script) == (HeaderOperation("remove", "a"),)
