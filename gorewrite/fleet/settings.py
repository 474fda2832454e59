"""What the command line says about planning, as plain data that every worker is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite.config import Config, ConfigError, Configurations
from gorewrite.discovery import Survey
from gorewrite.files import SharedMemory
from gorewrite.project import Workspace

if TYPE_CHECKING:
    from gorewrite.fleet.changes import Changes

#: Dockerfiles of which the configuration is remembered.
_MOST_ASKED: Final = 64


class Settings(NamedTuple):
    """The options of a run that say what is rewritten and how; "" and () for what was not said.

    select, ignore, runtime, review: they go before the configuration of each file; context: the
    build context of all; here: the directory that names in reports are relative to; keeps: whether
    there is a cache to keep the results in.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    runtime: str = ""
    review: bool = False
    context: str = ""
    here: str = ""
    changes: tuple[Changes, ...] = ()
    keeps: bool = False

    def configure(self, known: Configurations | None = None) -> Callable[[Path], Config]:
        """Gives the configuration of a file; each directory is looked at once.

        known: what was looked at before. What is returned raises ConfigError.
        """
        from gorewrite.engine import available

        names = [transform.name for transform in available()]
        configurations = known or Configurations()
        asked = SharedMemory(_MOST_ASKED)

        def configuration(path: Path) -> Config:
            config: Config = asked.answer(str(path), lambda: settled(path))
            return config

        def settled(path: Path) -> Config:
            config = configurations.load(path)
            for name in (*config.select, *config.ignore):
                if name not in names:
                    raise ConfigError(f"{config.path}: {unknown_transform(name, names)}")
            return self.over(config)

        return configuration

    def over(self, config: Config) -> Config:
        """A configuration with what the command line says put over it."""
        if not (self.select or self.ignore or self.runtime or self.review):
            return config
        return replace(
            config,
            select=self.select or config.select,
            ignore=(*self.ignore, *config.ignore),
            runtime=self.runtime or config.runtime,
            review=self.review or config.review,
        )

    def words(self) -> str:
        """The options that decide a patch, as words of a shell."""
        import shlex

        words = ["--review"] if self.review else []
        for name, values in (("select", self.select), ("ignore", self.ignore)):
            words += [f"--{name}={','.join(values)}"] if values else []
        words += [f"--runtime={self.runtime}"] if self.runtime else []
        return shlex.join(words)

    def workspace(self, survey: Survey | None = None) -> Workspace:
        """What is shared between the files that one process plans."""
        from gorewrite.engine import available
        from gorewrite.transform import Safety

        return Workspace(
            available(),
            Safety.SAFE,
            Path(self.context) if self.context else None,
            survey or Survey(),
            self.configure(),
        )


def unknown_transform(name: str, names: list[str]) -> str:
    """That there is no such transform, and which may have been meant."""
    from difflib import get_close_matches

    near = get_close_matches(name, names, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"no transform is named {name}; {hint}"
