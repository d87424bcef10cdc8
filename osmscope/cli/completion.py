"""`osmscope completion`: the script that lets a shell complete osmscope's words.

Decision: printed, not installed; where it goes is the user's to say.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from osmscope.cli import output
from osmscope.cli.help_text import examples
from osmscope.errors import UsageError

SHELLS = ("bash", "zsh", "fish")


@click.command(
    name="completion",
    epilog=examples(
        "osmscope completion bash > ~/.local/share/bash-completion/completions/osmscope",
        "osmscope completion zsh > ~/.zfunc/_osmscope",
        "osmscope completion fish > ~/.config/fish/completions/osmscope.fish",
    ),
)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell."""
    completion = get_completion_class(shell)
    if completion is None:
        raise UsageError(f"the shell {shell!r} is not known", hint="choose bash, zsh or fish")
    root = context.find_root().command
    output.write(completion(root, {}, "osmscope", "_OSMSCOPE_COMPLETE").source())
