"""`gorewrite [PATH]…`: shows or applies the patch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gorewrite import __version__
from gorewrite.cli.planning import (
    Output,
    Planning,
    complain,
    planning_options,
    settle_colour,
)

if TYPE_CHECKING:
    from gorewrite.config import Config
    from gorewrite.project import Result, Workspace
    from gorewrite.report import Outcome
    from gorewrite.verify.verification import Verification


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--dry-run", "--diff", is_flag=True, help="Print the diff, write nothing.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@planning_options
@click.option(
    "--verify",
    is_flag=True,
    help="Build and run each image before and after; apply only what is proven so.",
)
@click.option(
    "--verify-option",
    multiple=True,
    metavar="OPTION",
    help="An option for it, as --verify-option=--network=host (see `gorewrite verify`).",
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
      gorewrite verify           build and run the images before and after
    """
    ctx.exit(_Rewrite(ctx, paths, options).run())


class _Rewrite(Planning):
    """One run of the rewrite command."""

    def __init__(self, ctx: click.Context, paths: tuple[str, ...], options: dict[str, Any]) -> None:
        super().__init__(paths, options)
        self.color = settle_colour(ctx, options["color"])
        self.dry_run: bool = options["dry_run"] or options["check"]
        self.output = Output(options["output_file"])

    def run(self) -> int:
        base = self.base()
        self.output.emit(b"")
        return self._stdin(base) if "-" in self.paths else self._files(base)

    def _files(self, base: Config) -> int:
        from gorewrite.report import as_json, summary

        outcomes: list[Outcome] = []
        for outcome in self._outcomes(base):
            outcomes.append(outcome)
            self._handle(outcome)
        if self.options["output_format"] == "json":
            self.output.emit(as_json(outcomes).encode("utf-8", "replace"))
        elif not self.options["quiet"] and self.options["output_format"] == "text":
            click.echo(
                summary(outcomes, verbose=self.options["verbose"], dry_run=self.dry_run), err=True
            )
        return self._status(outcomes)

    def _status(self, outcomes: Sequence[Outcome]) -> int:
        failed = sum(outcome.error is not None for outcome in outcomes)
        if failed:
            return 2 if failed == len(outcomes) else 3
        found = self.options["check"] and any(outcome.changed for outcome in outcomes)
        return int(found or any(outcome.held_back for outcome in outcomes))

    def _outcomes(self, base: Config) -> Iterator[Outcome]:
        """Plans each file; writes it unless this is a preview."""
        from gorewrite.config import ConfigError
        from gorewrite.project import FileError
        from gorewrite.report import Outcome

        prove = self._prover()
        workspace = self.workspace()
        targets, problems = self.targets(base, workspace)
        yield from (Outcome(problem.path, error=problem) for problem in problems)
        for path, display in self.progress(targets):
            try:
                result = workspace.rewrite(path, display, self.config(path))
                outcome = Outcome(display, result, verification=prove(result))
                if outcome.held_back:
                    workspace.drop(result)
                elif not self.dry_run:
                    self._write(result)
                yield outcome
            except FileError as error:
                yield Outcome(display, error=error)
            except ConfigError as error:
                yield Outcome(display, error=FileError(display, 0, str(error)))
            except OSError as error:
                yield Outcome(display, error=FileError(display, 0, f"was not written: {error}"))

    def _prover(self) -> Callable[[Result], Verification | None]:
        """What verifies a result before it is written; nothing without --verify."""
        if not self.options["verify"]:
            return lambda _: None
        from gorewrite.cli.verify import prover

        return prover(self.options["verify_option"], quiet=self.options["quiet"])

    def _write(self, result: Result) -> None:
        from gorewrite.differ import FileEdit, apply
        from gorewrite.discovery import repository_root
        from gorewrite.project import changes_on_disk

        edits = [FileEdit(*change) for change in changes_on_disk(result)]
        if edits:
            apply(edits, within=repository_root(result.path.parent))

    def _handle(self, outcome: Outcome) -> None:
        """Says at once what a reader should not have to wait for: errors and diffs."""
        from gorewrite.report import coloured, diff_of

        if outcome.error is not None:
            complain(outcome.error, verbose=self.options["verbose"])
            return
        options = self.options
        if outcome.held_back and (options["quiet"] or options["output_format"] != "text"):
            assert outcome.verification is not None
            reason = f"{outcome.verification.verdict}: {outcome.verification.reason}"
            click.echo(f"gorewrite: {outcome.display}: not applied: {reason}", err=True)
        wants_diff = (
            options["dry_run"] or options["output_file"] or options["output_format"] == "patch"
        )
        if options["output_format"] == "json" or not wants_diff or outcome.held_back:
            return
        diff = diff_of(outcome)
        if diff and self._coloured():
            text = diff.decode("utf-8", "surrogateescape")
            diff = coloured(text).encode("utf-8", "surrogateescape")
        self.output.emit(diff)

    def _coloured(self) -> bool:
        if self.options["output_format"] == "patch" or self.options["output_file"]:
            return False
        return sys.stdout.isatty() if self.color is None else self.color

    def _stdin(self, config: Config) -> int:
        """Rewrites standard input; the context is --context or the current directory."""
        from gorewrite.project import FileError
        from gorewrite.report import Outcome, as_json, diff_of, summary

        if len(self.paths) > 1:
            raise click.UsageError("- stands alone: standard input is one Dockerfile")
        if self.options["verify"]:
            raise click.UsageError("--verify needs files, not standard input")
        workspace: Workspace = self.workspace()
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
            complain(error, verbose=self.options["verbose"])
            return 2
        assert outcome.result is not None
        match self.options["output_format"]:
            case "json":
                self.output.emit(as_json([outcome]).encode("utf-8", "replace"))
            case "text" if not self.options["dry_run"]:
                self.output.emit(outcome.result.plan.new)
            case _:
                self.output.emit(diff_of(outcome))
        if not self.options["quiet"] and self.options["output_format"] == "text":
            click.echo(summary([outcome], verbose=self.options["verbose"], dry_run=True), err=True)
        return self._status([outcome])
