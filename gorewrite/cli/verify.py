"""`gorewrite verify [PATH]…`: builds and runs the images before and after."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from gorewrite.cli.help import Sectioned
from gorewrite.cli.planning import (
    Output,
    Planning,
    complain,
    paths_argument,
    planning_options,
    settle_colour,
    stream_options,
)
from gorewrite.config import Config, ConfigError
from gorewrite.discovery import Survey
from gorewrite.outcome import Problem
from gorewrite.project import FileError, Result
from gorewrite.verify.engines import KINDS, Engine, EngineError, find_engine
from gorewrite.verify.measure import NOISE
from gorewrite.verify.plot import PlotError, check, plot
from gorewrite.verify.show import as_json, as_markdown, as_text, closing
from gorewrite.verify.smoke import SmokeOptions
from gorewrite.verify.verification import (
    Say,
    Verdict,
    Verification,
    VerifyOptions,
)
from gorewrite.verify.verification import verify as verify_result

#: Options of `verify` that mean something to `gorewrite --verify`, too.
_FOR_REWRITE = frozenset(
    (
        "quick engine build_arg secret network target timeout smoke_args smoke_env smoke_cmd wait"
    ).split()
)


@click.command(cls=Sectioned, short_help="Build and run the images before and after, and compare.")
@paths_argument
@click.option("--quick", is_flag=True, help="Sizes and the image contract only.")
@click.option("--no-rebuilds", is_flag=True, help="Build each image once, compare and run them.")
@planning_options
@click.option(
    "--engine",
    type=click.Choice(KINDS),
    metavar="KIND",
    help=f"What builds: {', '.join(KINDS)}; by default the first that works.",
)
@click.option(
    "--build-arg", multiple=True, metavar="NAME=VALUE", help="Build argument of the builds."
)
@click.option(
    "--secret", multiple=True, metavar="SPEC", help="Secret of the builds, as docker takes it."
)
@click.option("--network", metavar="MODE", help="Network of the builds: default, none or host.")
@click.option("--target", metavar="STAGE", help="The stage to build, in place of the last one.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    default=1800,
    show_default=True,
    help="For one build.",
)
@click.option(
    "--smoke-args", metavar="ARGS", default="", help="Arguments of the containers, in place of CMD."
)
@click.option(
    "--smoke-env", multiple=True, metavar="NAME=VALUE", help="Environment of the containers."
)
@click.option(
    "--smoke-cmd",
    metavar="COMMAND",
    default="",
    help="Run it in a shell while a container is up; its result must be the same.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    default=10,
    show_default=True,
    help="For the ports of a server to answer.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE.svg|png",
    help="Draw size and rebuild time before and after.",
)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "markdown"]),
    metavar="FORMAT",
    default="text",
    show_default=True,
    help="text, json or markdown.",
)
@stream_options
@click.option("--verbose", "-v", is_flag=True, help="Expected differences and layers, too.")
@click.pass_context
def verify(ctx: click.Context, /, paths: tuple[str, ...], **options: Any) -> None:
    """Build and run each image before and after the rewrite, and compare.

    Measured: image size, layers, context, cold build, rebuilds after edits. Compared: the
    configuration of the images, the files of the runtime stage, and a run of both
    containers. The work tree is not touched. Everything the Dockerfile runs, runs.

    Exit status: 0 all verified; 1 a rewrite failed; 3 something could not be verified.
    """
    ctx.exit(_Verify(ctx, paths, options).run())


class _Verify(Planning):
    """One run of the command."""

    def __init__(self, ctx: click.Context, paths: tuple[str, ...], options: dict[str, Any]) -> None:
        super().__init__(paths, options)
        settle_colour(ctx, options["color"])
        self.output = Output(options["output_file"])
        self.failed = 0

    def run(self) -> int:
        base = self.base()
        picture: Path | None = self.options["plot"]
        try:
            if picture is not None:
                check(picture)
        except PlotError as error:
            raise click.UsageError(str(error)) from None
        engine = _engine(self.options["engine"])
        self.output.emit(b"")
        verifications: list[Verification] = []
        for each in self._verifications(base, engine):
            verifications.append(each)
            if self.options["output_format"] == "text" and each.verdict != Verdict.UNCHANGED:
                self._print(as_text(each, verbose=self.options["verbose"]))
        match self.options["output_format"]:
            case "json":
                self._print(as_json(verifications, engine), end="")
            case "markdown":
                self._print(as_markdown(verifications, engine), end="")
            case _:
                self._print(closing(verifications, engine))
        if picture is not None:
            try:
                plot(verifications, picture)
            except PlotError as error:
                click.echo(f"gorewrite: {error}", err=True)
        return self._status(verifications)

    def _verifications(self, base: Config, engine: Engine) -> Iterator[Verification]:
        survey = Survey()
        workspace = self.settings().workspace(survey)
        targets, problems = self.targets(base, survey)
        for problem in problems:
            self._complain(problem)
        options = _verify_options(self.options)
        for path, display in targets:
            try:
                result = workspace.rewrite(path, display, workspace.configure(path))
                yield _verified(result, engine, options, quiet=self.options["quiet"])
            except FileError as error:
                self._complain(error)
            except ConfigError as error:
                self._complain(FileError(display, 0, str(error)))

    def _complain(self, error: FileError) -> None:
        self.failed += 1
        complain(Problem.of(error), verbose=self.options["verbose"])

    def _print(self, text: str, end: str = "\n") -> None:
        if self.output.target is None:
            click.echo(text + end, nl=False)
        else:
            self.output.emit((click.unstyle(text) + end).encode("utf-8", "replace"))

    def _status(self, verifications: Sequence[Verification]) -> int:
        verdicts = {each.verdict for each in verifications}
        if Verdict.FAILED in verdicts:
            return 1
        if self.failed and not verifications:
            return 2
        return 3 if self.failed or Verdict.UNVERIFIED in verdicts else 0


def prover(words: Sequence[str], *, quiet: bool) -> Callable[[Result], Verification | None]:
    """What `gorewrite --verify` calls for each file: builds and run, but no rebuilds.

    words: options of `gorewrite verify`. Raises click.UsageError.
    """
    if {"--help", "-h"}.intersection(words):
        raise click.UsageError("--verify-option takes no --help; see `gorewrite verify --help`")
    context = verify.make_context("gorewrite verify", list(words))
    for name in context.params:
        given = context.get_parameter_source(name) == ParameterSource.COMMANDLINE
        if given and name not in _FOR_REWRITE and (context.params[name] or name != "paths"):
            option = name.replace("_", "-")
            raise click.UsageError(f"--verify-option takes no --{option}; give it to gorewrite")
    options = replace(_verify_options(context.params), rebuilds=False)
    engine = _engine(context.params["engine"])
    return lambda result: (
        _verified(result, engine, options, quiet=quiet) if result.plan.changed else None
    )


def _verify_options(options: dict[str, Any]) -> VerifyOptions:
    build = [f"--build-arg={value}" for value in options["build_arg"]]
    build += [f"--secret={value}" for value in options["secret"]]
    build += [f"--network={options['network']}"] if options["network"] else []
    try:
        arguments = tuple(shlex.split(options["smoke_args"]))
    except ValueError as error:
        raise click.UsageError(f"--smoke-args: {error}") from None
    smoke = SmokeOptions(
        arguments, tuple(options["smoke_env"]), options["smoke_cmd"], options["wait"]
    )
    return VerifyOptions(
        rebuilds=not (options["quick"] or options["no_rebuilds"]),
        run=not options["quick"],
        timeout=options["timeout"],
        build=tuple(build),
        target=options["target"],
        smoke=smoke,
    )


def _engine(kind: Any) -> Engine:
    try:
        return find_engine(kind)
    except EngineError as error:
        raise click.UsageError(str(error)) from None


def _verified(
    result: Result, engine: Engine, options: VerifyOptions, *, quiet: bool
) -> Verification:
    with _progress(result.display, quiet) as (say, tick):
        try:
            return verify_result(result, engine, options, say, tick)
        except OSError as error:
            reason = f"the build context cannot be copied: {error}"
            return Verification(result.display, Verdict.UNVERIFIED, reason)


@contextmanager
def _progress(display: str, quiet: bool) -> Iterator[tuple[Say, Say]]:
    """(told each step, told the last line of output while one takes long)."""
    if quiet:
        yield (lambda _: None), (lambda _: None)
    elif sys.stderr.isatty():
        with _live(display) as both:
            yield both
    else:
        yield (lambda step: click.echo(f"{display}: {step}", err=True)), (lambda _: None)


@contextmanager
def _live(display: str) -> Iterator[tuple[Say, Say]]:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    step, began, shown = "", time.monotonic(), ""

    def tick(line: str) -> None:
        nonlocal shown
        shown = shown if NOISE.match(line) else line
        seconds = f"{time.monotonic() - began:5.0f} s  "
        text = Text(f"{display}: {step}\n{seconds}", no_wrap=True, overflow="ellipsis")
        live.update(text.append(shown, style="dim"), refresh=True)

    def say(what: str) -> None:
        nonlocal step, began, shown
        step, began, shown = what, time.monotonic(), ""
        tick("")

    # Without a thread of its own: processes are made while this is up.
    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        yield say, tick
