"""Compose files: which services they define, what each builds, and how it is run.

Sources: the Compose specification (services, build, develop, merge, extends, interpolation); a
`command` or `entrypoint` given as text is split into words and not given to a shell.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from gorewrite import files
from gorewrite.callers.composevolumes import shared
from gorewrite.callers.running import TELLING, Build, CommandLine, HostMount, Service, Stated
from gorewrite.callers.yamlnodes import Mapping, Node, Odd, Scalar, Sequence, read
from gorewrite.evidence import Evidence, Unknown

_LARGEST_FILE: Final = 256 * 1024
_VARIABLE: Final = re.compile(
    r"\$(?:(?P<escaped>\$)|(?P<name>[A-Za-z_]\w*)"
    r"|\{[A-Za-z_]\w*(?::?-(?P<default>[^{}]*)|[^{}]*)\})"
)
_OPERATOR: Final = re.compile(r"&&?|\|\|?|;|[<>].*")
_BESIDE: Final = re.compile(r"[./~$]|[A-Za-z]:[\\/]")
_PATH_NAME: Final = re.compile(r"DIR|FILE|FOLDER|PATH|ROOT", re.IGNORECASE)
_WATCH: Final = ("action", "path", "target")
#: The keys of a service that are read.
_FACTS: Final = frozenset(
    "build image extends command entrypoint healthcheck post_start pre_stop volumes develop "
    "working_dir user".split()
)


def read_compose(file: Path, repository: Path) -> Map[str, Service]:
    """The services of a compose file by name, in order; {} when it cannot be opened.

    A file that is not understood as a whole gives one uncertain service with the name "".
    repository: what the paths of evidence are relative to.
    """
    stamp = files.stamp(file)
    if stamp is None or stamp[1] > _LARGEST_FILE:
        return {}
    try:
        found: Map[str, Service] = _known.answer(
            (file, repository, stamp), lambda: _read(file, repository)
        )
    except OSError:
        return {}
    return found


_known: Final = files.SharedMemory(most=512)


def _read(file: Path, repository: Path) -> Map[str, Service]:
    text = files.read(file, _LARGEST_FILE).decode("utf-8", "replace")
    shown = file.relative_to(repository).as_posix() if file.is_relative_to(repository) else ""
    lines = text.split("\n")
    documents = read(text)
    first = documents[0] if documents else Mapping((), 1)
    services = first.get("services") if isinstance(first, Mapping) else first
    if isinstance(services, Odd) or len(documents) > 1:
        why = services.why if isinstance(services, Odd) else "several documents"
        evidence = Evidence(shown, services.line if services else 1, why)
        doubt = Unknown(f"{shown or file.name} is not read: {why}", (evidence,))
        return {"": Service("", file.parent, evidence, uncertain=(doubt,))}
    found: dict[str, Service] = {}
    if isinstance(services, Mapping):
        for name, line, node in services.items:
            found[name] = _ServiceReader(name, file.parent, shown, lines, line).read(node)
        for name, path, line in shared(services):
            begun = Stated(path, Evidence(shown, line, lines[line - 1].strip()[:200]))
            found[name] = found[name]._replace(environment=(*found[name].environment, begun))
    return found


def interpolated(text: str) -> tuple[str, bool]:
    """(the text with the defaults of its variables put in, whether no variable was in it).

    A variable without a default stays as it is written; `$$` is a dollar sign.
    """
    known = True

    def value(found: re.Match[str]) -> str:
        nonlocal known
        if found["escaped"]:
            return "$"
        known = False
        return found["default"] if found["default"] is not None else found[0]

    return _VARIABLE.sub(value, text), known


def _settled(text: str, file: Path) -> str:
    """`text` with the variables of an env file put in (Compose specification, interpolation)."""
    if "$" not in text:
        return text
    try:
        lines = files.read(file, _LARGEST_FILE).decode("utf-8", "replace").splitlines()
    except OSError:
        return text
    settings = dict(re.findall(r"""(?m)^\s*(\w+)=["']?([^"'#\n]*?)["']?\s*$""", "\n".join(lines)))
    return _VARIABLE.sub(lambda found: settings.get(found[0].strip("${}"), found[0]), text)


@dataclass
class _ServiceReader:
    """Reads one service; what is not understood is collected in `doubts`."""

    name: str
    directory: Path
    shown: str
    lines: list[str]
    line: int
    doubts: list[Unknown] = field(default_factory=list)

    def read(self, node: Node) -> Service:
        service = Service(self.name, self.directory, self._at(self.line))
        if isinstance(node, Odd):
            self._doubt(node)
            service = service._replace(build=self._build(node, self.line))
        if isinstance(node, Mapping):
            for key, _, value in node.items:
                if key in _FACTS and isinstance(value, Odd):
                    self._doubt(value)
            service = self._service(node, service)
        return service._replace(uncertain=tuple(self.doubts))

    def _service(self, node: Mapping, service: Service) -> Service:
        build = node.get("build")
        extends = node.get("extends")
        image = node.get("image")
        target = self._stated(build.get("target")) if isinstance(build, Mapping) else None
        if target is not None and "$" in target.text:
            target = None
        return service._replace(
            build=self._build(build, node.line_of("build")) if build is not None else None,
            image=image.text if isinstance(image, Scalar) else None,
            extends=self._extends(extends),
            target=target,
            command=self._command(node.get("command"), node, "command"),
            entrypoint=self._command(node.get("entrypoint"), node, "entrypoint"),
            healthcheck=self._healthcheck(node.get("healthcheck")),
            hooks=tuple(self._hooks(node)),
            container=node.text("container_name"),
            mounts=(*self._volumes(node.get("volumes")), *self._watch(node.get("develop"))),
            environment=tuple(self._environment(node.get("environment"))),
            working_dir=self._stated(node.get("working_dir")),
            user=self._stated(node.get("user")),
        )

    def _at(self, line: int) -> Evidence:
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return Evidence(self.shown, line, text[:200])

    def _doubt(self, node: Odd) -> None:
        why = f"service {self.name} is not wholly read: {node.why}"
        self.doubts.append(Unknown(why, (self._at(node.line),)))

    def _text(self, node: Scalar) -> str:
        text, known = interpolated(node.text)
        if not known:
            why = f"service {self.name} depends on variables of compose's caller"
            self.doubts.append(Unknown(why, (self._at(node.line),)))
        return text

    def _stated(self, node: Node | None) -> Stated | None:
        if isinstance(node, Scalar):
            return Stated(self._text(node), self._at(node.line))
        if node is not None:
            self._doubt(node if isinstance(node, Odd) else Odd("no plain value", node.line))
        return None

    def _build(self, node: Node, line: int) -> Build:
        parts: dict[str, str | None] = {"context": None, "dockerfile": None}
        plain, remote = not isinstance(node, (Odd, Sequence)), False
        given: dict[str, Node] = {"context": node} if isinstance(node, Scalar) else {}
        if isinstance(node, Mapping):
            given = {key: value for key in parts if (value := node.get(key)) is not None}
            remote = node.get("dockerfile_inline") is not None
        for key, value in given.items():
            if isinstance(value, Scalar):
                # Which Dockerfile it builds is seldom left to compose's caller.
                settled = _settled(value.text, self.directory / ".env")
                parts[key] = settled if "$" not in settled else self._text(value)
                remote |= "://" in value.text or value.text.startswith(("git@", "github.com/"))
            plain &= isinstance(value, Scalar) and "$" not in (parts[key] or "")
        return Build(parts["context"], parts["dockerfile"], plain, remote, self._at(line))

    def _extends(self, node: Node | None) -> tuple[str | None, str] | None:
        if isinstance(node, Scalar):
            return None, node.text
        if isinstance(node, Mapping):
            service, file = node.get("service"), node.get("file")
            if isinstance(service, Scalar):
                return file.text if isinstance(file, Scalar) else None, service.text
        return None

    def _command(self, node: Node | None, parent: Mapping, key: str) -> CommandLine | None:
        """None where the image's own command is used: absent or null."""
        evidence = self._at(parent.line_of(key))
        if isinstance(node, Scalar):
            try:
                words = tuple(shlex.split(self._text(node)))
            except ValueError:
                self._doubt(Odd("quotes that do not end", node.line))
                return None
            # Compose's own splitting into words stops at what would be an operator of a shell.
            if any(_OPERATOR.fullmatch(word) for word in words):
                self._doubt(Odd("an operator where no shell runs", node.line))
            return CommandLine(words, evidence)
        if isinstance(node, Sequence):
            return CommandLine(self._words(node), evidence)
        return None

    def _words(self, node: Sequence) -> tuple[str, ...]:
        words = []
        for item in node.items:
            if isinstance(item, Scalar):
                words.append(self._text(item))
            else:
                self._doubt(item if isinstance(item, Odd) else Odd("no plain word", item.line))
        return tuple(words)

    def _hooks(self, node: Mapping) -> Iterator[CommandLine]:
        """What runs in the container when it has started, before it stops, and after a sync."""
        given = [*node.sequence("post_start"), *node.sequence("pre_stop")]
        for rule in node.mapping("develop").sequence("watch"):
            given += rule.sequence("exec") if isinstance(rule, Mapping) else ()
        for hook in given:
            if isinstance(hook, Mapping):
                command = self._command(hook.get("command"), hook, "command")
                if command is not None and command.words:
                    yield command._replace(words=("CMD", *command.words))

    def _healthcheck(self, node: Node | None) -> CommandLine | None:
        if not isinstance(node, Mapping):
            return None
        disabled = node.get("disable")
        if isinstance(disabled, Scalar) and disabled.text.lower() == "true":
            return CommandLine(("NONE",), self._at(node.line_of("disable")))
        test, evidence = node.get("test"), self._at(node.line_of("test"))
        if isinstance(test, Scalar):
            return CommandLine(("CMD-SHELL", self._text(test)), evidence)
        if isinstance(test, Sequence):
            return CommandLine(self._words(test), evidence)
        if isinstance(test, Odd):
            self._doubt(test)
        return None

    def _environment(self, node: Node | None) -> Iterator[Stated]:
        """`TELLING` ones, and values that may be paths; what depends on the caller is left out."""
        given: list[tuple[str, str, int]] = []
        if isinstance(node, Mapping):
            given = [(k, v.text, v.line) for k, _, v in node.items if isinstance(v, Scalar)]
        elif isinstance(node, Sequence):
            for item in node.items:
                if isinstance(item, Scalar):
                    name, _, value = item.text.partition("=")
                    given.append((name, value, item.line))
        for name, value, line in given:
            text, _ = interpolated(value)
            # A bare word may be the name of a host, a user or a database.
            if name in TELLING:
                yield Stated(f"{name}={text}", self._at(line))
            elif "$" not in text and ("/" in text or "." in text or _PATH_NAME.search(name)):
                yield Stated(text, self._at(line))

    def _volumes(self, node: Node | None) -> tuple[HostMount, ...]:
        items = node.items if isinstance(node, Sequence) else ()
        return tuple(filter(None, map(self._volume, items)))

    def _volume(self, node: Node) -> HostMount | None:
        if isinstance(node, Scalar):
            return bound(node.text, self.directory, self._at(node.line))
        if isinstance(node, Mapping):
            kind, source, target = (node.get(key) for key in ("type", "source", "target"))
            if isinstance(kind, Scalar) and kind.text != "bind":
                return None
            if isinstance(source, Scalar) and isinstance(target, Scalar):
                if _of_the_host(source.text, target.text):
                    return None
                return self._mount(source.text, target.text, "bind", node.line)
        self._doubt(node if isinstance(node, Odd) else Odd("a mount of another form", node.line))
        return None

    def _watch(self, node: Node | None) -> tuple[HostMount, ...]:
        """The rules of develop.watch that copy files into a running container."""
        watch = node.get("watch") if isinstance(node, Mapping) else None
        found = []
        for rule in watch.items if isinstance(watch, Sequence) else ():
            texts = [rule.get(key) if isinstance(rule, Mapping) else rule for key in _WATCH]
            if any(isinstance(value, Odd) for value in texts):
                self._doubt(Odd("a rule of develop.watch", rule.line))
                continue
            action, path, target = (v.text if isinstance(v, Scalar) else "" for v in texts)
            if action.startswith("sync"):
                found.append(self._mount(path, target, "sync", rule.line))
        if isinstance(watch, Odd):
            self._doubt(watch)
        return tuple(found)

    def _mount(
        self, source: str, target: str, kind: Literal["bind", "sync"], line: int
    ) -> HostMount:
        return _mounted(source, target, kind, self.directory, self._at(line))


def bound(text: str, directory: Path, evidence: Evidence) -> HostMount | None:
    """The bind mount that `SOURCE:TARGET` is for whoever is in a directory; None for a volume."""
    # The colon of `${NAME:-default}` and of `C:\` separates nothing.
    parts = re.split(r":(?![^{}]*\})(?!\\)", text)
    if len(parts) < 2 or not _BESIDE.match(parts[0]) or _of_the_host(*parts[:2]):
        return None
    return _mounted(parts[0], parts[1], "bind", directory, evidence)


def _mounted(
    source: str, target: str, kind: Literal["bind", "sync"], directory: Path, evidence: Evidence
) -> HostMount:
    path, _ = interpolated(source.replace("${PWD}", ".").replace("$PWD", "."))
    place, _ = interpolated(target)
    known = not path.startswith("~") and "$" not in path
    host = Path(files.real(directory / path)) if known else None
    inside = place if place.startswith("/") and "$" not in place else None
    return HostMount(source, host, inside, kind, evidence)


def _of_the_host(source: str, target: str) -> bool:
    """Whether a mount is of a place that only the host knows, under its own path: `$KEYS:$KEYS`."""
    return source == target and source.startswith("$") and "PWD" not in source
