"""The command line. stdout carries the diff or the data, everything else goes to stderr.

Exit status: 0 done or nothing to do; 1 `--check` found changes, or a rewrite failed its
verification; 2 usage, unreadable input, or output that cannot be written; 3 some files failed or
could not be verified, the others were done; 4 ended early, to be run again; 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

#: Subcommand -> "module:command". Loaded when asked for: a start of 40 ms has no room for all.
_COMMANDS: Final = {
    "rewrite": "gorewrite.cli.rewrite:rewrite",
    "verify": "gorewrite.cli.verify:verify",
    "pr": "gorewrite.cli.pr:pr",
    "migrate": "gorewrite.cli.migrate:migrate",
    "status": "gorewrite.cli.campaign:status",
    "retry": "gorewrite.cli.campaign:retry",
    "close": "gorewrite.cli.campaign:close",
    "report": "gorewrite.cli.report:report",
    "callers": "gorewrite.cli.callers:callers",
    "list": "gorewrite.cli.catalogue:list_",
    "explain": "gorewrite.cli.catalogue:explain",
    "cache": "gorewrite.cli.cache:cache",
    "config": "gorewrite.cli.config:config",
    "completion": "gorewrite.cli.completion:completion",
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
        if not args and ctx.resilient_parsing:
            return super().parse_args(ctx, args)  # Nothing is written yet: see shell_complete.
        if not (args and args[0] in (*self.list_commands(ctx), "--help", "-h")):
            if args and not ctx.resilient_parsing:
                self._refuse_slip(ctx, args[0])
            args = ["rewrite", *args]
        return super().parse_args(ctx, args)

    def _refuse_slip(self, ctx: click.Context, word: str) -> None:
        """Raises click.UsageError for what may be a slip of a command's name.

        `gorewrite verfy shop` would rewrite the shop and only then miss the file `verfy`.
        """
        if not word.isalpha() or os.path.lexists(word):
            return
        from difflib import get_close_matches

        near = get_close_matches(word, [*self.list_commands(ctx), "--help", "--version"], 1, 0.65)
        if near:
            problem = f"{word}: no such file, directory or command; did you mean {near[0]}?"
            raise click.UsageError(problem, ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """The first word may be a subcommand, or what `rewrite` takes."""
        rewrite = self.get_command(ctx, "rewrite")
        assert rewrite is not None
        inner = click.Context(rewrite, info_name="gorewrite", help_option_names=["--help"])
        if incomplete.startswith("-"):
            return rewrite.shell_complete(inner, incomplete)
        paths = rewrite.params[0].shell_complete(inner, incomplete)
        return [*paths, *super().shell_complete(ctx, incomplete)]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rewrite = self.get_command(ctx, "rewrite")
        assert rewrite is not None
        names = ctx.help_option_names
        inner = click.Context(rewrite, info_name="gorewrite", help_option_names=names)
        rewrite.format_help(inner, formatter)
        self.format_commands(ctx, formatter)


def main() -> None:
    """Entry point of the `gorewrite` command."""
    # Hardly anything that a file makes is ever garbage: looking for it some hundred times took a
    # tenth of the time. What a long run leaves is still found.
    gc.set_threshold(1_000_000)
    _open_streams()
    try:
        sys.exit(_status())
    finally:
        # The interpreter looks through all that is left, three times, before it lets go of it.
        gc.freeze()


def _open_streams() -> None:
    """Stands for a standard stream that was closed (`>&-`): the next file would get its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 (until the end)


#: What is wrong where an error of the system names no file: it is about what we were started with.
_SURROUNDINGS: Final = {errno.ENOENT: "the current directory is gone"} | dict.fromkeys(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF),
    "the output cannot be written",
)


def _status() -> int:
    """Runs the command, and gives its exit status.

    click by itself ends with 1 when it is interrupted, which is `--check` finding changes.
    """
    try:
        return cli.main(prog_name="gorewrite", standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort as abort:
        from gorewrite.cli.interrupts import INTERRUPTED

        interrupted = isinstance(abort.__cause__, KeyboardInterrupt)
        click.echo("gorewrite: interrupted" if interrupted else "gorewrite: aborted", err=True)
        return INTERRUPTED if interrupted else 1
    except OSError as error:
        problem = _SURROUNDINGS.get(error.errno or 0) if error.filename is None else None
        if problem is None:
            raise
        with suppress(OSError):
            click.echo(f"gorewrite: {problem}: {error.strerror}", err=True)
        return 2


@click.group(cls=_DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Rewrites the Dockerfiles of Go services."""
