"""The certificates of a mesh by the time at which they expire, with a timeline."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from osmscope.check.expiring import span_words
from osmscope.report.inventory.document import Line, Mark, Piece, Ref
from osmscope.report.inventory.listing import listing_of
from osmscope.report.inventory.marks import end_mark
from osmscope.report.inventory.words import link_line
from osmscope.report.keys import keyed
from osmscope.report.log_bar import SCALE, log_bar
from osmscope.report.table import Row, Table, columns
from osmscope.resources.certificate import Certificate, secret_facts
from osmscope.session.mesh_model import MeshModel
from osmscope.session.places import Place, Placed, loaded
from osmscope.session.problem_listing import place_link

_GOOD = Mark("✓", "valid", "good")


class _Held(msgspec.Struct, frozen=True, kw_only=True):
    pod: str
    place: Place
    name: str
    kind: str
    state: str
    certificate: Certificate
    now: datetime.datetime
    """The time to hold it against."""


def certificate_listing(mesh: MeshModel, member: str, now: datetime.datetime) -> Placed:
    """List certificates, the first to expire first.

    Args:
        mesh: The mesh; what was not read yet is left out.
        member: The key of the only sidecar that is asked for; "" for all.
        now: The time to hold them against where a dump does not say when it was taken.
    """
    held = sorted(_held(mesh, member, now), key=lambda one: one.certificate.not_after)
    table = Table(
        columns(
            "certificate", "pod", "type", "left", SCALE, "expires",
            wide=("names", "from", "subject", "issuer"), spare=("type", "expires"),
        ),
        tuple(_row(one) for one in held),
    )  # fmt: skip
    return Placed(
        listing=listing_of("certificate", table, tuple(_mark(one) for one in held)),
        places=tuple(one.place for one in held),
        details=tuple(_lines(one) for one in held),
    )


def _held(mesh: MeshModel, member: str, now: datetime.datetime) -> Iterator[_Held]:
    for known, sidecar in loaded(mesh, member):
        for key, entry in keyed(sidecar.proxy.dump.entries("secret")):
            facts = secret_facts(entry)
            if facts.certificate is not None:
                yield _Held(
                    pod=known.name,
                    place=Place(known.key, Ref("secret", key)),
                    name=entry.name,
                    kind="CA" if facts.kind == "validation" else "own",
                    state=entry.state.value,
                    certificate=facts.certificate,
                    now=mesh.state(known.key).taken or now,
                )


def _mark(held: _Held) -> Mark:
    return end_mark(held.certificate, held.now) or _GOOD


def _row(held: _Held) -> Row:
    certificate = held.certificate
    left = certificate.not_after - held.now
    words = span_words(left) if left > datetime.timedelta(0) else "expired"
    cells = (
        held.name,
        held.pod,
        held.kind if held.state in ("active", "static") else f"{held.kind}, {held.state}",
        words,
        log_bar(left),
        f"{certificate.not_after:%Y-%m-%d %H:%M}",
        certificate.names,
        f"{certificate.not_before:%Y-%m-%d %H:%M}",
        certificate.subject,
        certificate.issuer,
    )
    return Row(cells, (held.name,), f"{held.place.member} {held.place.ref}")


def _lines(held: _Held) -> tuple[Line, ...]:
    certificate, mark = held.certificate, _mark(held)
    facts = (
        ("pod", held.pod),
        ("type", held.kind),
        ("valid from", f"{certificate.not_before:%Y-%m-%d %H:%M} UTC"),
        ("until", f"{certificate.not_after:%Y-%m-%d %H:%M} UTC"),
        ("subject", certificate.subject),
        ("issuer", certificate.issuer),
        ("names", ", ".join(certificate.names)),
    )
    return (
        Line((Piece(f"{mark.sign} {mark.word}", mark.style), Piece(held.name, "strong"))),
        *(
            Line((Piece(title.ljust(10), "faint"), Piece(text)), indent=1)
            for title, text in facts
            if text
        ),
        Line(),
        link_line(place_link("secret", held.name, held.place.ref), "→"),
    )
