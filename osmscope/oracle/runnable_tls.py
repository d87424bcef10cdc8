"""Downstream TLS with throw-away keys.

Decision: what a handshake is decided by stays (whether a client certificate is required, whose
names it must carry, ALPN, versions); keys, certificates and authorities are replaced. What pins a
real certificate cannot be met by a throw-away one: it is taken out, and named.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from osmscope.oracle.json_tree import Json, message, messages, nested, only, text
from osmscope.oracle.throw_away_keys import KeyPair
from osmscope.resources.proxy import Proxy

_CONTEXT = frozenset({"@type", "require_client_certificate", "require_sni"})
_VERSIONS = frozenset({"tls_minimum_protocol_version", "tls_maximum_protocol_version"})
_VALIDATION = frozenset({
    "match_subject_alt_names", "match_typed_subject_alt_names", "trust_chain_verification",
    "allow_expired_certificate", "max_verify_depth", "custom_validator_config",
})  # fmt: skip
_AUTHORITIES = frozenset({
    "trusted_ca", "ca_certificate_provider_instance", "system_root_certs",
})  # fmt: skip
_PINS = ("verify_certificate_spki", "verify_certificate_hash", "crl")


class TlsCopies:
    """Copies the downstream TLS contexts of one sidecar.

    Args:
        proxy: The sidecar; its secrets say what clients must present.
        server: The certificate that every listener of the copy presents.
        root: The authority that every listener of the copy trusts, as PEM.
        note: Is told of what was taken out.
    """

    def __init__(
        self, proxy: Proxy, server: KeyPair, root: str, note: Callable[[str], None]
    ) -> None:
        self._proxy = proxy
        self._server = server
        self._root: Json = {"inline_string": root}
        self._note = note

    def context(self, body: Json) -> Json:
        """Copy a `DownstreamTlsContext`."""
        source = message(body, "common_tls_context")
        common: Json = {
            "tls_certificates": [
                {
                    "certificate_chain": {"inline_string": self._server.certificate},
                    "private_key": {"inline_string": self._server.private_key},
                }
            ]
        }
        if "alpn_protocols" in source:
            common["alpn_protocols"] = source["alpn_protocols"]
        if versions := only(message(source, "tls_params"), _VERSIONS):
            common["tls_params"] = versions
        validation = self._validation(source)
        if validation is not None:
            common["validation_context"] = validation
        return {**only(body, _CONTEXT), "common_tls_context": common}

    def _validation(self, source: Json) -> Json | None:
        combined = message(source, "combined_validation_context")
        found = message(source, "validation_context") or message(
            combined, "default_validation_context"
        )
        by_secret = message(source, "validation_context_sds_secret_config") or message(
            combined, "validation_context_sds_secret_config"
        )
        if by_secret:
            found = {**found, **self._secret(text(by_secret, "name"))}
        if not found and not by_secret and not combined:
            return None
        return self._verifiable(found)

    def _secret(self, name: str) -> Json:
        entry = self._proxy.dump.serving("secret").get(name)
        body = message(msgspec.json.decode(entry.body)) if entry is not None else {}
        if "validation_context" not in body:
            self._note(f'the secret "{name}" is not in the dump: any authority is meant')
            return {"trusted_ca": {}}
        return message(body, "validation_context")

    def _verifiable(self, source: Json) -> Json:
        copy: Json = message(msgspec.json.decode(msgspec.json.encode(only(source, _VALIDATION))))
        if source.keys() & _AUTHORITIES:
            copy["trusted_ca"] = self._root
        for validator in nested(copy.get("custom_validator_config")):
            for domain in messages(validator, "trust_domains"):
                domain["trust_bundle"] = self._root
        for pin in _PINS:
            if pin in source:
                self._note(f"{pin} of client certificates")
        return copy
