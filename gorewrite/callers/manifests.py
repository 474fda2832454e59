"""What manifests run in images, as compose services: Kubernetes, Helm values, CI jobs, ECS, Nomad,
Terraform, Ansible.

Sources: Kubernetes API reference, Container v1 (command, args, probes, lifecycle); Kustomize,
"patches"; Argo Workflows and Tekton (`script`, `steps`); Amazon ECS task definition parameters,
also in CloudFormation; GitHub Actions workflow syntax (`container`, `services`), GitLab CI
(`image`, `script`), Woodpecker (`commands`), CircleCI and Azure Pipelines, Cloud Build (`name`,
`entrypoint`, `args`); Nomad, docker driver, `check` and `change_script`; Terraform,
kubernetes and kreuzwerker/docker; Ansible, docker_container; podman-systemd.unit(5); Kamal
(`servers`, `healthcheck`).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from gorewrite.callers.helm import OPEN, json_template
from gorewrite.callers.model import bare_image
from gorewrite.callers.running import TELLING, CommandLine, Service, Stated, split
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, items_of, mappings, moved, read
from gorewrite.callers.yamlnodes import Sequence as Items
from gorewrite.evidence import Evidence

#: (image without its tag, what a container of it runs).
Run: TypeAlias = tuple[str, Service]

_HEALTH: Final = re.compile(r"--health-cmd[= ]+(\"[^\"]*\"|'[^']*'|\S+)")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
#: Which keys at the top tell that containers of ECS tasks are defined below.
_DEFINITIONS: Final = ("containerDefinitions", "ContainerDefinitions")
_TASKS: Final = (*_DEFINITIONS, "taskDefinition", "Resources")
#: Modules of Ansible that run a container.
_MODULES: Final = ("docker_container", "docker_swarm_service", "podman_container")
_EXPRESSION: Final = re.compile(r"\{\{.*?\}\}")
_IN_A_CONTAINER: Final = re.compile(r"/containers/[^/]+/(.+)")
_RUNS: Final = ("command", "args", "lifecycle", *_PROBES)


def runs(shown: str, text: str, directory: Path, base: Mapping | None = None) -> Iterator[Run]:
    """What a manifest runs. shown: its path in evidence; directory: where it lies; base: the values
    of the chart, for a file that sets some of them anew."""
    reader = _Reader(shown, text.split("\n"), directory)
    if shown.endswith((".nomad", ".hcl", ".tf")):
        yield from reader.blocks(text)
    elif shown.endswith(".container"):
        yield from reader.quadlet()
    else:
        template = "json" in shown.rpartition("/")[2]
        for document in read(json_template(text) if template else text):
            if base is not None and isinstance(document, Mapping):
                image = [item for item in base.items if item[0] == "image"]
                own = tuple(item for item in document.items if item[0] != "image")
                document = Mapping((*own, *image), document.line)
            yield from reader.document(document)


class _Reader:
    def __init__(self, shown: str, lines: Sequence[str], directory: Path) -> None:
        self.shown, self.lines, self.directory = shown, lines, directory

    def document(self, node: Node) -> Iterator[Run]:
        """A YAML or JSON document, by what it is."""
        name = self.shown.rpartition("/")[2]
        if not isinstance(node, Mapping):
            for found in mappings(node):
                yield from self._ansible(found)
                if "json" in name:  # The definitions of containers alone.
                    yield from self._docker(found)
        elif node.get("jobs") is not None and "/workflows/" in self.shown:
            for job in mappings(node.mapping("jobs")):
                yield from self._job(job)
        elif any(key in _TASKS for key, _, _ in node.items):
            for found in mappings(node):
                yield from self._definitions(found)
        elif node.get("apiVersion") is not None or name.startswith("values"):
            yield from self._kubernetes(node)
        elif not isinstance(node.get("services"), Mapping):  # Not a compose file.
            for found in mappings(node):
                yield from self._ansible(found)
                yield from self._scripted(found)
                if found.get("steps") is not None:
                    yield from self._job(found)
            if self._image(node) is not None and node.get("servers") is not None:
                yield from self._kamal(node)
            if name.startswith("cloudbuild"):
                yield from self._cloud_build(node)

    def _kubernetes(self, node: Mapping) -> Iterator[Run]:
        """The containers of an object of Kubernetes, or of the values of a chart."""
        for key in ("patches", "patchesJson6902", "patchesStrategicMerge"):
            for patch in node.sequence(key) if node.text("kind") == "Kustomization" else ():
                yield from self._patch(patch)
        for found in mappings(node):
            if self._image(found) is not None or _patches(found):
                yield from self._container(found)

    def _patch(self, node: Node) -> Iterator[Run]:
        """A patch that stands in a kustomization, as part of an object or as a list of changes."""
        text = node.text("patch") if isinstance(node, Mapping) else None
        text = node.text if isinstance(node, Scalar) else text
        target = node.mapping("target").text("name") if isinstance(node, Mapping) else None
        for document in read(text or ""):
            patch = moved(document, node.line)
            if isinstance(patch, Mapping):
                yield from self._kubernetes(patch)
            elif isinstance(patch, Items) and target:
                named = ("name", node.line, Scalar(target, node.line))
                yield from self._container(Mapping((named, *_changed(patch)), node.line))

    def _image(self, node: Mapping) -> str | None:
        image = node.get("image")
        if isinstance(image, Scalar):
            return bare_image(image.text)
        if isinstance(image, Mapping):  # Of values.yaml: the parts of a name.
            parts = [image.text("registry"), image.text("repository")]
            return bare_image("/".join(part for part in parts if part)) or None
        return None

    def _plain_image(self, node: Mapping) -> str | None:
        """The image of a container; where that is not plain the container's own name, which mostly
        is the same."""
        image = self._image(node)
        if image is None or OPEN in image.rpartition("/")[2]:
            return node.text("name") or node.text("Name") or node.text("containerName")
        return image

    def _at(self, line: int) -> Evidence:
        text = self.lines[line - 1].strip() if 0 < line <= len(self.lines) else ""
        return Evidence(self.shown, line, text[:200])

    def _service(self, node: Mapping, where: Evidence) -> Service:
        name = node.text("name")
        who = f"container {name}" if name else "a container"
        return Service(f"{who} of {self.shown}", self.directory, where)

    def _words(self, parent: Mapping, *keys: str) -> CommandLine | None:
        """The words of a list, or of a text; None where there is none or the first of them, which
        is what runs, is not known."""
        key = next((key for key in keys if parent.get(key) is not None), "")
        value = parent.get(key)
        words = [item.text for item in items_of(value) if isinstance(item, Scalar)]
        if isinstance(value, Scalar):
            words = [*split(value.text)]
        elif len(words) != len(items_of(value)):
            return None
        words = [_EXPRESSION.sub(OPEN, word) for word in words]
        known = words and OPEN not in words[0]
        return CommandLine(tuple(words), self._at(parent.line_of(key))) if known else None

    def _container(self, node: Mapping) -> Iterator[Run]:
        """A container of a pod; `values.yaml` uses the same words, and so does a patch of
        Kustomize, which names the container alone: mostly as its image is named."""
        image = self._plain_image(node) or ""
        command, arguments = self._words(node, "command"), self._words(node, "args")
        if command or arguments:
            where = (command or arguments or CommandLine((), self._at(node.line))).evidence
            service = self._service(node, where)
            yield image, service._replace(entrypoint=command, command=arguments)
        yield from self._told(node.get("env"), image, node)
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

    def _told(self, variables: Node | None, image: str, node: Mapping) -> Iterator[Run]:
        """The variables that are `TELLING`."""
        for variable in mappings(variables or Items((), 1)):
            name = variable.text("name")
            if name in TELLING:
                told = Stated(f"{name}={variable.text('value') or ''}", self._at(variable.line))
                yield image, self._service(node, told.evidence)._replace(environment=(told,))

    def _definitions(self, node: Mapping) -> Iterator[Run]:
        """The containers of an ECS task: a list, or by name as a module of Terraform takes them."""
        value = next((node.get(key) for key in _DEFINITIONS if node.get(key) is not None), None)
        named = [each for _, _, each in value.items] if isinstance(value, Mapping) else []
        for task in named or items_of(value):
            if isinstance(task, Mapping):
                yield from self._docker(task)

    def _docker(self, node: Mapping) -> Iterator[Run]:
        """A container in the words of the engine, whose `command` is what CMD is; ECS, Nomad and
        Ansible use them."""
        image = self._plain_image(node)
        if image is None:
            return
        entrypoint = self._words(node, "entrypoint", "entryPoint", "EntryPoint")
        given = [self._words(node, "command", "Command"), self._words(node, "args")]
        lines = [line for line in given if line is not None]
        words = tuple(word for line in lines for word in line.words)
        if entrypoint or words:
            command = CommandLine(words, lines[0].evidence) if words else None
            where = (entrypoint or command or CommandLine((), self._at(node.line))).evidence
            service = self._service(node, where)
            yield image, service._replace(entrypoint=entrypoint, command=command)
        for key in ("healthcheck", "healthCheck", "HealthCheck"):
            check = node.mapping(key)
            test = next((k for k in ("test", "command", "Command") if check.get(k)), "")
            text = check.text(test)
            run = self._words(check, test)
            if text is not None:
                yield image, self._beside(node, "CMD-SHELL", [text], self._at(check.line_of(test)))
            elif run is not None and run.words[0] in ("CMD", "CMD-SHELL"):
                yield image, self._beside(node, run.words[0], run.words[1:], run.evidence)
        yield from self._told(node.get("environment"), image, node)

    def _ansible(self, node: Mapping) -> Iterator[Run]:
        """A task of Ansible that runs a container."""
        for key, _, arguments in node.items:
            if key.rpartition(".")[2] in _MODULES and isinstance(arguments, Mapping):
                yield from self._docker(arguments)

    def _job(self, node: Mapping) -> Iterator[Run]:
        """A job of GitHub Actions, CircleCI or Azure: the steps run in its container, which `tail`
        keeps alive."""
        first = next(iter(node.sequence("docker")), None)  # The others are services.
        image = node.text("container") or node.mapping("container").text("image")
        image = image or (first.text("image") if isinstance(first, Mapping) else None)
        steps = [step for step in node.sequence("steps") if isinstance(step, Mapping)]
        if image and steps:
            lines = [re.sub(r"\$\{\{.*?\}\}", "x", line) for line in map(_run_by, steps) if line]
            where = self._at(node.line_of("container" if first is None else "docker"))
            script = "\n".join(["tail -f /dev/null", *lines])
            yield bare_image(image), self._beside(node, "CMD-SHELL", [script], where)
        for _, line, service in node.mapping("services").items:
            if isinstance(service, Mapping) and (named := service.text("image")):
                for check in _HEALTH.findall(service.text("options") or ""):
                    words = [check.strip("\"'")]
                    where = self._at(line)
                    yield bare_image(named), self._beside(node, "CMD-SHELL", words, where)

    def blocks(self, text: str) -> Iterator[Run]:
        """The containers of a job of Nomad, and of Terraform."""
        from gorewrite.callers import hclnodes

        for block, node in hclnodes.read(text.encode()):
            if block.kind in ("job", "group"):
                for task in node.sequence("task"):
                    yield from self._nomad(task, node)
            elif block.kind in ("container", "containers", "init_container"):
                yield from self._container(node)
            elif block.labels[:1] == ("docker_container",) or node.get("containerImage"):
                yield from self._docker(node)
            else:
                yield from self._definitions(node)

    def _nomad(self, task: Node, group: Mapping) -> Iterator[Run]:
        """A task, with the scripts that check it and that run when a file of it changes."""
        config = task.mapping("config") if isinstance(task, Mapping) else Mapping((), 1)
        image = self._image(config)
        if image is None or not isinstance(task, Mapping):
            return
        yield from self._docker(config)
        for found in (*mappings(task), *mappings(group.get("service") or Items((), 1))):
            script = found.mapping("changeScript")
            if found.text("type") == "script":
                script = found
            first, more = self._words(script, "command"), self._words(script, "args")
            if first is not None:
                words = (*first.words, *(more.words if more is not None else ()))
                yield image, self._beside(task, "CMD", words, first.evidence)

    def _cloud_build(self, node: Mapping) -> Iterator[Run]:
        """The steps of Cloud Build that run in an image; `name` is that of the image."""
        for step in node.sequence("steps"):
            image = step.text("name") if isinstance(step, Mapping) else None
            if image is not None and isinstance(step, Mapping):
                first, words = self._words(step, "entrypoint"), self._words(step, "args")
                where = (first or words or CommandLine((), self._at(step.line))).evidence
                if first or words:
                    service = self._service(step, where)
                    yield bare_image(image), service._replace(entrypoint=first, command=words)
                elif (script := step.text("script")) is not None:
                    yield bare_image(image), self._beside(step, "CMD-SHELL", [script], where)

    def _kamal(self, node: Mapping) -> Iterator[Run]:
        """A service of Kamal: what its roles start, and how their containers are checked."""
        image = self._image(node) or ""
        for role in mappings(node.mapping("servers")):
            line = self._words(role, "cmd")
            if line is not None:
                yield image, self._service(node, line.evidence)._replace(command=line)
        check = node.mapping("healthcheck")
        if (command := check.text("cmd")) is not None:
            where = self._at(check.line_of("cmd"))
            yield image, self._beside(node, "CMD-SHELL", [command], where)

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


def _run_by(step: Mapping) -> str | None:
    """The script of a step of GitHub Actions, CircleCI or Azure."""
    return step.text("run") or step.mapping("run").text("command") or step.text("script")


def _patches(node: Mapping) -> bool:
    """Whether a mapping is part of a container whose image stands elsewhere."""
    return bool(node.text("name")) and any(node.get(key) is not None for key in _RUNS)


def _changed(patch: Items) -> Iterator[tuple[str, int, Node]]:
    """What the changes of a JSON patch set in a container."""
    for change in patch.items:
        if isinstance(change, Mapping) and (value := change.get("value")) is not None:
            found = _IN_A_CONTAINER.search(change.text("path") or "")
            if found is not None:
                for key in reversed(found[1].split("/")):
                    value = Mapping(((key, change.line, value),), change.line)
                yield from value.items if isinstance(value, Mapping) else ()
