"""Shell scripts, and commands that stand in other files: what they build, and where they do it.

Followed as in RUN instructions (gorewrite.shell), and further where scripts go further: functions
with their arguments, loops over plain lists, where the script itself lies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from gorewrite import shell
from gorewrite.callers import buildcommand, composecommand, places
from gorewrite.callers.buildcommand import Argument
from gorewrite.callers.excerpt import Document, Excerpt, with_arrays
from gorewrite.callers.follow import follow
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.evidence import Evidence
from gorewrite.shell.nodes import Literal

_CONTINUED: Final = re.compile(r"\\\r?\n")
_SETTING: Final = re.compile(r"\bDOCKER_BUILDKIT\b")


class Setting(NamedTuple):
    """What is known where commands begin.

    cwd: as `places.absolute` gives it, None when not known; variables: of the environment.
    script: the path of the script itself, relative to the repository; arguments: `$1` …
    builder, because: of `docker build` where the command does not say.
    """

    cwd: str | None
    variables: Mapping[str, str | None] = {}
    script: str | None = None
    arguments: tuple[str, ...] | None = None
    builder: Builder = Builder.DEFAULT
    because: Evidence | None = None


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of a shell script that is started in `source.start`."""
    document = Document(source.path, source.data)
    setting = Setting(places.absolute(source.start), script=source.path)
    yield from commands(document.excerpt(), setting, source)


def commands(
    excerpt: Excerpt, setting: Setting, source: Source | None = None
) -> Iterator[BuildCall]:
    """The builds that a text of shell commands starts.

    source: what other scripts that it reads in are looked up with.
    """
    if "[@]}" in excerpt.text:
        excerpt = with_arrays(excerpt)
    text = excerpt.text.replace("\r", " ")
    text = _CONTINUED.sub(lambda found: " " * len(found[0]), text)
    seen: set[BuildCall] = set()
    for step in follow(text, setting.cwd, setting.variables, setting.script, source):
        effective = shell.unwrapped(step)
        words = tuple(_arguments(effective))
        for call in _calls(words, step, effective, excerpt, setting, source):
            if call not in seen:
                seen.add(call)
                yield call


def _calls(
    words: tuple[Argument, ...],
    step: shell.Step,
    effective: shell.Step,
    excerpt: Excerpt,
    setting: Setting,
    source: Source | None,
) -> Iterator[BuildCall]:
    build = buildcommand.read(words, effective.cwd, effective.env)
    if build is not None:
        yield _call(build, step, excerpt, setting, effective)
    elif source is not None and any(word.value in ("build", "--build") for word in words):
        composed = composecommand.builds(words, effective.cwd, source)
        tool, calls = composed if composed is not None else ("", ())
        builder, because = buildcommand.setting_of(effective.env)
        for call in calls:
            # Told where the command stands, with what the compose file says.
            own = buildcommand.BuildCommand(
                tool, call.context, call.dockerfile, call.written, call.target, call.args,
                call.platforms, builder, because, call.exports_layers, call.tags, call.named,
            )  # fmt: skip
            yield _call(own, step, excerpt, setting, effective)


def _arguments(step: shell.Step) -> Iterator[Argument]:
    for word in step.command.words:
        fields = word.fields(step.variables)
        # What make or a pipeline puts in is not protected by the quotes of the shell.
        if fields is not None and not any("${" in field for field in fields):
            yield from (Argument(word.text, field) for field in fields)
        else:
            quoted = word.text[:1] in "\"'" and word.text not in ('"$@"', '"${@}"')
            single = quoted or any(isinstance(p, Literal) and p.value for p in word.parts)
            yield Argument(word.text, None, single)


def _call(
    build: buildcommand.BuildCommand,
    step: shell.Step,
    excerpt: Excerpt,
    setting: Setting,
    effective: shell.Step,
) -> BuildCall:
    document = excerpt.document
    start, end = excerpt.span(step.command.start, step.command.end)
    line = document.line(start)
    here = Evidence(document.path, line, document.text_of(line)[:200])
    builder, because = build.builder, here if build.because else None
    assigned = any(a.name == "DOCKER_BUILDKIT" for a in effective.command.assignments)
    if builder is Builder.DEFAULT and assigned:
        builder, because = Builder.CLASSIC, here  # Somebody chooses: at times it may be off.
    elif builder is Builder.DEFAULT:
        builder, because = setting.builder, setting.because
    elif "DOCKER_BUILDKIT" in build.because and not assigned:
        because = _setting_line(document) or setting.because or here
    return build.call(here, document.bytes_span(start, end), builder, because)


def _setting_line(document: Document) -> Evidence | None:
    """Where a file sets DOCKER_BUILDKIT."""
    found = _SETTING.search(document.text)
    if found is None:
        return None
    line = document.line(found.start())
    return Evidence(document.path, line, document.text_of(line)[:200])
