"""CircleCI: the `run` steps of jobs and commands.

Source: CircleCI configuration reference (jobs, commands, parameters, setup_remote_docker).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping as YamlMapping
from gorewrite.callers.yamlnodes import Node, Scalar, read
from gorewrite.evidence import Evidence

_EXPRESSION: Final = re.compile(r"<<\s*(?:pipeline\.)?parameters\.([\w-]+)\s*>>")
_DEEPEST: Final = 4


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the jobs of a configuration."""
    document = Document(source.path, source.data)
    documents = read(document.text)
    top = documents[0] if documents else None
    if isinstance(top, YamlMapping):
        yield from _Reader(document, source, top).calls()


class _Reader:
    def __init__(self, document: Document, source: Source, top: YamlMapping) -> None:
        self.document, self.source, self.top = document, source, top
        self.general = _defaults(top)

    def calls(self) -> Iterator[BuildCall]:
        for _, _, job in self.top.mapping("jobs").items:
            if not isinstance(job, YamlMapping):
                continue
            directory = _project(job.text("working_directory"))
            setting = Setting(
                places.absolute(directory) if directory is not None else None,
                ci.variables(job.get("environment")),
            )
            yield from self._steps(job, setting, self.general | _defaults(job), 0)

    def _steps(
        self, parent: YamlMapping, setting: Setting, values: Mapping[str, str | None], depth: int
    ) -> Iterator[BuildCall]:
        remote = self._remote(parent)
        if remote is not None:
            setting = setting._replace(builder=remote[0], because=remote[1])
        for step in parent.sequence("steps"):
            if not isinstance(step, YamlMapping):
                continue
            for name, _, node in step.items:
                command = self.top.mapping("commands").get(name)
                if name == "run":
                    yield from self._run(node, setting, values)
                elif name in ("when", "unless") and isinstance(node, YamlMapping):
                    yield from self._steps(node, setting, values, depth)
                elif isinstance(command, YamlMapping) and depth < _DEEPEST:
                    given = {**values, **_defaults(command), **_given(node, values)}
                    yield from self._steps(command, setting, given, depth + 1)

    def _remote(self, parent: YamlMapping) -> tuple[Builder, Evidence] | None:
        """What `setup_remote_docker: {version: …}` says of the builder."""
        for step in parent.sequence("steps"):
            node = step.mapping("setup_remote_docker") if isinstance(step, YamlMapping) else None
            version = node.text("version") if node is not None else None
            major = re.match(r"(?:docker)?(\d+)(?:\.|$)", version or "")
            if node is not None and major is not None:
                because = ci.at(self.document, node.line_of("version"))
                return ci.of_version(int(major[1])), because
        return None

    def _run(
        self, node: Node, setting: Setting, values: Mapping[str, str | None]
    ) -> Iterator[BuildCall]:
        command = node.get("command") if isinstance(node, YamlMapping) else node
        if not isinstance(command, Scalar):
            return
        if isinstance(node, YamlMapping):
            written = node.text("working_directory")
            if written is not None:
                directory = _project(_put_in(written, values))
                cwd = places.absolute(directory) if directory is not None else None
                setting = setting._replace(cwd=cwd)
            own = ci.variables(node.get("environment"))
            setting = setting._replace(variables={**setting.variables, **own})
        text = ci.substituted(
            ci.excerpt(self.document, command), _EXPRESSION, lambda found: values.get(found[1])
        )
        yield from commands(text, setting, self.source)


def _project(written: str | None) -> str | None:
    """A working directory, relative to the checkout, which is in `~/project` unless said."""
    if written is None:
        return "."
    written = re.sub(r"^(?:~|/home/\w+)/(?:project|repo)(?=/|$)", ".", written)
    return "." if written.startswith(("~", "/go/src/")) else places.join(".", written)


def _put_in(text: str, values: Mapping[str, str | None]) -> str:
    return _EXPRESSION.sub(lambda found: values.get(found[1]) or "$", text)


def _defaults(node: YamlMapping) -> dict[str, str | None]:
    """The parameters that a job or command declares, with their defaults."""
    return {
        name: value.text("default") if isinstance(value, YamlMapping) else None
        for name, _, value in node.mapping("parameters").items
    }


def _given(node: Node, values: Mapping[str, str | None]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, _, value in node.items if isinstance(node, YamlMapping) else ():
        text = _put_in(value.text, values) if isinstance(value, Scalar) else "$"
        found[name] = None if "$" in text else text
    return found
