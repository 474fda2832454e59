"""What all commands that plan rewrites share: their options, and from paths to planned files."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gorewrite.config import Config
    from gorewrite.discovery import Survey
    from gorewrite.fleet.settings import Settings
    from gorewrite.outcome import Problem
    from gorewrite.project import FileError

_Command = TypeVar("_Command", bound=Callable[..., Any])


def _names(_: click.Context, param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The names of lists with commas. Raises click.BadParameter."""
    found = tuple(name.strip() for value in values for name in value.split(",") if name.strip())
    if values and not found and param.name == "select":
        raise click.BadParameter("names no transform; without it, all are selected")
    return found


def _paths(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """The paths as they are given. Raises click.BadParameter."""
    if "" in values:  # pathlib takes it for the current directory, which nobody may have meant.
        raise click.BadParameter("is empty; the current directory is `.`")
    return values


def _image(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A runtime image. Raises click.BadParameter."""
    from gorewrite.configkeys import is_image

    if value is not None and not is_image(value):
        raise click.BadParameter(f"{value!r} is no image, as registry.example.com/base:1")
    return value


def _complete_transforms(_: click.Context, __: click.Parameter, incomplete: str) -> list[Any]:
    from gorewrite.cli.completion import transforms

    return transforms(incomplete)


def _complete_runtimes(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    kinds = ("auto", "distroless", "alpine", "scratch")
    return [kind for kind in kinds if kind.startswith(incomplete)]


def complete_files(_: click.Context, __: click.Parameter, incomplete: str) -> list[Any]:
    """Files, as the shell itself completes them."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


_PATHS = click.argument(
    "paths", nargs=-1, metavar="[PATH]...", callback=_paths, shell_complete=complete_files
)

_OPTIONS = (
    click.option("--review", is_flag=True, help="Also apply the changes that ask for a review."),
    click.option(
        "--select",
        multiple=True,
        callback=_names,
        metavar="NAME,…",
        shell_complete=_complete_transforms,
        help="Only these transforms.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        callback=_names,
        metavar="NAME,…",
        shell_complete=_complete_transforms,
        help="Not these transforms.",
    ),
    click.option(
        "--runtime",
        metavar="KIND",
        callback=_image,
        shell_complete=_complete_runtimes,
        help="Runtime image: auto, distroless, alpine, scratch or an image.",
    ),
    click.option(
        "--context",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        metavar="DIR",
        help="The build context, when it cannot be inferred.",
    ),
)


_STREAMS = (
    click.option(
        "--output-file",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Write there instead of to standard output.",
    ),
    click.option("--quiet", "-q", is_flag=True, help="Errors only: no progress, no summary."),
    click.option("--color/--no-color", default=None, help="Colour, whatever the terminal says."),
)


def paths_argument(command: _Command) -> _Command:
    """Gives a command the Dockerfiles and directories that it is for."""
    return _PATHS(command)


def planning_options(command: _Command) -> _Command:
    """Gives a command the options that say what is rewritten and how."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def transform_options(command: _Command) -> _Command:
    """The same for a command that plans many repositories, none of which is here."""
    for option in reversed(_OPTIONS[:-1]):
        command = option(command)
    return command


def stream_options(command: _Command) -> _Command:
    """Gives a command the options that say where its output goes, and how much of it."""
    for option in reversed(_STREAMS):
        command = option(command)
    return command


class Unusable(click.ClickException):
    """Input that nothing can be done with, said in one line; the command line itself is right."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        click.echo(f"gorewrite: {self.message}", file=file, err=True)


def check_names(names: Iterable[str]) -> None:
    """Raises click.UsageError for a name that no transform has."""
    from gorewrite.engine import available
    from gorewrite.fleet.settings import unknown_transform

    known = [transform.name for transform in available()]
    for name in names:
        if name not in known:
            raise click.UsageError(unknown_transform(name, known))


class Planning:
    """One run of a command that plans: its paths, its options, and what follows from them."""

    def __init__(self, paths: tuple[str, ...], options: dict[str, Any]) -> None:
        from gorewrite.config import Configurations

        self.paths = paths or (".",)
        self.options = options
        self.configurations = Configurations()

    def base(self) -> Config:
        """The configuration of the run. Raises Unusable, click.UsageError."""
        from gorewrite.config import ConfigError

        check_names((*self.options["select"], *self.options["ignore"]))
        start = Path() if "-" in self.paths else Path(self.paths[0])
        try:
            return self.config(start)
        except ConfigError as error:
            raise Unusable(str(error)) from None

    def config(self, start: Path) -> Config:
        """The configuration of a file, below what the command line says. Raises ConfigError."""
        return self.settings().configure(self.configurations)(start)

    def settings(self) -> Settings:
        """What the command line says about planning."""
        from gorewrite.fleet.settings import Settings

        options = self.options
        return Settings(
            options["select"],
            options["ignore"],
            options["runtime"] or "",
            options["review"],
            str(options["context"].resolve()) if options["context"] else "",
            str(Path.cwd()),
        )

    def targets(
        self, config: Config, survey: Survey
    ) -> tuple[list[tuple[Path, str]], list[FileError]]:
        """((path, name in reports) of the Dockerfiles at the paths; the paths that are wrong)."""
        from gorewrite.discovery import DiscoveryError
        from gorewrite.files import RealPaths
        from gorewrite.project import FileError

        base = config.path.parent if config.path is not None else None
        found: dict[str, tuple[Path, str]] = {}
        real = RealPaths()
        problems: list[FileError] = []
        for name in self.paths:
            try:
                files = survey.find(Path(name), config.exclude, base)
            except DiscoveryError as error:
                problems.append(FileError(name, 0, str(error).removeprefix(f"{name}: ")))
                continue
            if self.options.get("force_exclude") and self._passed_over(Path(name), files):
                continue
            for file in files:
                below_here = not (file.is_absolute() or ".." in file.parts)
                display = str(file) if below_here else os.path.relpath(file)
                found.setdefault(real.of(str(file)), (file, display))
        return list(found.values()), problems

    def _passed_over(self, named: Path, files: Sequence[Path]) -> bool:
        """Whether a PATH is a file that its own configuration keeps out of a search."""
        from gorewrite.config import ConfigError
        from gorewrite.discovery import passed_over

        if tuple(files) != (named,):
            return False
        try:
            config = self.configurations.load(named)
        except ConfigError:
            return False  # Said when the file is read.
        return passed_over(named, config.exclude, config.path.parent if config.path else None)


class Output:
    """Where a command's data goes: a file, or standard output."""

    def __init__(self, target: Path | None) -> None:
        self.target = target
        self._begun = False

    def emit(self, data: bytes) -> None:
        """Writes what follows what was written before. Raises Unusable."""
        if self.target is None:
            stream = sys.stdout.buffer
            # With PYTHONUNBUFFERED it writes once, and that may be cut short by a signal.
            while data:
                data = data[stream.write(data) :]
            stream.flush()
            return
        try:
            if not self._begun and _is_dockerfile(self.target):
                raise Unusable(f"{self.target}: is a Dockerfile; choose another file")
            with self.target.open("ab" if self._begun else "wb") as file:
                file.write(data)
        except OSError as error:
            raise Unusable(f"{self.target}: {error.strerror}; choose another file") from None
        self._begun = True


def _is_dockerfile(path: Path) -> bool:
    """Whether a file is one that somebody wrote, and took `--output-file` for where it goes.

    Raises OSError.
    """
    from gorewrite.discovery import is_dockerfile_name

    if not (is_dockerfile_name(path.name) and path.is_file()):
        return False
    with path.open("rb") as file:
        return re.search(rb"(?im)^FROM\s", file.read(1 << 20)) is not None


def complain(problem: Problem, *, verbose: bool) -> None:
    """Says what is wrong with a file."""
    click.echo(f"gorewrite: {problem}", err=True)
    if verbose:
        click.echo(problem.trace, err=True, nl=False)


def settle_colour(ctx: click.Context, color: bool | None) -> bool | None:
    """What --color says; where it says nothing, NO_COLOR may."""
    if color is None and os.environ.get("NO_COLOR"):
        color = False
    ctx.color = color
    return color
