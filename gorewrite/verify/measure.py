"""Builds an image and times it: cold, unchanged, after an edit of a source, of go.mod."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from gorewrite.dockerfile import copy_parts
from gorewrite.evidence import Unknown
from gorewrite.facts import Facts
from gorewrite.stage.images import Image
from gorewrite.verify.edits import Edit
from gorewrite.verify.engines import Engine
from gorewrite.verify.processes import Done, Processes
from gorewrite.verify.workarea import Copy

#: How BuildKit tells what it was sent, in decimal units (docker/go-units HumanSize).
_SENT: Final = re.compile(r"transferring context: ([\d.]+)\s*([kMGT]?B)\b")
_UNITS: Final = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
#: Lines of a build's log that tell a reader nothing.
NOISE: Final = re.compile(r"^#\d+ (sha256:|DONE|CACHED|\.\.\.|transferring|resolve )|^$")


class BuildError(Exception):
    """A build that failed or took too long. log: its last lines."""

    def __init__(self, problem: str, log: str) -> None:
        super().__init__(problem)
        self.log = log


class Times(NamedTuple):
    """Seconds that builds took; None: not measured.

    cold: nothing known from before, base images at hand; unchanged: right after it; source: after
    an edit of the main package; dependency: after an edit of go.mod. sent: bytes of context that
    the cold build was sent, as the builder tells it (three digits), None when it does not.
    problems: why an edit was not measured.
    """

    cold: float
    unchanged: float | None = None
    source: float | None = None
    dependency: float | None = None
    sent: int | None = None
    problems: tuple[str, ...] = ()


class Builder:
    """Builds the copies of one verification.

    options: of the engine's build command (`--build-arg`, `--target`, …); timeout: seconds for one
    build; say: told what is being done.
    """

    def __init__(
        self,
        engine: Engine,
        processes: Processes,
        name: str,
        *,
        options: Sequence[str],
        timeout: float,
        say: Callable[[str], None],
    ) -> None:
        self.engine = engine
        self.processes = processes
        self.name = name
        self.options = options
        self.timeout = timeout
        self.say = say

    def build(self, copy: Copy, side: str, what: str, *, cold: bool = False) -> Done:
        """Builds the image NAME:SIDE. Raises BuildError."""
        self.say(f"{side}: {what}")
        command = self.engine.build(
            copy.dockerfile,
            copy.context,
            f"{self.name}:{side}",
            cold=cold,
            caches=f"{self.name}-{copy.context.parent.name}",
            options=self.options,
        )
        environment = dict(self.engine.environment)
        if self.engine.kind == "podman":
            # Its cache mounts are kept below, and there nobody else's are.
            temporary = copy.context.parent / "tmp"
            temporary.mkdir(exist_ok=True)
            environment["TMPDIR"] = str(temporary)
        done = self.processes.run(
            command,
            timeout=self.timeout,
            together=True,
            directory=copy.context,
            environment=environment,
        )
        if done.code is None:
            raise BuildError(f"the build took longer than {self.timeout:.0f} s", _tail(done))
        if done.code:
            raise BuildError("the build failed", _tail(done))
        return done

    def prepare(self, directory: Path, images: Sequence[str], syntax: str | None) -> None:
        """Has the base images fetched and unpacked, which is no part of a cold build.

        A failure is of no interest: the build that needs the image will tell.
        """
        if not images:
            return
        text = f"# syntax={syntax}\n" if syntax else ""
        text += "".join(f"FROM {image} AS b{n}\nCOPY probe /\n" for n, image in enumerate(images))
        text += "FROM scratch\n"
        text += "".join(f"COPY --from=b{n} /probe /{n}\n" for n in range(len(images)))
        directory.mkdir()
        copy = Copy(directory, directory / "Dockerfile")
        copy.write("probe", b"")
        copy.write("Dockerfile", text.encode())
        # Without the options: a target or a secret of the service is not known here.
        plain = Builder(
            self.engine,
            self.processes,
            self.name,
            options=[option for option in self.options if option.startswith("--network")],
            timeout=self.timeout,
            say=self.say,
        )
        try:
            plain.build(copy, "bases", "base images")
        except BuildError:
            return

    def measure(
        self, copy: Copy, side: str, source: Edit | Unknown, dependency: Edit | Unknown
    ) -> Times:
        """All four builds of one side; the image is that of the first. Raises BuildError."""
        cold = self.build(copy, side, "cold build", cold=True)
        if self.engine.kind == "podman":
            # It does not find the copies of a build without cache again (podman 4.3).
            self.build(copy, side, "the same with a cache")
        unchanged = self.build(copy, side, "rebuild, nothing changed")
        rebuilds = [self._rebuild(copy, side, edit) for edit in (source, dependency)]
        seconds = [None if isinstance(each, Unknown) else each for each in rebuilds]
        return Times(
            cold.seconds,
            unchanged.seconds,
            seconds[0],
            seconds[1],
            _sent(cold),
            tuple(each.why for each in rebuilds if isinstance(each, Unknown)),
        )

    def _rebuild(self, copy: Copy, side: str, edit: Edit | Unknown) -> float | Unknown:
        if isinstance(edit, Unknown):
            return edit
        what = f"rebuild after an edit of {edit.path}"
        old = (copy.context / edit.path).read_bytes()
        copy.write(edit.path, edit.data)
        try:
            return self.build(copy, f"{side}-edited", what).seconds
        except BuildError as error:
            return Unknown(f"{what}: {error}")
        finally:
            copy.write(edit.path, old)

    def once(self, copy: Copy, side: str) -> Times:
        """The cold build alone. Raises BuildError."""
        done = self.build(copy, side, "build", cold=True)
        return Times(done.seconds, sent=_sent(done))


def base_images(facts: Facts) -> list[str]:
    """The images that a Dockerfile is built from or copies from, as far as they are known."""
    found: dict[str, None] = {}
    for stage in facts.stages:
        base = stage.base
        if stage.parent is None and isinstance(base, Image) and base.family != "scratch":
            found[base.ref.text] = None
        for instruction in stage.stage.instructions:
            if instruction.keyword != "COPY":
                continue
            name = copy_parts(instruction).from_
            plain = name is not None and "$" not in name and not name.isdigit()
            if name and plain and facts.stage_named(name, stage.index) is None:
                found[name] = None
    return list(found)


def _sent(done: Done) -> int | None:
    told = [float(number) * _UNITS[unit] for number, unit in _SENT.findall(done.text)]
    return round(max(told)) if told else None


def _tail(done: Done, lines: int = 12) -> str:
    """The last lines of a log that say something."""
    text = [line.rstrip() for line in done.text.splitlines()]
    return "\n".join([line for line in text if not NOISE.match(line)][-lines:])
