"""The options that say what is asked, with curl's letters; see `osmscope.session.typed_request`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., object])

_OPTIONS = (
    click.option("-X", "--request", "method", metavar="METHOD", help="The method (GET)."),
    click.option(
        "-H",
        "--header",
        "headers",
        metavar="'NAME: VALUE'",
        multiple=True,
        help="A request header; repeatable.",
    ),
    click.option("--path", metavar="PATH", help="The path with its query, instead of TARGET's."),
    click.option("--curl", metavar="COMMAND", help="A pasted curl command, instead of TARGET."),
    click.option("--dst-ip", metavar="IP", help="The original destination (looked up by default)."),
    click.option("--dst-port", type=int, metavar="PORT", help="Its port, instead of TARGET's."),
    click.option("--src-ip", metavar="IP", help="The client's address."),
    click.option(
        "--node-ip",
        metavar="IP",
        help="Envoy's own address, which it forwards for loopback clients (the pod's).",
    ),
    click.option("--src-port", type=int, metavar="PORT", help="The client's port."),
    click.option(
        "--direct-src-ip", metavar="IP", help="The TCP peer's address (the client's by default)."
    ),
    click.option("--tls/--no-tls", default=None, help="Whether the client starts TLS."),
    click.option("--sni", metavar="NAME", help="The server name of its ClientHello; means --tls."),
    click.option("--alpn", metavar="A,B", multiple=True, help="The protocols it offers, in order."),
    click.option("--tcp", is_flag=True, help="No HTTP is spoken inside."),
    click.option("--udp", is_flag=True, help="It is sent over UDP, as udp://HOST:PORT says."),
    click.option("--http1.1", "http1", is_flag=True, help="HTTP/1.1 is spoken inside."),
    click.option("--http2", is_flag=True, help="HTTP/2 is spoken inside."),
    click.option(
        "--direction",
        type=click.Choice(["outbound", "inbound"]),
        help="Which side of the sidecar (outbound).",
    ),
    click.option("--listener", metavar="NAME", help="The listener that accepts the connection."),
    click.option(
        "--client-cert-dns", metavar="SAN", multiple=True, help="DNS name in its certificate."
    ),
    click.option(
        "--client-cert-uri", metavar="SAN", multiple=True, help="URI name in its certificate."
    ),
    click.option("--client-cert-subject", metavar="DN", help="Subject of its certificate."),
    click.option(
        "--client-cert-trusted/--client-cert-untrusted",
        default=None,
        help="Whether a CA that the listener trusts signed it (assumed).",
    ),
    click.option(
        "--runtime", metavar="KEY=VALUE", multiple=True, help="A runtime key that is set."
    ),
    click.option(
        "--random-value", type=int, metavar="N", help="Fix every weighted choice by this number."
    ),
    click.option(
        "--now",
        metavar="TIME",
        help="When it is sent, for the times in tokens: seconds since 1970, or RFC 3339.",
    ),
)


def request_options(command: CommandT) -> CommandT:
    """Give a command the options that say what is asked."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
