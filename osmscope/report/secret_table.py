"""The table of secrets: names, and what their certificates say; never what is private."""

from __future__ import annotations

from osmscope.dump.sections import Entry
from osmscope.report.keys import keyed
from osmscope.report.table import Cell, Row, Table, columns
from osmscope.resources.certificate import secret_facts
from osmscope.resources.proxy import Proxy


def secret_table(proxy: Proxy) -> Table:
    """List the secrets in all their states."""
    return Table(
        columns(
            "secret",
            "state",
            "type",
            "names",
            "expires",
            wide=("subject", "issuer", "updated"),
            spare=("names",),
        ),
        tuple(_row(key, entry) for key, entry in keyed(proxy.dump.entries("secret"))),
    )


def _row(key: str, entry: Entry) -> Row:
    facts = secret_facts(entry)
    said: tuple[Cell, ...] = ((facts.problem,) if facts.problem else (), "", "", "")
    certificate = facts.certificate
    if certificate is not None:
        day = certificate.not_after.date().isoformat()
        said = (certificate.names, day, certificate.subject, certificate.issuer)
    cells = (entry.name, entry.state.value, facts.kind, *said, entry.last_updated)
    return Row(cells, (entry.name,), key)
