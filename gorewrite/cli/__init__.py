"""The command line. stdout carries the diff or the data, everything else goes to stderr.

Exit status: 0 done or nothing to do; 1 `--check` found changes, or a rewrite failed its
verification; 2 usage or unreadable input; 3 some files failed or could not be verified, the others
were done.
"""

from __future__ import annotations

import gc
from importlib import import_module
from typing import Final

import click

#: Subcommand -> "module:command". Loaded when asked for: a start of 40 ms has no room for all.
_COMMANDS: Final = {
    "explain": "gorewrite.cli.catalogue:explain",
    "list": "gorewrite.cli.catalogue:list_",
    "rewrite": "gorewrite.cli.rewrite:rewrite",
    "verify": "gorewrite.cli.verify:verify",
}


class _DefaultGroup(click.Group):
    """`gorewrite PATH` rewrites; only the names of subcommands are taken for one."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, name = _COMMANDS.get(cmd_name, "").partition(":")
        command = getattr(import_module(module), name) if module else None
        assert command is None or isinstance(command, click.Command)
        return command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if name != "rewrite"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not (args and args[0] in (*self.list_commands(ctx), "--help", "-h")):
            args = ["rewrite", *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rewrite = self.get_command(ctx, "rewrite")
        assert rewrite is not None
        inner = click.Context(rewrite, info_name="gorewrite", parent=None)
        rewrite.format_help(inner, formatter)
        self.format_commands(ctx, formatter)


def main() -> None:
    """Entry point of the `gorewrite` command."""
    # Hardly anything that a file makes is ever garbage: looking for it some hundred times took a
    # tenth of the time. What a long run leaves is still found.
    gc.set_threshold(500_000)
    cli(prog_name="gorewrite")


@click.group(cls=_DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Rewrites the Dockerfiles of Go services."""
