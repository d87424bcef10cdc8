"""Objects of the filter state, as filters make them of format strings."""

from osmscope.resources.extension import extension
from osmscope.resources.network_filters import DataSource
from osmscope.resources.resource import Resource


class FormatString(Resource, frozen=True):
    """`envoy.config.core.v3.SubstitutionFormatString`; JSON formats are not read."""

    inert = frozenset({"content_type", "formatters", "json_format_options"})

    text_format: str | None = None
    text_format_source: DataSource | None = None
    omit_empty_values: bool = False

    @property
    def template(self) -> str | None:
        """The format string; None where it stands elsewhere or is no text."""
        source = self.text_format_source
        return source.inline_string if source is not None else self.text_format


class FilterStateValue(Resource, frozen=True):
    """An object of the filter state and the text that it is made of."""

    inert = frozenset({"read_only", "shared_with_upstream"})

    object_key: str = ""
    factory_key: str = ""
    format_string: FormatString = FormatString()
    skip_if_empty: bool = False


@extension(
    "envoy.extensions.filters.network.set_filter_state.v3.Config",
    name="envoy.filters.network.set_filter_state",
)
class NetworkSetFilterState(Resource, frozen=True):
    """The network filter that makes objects when a connection comes, and later."""

    on_new_connection: tuple[FilterStateValue, ...] = ()
    on_downstream_tls_handshake: tuple[FilterStateValue, ...] = ()
    on_downstream_data: tuple[FilterStateValue, ...] = ()


@extension(
    "envoy.extensions.filters.listener.set_filter_state.v3.Config",
    name="envoy.filters.listener.set_filter_state",
)
class ListenerSetFilterState(Resource, frozen=True):
    """The listener filter that makes objects before a filter chain is chosen."""

    on_accept: tuple[FilterStateValue, ...] = ()
