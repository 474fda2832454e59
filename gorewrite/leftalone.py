"""Why a whole Dockerfile is left alone: templates, rendered files, Windows, ONBUILD …

Each reason is a refusal of the pseudo-transform `file`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from gorewrite.config import Configurations
from gorewrite.dockerfile import (
    BodyNode,
    Comment,
    Directive,
    Dockerfile,
    Instruction,
    from_parts,
    image_named,
)
from gorewrite.engine import Refused
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts
from gorewrite.files import among
from gorewrite.golang.gomod import nearest_gomod
from gorewrite.optout import whole_file_opt_out

_RENDERED = re.compile(
    r"(?i)\bdo not (?:edit|modify)\b|\bauto-?generated\b"
    r"|^#+\s*(?:(?:this|the) (?:docker)?file (?:is|was) )?generated (?:by|from|with|using)\b"
)
_TEMPLATE_SUFFIXES = (
    ".tmpl",
    ".template",
    ".tpl",
    ".j2",
    ".jinja",
    ".jinja2",
    ".gotmpl",
    ".in",
    ".erb",
)
_GO = re.compile(rb"golang|\bgo (?:build|install|mod|run|test|get)\b")
_KEYWORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
_WINDOWS = re.compile(
    r"(?i)nanoserver|windowsservercore|mcr\.microsoft\.com/windows|\bwindows\b.*ltsc"
)


def mentions_go(data: bytes) -> bool:
    """Whether a Dockerfile says anything about Go, so that a refusal is of interest."""
    return _GO.search(data) is not None


def switched_off(path: Path, display: str) -> Refused:
    """The refusal of a file for which the configuration says `enabled = false`."""
    settings, name = Configurations().settings(path)
    origin = settings and settings.origin("enabled", name or ".")
    where = Evidence(
        os.path.relpath(origin.path) if origin else display,
        origin.line if origin else 0,
        "enabled = false",
    )
    return Refused(
        "file", "opted-out", 0, "the configuration asks to leave this file alone", (where,)
    )


def left_alone(tree: Dockerfile, path: Path, display: str) -> Refused | None:
    """The first reason to leave the whole file alone that can be seen without its context."""

    def refuse(code: str, node: BodyNode | None, message: str) -> Refused:
        line = tree.line_of(node) if node is not None else 0
        text = node.source.strip().partition("\n")[0] if node is not None else ""
        return Refused("file", code, line, message, (Evidence(display, line, text or message),))

    if not any(i.keyword == "FROM" for i in tree.instructions):
        return refuse("no-stage", None, "it has no FROM; it is no Dockerfile that can be built")
    comment = whole_file_opt_out(tree)
    if comment is not None:
        return refuse("opted-out", comment, "a comment asks to leave this file alone")
    if path.suffix in _TEMPLATE_SUFFIXES:
        return refuse("template", None, "this is a template; rewrite what it renders instead")
    for instruction in tree.instructions:
        if instruction.keyword == "FROM" and re.search(r"\{\{|\{%|<%|@@", instruction.rest):
            return refuse("template", instruction, "this is a template; edit it by hand")
        if instruction.keyword not in _KEYWORDS:
            template = instruction.source.lstrip()[:2] in ("{{", "{%", "<%")
            if template:
                return refuse("template", instruction, "this is a template; edit it by hand")
            foreign = "syntax" in tree.directives
            what = "is of another frontend: edit it by hand" if foreign else "is no instruction"
            return refuse("unknown-instruction", instruction, f"{instruction.keyword} {what}")
    for node in tree.body:
        if isinstance(node, Instruction):
            break
        if isinstance(node, Comment) and _RENDERED.search(node.text):
            return refuse("rendered", node, "this file is rendered; change its source instead")
    beside = among(path.parent, [path.name + suffix for suffix in _TEMPLATE_SUFFIXES])
    if beside:
        return refuse("rendered", None, f"{beside[0]} beside it renders it; change that instead")
    if tree.escape != "\\":
        said = (node for node in tree.body if isinstance(node, Directive) and "`" in node.text)
        message = "the escape directive is for Windows containers"
        return refuse("windows-container", next(said), message)
    for instruction in tree.instructions:
        if instruction.keyword == "FROM" and _WINDOWS.search(_base(tree, instruction)):
            return refuse("windows-container", instruction, "Windows containers are left alone")
        if instruction.keyword == "SHELL" and re.search(
            r"(?i)powershell|cmd(\.exe)?\b", instruction.rest
        ):
            return refuse(
                "windows-container", instruction, "its shell is no POSIX shell; edit it by hand"
            )
    return None


def not_ours(facts: Facts) -> tuple[Refused, ...] | None:
    """Refusals for a file whose stages are none of our business; () for one without Go."""
    if not facts.builds_go:
        return ()
    for member in facts.final.lineage:
        for instruction in member.stage.instructions:
            if instruction.keyword == "ONBUILD":
                return (
                    _refused(
                        facts,
                        instruction,
                        "onbuild",
                        "ONBUILD triggers run in other builds; write the steps there instead",
                    ),
                )
        if "onbuild" in _base(facts.dockerfile, member.stage.from_).partition(":")[2]:
            return (
                _refused(
                    facts,
                    member.stage.from_,
                    "onbuild",
                    "its base builds by ONBUILD; write the steps here",
                ),
            )
    return _broken_module(facts)


def _broken_module(facts: Facts) -> tuple[Refused, ...] | None:
    """A refusal when go builds with a go.mod that cannot be read: go fails on it, too."""
    for stage in facts.stages:
        for invocation in stage.invocations:
            instruction = invocation.run.instruction
            located = stage.locate(invocation.go.directory or "", instruction)
            module = nearest_gomod(*located) if located is not None else None
            if isinstance(module, Unknown):
                line = facts.at(instruction).line
                message = f"{module.why}; go fails on it, too: correct it first"
                return (Refused("file", "module-broken", line, message, module.evidence),)
    return None


def _base(tree: Dockerfile, from_: Instruction) -> str:
    """The image that a FROM names when no caller sets its ARGs; as it is written if not known."""
    written = from_parts(from_).image.text
    return image_named(tree, written) or written


def _refused(facts: Facts, instruction: Instruction, code: str, message: str) -> Refused:
    evidence = facts.at(instruction)
    return Refused("file", code, evidence.line, message, (evidence,))
