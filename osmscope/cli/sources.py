"""The options that name a source; what they mean is `osmscope.session.sources`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click

from osmscope.cli.finite_range import FiniteRange
from osmscope.source.admin import DEADLINE

CommandT = TypeVar("CommandT", bound=Callable[..., object])


_LIVE = (
    click.option(
        "--request-timeout",
        type=FiniteRange(min=0, min_open=True),
        default=DEADLINE,
        show_default=True,
        metavar="SECONDS",
        help="How long each answer of a live source may take.",
    ),
    click.option(
        "--admin-port",
        type=click.IntRange(1, 65535),
        metavar="PORT",
        help="Where a pod's Envoy has its admin interface (told from its sidecar).",
    ),
    click.option(
        "--via",
        type=click.Choice(["api", "kubectl"]),
        default="api",
        help="What leads to a pod: the API server, or `kubectl port-forward`.",
    ),
    click.option("-n", "--namespace", metavar="NAME", help="The pod's namespace."),
    click.option("--context", metavar="NAME", help="The context of the kubeconfig."),
    click.option("--kubeconfig", metavar="FILE", help="The kubeconfig (as kubectl finds it)."),
)
_FULL = click.option(
    "--full",
    is_flag=True,
    help="Ask a live source for everything at once, not for what is needed alone.",
)
_FILES = (
    click.option(
        "--from",
        "from_",
        metavar="PATH",
        help="Folder or archive of a mesh, or demo; SOURCE is then a pod in it.",
    ),
    click.option(
        "--clusters",
        metavar="FILE",
        help="What /clusters?format=json answered: a file, -, or an admin address.",
    ),
    click.option(
        "--dump",
        metavar="FILE",
        help="A config dump instead of SOURCE: a file, -, or an admin address.",
    ),
)


def source_options(command: CommandT) -> CommandT:
    """Give a command the options that name a source."""
    for option in (_FULL, *_LIVE, *_FILES):
        command = option(command)
    return command


def live_options(command: CommandT) -> CommandT:
    """Give a command the options that name a cluster, and how to get at its pods."""
    for option in _LIVE:
        command = option(command)
    return command
