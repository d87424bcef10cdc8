"""A dump is a stranger's text: what it asks Envoy to do beyond deciding requests is not done."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from osmscope.oracle.confinement import Confinement
from osmscope.oracle.json_tree import nested
from osmscope.oracle.not_comparable import NotComparableError
from osmscope.oracle.runnable import runnable
from osmscope.oracle.throw_away_keys import ThrowAwayKeys
from osmscope.oracle.verification import Verification
from tests.trace import sidecars

LUA = f"{sidecars.HTTP}.lua.v3.Lua"
ROUTER = f"{sidecars.HTTP}.router.v3.Router"
FILE_LOG = sidecars.typed("envoy.extensions.access_loggers.file.v3.FileAccessLog", path="/etc/x")
MATCHERS = "envoy.extensions.string_matcher"


def copy_of(*filters, table=None, listener=None, cluster=None, **manager):
    table = table or sidecars.EVERYTHING
    made = sidecars.manager(table, *filters, stat_prefix="s", **manager)
    listeners = [sidecars.listener(sidecars.chain(made), **(listener or {}))]
    clusters = [sidecars.cluster("a", **(cluster or {}))]
    proxy = sidecars.tracer(sidecars.sections(listeners, clusters=clusters)).proxy
    return runnable(proxy, ThrowAwayKeys(), Path("/tmp"))


def written(copy) -> str:
    return json.dumps(copy.bootstrap)


def lua(script: str, **fields):
    source = {"inline_string": script}
    return sidecars.extension("lua", LUA, default_source_code=source, **fields)


def router(**fields):
    return {"name": "r", "typed_config": sidecars.typed(ROUTER, **fields)}


def table_with(**route):
    return sidecars.table(sidecars.host("all", ["*"], sidecars.route("a", **route)))


def custom_match(type_name: str):
    custom = {"name": "c", "typed_config": sidecars.typed(type_name, source_code={})}
    headers = [{"name": "x", "string_match": {"custom": custom}}]
    return table_with(match={"prefix": "/", "headers": headers})


def bucket(script: str):
    per_route = sidecars.typed(f"{LUA}PerRoute", source_code={"inline_string": script})
    return table_with(typed_per_filter_config={"lua": per_route})


EVIL = 'os.execute("touch evil")'
AFTER = f"function envoy_on_response(handle) {EVIL} end"
ADDS = 'function envoy_on_request(h) h:headers():add("x", "y") end\n'


@pytest.mark.parametrize(
    "copy",
    [
        lambda: copy_of(lua(EVIL)),
        lambda: copy_of(lua(ADDS + EVIL)),
        lambda: copy_of(lua(ADDS + AFTER)),
        lambda: copy_of(lua(f"function envoy_on_request(h) {EVIL} end")),
        lambda: copy_of(lua("", source_codes={"a": {"inline_string": EVIL}})),
        lambda: copy_of(lua(""), table=bucket(EVIL)),
        lambda: copy_of(sidecars.extension("l", LUA, inline_code=EVIL)),
        lambda: copy_of(
            sidecars.extension(
                "l",
                "xds.type.v3.TypedStruct",
                type_url=f"type.googleapis.com/{LUA}",
                value={"inline_code": EVIL},
            )
        ),
    ],
)
def test_lua_never_runs_as_it_was_written(copy):
    assert "execute" not in written(copy())


def script_of(copy) -> str:
    sources = [part for part in nested(copy.bootstrap) if "default_source_code" in part]
    return sources[0]["default_source_code"]["inline_string"]


def test_what_osmscope_read_in_a_script_is_written_anew():
    script = script_of(copy_of(lua(ADDS)))
    assert script == (
        'function envoy_on_request(handle)\nhandle:headers():add("\\120", "\\121")\nend'
    )


@pytest.mark.parametrize(
    ("copy", "what"),
    [
        (lambda: copy_of(lua(EVIL + " --[[")), ""),
        (lambda: copy_of(lua(f"function envoy_on_request(h) {EVIL} end")), "Lua scripts that"),
        (lambda: copy_of(router(upstream_log=[{"name": "f", "typed_config": FILE_LOG}])), "access"),
        (lambda: copy_of(table={**sidecars.EVERYTHING, "vhds": {"config_source": {}}}), "VHDS"),
        (
            lambda: copy_of(
                table=table_with(
                    route=None, direct_response={"status": 200, "body": {"filename": "/etc/passwd"}}
                )
            ),
            "files",
        ),
        (
            lambda: copy_of(
                table=table_with(
                    route=None,
                    direct_response={"status": 200, "body": {"environment_variable": "HOME"}},
                )
            ),
            "environment",
        ),
        (
            lambda: copy_of(
                cluster={
                    "load_balancing_policy": {
                        "policies": [
                            {"typed_extension_config": {"name": "l", "typed_config": FILE_LOG}}
                        ]
                    }
                }
            ),
            "load balancing policy",
        ),
    ],
)
def test_what_is_taken_out_is_named(copy, what):
    made = copy()
    assert any(what in one for one in made.taken_out) or not what
    for absent in ("/etc", "HOME", "vhds", "execute"):
        assert absent not in written(made)


@pytest.mark.parametrize(
    ("copy", "why"),
    [
        (lambda: copy_of(table=custom_match(f"{MATCHERS}.lua.v3.Lua")), "string_matcher.lua"),
        (lambda: copy_of(table=custom_match("a.dynamic_modules.v3.X")), "dynamic_modules"),
        (
            lambda: copy_of(
                table={
                    **sidecars.EVERYTHING,
                    "cluster_specifier_plugins": [
                        {
                            "extension": {
                                "name": "x",
                                "typed_config": sidecars.typed(
                                    "envoy.extensions.router.cluster_specifiers.lua.v3.LuaConfig"
                                ),
                            }
                        }
                    ],
                }
            ),
            "cluster_specifiers.lua",
        ),
        (
            lambda: copy_of(
                original_ip_detection_extensions=[
                    {"name": "x", "typed_config": sidecars.typed("envoy.unheard.Of")}
                ]
            ),
            "envoy.unheard.Of",
        ),
        (
            lambda: copy_of(table=table_with(typed_per_filter_config={"x": {"ads": {}}})),
            "ads",
        ),
    ],
)
def test_what_cannot_be_taken_out_is_not_run(copy, why):
    with pytest.raises(NotComparableError, match=why):
        copy()


def test_another_access_log_than_the_copys_own_is_refused():
    confinement = Confinement("/tmp/access.log", lambda what: None)
    with pytest.raises(NotComparableError, match="another file"):
        confinement.confined({"access_log": [{"typed_config": FILE_LOG}]})


@pytest.mark.parametrize("users", [None, base64.b64encode(b"[redacted]").decode()])
def test_users_that_a_dump_redacts_are_replaced_by_one_that_nobody_knows(users):
    source = {"inline_bytes": users} if users else {"filename": "/etc/users"}
    auth = sidecars.extension("basic", f"{sidecars.HTTP}.basic_auth.v3.BasicAuth", users=source)
    assert "osmscope:{SHA}" in written(copy_of(auth))


def test_keys_that_a_dump_redacts_are_replaced_and_differ():
    name = f"{sidecars.HTTP}.api_key_auth.v3.ApiKeyAuth"
    redacted = {"key": "[redacted]", "client": "a"}
    auth = sidecars.extension("keys", name, credentials=[redacted, redacted, {"key": "k"}])
    found = json.dumps(copy_of(auth).bootstrap)
    assert "[redacted]" not in found
    keys = [part.partition('"')[2].partition('"')[0] for part in found.split('"key":')[1:]]
    assert len(set(keys)) == 3


@pytest.mark.envoy
def test_a_real_envoy_runs_none_of_it(tmp_path):
    def touch(name: str) -> str:
        return f'os.execute("touch {tmp_path / name}")'

    script = (
        f"{touch('loaded')}\nfunction envoy_on_request(h) {touch('asked')} end\n"
        f"function envoy_on_response(h) {touch('answered')} end"
    )
    log = {**FILE_LOG, "path": str(tmp_path / "log")}
    made = sidecars.manager(sidecars.EVERYTHING, lua(script), stat_prefix="s")
    made["typed_config"]["http_filters"][-1] = router(upstream_log=[{"typed_config": log}])
    sections = sidecars.sections(
        [sidecars.listener(sidecars.chain(made))], clusters=[sidecars.cluster("a")]
    )
    with Verification(sidecars.tracer(sections).proxy) as envoy:
        assert envoy.verify(sidecars.request()).result == "agree"
        assert len(envoy.taken_out) == 2
    assert not list(tmp_path.iterdir())
