"""One `export` for a whole file: shell scripts, Makefiles, justfiles."""

from __future__ import annotations

import re
from typing import NamedTuple

from gorewrite.buildkit.model import SETTING, VARIABLE, Insertion, newline_of
from gorewrite.callers.model import Source

_SHELLS = re.compile(rb"#!\s*\S*?(?:env\s+(?:-S\s+)?)?(?:ba|da|k|z|a)?sh\b")
_OPTIONS = re.compile(rb"(?:set|shopt)\s+[-+\w]")
_MAKE_VARIABLE = re.compile(rb"(?:export\s+|override\s+)*[\w.-]+\s*(\?=|::?:?=|=)")
_JUST_VARIABLE = re.compile(rb"(?:export\s+)?[\w-]+\s*:=|set\s+[\w-]+")


class _Line(NamedTuple):
    """A line of a file; start, end: its bytes, the newline included."""

    text: bytes
    start: int
    end: int

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    @property
    def comment(self) -> bool:
        return self.text.lstrip().startswith(b"#")


def in_script(source: Source) -> Insertion | None:
    """`export DOCKER_BUILDKIT=1` behind the options of a shell script, else behind its first
    comment or line. None where the file says that it is for another shell.
    """
    data, lines = source.data, _lines(source.data)
    shebang = data.startswith(b"#!")
    if shebang and not _SHELLS.match(data):
        return None
    options = [n for n, line in enumerate(_head(lines)) if _OPTIONS.match(line.text)]
    newline, text = newline_of(data), f"export {SETTING}"
    if not options and not shebang:
        return _above_all(data, text)
    head = options[-1] if options else _comment_end(lines)
    following = lines[head + 1] if head + 1 < len(lines) else None
    apart = following is None or following.blank
    about_next = not options and following is not None and following.comment
    before = newline if apart or about_next else ""
    after = newline if about_next and not apart else ""
    return Insertion(lines[head].end, f"{before}{text}{newline}{after}")


def in_makefile(source: Source) -> Insertion | None:
    """`export DOCKER_BUILDKIT = 1`, assigned as the file does it, behind its first variables.

    None for a part of a Makefile, which has a say in all of it, and where POSIX make is meant.
    """
    if source.path.endswith(".mk") or re.search(rb"^\.POSIX\s*:", source.data, re.MULTILINE):
        return None
    block = _block(source.data, _MAKE_VARIABLE)
    found = [m[1].decode() for line in block if (m := _MAKE_VARIABLE.match(line.text))]
    operator = max(found, key=found.count) if found else "="
    return _in_block(source.data, block, f"export {VARIABLE} {operator} 1")


def in_justfile(source: Source) -> Insertion | None:
    """`export DOCKER_BUILDKIT := "1"` behind the first settings and variables of a justfile."""
    block = _block(source.data, _JUST_VARIABLE)
    return _in_block(source.data, block, f'export {VARIABLE} := "1"')


def _lines(data: bytes) -> list[_Line]:
    found: list[_Line] = []
    start = 0
    for whole in data.split(b"\n"):
        end = min(start + len(whole) + 1, len(data))
        if end > start:
            found.append(_Line(whole.rstrip(b"\r"), start, end))
        start = end
    return found


def _head(lines: list[_Line]) -> list[_Line]:
    """The lines up to the first command that is no option of the shell."""
    for number, line in enumerate(lines):
        if not line.blank and not line.comment and not _OPTIONS.match(line.text):
            return lines[:number]
    return lines


def _comment_end(lines: list[_Line]) -> int:
    """The number of the last line of a comment that starts in the first line and stands apart
    from what follows; 0 when it is about that."""
    for number, line in enumerate(lines):
        if not line.comment:
            return number - 1 if line.blank else 0
    return 0


def _block(data: bytes, variable: re.Pattern[bytes]) -> list[_Line]:
    """The first paragraph of variables, with the lines that they go on in."""
    found: list[_Line] = []
    continued = False
    for line in _lines(data):
        if continued or variable.match(line.text):
            found.append(line)
            continued = line.text.endswith(b"\\")
        elif found or not (line.comment or line.blank):
            break
    return found


def _in_block(data: bytes, block: list[_Line], text: str) -> Insertion:
    if not block:
        return _above_all(data, text)
    newline = newline_of(data)
    if not data[: block[-1].end].endswith(b"\n"):
        return Insertion(len(data), f"{newline}{text}")
    return Insertion(block[-1].end, f"{text}{newline}")


def _above_all(data: bytes, text: str) -> Insertion:
    """A paragraph at the top, below a comment that a blank line sets apart from the rest."""
    lines, newline = _lines(data), newline_of(data)
    last = _comment_end(lines) if lines and lines[0].comment else 0
    at = lines[last + 1].end if last or (len(lines) > 1 and _stands_apart(lines)) else 0
    return Insertion(at, f"{text}{newline}{newline}")


def _stands_apart(lines: list[_Line]) -> bool:
    """Whether the first line is a comment of its own."""
    return lines[0].comment and lines[1].blank
