"""What all commands that plan rewrites share: their options, and from paths to planned files."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gorewrite.config import Config
    from gorewrite.project import FileError, Workspace

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: From this many files on, a progress bar is shown on a terminal.
_PROGRESS_FROM = 20


def _names(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


_OPTIONS = (
    click.option("--review", is_flag=True, help="Also apply the changes that ask for a review."),
    click.option(
        "--select", multiple=True, callback=_names, metavar="NAME,…", help="Only these transforms."
    ),
    click.option(
        "--ignore", multiple=True, callback=_names, metavar="NAME,…", help="Not these transforms."
    ),
    click.option(
        "--runtime",
        metavar="KIND",
        help="Runtime image: auto, distroless, alpine, scratch or an image.",
    ),
    click.option(
        "--context",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="The build context, when it cannot be inferred.",
    ),
)


def planning_options(command: _Command) -> _Command:
    """Gives a command the options that say what is rewritten and how."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


class Planning:
    """One run of a command that plans: its paths, its options, and what follows from them."""

    def __init__(self, paths: tuple[str, ...], options: dict[str, Any]) -> None:
        self.paths = paths or (".",)
        self.options = options

    def base(self) -> Config:
        """The configuration of the run. Raises click.UsageError."""
        from gorewrite.config import ConfigError

        try:
            return self.config(Path() if "-" in self.paths else Path(self.paths[0]))
        except ConfigError as error:
            raise click.UsageError(str(error)) from None

    def config(self, start: Path) -> Config:
        """The configuration of a file, below what the command line says. Raises ConfigError."""
        from gorewrite.config import ConfigError, load
        from gorewrite.engine import available

        config, options = load(start), self.options
        names = [transform.name for transform in available()]
        for name in (*options["select"], *options["ignore"]):
            if name not in names:
                raise click.UsageError(unknown_transform(name, names))
        for name in (*config.select, *config.ignore):
            if name not in names:
                raise ConfigError(f"{config.path}: {unknown_transform(name, names)}")
        return replace(
            config,
            select=options["select"] or config.select,
            ignore=(*options["ignore"], *config.ignore),
            runtime=options["runtime"] or config.runtime,
            review=options["review"] or config.review,
        )

    def workspace(self) -> Workspace:
        """What is shared between the files of the run."""
        from gorewrite.engine import available
        from gorewrite.project import Workspace
        from gorewrite.transform import Safety

        return Workspace(available(), Safety.SAFE, self.options["context"])

    def targets(
        self, config: Config, workspace: Workspace
    ) -> tuple[list[tuple[Path, str]], list[FileError]]:
        """((path, name in reports) of the Dockerfiles at the paths; the paths that are wrong)."""
        from gorewrite.discovery import DiscoveryError
        from gorewrite.project import FileError

        base = config.path.parent if config.path is not None else None
        found: dict[Path, tuple[Path, str]] = {}
        problems: list[FileError] = []
        for name in self.paths:
            try:
                files = workspace.survey.find(Path(name), config.exclude, base)
            except DiscoveryError as error:
                problems.append(FileError(name, 0, str(error).removeprefix(f"{name}: ")))
                continue
            for file in files:
                found.setdefault(file.resolve(), (file, os.path.relpath(file)))
        return list(found.values()), problems

    def progress(self, targets: list[tuple[Path, str]]) -> Iterable[tuple[Path, str]]:
        """The targets, with a progress bar where somebody sees it and it takes a while."""
        quiet = self.options["quiet"] or len(targets) < _PROGRESS_FROM
        if quiet or not sys.stderr.isatty():
            return targets
        from rich.console import Console
        from rich.progress import track

        return track(targets, "Reading", console=Console(stderr=True), transient=True)


class Output:
    """Where a command's data goes: a file, or standard output."""

    def __init__(self, target: Path | None) -> None:
        self.target = target
        self._begun = False

    def emit(self, data: bytes) -> None:
        """Writes what follows what was written before. Raises click.UsageError."""
        if self.target is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        try:
            with self.target.open("ab" if self._begun else "wb") as file:
                file.write(data)
        except OSError as error:
            problem = f"{self.target}: {error.strerror}; choose another file"
            raise click.UsageError(problem) from None
        self._begun = True


def complain(error: FileError, *, verbose: bool) -> None:
    """Says what is wrong with a file."""
    click.echo(f"gorewrite: {error}", err=True)
    if verbose and error.__cause__ is not None:
        import traceback

        click.echo("".join(traceback.format_exception(error.__cause__)), err=True, nl=False)


def settle_colour(ctx: click.Context, color: bool | None) -> bool | None:
    """What --color says; where it says nothing, NO_COLOR may."""
    if color is None and os.environ.get("NO_COLOR"):
        color = False
    ctx.color = color
    return color


def unknown_transform(name: str, names: Sequence[str]) -> str:
    """That there is no such transform, and which may have been meant."""
    from difflib import get_close_matches

    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"no transform is named {name}; {hint}"
