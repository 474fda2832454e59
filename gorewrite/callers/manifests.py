"""What manifests run in images, as compose services: Kubernetes, Helm values, CI jobs, ECS, Nomad.

Sources: Kubernetes API reference, Container v1 (command, args, probes, lifecycle); Argo Workflows
and Tekton (`script`, `steps`); Amazon ECS task definition parameters; GitHub Actions workflow
syntax (`container`, `services`), GitLab CI (`image`, `script`), Woodpecker (`commands`); Nomad,
docker driver; podman-systemd.unit(5).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from gorewrite.callers.compose import TELLING, CommandLine, Service, Stated
from gorewrite.callers.helm import OPEN
from gorewrite.callers.model import bare_image
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, mappings, read
from gorewrite.callers.yamlnodes import Sequence as Items
from gorewrite.evidence import Evidence

#: (image without its tag, what a container of it runs).
Run: TypeAlias = tuple[str, Service]

_HEALTH: Final = re.compile(r"--health-cmd[= ]+(\"[^\"]*\"|'[^']*'|\S+)")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def runs(shown: str, text: str, directory: Path) -> Iterator[Run]:
    """What a manifest runs. shown: its path in evidence; directory: where it lies."""
    reader = _Reader(shown, text.split("\n"), directory)
    if shown.endswith((".nomad", ".hcl")):
        yield from reader.nomad(text)
    elif shown.endswith(".container"):
        yield from reader.quadlet()
    else:
        for document in read(text):
            if isinstance(document, Mapping):
                yield from reader.document(document)


class _Reader:
    def __init__(self, shown: str, lines: Sequence[str], directory: Path) -> None:
        self.shown, self.lines, self.directory = shown, lines, directory

    def document(self, node: Mapping) -> Iterator[Run]:
        """A YAML or JSON document, by what it is."""
        name = self.shown.rpartition("/")[2]
        if node.get("jobs") is not None and "/workflows/" in self.shown:
            for job in mappings(node.mapping("jobs")):
                yield from self._job(job)
        elif any(key in ("containerDefinitions", "taskDefinition") for key, _, _ in node.items):
            for found in mappings(node):
                for task in found.sequence("containerDefinitions"):
                    yield from self._task(task)
        elif node.get("apiVersion") is not None or name.startswith("values"):
            for found in mappings(node):
                if self._image(found) is not None:
                    yield from self._container(found)
        elif not isinstance(node.get("services"), Mapping):  # Not a compose file.
            for found in mappings(node):
                yield from self._scripted(found)

    def _image(self, node: Mapping) -> str | None:
        image = node.get("image")
        if isinstance(image, Scalar):
            return bare_image(image.text)
        if isinstance(image, Mapping):  # Of values.yaml: the parts of a name.
            parts = [image.text("registry"), image.text("repository")]
            return bare_image("/".join(part for part in parts if part)) or None
        return None

    def _at(self, line: int) -> Evidence:
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return Evidence(self.shown, line, text[:200])

    def _service(self, node: Mapping, where: Evidence) -> Service:
        return Service(f"{node.text('name') or 'container'} of {self.shown}", self.directory, where)

    def _words(self, parent: Mapping, key: str) -> CommandLine | None:
        """The words of a list; None where there is none or one of them is not known."""
        value = parent.get(key)
        items = value.items if isinstance(value, Items) else ()
        words = tuple(item.text for item in items if isinstance(item, Scalar))
        known = len(words) == len(items) and not any(OPEN in w or "{{" in w for w in words)
        return CommandLine(words, self._at(parent.line_of(key))) if words and known else None

    def _container(self, node: Mapping) -> Iterator[Run]:
        """A container of a pod; `values.yaml` uses the same words."""
        image = self._image(node) or ""
        command, arguments = self._words(node, "command"), self._words(node, "args")
        if command or arguments:
            where = (command or arguments or CommandLine((), self._at(node.line))).evidence
            service = self._service(node, where)
            yield image, service._replace(entrypoint=command, command=arguments)
        for variable in mappings(node.get("env") or Items((), 1)):
            name = variable.text("name")
            if name in TELLING:
                told = Stated(f"{name}={variable.text('value') or ''}", self._at(variable.line))
                yield image, self._service(node, told.evidence)._replace(environment=(told,))
        handlers = [node.mapping(key) for key in _PROBES]
        handlers += [node.mapping("lifecycle").mapping(key) for key in ("preStop", "postStart")]
        for handler in handlers:
            run = self._words(handler.mapping("exec"), "command")
            if run is not None:
                yield image, self._beside(node, "CMD", run.words, run.evidence)
        yield from self._scripted(node)

    def _beside(self, node: Mapping, kind: str, words: Sequence[str], where: Evidence) -> Service:
        """A command that runs beside what the image runs itself."""
        return self._service(node, where)._replace(healthcheck=CommandLine((kind, *words), where))

    def _scripted(self, node: Mapping) -> Iterator[Run]:
        """A job or step whose script runs in a shell of the image (GitLab, Woodpecker, Tekton)."""
        image = self._image(node) or node.mapping("image").text("name")
        for key in ("script", "commands"):
            lines = [item.text for item in node.sequence(key) if isinstance(item, Scalar)]
            if image and lines and OPEN not in "".join(lines):
                where = self._at(node.line_of(key))
                yield bare_image(image), self._beside(node, "CMD-SHELL", ["\n".join(lines)], where)

    def _task(self, node: Node) -> Iterator[Run]:
        """A container of an ECS task."""
        image = self._image(node) if isinstance(node, Mapping) else None
        if image is None or not isinstance(node, Mapping):
            return
        entrypoint, command = self._words(node, "entryPoint"), self._words(node, "command")
        if entrypoint or command:
            service = self._service(node, self._at(node.line))
            yield image, service._replace(entrypoint=entrypoint, command=command)
        check = self._words(node.mapping("healthCheck"), "command")
        if check is not None and check.words[0] in ("CMD", "CMD-SHELL"):
            yield image, self._beside(node, check.words[0], check.words[1:], check.evidence)

    def _job(self, node: Mapping) -> Iterator[Run]:
        """A job of GitHub Actions: the steps run in its container, which `tail` keeps alive."""
        image = node.text("container") or node.mapping("container").text("image")
        steps = [step for step in node.sequence("steps") if isinstance(step, Mapping)]
        if image and steps:
            lines = [re.sub(r"\$\{\{.*?\}\}", "x", step.text("run") or "") for step in steps]
            where = self._at(node.line_of("container"))
            script = "\n".join(["tail -f /dev/null", *filter(None, lines)])
            yield bare_image(image), self._beside(node, "CMD-SHELL", [script], where)
        for _, line, service in node.mapping("services").items:
            if isinstance(service, Mapping) and (named := service.text("image")):
                for check in _HEALTH.findall(service.text("options") or ""):
                    words = [check.strip("\"'")]
                    where = self._at(line)
                    yield bare_image(named), self._beside(node, "CMD-SHELL", words, where)

    def nomad(self, text: str) -> Iterator[Run]:
        """The tasks of a Nomad job."""
        from gorewrite.callers.hcl import Scope, blocks, plain

        scope = Scope({})
        waiting = list(blocks(text.encode()))
        while waiting:
            block = waiting.pop()
            waiting += block.blocks
            values = {key: scope.value(node) for key, node in block.attributes.items()}
            image = values.get("image")
            if block.kind != "config" or not isinstance(image, str):
                continue
            given = [values.get("command"), *_listed(values.get("args"))]
            words = tuple(str(word) for word in given if word is not None)
            first = tuple(str(word) for word in _listed(values.get("entrypoint")))
            where = self._at(block.line)
            if (words or first) and plain([*words, *first]):
                service = Service(f"task of {self.shown}", self.directory, where)
                yield (
                    bare_image(image),
                    service._replace(
                        entrypoint=CommandLine(first, where) if first else None,
                        command=CommandLine(words, where) if words else None,
                    ),
                )

    def quadlet(self) -> Iterator[Run]:
        """A unit of podman: `Image=`, `Exec=`, `HealthCmd=`."""
        values: dict[str, tuple[str, Evidence]] = {}
        for number, line in enumerate(self.lines, 1):
            key, equals, value = line.partition("=")
            if equals:
                values[key.strip()] = (value.strip(), self._at(number))
        image = values.get("Image")
        for key in ("Exec", "HealthCmd"):
            if image is None or key not in values:
                continue
            text, where = values[key]
            try:
                words = tuple(shlex.split(text))
            except ValueError:
                continue
            service = Service(f"unit {self.shown}", self.directory, where)
            if key == "Exec":
                yield bare_image(image[0]), service._replace(command=CommandLine(words, where))
            else:
                check = CommandLine(("CMD-SHELL", text), where)
                yield bare_image(image[0]), service._replace(healthcheck=check)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
