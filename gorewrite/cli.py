"""The command line. stdout carries the diff or the data, everything else goes to stderr.

Exit status: 0 done or nothing to do; 1 `--check` found changes; 2 usage or unreadable
input; 3 some files failed, the others were done.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gorewrite import __version__

if TYPE_CHECKING:
    from gorewrite.config import Config
    from gorewrite.discovery import Survey
    from gorewrite.project import FileError, Workspace
    from gorewrite.report import Outcome

#: From this many files on, a progress bar is shown on a terminal.
_PROGRESS_FROM = 20


class _DefaultGroup(click.Group):
    """`gorewrite PATH` rewrites; only the names of subcommands are taken for one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return "rewrite", self.commands["rewrite"], args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        names = set(self.commands) - {"rewrite"}
        if not (args and (args[0] in names or args[0] in ("--help", "-h"))):
            args = ["rewrite", *args]
        return super().parse_args(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rewrite = self.commands["rewrite"]
        inner = click.Context(rewrite, info_name="gorewrite", parent=None)
        rewrite.format_help(inner, formatter)
        self.format_commands(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in super().list_commands(ctx) if name != "rewrite"]


def main() -> None:
    """Entry point of the `gorewrite` command."""
    # Hardly anything that a start makes is ever garbage: looking for it some hundred times took
    # a tenth of the time. What a long run leaves is still found.
    gc.set_threshold(100_000)
    cli(prog_name="gorewrite")


@click.group(cls=_DefaultGroup, context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Rewrites the Dockerfiles of Go services."""


def _names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


@cli.command(name="rewrite")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--dry-run", "--diff", is_flag=True, help="Print the diff, write nothing.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@click.option("--review", is_flag=True, help="Also apply the changes that ask for a review.")
@click.option(
    "--select", multiple=True, callback=_names, metavar="NAME,…", help="Only these transforms."
)
@click.option(
    "--ignore", multiple=True, callback=_names, metavar="NAME,…", help="Not these transforms."
)
@click.option(
    "--runtime",
    metavar="KIND",
    help="Runtime image: auto, distroless, alpine, scratch or an image.",
)
@click.option(
    "--context",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="The build context, when it cannot be inferred.",
)
@click.option(
    "--output-format",
    type=click.Choice(["text", "patch", "json"]),
    default="text",
    show_default=True,
    help="text: a summary for people; patch: the diff alone; json: the report.",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the diff or the report there instead of to stdout.",
)
@click.option("--quiet", "-q", is_flag=True, help="No summary; errors only.")
@click.option("--verbose", "-v", is_flag=True, help="All evidence, the build context, notes.")
@click.version_option(__version__, message="gorewrite %(version)s")
@click.option("--color/--no-color", default=None, help="Colour, whatever the terminal says.")
@click.pass_context
def rewrite(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Rewrite the Dockerfiles of Go services: small images, fast rebuilds, the same
    behaviour, and evidence for every change.

    PATH is a Dockerfile, a directory (searched), or - for standard input; the current
    directory by default.

    \b
    Start with:
      gorewrite --dry-run        see the patch and the reasons, write nothing
      gorewrite                  apply what is proven safe
      gorewrite --review         apply also what a person should look at
    """
    ctx.exit(_Rewrite(ctx, paths, **options).run())


class _Rewrite:
    """One run of the rewrite command."""

    def __init__(
        self,
        ctx: click.Context,
        paths: tuple[str, ...],
        *,
        color: bool | None,
        **options: Any,
    ) -> None:
        self.paths = paths or (".",)
        self.options = options
        if color is None and os.environ.get("NO_COLOR"):
            color = False
        ctx.color = color
        self.color = color
        self.dry_run: bool = options["dry_run"] or options["check"]
        #: Whether the output file was begun.
        self._emitted = False

    def run(self) -> int:
        from gorewrite.config import ConfigError

        try:
            base = self._config(Path() if "-" in self.paths else Path(self.paths[0]))
        except ConfigError as error:
            raise click.UsageError(str(error)) from None
        self._emit(b"")
        return self._stdin(base) if "-" in self.paths else self._files(base)

    def _files(self, base: Config) -> int:
        from gorewrite.report import as_json, summary

        outcomes: list[Outcome] = []
        for outcome in self._outcomes(base):
            outcomes.append(outcome)
            self._handle(outcome)
        if self.options["output_format"] == "json":
            self._emit(as_json(outcomes).encode("utf-8", "replace"))
        elif not self.options["quiet"] and self.options["output_format"] == "text":
            click.echo(
                summary(outcomes, verbose=self.options["verbose"], dry_run=self.dry_run), err=True
            )
        return self._status(outcomes)

    def _status(self, outcomes: Sequence[Outcome]) -> int:
        failed = sum(outcome.error is not None for outcome in outcomes)
        if failed:
            return 2 if failed == len(outcomes) else 3
        return int(self.options["check"] and any(outcome.changed for outcome in outcomes))

    def _outcomes(self, base: Config) -> Iterator[Outcome]:
        """Plans each file; writes it unless this is a preview."""
        from gorewrite.config import ConfigError
        from gorewrite.differ import FileEdit, apply
        from gorewrite.discovery import repository_root
        from gorewrite.project import FileError, changes_on_disk
        from gorewrite.report import Outcome

        workspace = self._workspace()
        targets, problems = self._targets(base, workspace.survey)
        yield from problems
        for path, display in self._progress(targets):
            try:
                result = workspace.rewrite(path, display, self._config(path))
                if not self.dry_run:
                    edits = [FileEdit(*change) for change in changes_on_disk(result)]
                    if edits:
                        apply(edits, within=repository_root(path.parent))
                yield Outcome(display, result)
            except FileError as error:
                yield Outcome(display, error=error)
            except ConfigError as error:
                yield Outcome(display, error=FileError(display, 0, str(error)))
            except OSError as error:
                yield Outcome(display, error=FileError(display, 0, f"was not written: {error}"))

    def _targets(
        self, config: Config, survey: Survey
    ) -> tuple[list[tuple[Path, str]], list[Outcome]]:
        from gorewrite.discovery import DiscoveryError
        from gorewrite.project import FileError
        from gorewrite.report import Outcome

        base = config.path.parent if config.path is not None else None
        found: dict[Path, tuple[Path, str]] = {}
        problems: list[Outcome] = []
        for name in self.paths:
            try:
                files = survey.find(Path(name), config.exclude, base)
            except DiscoveryError as error:
                problem = FileError(name, 0, str(error).removeprefix(f"{name}: "))
                problems.append(Outcome(name, error=problem))
                continue
            for file in files:
                found.setdefault(file.resolve(), (file, os.path.relpath(file)))
        return list(found.values()), problems

    def _progress(self, targets: list[tuple[Path, str]]) -> Iterable[tuple[Path, str]]:
        quiet = self.options["quiet"] or len(targets) < _PROGRESS_FROM
        if quiet or not sys.stderr.isatty():
            return targets
        from rich.console import Console
        from rich.progress import track

        return track(targets, "Reading", console=Console(stderr=True), transient=True)

    def _config(self, start: Path) -> Config:
        """The configuration of a file, below what the command line says."""
        from gorewrite.config import ConfigError, load
        from gorewrite.engine import available

        config, options = load(start), self.options
        names = [transform.name for transform in available()]
        for name in (*options["select"], *options["ignore"]):
            if name not in names:
                raise click.UsageError(_unknown(name, names))
        for name in (*config.select, *config.ignore):
            if name not in names:
                raise ConfigError(f"{config.path}: {_unknown(name, names)}")
        return replace(
            config,
            select=options["select"] or config.select,
            ignore=(*options["ignore"], *config.ignore),
            runtime=options["runtime"] or config.runtime,
            review=options["review"] or config.review,
        )

    def _workspace(self) -> Workspace:
        from gorewrite.engine import available
        from gorewrite.project import Workspace
        from gorewrite.transform import Safety

        return Workspace(available(), Safety.SAFE, self.options["context"])

    def _handle(self, outcome: Outcome) -> None:
        """Says at once what a reader should not have to wait for: errors and diffs."""
        from gorewrite.report import coloured, diff_of

        if outcome.error is not None:
            self._complain(outcome.error)
            return
        options = self.options
        wants_diff = (
            options["dry_run"] or options["output_file"] or options["output_format"] == "patch"
        )
        if options["output_format"] == "json" or not wants_diff:
            return
        diff = diff_of(outcome)
        if diff and self._coloured():
            text = diff.decode("utf-8", "surrogateescape")
            diff = coloured(text).encode("utf-8", "surrogateescape")
        self._emit(diff)

    def _complain(self, error: FileError) -> None:
        click.echo(f"gorewrite: {error}", err=True)
        if self.options["verbose"] and error.__cause__ is not None:
            import traceback

            click.echo("".join(traceback.format_exception(error.__cause__)), err=True, nl=False)

    def _coloured(self) -> bool:
        if self.options["output_format"] == "patch" or self.options["output_file"]:
            return False
        return sys.stdout.isatty() if self.color is None else self.color

    def _emit(self, data: bytes) -> None:
        target: Path | None = self.options["output_file"]
        if target is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        try:
            with target.open("ab" if self._emitted else "wb") as file:
                file.write(data)
        except OSError as error:
            raise click.UsageError(f"{target}: {error.strerror}; choose another file") from None
        self._emitted = True

    def _stdin(self, config: Config) -> int:
        """Rewrites standard input; the context is --context or the current directory."""
        from gorewrite.project import FileError
        from gorewrite.report import Outcome, as_json, diff_of, summary

        if len(self.paths) > 1:
            raise click.UsageError("- stands alone: standard input is one Dockerfile")
        workspace = self._workspace()
        if workspace.context is None:
            workspace.context = Path()
        data = sys.stdin.buffer.read(config.max_file_size + 1)
        if len(data) > config.max_file_size:
            limit = config.max_file_size
            problem = f"standard input is over {limit} bytes; raise max-file-size to read it"
            raise click.UsageError(problem)
        try:
            outcome = Outcome("-", workspace.rewrite(Path("Dockerfile"), "-", config, data))
        except FileError as error:
            self._complain(error)
            return 2
        assert outcome.result is not None
        match self.options["output_format"]:
            case "json":
                self._emit(as_json([outcome]).encode("utf-8", "replace"))
            case "text" if not self.options["dry_run"]:
                self._emit(outcome.result.plan.new)
            case _:
                self._emit(diff_of(outcome))
        if not self.options["quiet"] and self.options["output_format"] == "text":
            click.echo(summary([outcome], verbose=self.options["verbose"], dry_run=True), err=True)
        return self._status([outcome])


def _unknown(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"no transform is named {name}; {hint}"


@cli.command(name="list")
def list_() -> None:
    """List the transforms, one line each."""
    from gorewrite.engine import available

    for transform in available():
        click.echo(f"{transform.name:<16}  {transform.summary}")


@cli.command()
@click.argument("name")
def explain(name: str) -> None:
    """Explain a transform: what it does, when it does nothing, why it is safe."""
    import inspect

    from gorewrite.engine import available

    transforms = {transform.name: transform for transform in available()}
    if name not in transforms:
        raise click.UsageError(_unknown(name, list(transforms)))
    transform = transforms[name]
    click.echo(f"{transform.name}: {transform.summary}\n")
    click.echo(inspect.getdoc(type(transform)) or "")
    for title, text in (("Before", transform.before), ("After", transform.after)):
        click.echo(f"\n{title}\n")
        click.echo("\n".join(f"    {line}".rstrip() for line in text.strip("\n").split("\n")))
