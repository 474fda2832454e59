"""`gorewrite completion SHELL`, and what the arguments of the commands may be completed to."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem, get_completion_class

_HOW = {
    "bash": '# In ~/.bashrc:  eval "$(gorewrite completion bash)"',
    "zsh": '# In ~/.zshrc, after compinit:  eval "$(gorewrite completion zsh)"',
    "fish": "# gorewrite completion fish > ~/.config/fish/completions/gorewrite.fish",
}


@click.command(short_help="Print the completion script of bash, zsh or fish.")
@click.argument("shell", type=click.Choice(list(_HOW)))
def completion(shell: str) -> None:
    """Print a script that makes a shell complete commands, options, transforms and codes.

    \b
    bash, in ~/.bashrc:
      eval "$(gorewrite completion bash)"
    zsh, in ~/.zshrc, after compinit:
      eval "$(gorewrite completion zsh)"
    fish, once:
      gorewrite completion fish > ~/.config/fish/completions/gorewrite.fish
    """
    from gorewrite.cli import cli

    chosen = get_completion_class(shell)
    assert chosen is not None
    # The variable is the one that click looks for in every run of a program of this name.
    script = chosen(cli, {}, "gorewrite", "_GOREWRITE_COMPLETE").source()
    click.echo(f"{_HOW[shell]}\n{script.strip()}")


def transforms(incomplete: str) -> list[CompletionItem]:
    """The transforms that the last name of a list with commas may become."""
    from gorewrite.entrypoints import entry_points

    before, comma, begun = incomplete.rpartition(",")
    taken = before.split(",")
    return [
        CompletionItem(f"{before}{comma}{name}")
        for name in sorted(entry_points("gorewrite.transforms"))
        if name.startswith(begun) and name not in taken
    ]


def codes(incomplete: str) -> list[CompletionItem]:
    """The refusal codes that begin so."""
    from gorewrite.engine import available
    from gorewrite.refusals import pages

    found = dict.fromkeys(page.code for page in pages(available()))
    return [CompletionItem(code) for code in found if code.startswith(incomplete)]
