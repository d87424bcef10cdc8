"""What a copy may hold: nothing that runs code of the dump's, opens files, or asks somebody else.

Decision: a dump is a stranger's text, and Envoy does what its configuration says: Lua may start
programs, access logs write files, sources of data read them. So types are allowed by name, and a
copy with any other is not run. Lua never runs as it was written: what osmscope read in a script is
written anew, and a script that it did not understand does nothing, as the trace assumes. Secrets
that a dump redacts are replaced by others that nobody knows.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable

from osmscope.oracle.json_tree import Json, message, messages, only, text, type_of, typed
from osmscope.oracle.not_comparable import NotComparableError
from osmscope.resources.extension import supported_types
from osmscope.rules.http_filters.lua_script import HeaderOperation, read_script

_RUNS_CODE = re.compile(r"dynamic_modules|golang|wasm|ext_proc|(^|[._])tap[._]")
_LUA = re.compile(r"(^|\.)http\.lua\.(v2|v3)\.Lua(PerRoute)?$")
_HARMLESS = re.compile(
    r"""google\.protobuf\.(Any|Struct|(String|Bool|U?Int(32|64)|Double|Float)Value)
      | envoy\.extensions\.(
            access_loggers\.file\.v3\.FileAccessLog
          | compression\.\w+\.(de)?compressor\.v3\.\w+
          | early_data\.v3\.\w+
          | formatter\.(cel|metadata|req_without_query)\.v3\.\w+
          | http\.header_formatters\.preserve_case\.v3\.\w+
          | http\.header_validators\.envoy_default\.v3\.\w+
          | http\.stateful_session\.envelope\.v3\.\w+
          | internal_redirect\.\w+\.v3\.\w+
          | rate_limit_descriptors\.\w+\.v3\.\w+
          | request_id\.uuid\.v3\.\w+
          | retry\.(host|priority)\.\w+\.v3\.\w+
          | transport_sockets\.tls\.v3\.SPIFFECertValidatorConfig
      )""",
    re.VERBOSE,
)
"""Of the types that osmscope does not model, those that only compute."""
_LEFT_OUT = {
    "upstream_log": "access logs of routers",
    "audit_logging_options": "audit logs",
    "vhds": "virtual hosts on demand (VHDS)",
    "on_demand": "clusters on demand",
}
_ASKING = frozenset({
    "ads", "api_config_source", "path_config_source", "config_discovery", "sds_config",
    "grpc_service", "envoy_grpc", "google_grpc",
})  # fmt: skip
"""Fields that lead to somebody else."""
_PLAIN = ("filter_metadata",)
"""Fields that hold anybody's data, and no configuration."""
_USERS = "envoy.extensions.filters.http.basic_auth.v3.BasicAuth"
_KEYS = "envoy.extensions.filters.http.api_key_auth.v3.ApiKeyAuth"
_REDACTED = "[redacted]"


class Confinement:
    """Makes configuration harmless.

    Args:
        log: The one file that may be written.
        note: Is told of what was taken out.
    """

    def __init__(self, log: str, note: Callable[[str], None]) -> None:
        self._log = log
        self._note = note
        self._allowed = frozenset(supported_types())

    def confined(self, value: Json) -> Json:
        """Copy configuration without what could do more than decide requests.

        Raises:
            NotComparableError: It cannot be run without that.
        """
        found = self._of(value)
        assert isinstance(found, dict)
        return found

    def _of(self, value: object) -> object:
        if isinstance(value, list):
            return [self._of(one) for one in value]
        if not isinstance(value, dict):
            return value
        if value.keys() <= {"filename", "watched_directory"} and text(value, "filename"):
            self._note("what is in the sidecar's files")
            return {"inline_string": ""}
        if value.keys() == {"environment_variable"}:
            self._note("the sidecar's environment variables")
            return {"inline_string": ""}
        body = self._harmless(_unwrapped(value)) if "@type" in value else value
        return {name: self._field(name, item) for name, item in body.items() if self._stays(name)}

    def _field(self, name: str, value: object) -> object:
        if name == "load_balancing_policy" and isinstance(value, dict):
            known = [one for one in messages(value, "policies") if self._is_known_policy(one)]
            return self._of({**value, "policies": known})
        return value if name in _PLAIN else self._of(value)

    def _is_known_policy(self, policy: Json) -> bool:
        """Whether a load balancing policy is modelled: Envoy skips those that it does not know."""
        name = type_of(_unwrapped(message(policy, "typed_extension_config", "typed_config")))
        if name not in self._allowed:
            self._note(f"load balancing policy {name}")
        return name in self._allowed

    def _stays(self, name: str) -> bool:
        if name in _ASKING:
            raise NotComparableError(f"the copy would ask somebody else ({name})")
        if name in _LEFT_OUT:
            self._note(_LEFT_OUT[name])
        return name not in _LEFT_OUT

    def _harmless(self, value: Json) -> Json:
        name = type_of(value)
        if _LUA.search(name):
            return self._lua(value, is_of_route=name.endswith("PerRoute"))
        modelled = name in self._allowed and not _RUNS_CODE.search(name)
        if not (modelled or _HARMLESS.fullmatch(name)):
            raise NotComparableError(f"the copy would hold an extension that may do more: {name}")
        if name.endswith(".FileAccessLog") and text(value, "path") != self._log:
            raise NotComparableError("the copy would write another file than its access log")
        if name.startswith(_USERS):
            return _with_users(value)
        return _with_keys(value) if name.startswith(_KEYS) else value

    def _lua(self, value: Json, *, is_of_route: bool) -> Json:
        kept = only(value, ("disabled", "name", "clear_route_cache", "stat_prefix"))
        if is_of_route:
            if "source_code" in value:
                kept["source_code"] = self._script(value["source_code"])
            return typed("envoy.extensions.filters.http.lua.v3.LuaPerRoute", **kept)
        scripts = message(value, "source_codes")
        kept["source_codes"] = {name: self._script(script) for name, script in scripts.items()}
        own = value.get("default_source_code", {"inline_string": value.get("inline_code", "")})
        kept["default_source_code"] = self._script(own)
        return typed("envoy.extensions.filters.http.lua.v3.Lua", **kept)

    def _script(self, source: object) -> Json:
        script = _source_text(source)
        operations = None if script is None else read_script(script)
        if operations is None:
            self._note("Lua scripts that osmscope does not understand")
        lines = [_statement(one) for one in operations or ()]
        return {"inline_string": "\n".join(["function envoy_on_request(handle)", *lines, "end"])}


def _unwrapped(value: Json) -> Json:
    """Return what a TypedStruct holds, with its type; anything else as it is."""
    if not type_of(value).endswith(".TypedStruct"):
        return value
    inner = message(value, "value")
    return {**inner, "@type": text(value, "type_url")}


def _source_text(source: object) -> str | None:
    """Return a script; None where the dump does not hold it."""
    if not isinstance(source, dict):
        return None
    if "inline_bytes" in source:
        return base64.b64decode(text(source, "inline_bytes")).decode("utf-8", "replace")
    return text(source, "inline_string") if "inline_string" in source else None


def _statement(operation: HeaderOperation) -> str:
    words = [operation.name] if operation.kind == "remove" else [operation.name, operation.value]
    return f"handle:headers():{operation.kind}({', '.join(map(_literal, words))})"


def _literal(words: str) -> str:
    """Write a Lua string by the numbers of its bytes, so that none can end it."""
    return '"' + "".join(f"\\{byte:03}" for byte in words.encode()) + '"'


def _with_users(value: Json) -> Json:
    """Give basic authentication a user whose password nobody knows, where its own are unknown."""
    source = message(value, "users")
    if "users" not in value or _source_text(source) not in (None, _REDACTED):
        return value
    digest = base64.b64encode(hashlib.sha1(secrets.token_bytes(32)).digest()).decode()
    return {**value, "users": {"inline_string": f"osmscope:{{SHA}}{digest}"}}


def _with_keys(value: Json) -> Json:
    """Give each API key that a dump redacts another, that nobody knows."""
    if "credentials" not in value:
        return value
    credentials = [
        {**one, "key": secrets.token_hex()} if text(one, "key") == _REDACTED else one
        for one in messages(value, "credentials")
    ]
    return {**value, "credentials": credentials}
