"""How BuildKit is switched on for the calls of one file: in front of a call, or once for several.

What is put in is read again by the reader that found the calls: where it does not see the same
calls with BuildKit then, nothing is put in. So a second run finds nothing to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from gorewrite.buildkit import commandline, environments, exports, jenkins
from gorewrite.buildkit.differences import differences, reads_output, without_buildx
from gorewrite.buildkit.model import (
    VARIABLE,
    Insertion,
    Way,
    applied,
    is_switchable,
    span_edits,
)
from gorewrite.callers.formats import format_of
from gorewrite.callers.model import BuildCall, Builder, Source
from gorewrite.evidence import Unknown
from gorewrite.transform import SpanEdit

Read = Callable[[Source], Sequence[BuildCall]]
#: A file is read once more for each call for which its edits fail together with the others.
_MOST_CHECKS = 20

#: The readers of files (gorewrite.callers.formats) whose commands another shell may be meant for.
_OF_MANY_SHELLS = frozenset(
    "workflow gitlab circleci cloudbuild azure pipelines jenkinsfile taskfile justfile".split()
)
_NO_SHELL = {
    "packagejson": "npm gives it to the shell of Windows, too",
    "mage": "no shell starts it; set it for the command, as with sh.RunWith",
    "deployments": "the file has no place for it; export it where the tool is started",
}
_WINDOWS = re.compile(
    rb"Windows_NT|\b(?:pwsh|powershell|cmd\.exe)\b|shell:\s*[\"']?cmd\b|(?i:vmImage|runs-on|tags):.*\bwindows"
)


def ways(source: Source, read: Read) -> Mapping[tuple[int, int], Way]:
    """For each span of the calls that might use the classic builder, how to switch it on.

    read: the calls of a file with other bytes.
    """
    before = read(source)
    spans: dict[tuple[int, int], list[BuildCall]] = {}
    for call in before:
        if is_switchable(call):
            spans.setdefault(call.span, []).append(call)
    if not spans:
        return {}
    form = format_of(source.path)
    reader = form.reader if form is not None else ""
    check = _Check(source, read, before)
    alone = {span: _alone(source, calls[0], reader) for span, calls in spans.items()}
    alone = _checked(alone, check)
    of_file = tuple(reads_output(source))
    unlike = {
        span: tuple(dict.fromkeys((*differences(source, calls[0]), *of_file)))
        for span, calls in spans.items()
    }
    without = without_buildx(source)
    found = {span: Way(alone[span], unlike[span], without) for span in spans}
    for group, insertion in _groups(source, [calls[0] for calls in spans.values()], reader):
        inside = tuple(call for each in group for call in spans[each.span])
        if insertion is None or len(group) < 2 or not _alike(source, inside):
            continue
        if any(unlike[call.span] for call in group):
            continue
        edits = span_edits(source, [insertion])
        reached = [call.span for call in group]
        if check(edits, reached) == frozenset(reached):
            for span in reached:
                way = found[span]
                found[span] = way._replace(shared=edits, beside=inside, places=len(group))
    return found


def _alone(source: Source, call: BuildCall, reader: str) -> tuple[SpanEdit, ...] | Unknown:
    """The edits in front of, or in, one call."""
    found: Insertion | Unknown | None = None
    if reader == "makefile" and _WINDOWS.search(source.data):
        # An assignment in front of a command is nothing to its shell, but make can export there.
        found = exports.in_makefile(source) or Unknown("it is for the shell of Windows, too")
    elif reader in _OF_MANY_SHELLS and _WINDOWS.search(source.data):
        found = Unknown("the file has commands for the shell of Windows")
    elif reader in environments.STEPS:
        found = environments.step(source, call, reader)
    elif call.tool == "docker.build":
        found = jenkins.environment(source) or Unknown("put it into withEnv([...])")
    elif reader == "skaffold":
        found = environments.skaffold(source, call) or Unknown("it is not for a local build alone")
    elif reader in ("python", "starlark"):
        from gorewrite.buildkit import python

        return (python.setting if reader == "python" else python.starlark)(source, call)
    elif reader in _NO_SHELL:
        found = Unknown(_NO_SHELL[reader])
    if found is None:
        found = commandline.prefix(source, call)
    if isinstance(found, Unknown):
        return found
    return span_edits(source, [found])


def _groups(
    source: Source, calls: Sequence[BuildCall], reader: str
) -> Iterable[tuple[Sequence[BuildCall], Insertion | None]]:
    """The calls that one edit reaches, and that edit."""
    if reader in environments.JOBS:
        return environments.jobs(source, calls, reader)
    whole: Mapping[str, Callable[[Source], Insertion | None]] = {
        "makefile": exports.in_makefile,
        "justfile": exports.in_justfile,
        "shellscript": exports.in_script,
        "jenkinsfile": jenkins.environment,
    }
    return [(calls, whole[reader](source) if reader in whole else None)]


def _alike(source: Source, calls: Iterable[BuildCall]) -> bool:
    """Whether all calls are known well enough for an edit that reaches them all."""
    return all(
        call.dockerfile is not None
        and call.tool != "docker-compose"
        and not commandline.behind_sudo(source, call)
        for call in calls
    )


class _Check:
    """Reads a file with edits again."""

    def __init__(self, source: Source, read: Read, before: Sequence[BuildCall]) -> None:
        self.source, self.read, self.before = source, read, before

    def __call__(
        self, edits: Iterable[SpanEdit], spans: Iterable[tuple[int, int]]
    ) -> frozenset[tuple[int, int]]:
        """Those of the spans of which all calls have BuildKit after the edits; none when the calls
        of the file are not the same otherwise."""
        after = self.read(self.source._replace(data=applied(self.source.data, edits)))
        if [_what(call) for call in after] != [_what(call) for call in self.before]:
            return frozenset()
        failed = {
            old.span
            for old, new in zip(self.before, after, strict=True)
            if new.builder is not Builder.BUILDKIT
        }
        return frozenset(spans) - failed


def _what(call: BuildCall) -> tuple[object, ...]:
    """What an edit must not change of a call."""
    return call.context, call.dockerfile, call.written, call.target, call.args, call.platforms


def _checked(
    alone: Mapping[tuple[int, int], tuple[SpanEdit, ...] | Unknown], check: _Check
) -> dict[tuple[int, int], tuple[SpanEdit, ...] | Unknown]:
    """The edits of single calls that do what they should, else why there are none."""
    found = dict(alone)
    edits = {span: made for span, made in alone.items() if not isinstance(made, Unknown)}
    good = check([edit for made in edits.values() for edit in made], edits)
    again = [span for span in edits if span not in good]
    for number, span in enumerate(again):
        if number >= _MOST_CHECKS or not check(edits[span], [span]):
            found[span] = Unknown(f"{VARIABLE} would not reach the call")
    return found
