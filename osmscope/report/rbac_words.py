"""Permissions and principals of an RBAC policy in words.

Decision: nothing is left out; what has no words of its own here is shown as the dump's JSON.
"""

from __future__ import annotations

from osmscope.report.criteria import header_criterion, plain_json
from osmscope.resources.matcher import PathMatcher
from osmscope.resources.rbac import Permission, Principal
from osmscope.rules.string_matcher import describe


def permission_words(permission: Permission) -> str:
    """Say what a policy permits."""
    for names, joint in (("and_rules", " and "), ("or_rules", " or ")):
        group = getattr(permission, names)
        if group is not None:
            return _joined([permission_words(rule) for rule in group.rules], joint)
    if permission.not_rule is not None:
        return f"not ({permission_words(permission.not_rule)})"
    return _permission(permission)


def _permission(permission: Permission) -> str:
    if permission.any:
        return "any"
    if permission.header is not None:
        return header_criterion(permission.header)
    if permission.url_path is not None:
        return _path(permission.url_path)
    if permission.destination_ip is not None:
        return f"to {permission.destination_ip.text()}"
    if permission.destination_port is not None:
        return f"port {permission.destination_port}"
    if permission.destination_port_range is not None:
        ports = permission.destination_port_range
        return f"port {ports.start} to below {ports.end}"
    if permission.requested_server_name is not None:
        return f"SNI has to {describe(permission.requested_server_name)}"
    return plain_json(permission)


def principal_words(principal: Principal) -> str:
    """Say whom a policy means."""
    for names, joint in (("and_ids", " and "), ("or_ids", " or ")):
        group = getattr(principal, names)
        if group is not None:
            return _joined([principal_words(one) for one in group.ids], joint)
    if principal.not_id is not None:
        return f"not ({principal_words(principal.not_id)})"
    return _principal(principal)


def _principal(principal: Principal) -> str:
    if principal.any:
        return "any"
    if principal.authenticated is not None:
        name = principal.authenticated.principal_name
        if name is None:
            return "any client certificate"
        whole = name.exact if name.exact is not None and not name.ignore_case else None
        return f"certificate {whole or 'has to ' + describe(name)}"
    for field, words in (
        ("source_ip", "from"),
        ("direct_remote_ip", "directly from"),
        ("remote_ip", "from the client"),
    ):
        cidr = getattr(principal, field)
        if cidr is not None:
            return f"{words} {cidr.text()}"
    if principal.header is not None:
        return header_criterion(principal.header)
    if principal.url_path is not None:
        return _path(principal.url_path)
    return plain_json(principal)


def _path(matcher: PathMatcher) -> str:
    return "any path" if matcher.path is None else f"path has to {describe(matcher.path)}"


def _joined(words: list[str], joint: str) -> str:
    if len(words) == 1:
        return words[0]
    return joint.join(f"({text})" if " and " in text or " or " in text else text for text in words)
