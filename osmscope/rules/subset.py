"""Subset load balancing: which hosts fit the request's metadata.

What Envoy does: a host belongs to the subset of each selector whose keys its `envoy.lb` metadata
has. The request's criteria have to use exactly the keys of one selector, and values are compared
with their type. A subset that has a host is used, whatever its health: health, panic and
priorities then count within it. Otherwise the selector's own fallback counts, or else the
cluster's; the latter too where the selector's keys, in order, begin those of an earlier one, in
which Envoy's tree of keys loses the fallback. A request without criteria always takes the
cluster's. Locality weights are ignored within subsets unless `locality_weight_aware`. With
`list_as_any` a host with an empty list is in the subset of those keys that follow it in order.
Checked against Envoy 1.40.0. Not modelled: nothing.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from osmscope.resources.endpoint import MetadataHolder
from osmscope.resources.load_balancing import LbSubsetConfig, LbSubsetSelector
from osmscope.rules.facts import Metadata
from osmscope.rules.hosts import Host

Criteria = Mapping[str, object]
"""What a request asks of its hosts: metadata key → value."""

NAMESPACE = "envoy.lb"


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The hosts of one subset."""

    hosts: tuple[Host, ...]
    reason: str
    ignores_health: bool = False
    """Whether its one host is taken as it is (`single_host_per_subset`)."""


def criteria_of(
    route: MetadataHolder | None, weighted_cluster: MetadataHolder | None, metadata: Metadata
) -> Criteria:
    """Join what a route, its weighted cluster and filters ask for; the later overrides.

    Args:
        route: The route's `metadata_match`.
        weighted_cluster: The `metadata_match` of the weighted cluster that was drawn.
        metadata: The request's dynamic metadata.
    """
    criteria: dict[str, object] = {}
    for holder in (route, weighted_cluster):
        if holder is not None:
            criteria.update(holder.filter_metadata.get(NAMESPACE, {}))
    criteria.update(metadata.get(NAMESPACE, {}))
    return criteria


def selections(
    config: LbSubsetConfig, hosts: Sequence[Host], criteria: Criteria
) -> tuple[Selection, ...]:
    """List the subsets that are tried in order: the first in which a host can be picked counts.

    Args:
        config: The cluster's subsets.
        hosts: All of its hosts.
        criteria: What the request asks for.
    """
    alternatives = criteria.get("fallback_list")
    if config.metadata_fallback_policy == "FALLBACK_LIST" and isinstance(alternatives, list):
        rest = {key: value for key, value in criteria.items() if key != "fallback_list"}
        wanted = [{**rest, **item} for item in alternatives if isinstance(item, dict)] or [rest]
    else:
        wanted = [dict(criteria)]
    found = [item for one in wanted for item in _tried(config, hosts, one)]
    return tuple(_with_locality_weights(config, item, hosts) for item in found)


def _tried(
    config: LbSubsetConfig, hosts: Sequence[Host], criteria: Criteria
) -> Iterator[Selection]:
    selector = _selector(config, criteria)
    cut = _of_cut_keys(config, hosts, criteria)
    if selector is None and cut:
        yield Selection(hosts=cut, reason=f"the subset of {_words(criteria)}, by an empty list")
        return
    if selector is not None:
        wanted = {key: criteria[key] for key in selector.keys}
        subset = [host for host in hosts if _belongs(config, host, wanted) or host in cut]
        if subset:
            single = selector.single_host_per_subset
            yield Selection(
                hosts=tuple(subset[:1] if single else subset),
                reason=f"the subset of {_words(wanted)}",
                ignores_health=single,
            )
            return
        policy = "NOT_DEFINED" if _is_shadowed(config, selector) else selector.fallback_policy
        if policy == "KEYS_SUBSET":
            fewer = {key: wanted[key] for key in selector.fallback_keys_subset if key in wanted}
            yield from _tried(config, hosts, fewer)
            return
        if policy != "NOT_DEFINED":
            yield from _fallback(config, policy, hosts, criteria)
            return
    yield from _fallback(config, config.fallback_policy, hosts, criteria)
    if config.panic_mode_any and config.fallback_policy != "NO_FALLBACK":
        yield Selection(hosts=tuple(hosts), reason="panic_mode_any: any endpoint")


def _selector(config: LbSubsetConfig, criteria: Criteria) -> LbSubsetSelector | None:
    for selector in config.subset_selectors:
        keys = set(selector.keys)
        if keys == set(criteria) or (config.allow_redundant_keys and keys <= set(criteria)):
            return selector
    return None


def _of_cut_keys(
    config: LbSubsetConfig, hosts: Sequence[Host], criteria: Criteria
) -> tuple[Host, ...]:
    """List the hosts that an empty list puts into this subset, though its selector has more keys.

    Envoy multiplies the values of one key by those of the next, and starts anew where that leaves
    nothing.
    """
    if not config.list_as_any:
        return ()
    return tuple(host for host in hosts if _is_cut_to(config, host, criteria))


def _is_cut_to(config: LbSubsetConfig, host: Host, criteria: Criteria) -> bool:
    own = host.metadata.get(NAMESPACE, {})
    for selector in config.subset_selectors:
        keys = sorted(selector.keys)
        empty = [index for index, key in enumerate(keys) if own.get(key) == []]
        if not empty or not own.keys() >= set(keys):
            continue
        left = keys[empty[-1] + 1 :]
        if left and set(left) == set(criteria):
            return all(_fits(own[key], criteria[key], list_as_any=True) for key in left)
    return False


def _is_shadowed(config: LbSubsetConfig, selector: LbSubsetSelector) -> bool:
    """Whether an earlier selector's keys, in order, start with this one's: its fallback is lost."""
    keys = sorted(selector.keys)
    earlier = config.subset_selectors[: config.subset_selectors.index(selector)]
    return any(sorted(other.keys)[: len(keys)] == keys for other in earlier)


def _fallback(
    config: LbSubsetConfig, policy: str, hosts: Sequence[Host], criteria: Criteria
) -> Iterator[Selection]:
    asked = f"no subset for {_words(criteria)}" if criteria else "the request asks for no subset"
    if policy == "ANY_ENDPOINT":
        yield Selection(hosts=tuple(hosts), reason=f"{asked}: any endpoint (ANY_ENDPOINT)")
    elif policy == "DEFAULT_SUBSET":
        wanted = config.default_subset or {}
        subset = tuple(host for host in hosts if _belongs(config, host, wanted))
        yield Selection(
            hosts=subset, reason=f"{asked}: the default subset {_words(wanted)} (DEFAULT_SUBSET)"
        )
    else:
        yield Selection(hosts=(), reason=f"{asked}, and no fallback (NO_FALLBACK)")


def _belongs(config: LbSubsetConfig, host: Host, wanted: Criteria) -> bool:
    own = host.metadata.get(NAMESPACE, {})
    return all(
        key in own and _fits(own[key], value, list_as_any=config.list_as_any)
        for key, value in wanted.items()
    )


def _fits(own: object, wanted: object, *, list_as_any: bool) -> bool:
    if list_as_any and isinstance(own, list):
        return any(same_value(item, wanted) for item in own)
    return same_value(own, wanted)


def same_value(one: object, other: object) -> bool:
    """Compare two JSON values with their type: 1 equals 1.0, but neither "1" nor true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_value, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_value(one[key], other[key]) for key in one)
    return one == other


def _words(criteria: Criteria) -> str:
    parts = (f"{key}={msgspec.json.encode(criteria[key]).decode()}" for key in sorted(criteria))
    return ", ".join(parts) or "everything"


def _with_locality_weights(
    config: LbSubsetConfig, selection: Selection, hosts: Sequence[Host]
) -> Selection:
    if not config.locality_weight_aware or not config.scale_locality_weight:
        return selection
    everywhere = Counter((host.priority, host.locality) for host in hosts)
    here = Counter((host.priority, host.locality) for host in selection.hosts)
    scaled = []
    for host in selection.hosts:
        place = host.priority, host.locality
        weight = math.floor(host.locality_weight * here[place] / everywhere[place] + 0.5)
        scaled.append(msgspec.structs.replace(host, locality_weight=weight))
    return msgspec.structs.replace(selection, hosts=tuple(scaled))
