"""What platforms that build a Dockerfile themselves run in its image, as compose services.

Sources: GitHub Actions, metadata syntax (`runs` for Docker container actions); Fly.io, "App
configuration (fly.toml)"; Heroku, "Building Docker images with heroku.yml", which gives its
commands to `/bin/sh -c`; Render, "Blueprint specification"; Railway, "Set a Start Command" and
"Config as Code"; DigitalOcean, "App Spec Reference"; AWS Copilot, manifest; DevSpace, "images" and
"dev"; Dev Container metadata reference: the tools of whoever works in it are those of the image.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from gorewrite.callers.running import CommandLine, Service, Stated, container_of, split
from gorewrite.callers.yamlnodes import Mapping, Scalar, items_of, mappings, read
from gorewrite.evidence import Evidence

#: A value that is only known when an action is used.
_EXPRESSION: Final = re.compile(r"\$\{\{.*?\}\}")


def runs(path: Path, text: str, dockerfile: Path, top: Path) -> Iterator[Service]:
    """What a file says is run in the image of a Dockerfile. top: of the repository."""
    file = _File(path, text, top)
    name = re.sub(r"^(fly|devspace)[.-].*(\..*)", r"\1\2", path.name).replace(".yml", ".yaml")
    read = _digitalocean if path.parent.name == ".do" else _READERS[name]
    yield from (run for built, run in read(file) if file.names(built, dockerfile))


class _File:
    """A file of a platform; what it runs are pairs (Dockerfile as it is named, service)."""

    def __init__(self, path: Path, text: str, top: Path) -> None:
        self.path, self.text = path, text
        self.shown = path.relative_to(top).as_posix() if path.is_relative_to(top) else path.name

    def names(self, written: str, dockerfile: Path) -> bool:
        """Whether a path in the file is that of a Dockerfile."""
        return posixpath.normpath(self.path.parent / written) == str(dockerfile)

    def document(self) -> Mapping:
        documents = read(self.text)
        top = documents[0] if documents else None
        return top if isinstance(top, Mapping) else Mapping((), 1)

    def at(self, text: str) -> Evidence:
        """The first line with a text."""
        lines = self.text.split("\n")
        return self.at_line(next((n for n, line in enumerate(lines, 1) if text in line), 1))

    def at_line(self, number: int) -> Evidence:
        return Evidence(self.shown, number, self.text.split("\n")[number - 1].strip()[:200])

    def command(self, words: tuple[str, ...], where: Evidence) -> Service:
        """Words that take the place of CMD."""
        return self._service(where)._replace(command=CommandLine(words, where))

    def beside(self, words: tuple[str, ...], where: Evidence) -> Service:
        """A command for itself: `("CMD", …)` or `("CMD-SHELL", text)`."""
        return self._service(where)._replace(healthcheck=CommandLine(words, where))

    def _service(self, where: Evidence) -> Service:
        return container_of(self.shown, self.path.parent, where)


def _action(file: _File) -> Iterator[tuple[str, Service]]:
    """An action of GitHub, which may name another ENTRYPOINT, and what is run before and after."""
    found = file.document().mapping("runs")
    image = found.text("image") or ""
    if found.text("using") != "docker" or "://" in image:
        return
    for key in ("pre-entrypoint", "post-entrypoint"):
        if word := found.text(key):
            yield image, file.beside(("CMD", word), file.at(key))
    words = tuple(
        _EXPRESSION.sub("x", item.text)
        for item in found.sequence("args")
        if isinstance(item, Scalar)
    )
    where = file.at("entrypoint:" if found.text("entrypoint") else "args:")
    service = file.command(words, where)
    if entrypoint := found.text("entrypoint"):
        yield image, service._replace(entrypoint=CommandLine((entrypoint,), where))
    elif words:
        yield image, service


def _fly(file: _File) -> Iterator[tuple[str, Service]]:
    try:
        document: dict[str, Any] = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError:
        return
    tables = {key: value for key, value in document.items() if isinstance(value, dict)}
    image = tables.get("build", {}).get("dockerfile", "Dockerfile")
    given = [tables.get("deploy", {}).get("release_command"), *tables.get("processes", {}).values()]
    for text in (text for text in given if isinstance(text, str)):
        words = split(text)
        if words and isinstance(image, str):
            yield image, file.command(words, file.at(text.split("\n")[0]))


def _railway(file: _File) -> Iterator[tuple[str, Service]]:
    """Railway starts the words themselves, in place of ENTRYPOINT."""
    try:
        json_text = file.path.suffix == ".json"
        document: Any = json.loads(file.text) if json_text else tomllib.loads(file.text)
    except ValueError:
        return
    tables = document if isinstance(document, dict) else {}
    build, deploy = (t if isinstance(t := tables.get(k), dict) else {} for k in ("build", "deploy"))
    image = str(build.get("dockerfilePath") or "Dockerfile").lstrip("/")
    start, before = deploy.get("startCommand"), deploy.get("preDeployCommand")
    if isinstance(start, str) and (words := split(start)):
        where = file.at("startCommand")
        yield image, file.command((), where)._replace(entrypoint=CommandLine(words, where))
    for line in before if isinstance(before, list) else [before]:
        if isinstance(line, str) and line:
            yield image, file.beside(("CMD-SHELL", line), file.at("preDeployCommand"))


def _digitalocean(file: _File) -> Iterator[tuple[str, Service]]:
    """App Platform; that its commands need no shell is said nowhere."""
    for node in mappings(file.document()):
        image, line = node.text("dockerfile_path"), node.text("run_command")
        if image and line:
            # Relative to the repository, whose `.do` holds the file.
            yield f"../{image.lstrip('/')}", file.beside(("CMD-SHELL", line), file.at(line[:40]))


def _heroku(file: _File) -> Iterator[tuple[str, Service]]:
    document = file.document()
    images = {
        key: node.text
        for key, _, node in document.mapping("build").mapping("docker").items
        if isinstance(node, Scalar)
    }
    release = document.mapping("release")
    given = [(key, node) for key, _, node in document.mapping("run").items]
    for image, node in (*given, ("web", release)):
        if isinstance(node, Mapping):
            image = node.text("image") or image
            lines = [item.text for item in node.sequence("command") if isinstance(item, Scalar)]
        else:
            lines = [node.text] if isinstance(node, Scalar) else []
        for line in lines:
            if image in images:
                yield images[image], file.beside(("CMD-SHELL", line), file.at(line))


def _render(file: _File) -> Iterator[tuple[str, Service]]:
    for node in mappings(file.document()):
        for key in ("dockerCommand", "preDeployCommand"):
            line = node.text(key)
            if line and (node.text("runtime") or node.text("env")) == "docker":
                image = node.text("dockerfilePath") or "Dockerfile"
                yield image, file.beside(("CMD-SHELL", line), file.at(key))


def _copilot(file: _File) -> Iterator[tuple[str, Service]]:
    """A service of Copilot, whose paths are relative to the top."""
    document = file.document()
    image = document.mapping("image")
    built = image.text("build") or image.mapping("build").text("dockerfile") or "Dockerfile"
    yield from _started(file, document, f"../../{built}", "entrypoint", "command")
    check = _listed(image.mapping("healthcheck"), "command")
    if check:
        kind = () if check[0].startswith("CMD") else ("CMD",)
        yield f"../../{built}", file.beside((*kind, *check), file.at(check[-1]))


def _devspace(file: _File) -> Iterator[tuple[str, Service]]:
    """What the images of DevSpace are started with, and terminals into their containers."""
    document = file.document()
    names: dict[str, str] = {}
    for image in (node for _, _, node in document.mapping("images").items):
        if isinstance(image, Mapping):
            built = image.text("dockerfile") or "Dockerfile"
            names[image.text("image") or ""] = built
            yield from _started(file, image, built, "entrypoint", "cmd")
    for node in mappings(document.mapping("dev")):
        if not node.get("devImage") and (named := names.get(node.text("imageSelector") or "")):
            yield from _started(file, node, named, "command", "args")
            if node.get("terminal") is not None:
                yield named, file.beside(("CMD", "sh"), file.at("terminal"))


def _started(
    file: _File, node: Mapping, built: str, first: str, then: str
) -> Iterator[tuple[str, Service]]:
    entrypoint, command = _listed(node, first), _listed(node, then)
    if entrypoint or command:
        where = file.at_line(node.line_of(first if entrypoint else then))
        line = CommandLine(entrypoint, where) if entrypoint else None
        yield built, file.command(command, where)._replace(entrypoint=line)


def _listed(node: Mapping, key: str) -> tuple[str, ...]:
    """A command as a list, or as a text that is split into words."""
    value = node.get(key)
    if isinstance(value, Scalar):
        return split(value.text)
    return tuple(item.text for item in items_of(value) if isinstance(item, Scalar))


def _devcontainer(file: _File) -> Iterator[tuple[str, Service]]:
    """Read by patterns, as it is JSON with comments."""
    found = re.search(r'"docker[fF]ile"\s*:\s*"([^"]+)"', file.text)
    if found is not None:
        where = file.at(found[0])
        service = file.beside(("CMD-SHELL", "go version"), where)
        target = re.search(r'"target"\s*:\s*"([^"]+)"', file.text)
        yield found[1], service._replace(target=Stated(target[1], where) if target else None)


def _jenkins(file: _File) -> Iterator[tuple[str, Service]]:
    from gorewrite.callers import jenkinsruns

    for agent in jenkinsruns.agents(file.text):
        where = file.at(agent.text)
        stage = jenkinsruns.target(agent.options)
        service = file.beside(("CMD-SHELL", "go version"), where)
        yield agent.file, service._replace(target=Stated(stage, where) if stage else None)


_READERS: Final = {
    "Jenkinsfile": _jenkins,
    "action.yaml": _action,
    "devspace.yaml": _devspace,
    "manifest.yaml": _copilot,
    "fly.toml": _fly,
    "heroku.yaml": _heroku,
    "render.yaml": _render,
    "devcontainer.json": _devcontainer,
    ".devcontainer.json": _devcontainer,
    "railway.json": _railway,
    "railway.toml": _railway,
}
