"""`gorewrite [PATH]…`: shows or applies the patch."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gorewrite import __version__
from gorewrite.cli.help import Default
from gorewrite.cli.planning import (
    Output,
    Planning,
    complain,
    paths_argument,
    planning_options,
    settle_colour,
    stream_options,
)
from gorewrite.cli.scale import changes_since, executor, progress, scale_options
from gorewrite.formats import FORMATS

if TYPE_CHECKING:
    from gorewrite.config import Config
    from gorewrite.discovery import Survey
    from gorewrite.fleet.entries import Entry, Form
    from gorewrite.fleet.groups import Task
    from gorewrite.fleet.ledger import Ledger
    from gorewrite.fleet.memory import Memory
    from gorewrite.project import Workspace

#: The options that say which Dockerfiles a run is about, with the paths.
_ASKED = ("shard", "force_exclude")


@click.command(cls=Default)
@paths_argument
@click.option("--dry-run", "--diff", is_flag=True, help="Print the diff, write nothing.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if anything would change.")
@planning_options
@click.option(
    "--force-exclude",
    is_flag=True,
    help="Also leave out what `exclude` names when it is named as PATH (for hooks).",
)
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
    type=click.Choice(["text", *FORMATS]),
    metavar="FORMAT",
    default="text",
    show_default=True,
    help=f"text, a summary; or {', '.join(FORMATS)} (docs/reports.md).",
)
@stream_options
@scale_options
@click.option("--verbose", "-v", is_flag=True, help="All evidence, the build context, notes.")
@click.version_option(__version__, message="gorewrite %(version)s")
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

    Exit status: 0 done, or nothing to do; 1 --check found changes, or a rewrite failed its
    verification; 2 wrong usage or unreadable input; 3 some files failed, the others were done.
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
        if self.options["verify_option"] and not self.options["verify"]:
            raise click.UsageError("--verify-option is for --verify, which is not given")
        base = self.base()
        self.output.emit(b"")
        return self._stdin(base) if "-" in self.paths else self._files(base)

    def _files(self, base: Config) -> int:
        from gorewrite.cli.interrupts import INTERRUPTED, Interrupts
        from gorewrite.cli.reporting import Reporting
        from gorewrite.fleet.ledger import Ledger

        reporting = Reporting(self.options, self.output, self.color, self.dry_run)
        interrupts, ledger = Interrupts(), Ledger()
        try:
            with (
                interrupts.entered(),
                closing(self._entries(base, reporting.form(), ledger)) as entries,
            ):
                for entry in entries:
                    with interrupts.held():
                        reporting.add(self._written(entry, ledger, reporting.form()))
        except KeyboardInterrupt:
            reporting.finish(interrupted=True)
            click.echo("gorewrite: interrupted; what is reported is done, no more", err=True)
            return INTERRUPTED
        reporting.finish()
        return reporting.status()

    def _entries(self, base: Config, form: Form, ledger: Ledger) -> Generator[Entry, None, None]:
        """What is to become of each file."""
        from gorewrite.discovery import Survey
        from gorewrite.fleet.entries import entry
        from gorewrite.fleet.run import Run
        from gorewrite.outcome import failed

        survey = Survey()
        memory = self._memory(survey)
        about = (self.paths, base.exclude, str(base.path), *map(self.options.get, _ASKED))
        known = memory.whole(about, form) if memory is not None else None
        if memory is not None and known is not None:
            memory.save()
            yield from known
            return
        with memory.watching() if memory is not None else nullcontext():
            targets, problems = self.targets(base, survey)
        yield from (entry(failed(problem), form) for problem in problems)
        if self.options["verify"]:
            for name in ("shard", "changed_since", "scheduler"):
                if self.options[name]:
                    option = name.replace("_", "-")
                    raise click.UsageError(f"--verify is not for --{option}: it takes all files")
            yield from self._verified(targets, survey, form, ledger)
            return
        settings = self.settings()._replace(keeps=memory is not None)
        tasks, run = self._chosen(targets)
        del targets  # Thousands of paths, of which the tasks have the text.
        if self.options["changed_since"]:
            settings = settings._replace(changes=changes_since(self.options, tasks))
        work = Run(tasks, run, settings, form, ledger, memory)
        count, quiet = len(tasks), self.options["quiet"]
        try:
            with (
                executor(self.options, len(work.left), settings, survey, form) as planners,
                progress(count, quiet=quiet) as planned,
                closing(work.entries(planners, survey, planned)) as entries,
            ):
                if memory is None or problems or form.writes:
                    yield from entries
                else:
                    yield from memory.remembering(about, form, tasks, entries)
        finally:
            if memory is not None:
                memory.save()

    def _memory(self, survey: Survey) -> Memory | None:
        """What is known of earlier runs; None where it is not asked, or too little to remember."""
        from gorewrite.fleet.memory import Memory

        if any(self.options[name] for name in ("verify", "no_cache", "changed_since")):
            return None
        return Memory.of(Path(self.paths[0]), self.settings(), survey)

    def _chosen(self, targets: Sequence[tuple[Path, str]]) -> tuple[list[Task], list[str]]:
        """(what is planned; the real paths of the whole run, with those of other shards)."""
        from gorewrite.fleet.chunks import shard_of
        from gorewrite.fleet.gathering import tasks_of

        tasks = tasks_of(targets)
        run = [task.real for task in tasks]
        if self.options["shard"]:
            number, count = self.options["shard"]
            tasks = [task for task in tasks if shard_of(task, count) == number]
        return tasks, run

    def _verified(
        self, targets: Sequence[tuple[Path, str]], survey: Survey, form: Form, ledger: Ledger
    ) -> Iterator[Entry]:
        """As `_entries`, one after the other, each proven before the next one is planned."""
        from gorewrite.cli.verify import prover
        from gorewrite.config import ConfigError
        from gorewrite.fleet.entries import entry
        from gorewrite.outcome import failed, outcome_of
        from gorewrite.project import FileError

        prove = prover(self.options["verify_option"], quiet=self.options["quiet"])
        settings = self.settings()
        workspace = settings.workspace(survey)
        for path, display in targets:
            try:
                result = workspace.rewrite(path, display, workspace.configure(path))
                outcome = outcome_of(result, prove(result))
            except FileError as error:
                yield entry(failed(error), form)
                continue
            except ConfigError as error:
                yield entry(failed(FileError(display, 0, str(error))), form)
                continue
            if outcome.held_back:
                workspace.drop(result)
                yield entry(outcome, form)
                continue
            yield ledger.checked(entry(ledger.joined(outcome, str(path)), form), form)
            ledger.take()
            if outcome.spans and not self.dry_run:
                # Callers are not what they were: the next one is planned with what they are now.
                ledger.forget()
                workspace = settings.workspace()

    def _written(self, entry: Entry, ledger: Ledger, form: Form) -> Entry:
        """Writes what an entry edits, unless this is a preview; gives the failure when that cannot
        be."""
        if self.dry_run or not entry.edits:
            return entry
        from gorewrite.differ import FileEdit, apply
        from gorewrite.fleet.entries import failure

        edits = [FileEdit(Path(edit.path), edit.old, edit.new) for edit in entry.edits]
        try:
            apply(edits, within=Path(entry.repository) if entry.repository else None)
        except OSError as error:
            ledger.drop()
            return failure(entry.display, f"was not written: {error}", form)
        return entry

    def _stdin(self, config: Config) -> int:
        """Rewrites standard input; the context is --context or the current directory."""
        from gorewrite.formats import render
        from gorewrite.outcome import Problem, outcome_of
        from gorewrite.project import FileError
        from gorewrite.report import diff_of, document, summary

        if len(self.paths) > 1:
            raise click.UsageError("- stands alone: standard input is one Dockerfile")
        if self.options["verify"]:
            raise click.UsageError("--verify needs files, not standard input")
        workspace: Workspace = self.settings().workspace()
        if workspace.context is None:
            workspace.context = Path()
        data = sys.stdin.buffer.read(config.max_file_size + 1)
        if len(data) > config.max_file_size:
            limit = config.max_file_size
            problem = f"standard input is over {limit} bytes; raise max-file-size to read it"
            raise click.UsageError(problem)
        try:
            result = workspace.rewrite(Path("Dockerfile"), "-", config, data)
        except FileError as error:
            complain(Problem.of(error), verbose=self.options["verbose"])
            return 2
        outcome = outcome_of(result)
        match self.options["output_format"]:
            case name if name not in ("text", "patch"):
                self.output.emit(render(name, document([outcome])))
            case "text" if not self.options["dry_run"]:
                self.output.emit(result.plan.new)
            case _:
                self.output.emit(diff_of(outcome))
        if not self.options["quiet"] and self.options["output_format"] == "text":
            click.echo(summary([outcome], verbose=self.options["verbose"], dry_run=True), err=True)
        return int(self.options["check"] and outcome.changed)
