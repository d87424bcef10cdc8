"""Clients and requests that RBAC policies speak of, proposed from their principals and permissions.

Decision: a policy is taken apart into what a request can say; what it cannot say (metadata, filter
state, negations) proposes nothing, and the tracer decides all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from osmscope.resources.address import CidrRange, parse_ip
from osmscope.resources.matcher import HeaderMatcher, PathMatcher, StringMatcher
from osmscope.resources.rbac import HttpRbac, NetworkRbac, Permission, Policy, Principal
from osmscope.trace.request import CertificateFacts
from osmscope.trace.witness.fields import Fields, merged
from osmscope.trace.witness.samples import fitting, header_values, string_samples

_MOST_OF_A_POLICY = 6
_MOST_NAMES = 2
_PSEUDO = {":method": "method", ":path": "path", ":authority": "host", "host": "host"}


def clients_of(config: HttpRbac | NetworkRbac) -> Iterator[Fields]:
    """Yield what fits each policy of an RBAC filter; nothing, first, for one that denies."""
    if config.rules is None:
        return
    if config.rules.action != "ALLOW":
        yield {}
        yield {"client_certificate": CertificateFacts(uri_sans=("spiffe://witness.example/a",))}
        return
    for policy in config.rules.policies.values():
        yield from islice(_of_policy(policy), _MOST_OF_A_POLICY)


def _of_policy(policy: Policy) -> Iterator[Fields]:
    for principal in policy.principals:
        for client in _of_principal(principal):
            for permission in policy.permissions:
                for request in _of_permission(permission):
                    yield merged(client, request)


def _of_principal(principal: Principal) -> Iterator[Fields]:
    if principal.and_ids is not None:
        yield from _all(list(_of_principal(one)) for one in principal.and_ids.ids)
    elif principal.or_ids is not None:
        for one in principal.or_ids.ids:
            yield from _of_principal(one)
    elif principal.authenticated is not None:
        name = principal.authenticated.principal_name
        for certificate in _names(name):
            yield {"client_certificate": certificate}
    elif principal.source_ip is not None or principal.remote_ip is not None:
        yield from _source(principal.source_ip or principal.remote_ip, "src_ip")
    elif principal.direct_remote_ip is not None:
        yield from _source(principal.direct_remote_ip, "direct_src_ip")
    elif principal.header is not None:
        yield from _header(principal.header)
    elif principal.url_path is not None:
        yield from _path(principal.url_path)
    else:
        yield {}


def _of_permission(permission: Permission) -> Iterator[Fields]:
    if permission.and_rules is not None:
        yield from _all(list(_of_permission(one)) for one in permission.and_rules.rules)
    elif permission.or_rules is not None:
        for one in permission.or_rules.rules:
            yield from _of_permission(one)
    elif permission.header is not None:
        yield from _header(permission.header)
    elif permission.url_path is not None:
        yield from _path(permission.url_path)
    elif permission.destination_ip is not None:
        yield from _source(permission.destination_ip, "dst_ip")
    else:
        yield from _other_permission(permission)


def _other_permission(permission: Permission) -> Iterator[Fields]:
    if permission.destination_port is not None:
        yield {"dst_port": permission.destination_port}
    elif permission.destination_port_range is not None:
        yield {"dst_port": permission.destination_port_range.start}
    elif permission.requested_server_name is not None:
        for name in string_samples(permission.requested_server_name)[:_MOST_NAMES]:
            yield {"sni": name}
    else:
        yield {}


def _all(parts: Iterator[Sequence[Fields]]) -> Iterator[Fields]:
    """Yield the first of each part joined, then with one part after another taken otherwise."""
    listed = list(parts)
    if not all(listed):
        return
    yield merged(*(part[0] for part in listed))
    for index, part in enumerate(listed):
        for other in part[1:_MOST_NAMES]:
            rest = [one[0] for one in listed]
            yield merged(*rest[:index], other, *rest[index + 1 :])


def _names(matcher: StringMatcher | None) -> Iterator[CertificateFacts]:
    if matcher is None:
        yield CertificateFacts(trusted=True)
        return
    for name in fitting(matcher)[:_MOST_NAMES]:
        if name:
            yield certificate_named(name)
            yield CertificateFacts(subject=name)


def certificate_named(name: str) -> CertificateFacts:
    """Return a certificate for a name: a URI where it reads like one, else a DNS name."""
    if "://" in name:
        return CertificateFacts(uri_sans=(name,))
    return CertificateFacts(dns_sans=(name,))


def _source(wanted: CidrRange | None, field: str) -> Iterator[Fields]:
    if wanted is not None and parse_ip(wanted.address_prefix) is not None:
        network = wanted.network()
        yield {field: str(network[min(1, network.num_addresses - 1)])}


def _header(matcher: HeaderMatcher) -> Iterator[Fields]:
    for value in header_values(matcher)[:_MOST_NAMES]:
        field = _PSEUDO.get(matcher.name.lower())
        if field is None:
            yield {"headers": {matcher.name.lower(): value}}
        elif value is not None:
            yield {field: value}


def _path(matcher: PathMatcher) -> Iterator[Fields]:
    if matcher.path is not None:
        for path in fitting(matcher.path):
            if path.startswith("/"):
                yield {"path": path}
                return
