"""Jenkins pipelines: `sh` steps, and `docker.build`.

A reading of the text of Groovy: strings of the steps, with the `dir` and `environment` blocks that
they stand in. Sources: Jenkins handbook, "Pipeline steps reference" (sh, dir, withEnv), "Using
Docker with Pipeline" (docker.build(image, args): what follows the options is the context).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from gorewrite.callers import places
from gorewrite.callers.excerpt import Document, Excerpt
from gorewrite.callers.model import BuildCall, Source
from gorewrite.callers.shellscript import Setting, commands

_STRING: Final = re.compile(
    r"'''(?P<a>.*?)'''|\"\"\"(?P<b>.*?)\"\"\"|'(?P<c>(?:[^'\\\n]|\\.)*)'|\"(?P<d>(?:[^\"\\\n]|\\.)*)\"",
    re.DOTALL,
)
_STEP: Final = re.compile(
    r"\bsh\b\s*\(?\s*(?:(?:label|returnStdout|returnStatus)\s*:[^,\n]*,\s*)*(?:script\s*:\s*)?(?=['\"])"
)
_BUILD: Final = re.compile(r"\bdocker\.build\s*\(\s*")
_DIRECTORY: Final = re.compile(r"\bdir\s*\(\s*(?:['\"]([^'\"]*)['\"]|[^)]*)\s*\)\s*\{")
_ENVIRONMENT: Final = re.compile(r"\benvironment\s*\{")
_SETTING: Final = re.compile(r"(?m)^\s*(\w+)\s*=\s*['\"]([^'\"\n]*)['\"]\s*$")
_INNER: Final = re.compile(r"\$\{(?:env|params)\.(\w+)\}|\$\{([^{}]*)\}")
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


class _Block(NamedTuple):
    start: int
    end: int
    directory: str | None


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the steps of a pipeline."""
    document = Document(source.path, source.data)
    text, strings = _masked(document.text)
    starts = [string.start() for string in strings]
    blocks = [
        _Block(found.end(), _closing(text, found.end()), _literal(document.text, found))
        for found in _DIRECTORY.finditer(text)
    ]
    variables = _variables(document.text, text)
    for found in _STEP.finditer(text):
        at = bisect_right(starts, found.end()) - 1
        string = strings[at] if at >= 0 and starts[at] == found.end() else None
        if string is not None:
            shell = _content(document, string)
            cwd = _directory(blocks, found.start())
            yield from commands(shell, Setting(cwd, variables), source)
    for found in _BUILD.finditer(text):
        call = _built(document, source, found, strings, blocks, variables)
        if call is not None:
            yield call


def _masked(text: str) -> tuple[str, list[re.Match[str]]]:
    """The text with what stands in comments and strings blanked out, and the strings."""
    strings: list[re.Match[str]] = []
    pieces: list[str] = []
    at = 0
    for found in re.finditer(rf"(?s:{_COMMENT.pattern})|{_STRING.pattern}", text, re.DOTALL):
        string = _STRING.fullmatch(text, found.start(), found.end())
        pieces.append(text[at : found.start()])
        if string is not None and not found[0].startswith("/"):
            strings.append(string)
            body = found[0]
            pieces.append(body[0] + re.sub(r"[^\n]", "_", body[1:-1]) + body[-1])
        else:
            pieces.append(re.sub(r"[^\n]", " ", found[0]))
        at = found.end()
    return "".join([*pieces, text[at:]]), strings


def _closing(text: str, at: int) -> int:
    depth = 1
    for found in re.finditer(r"[{}]", text[at:]):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return at + found.start()
    return len(text)


def _literal(text: str, found: re.Match[str]) -> str | None:
    written = text[found.start(1) : found.end(1)] if found[1] is not None else None
    return None if written is None or "$" in written else written


def _directory(blocks: list[_Block], at: int) -> str | None:
    """Where a step runs: the `dir` blocks around it, one in another."""
    here: str | None = "."
    for block in blocks:
        if block.start <= at < block.end:
            here = places.join(here, block.directory) if here and block.directory else None
    return places.absolute(here) if here is not None else None


def _variables(text: str, masked: str) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for block in _ENVIRONMENT.finditer(masked):
        for name, value in _SETTING.findall(text[block.end() : _closing(masked, block.end())]):
            known = None if "$" in value or found.get(name, value) != value else value
            found[name] = known
    return found


def _content(document: Document, string: re.Match[str]) -> Excerpt:
    """What a string stands for; in double quotes Groovy puts its own variables in."""
    group = next(name for name in "abcd" if string[name] is not None)
    excerpt = document.excerpt(string.start(group), string.end(group))
    if group in "cd":
        escapes = [
            (found.start(), found.start() + 1, "")
            for found in re.finditer(r"\\[\"'$\\]", excerpt.text)
        ]
        excerpt = excerpt.replaced(escapes)
    edits = []
    for found in _INNER.finditer(excerpt.text) if group in "bd" else ():
        name = found[1] or found[2]
        plain = re.fullmatch(r"\w+", name)
        edits.append((found.start(), found.end(), f"${{{name}}}" if plain else "${_unknown_}"))
    return excerpt.replaced(edits)


def _built(
    document: Document,
    source: Source,
    found: re.Match[str],
    strings: list[re.Match[str]],
    blocks: list[_Block],
    variables: dict[str, str | None],
) -> BuildCall | None:
    """`docker.build("name", "options context")`, told as the command that it runs."""
    at = next((n for n, string in enumerate(strings) if string.start() >= found.end()), None)
    close = document.text.find(")", found.end())
    if at is None:
        return None
    second = strings[at + 1] if at + 1 < len(strings) else None
    between = document.text[strings[at].end() : second.start()] if second is not None else ""
    line = document.line(found.start())
    if second is not None and re.fullmatch(r"\s*,\s*", between):
        options = _content(document, second)
        close = document.text.find(")", second.end())
    else:
        options = Excerpt(document, ".", [strings[at].end()])
    start = options.places[0] if options.places else found.start()
    command = Excerpt(
        document,
        f"docker build {options.text}",
        [start] * len("docker build ") + list(options.places),
    )
    cwd = _directory(blocks, found.start())
    for call in commands(command, Setting(cwd, variables), source):
        span = document.bytes_span(found.start(), close + 1 if close >= 0 else found.end())
        text = document.text_of(line)[:200]
        return call._replace(tool="docker.build", line=line, text=text, span=span)
    return None
