"""Runtime features: keys that switch a new behavior of Envoy off, or an old one on again.

What Envoy does: `envoy.reloadable_features.NAME` switches with true and false, and with numbers, 0
being false; any other text leaves the default. What a feature does is known to the rule that it
changes; one that no rule knows is named, unless it decides about nothing that is answered here.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

from collections.abc import Iterator, Mapping

from osmscope.rules.runtime_value import whole_number

_RELOADABLE = "envoy.reloadable_features."
_FEATURES = (_RELOADABLE, "envoy.restart_features.")
_MODELLED = frozenset({"http_reject_path_with_fragment"})
_INERT = frozenset({
    "no_extension_lookup_by_name", "use_eds_cache_for_ads", "worker_threads_watchdog_fix",
    "use_cached_grpc_client_for_xds", "fixed_heap_use_allocated",
})  # fmt: skip
_INERT_WORDS = frozenset({
    "quic", "http3", "dns", "cares", "getaddrinfo", "stats", "stat", "histograms", "xds", "lrs",
    "orca", "zipkin", "udp", "tap", "oauth2", "keylog",
})  # fmt: skip
"""Features with one of these words in their name: other protocols, resolving, statistics."""


def is_on(runtime: Mapping[str, object], name: str, *, default: bool = True) -> bool:
    """Tell whether a reloadable feature is on.

    Args:
        runtime: Runtime keys that are set.
        name: The feature's name, behind `envoy.reloadable_features.`.
        default: What counts where it is not set.
    """
    value = runtime.get(_RELOADABLE + name)
    if isinstance(value, bool):
        return value
    number = whole_number(value)
    return default if number is None else bool(number)


def unknown_features(runtime: Mapping[str, object]) -> Iterator[str]:
    """Name the features that are set and that may decide something no rule knows."""
    for key in runtime:
        prefix = next((one for one in _FEATURES if key.startswith(one)), None)
        name = "" if prefix is None else key[len(prefix) :]
        inert = name in _INERT or name in _MODELLED or not _INERT_WORDS.isdisjoint(name.split("_"))
        if name and not inert:
            yield key
