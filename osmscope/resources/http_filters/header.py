"""Filters that change a request's headers or metadata."""

from osmscope.resources.extension import extension
from osmscope.resources.matcher import RegexMatchAndSubstitute, StringMatcher
from osmscope.resources.network_filters import DataSource
from osmscope.resources.resource import Opaque, Resource
from osmscope.resources.route import HeaderValueOption

_HTTP = "envoy.extensions.filters.http"


class RemoveOnMatch(Resource, frozen=True):
    """Removes every header whose name fits."""

    key_matcher: StringMatcher = StringMatcher()


class HeaderMutationRule(Resource, frozen=True):
    """`envoy.config.common.mutation_rules.v3.HeaderMutation`: one of its actions is set."""

    remove: str = ""
    append: HeaderValueOption | None = None
    remove_on_match: RemoveOnMatch | None = None


class KeyValue(Resource, frozen=True):
    """A name and its value, of before `record`."""

    key: str = ""
    value: object = ""


class KeyValuePair(Resource, frozen=True):
    """A name and its value; strings may hold `%COMMANDS%`."""

    key: str = ""
    value: object = ""


class KeyValueAppend(Resource, frozen=True):
    """A name and a value to add, and what to do where the name is there already."""

    record: KeyValuePair | None = None
    entry: KeyValue | None = None
    action: str = "APPEND_IF_EXISTS_OR_ADD"


class KeyValueMutation(Resource, frozen=True):
    """`envoy.config.core.v3.KeyValueMutation`, applied to query parameters."""

    append: KeyValueAppend | None = None
    remove: str = ""


class Mutations(Resource, frozen=True):
    """What a header mutation filter does to a request."""

    inert = frozenset(
        {"response_mutations", "response_trailers_mutations", "request_trailers_mutations"}
    )

    request_mutations: tuple[HeaderMutationRule, ...] = ()
    query_parameter_mutations: tuple[KeyValueMutation, ...] = ()


@extension(f"{_HTTP}.header_mutation.v3.HeaderMutation", name="envoy.filters.http.header_mutation")
class HeaderMutation(Resource, frozen=True):
    """`envoy.extensions.filters.http.header_mutation.v3.HeaderMutation`."""

    mutations: Mutations = Mutations()
    most_specific_header_mutations_wins: bool = False


@extension(f"{_HTTP}.header_mutation.v3.HeaderMutationPerRoute")
class HeaderMutationPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.header_mutation.v3.HeaderMutationPerRoute`."""

    mutations: Mutations = Mutations()


@extension("envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation")
class EarlyHeaderMutation(Resource, frozen=True):
    """Mutations that run before everything else in the connection manager."""

    mutations: tuple[HeaderMutationRule, ...] = ()


@extension(
    f"{_HTTP}.lua.v3.Lua",
    "envoy.config.filter.http.lua.v2.Lua",
    name="envoy.filters.http.lua envoy.lua",
)
class Lua(Resource, frozen=True):
    """`envoy.extensions.filters.http.lua.v3.Lua`."""

    inert = frozenset({"stat_prefix"})

    inline_code: str = ""
    default_source_code: DataSource | None = None
    source_codes: dict[str, DataSource] = {}
    clear_route_cache: bool | None = None


@extension(f"{_HTTP}.lua.v3.LuaPerRoute")
class LuaPerRoute(Resource, frozen=True):
    """`envoy.extensions.filters.http.lua.v3.LuaPerRoute`."""

    inert = frozenset({"filter_context"})

    disabled: bool = False
    name: str = ""
    source_code: DataSource | None = None


class KeyValuePairTarget(Resource, frozen=True):
    """Where a header's value is put in the metadata, and what is put."""

    metadata_namespace: str = ""
    key: str = ""
    value: str = ""
    regex_value_rewrite: RegexMatchAndSubstitute | None = None
    type: str = "STRING"
    encode: str = "NONE"


class HeaderToMetadataRule(Resource, frozen=True):
    """What one header or cookie leads to."""

    header: str = ""
    cookie: str = ""
    on_header_present: KeyValuePairTarget | None = None
    on_present: KeyValuePairTarget | None = None
    on_header_missing: KeyValuePairTarget | None = None
    on_missing: KeyValuePairTarget | None = None
    remove: bool = False


@extension(
    f"{_HTTP}.header_to_metadata.v3.Config",
    "envoy.config.filter.http.header_to_metadata.v2.Config",
    name="envoy.filters.http.header_to_metadata",
)
class HeaderToMetadata(Resource, frozen=True):
    """`envoy.extensions.filters.http.header_to_metadata.v3.Config`."""

    inert = frozenset({"response_rules", "stat_prefix"})

    request_rules: tuple[HeaderToMetadataRule, ...] = ()


class MetadataEntry(Resource, frozen=True):
    """A namespace's values."""

    metadata_namespace: str = ""
    allow_overwrite: bool = False
    value: dict[str, object] | None = None
    typed_value: Opaque | None = None


@extension(f"{_HTTP}.set_metadata.v3.Config", name="envoy.filters.http.set_metadata")
class SetMetadata(Resource, frozen=True):
    """`envoy.extensions.filters.http.set_metadata.v3.Config`."""

    metadata_namespace: str = ""
    value: dict[str, object] = {}
    metadata: tuple[MetadataEntry, ...] = ()
