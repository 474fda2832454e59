"""Unified diffs that `git apply` takes, and writing a plan of edits whole or not at all.

What the standard library's difflib lacks is added here: `\\ No newline at end of file`, git's
headers for new files and odd names, and lines that end at "\\n" only, so that a CRLF stays in
its line and a lone CR, form feed or U+2028 does not end one.
Source of the format: git-diff "Generating patch text with -p", git quote.c.
"""

from __future__ import annotations

import contextlib
import os
import stat
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Final, NamedTuple

_Opcode = tuple[str, int, int, int, int]

_CONTEXT: Final = 3
_MOST_PAIRS: Final = 100_000
#: From this many changed lines on, anchors part the work.
_LONG: Final = 500
_NO_NEWLINE: Final = b"\\ No newline at end of file\n"
_QUOTED: Final = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}


class StaleFile(OSError):
    """A file is not, or no longer, what it was when it was read. `path` names it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}; run again")
        self.path = path


class OutsideTree(OSError):
    """A link leads to a file outside of the tree that may be written to. `path` names the link."""

    def __init__(self, path: Path, target: Path) -> None:
        super().__init__(f"{path}: links to {target}, outside of the tree; edit that file itself")
        self.path = path


class Unwritable(OSError):
    """A file cannot be written. `path` names it, which the system's own error does not: what is
    written is a file beside it."""

    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path}: {error.strerror or error}")
        self.path = path


class FileEdit(NamedTuple):
    """One file of a plan: its whole content before (None: there is no such file) and after."""

    path: Path
    old: bytes | None
    new: bytes


def unified(old: bytes, new: bytes, path: str, new_file: bool = False) -> bytes:
    """The patch that turns `old` into `new`, b"" when they are equal.

    path: relative to where the patch will be applied, with `/`.
    new_file: the patch creates the file (`old` is then ignored).
    Bytes, as a patch has no encoding; `git apply` and `patch -p1` both take it.
    """
    if new_file:
        old = b""
    elif old == new:
        return b""
    a, b = _quoted(f"a/{path}"), _quoted(f"b/{path}")
    header = b"diff --git %s %s\n" % (a, b)
    if new_file:
        header += b"new file mode 100644\n"
    if old == new:
        return header
    # A tab after a name with a space tells `patch` where the name ends, as git writes it.
    end = b"\t\n" if " " in path else b"\n"
    header += b"--- " + (b"/dev/null\n" if new_file else a + end)
    return header + b"+++ " + b + end + b"".join(_hunks(_lines(old), _lines(new)))


def _lines(data: bytes) -> list[bytes]:
    """The lines as a patch has them: a last one without newline says so."""
    *lines, last = data.split(b"\n")
    whole = [line + b"\n" for line in lines]
    return [*whole, last + b"\n" + _NO_NEWLINE] if last else whole


def _hunks(old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    for group in _grouped(_opcodes(old, new)):
        first, last = group[0], group[-1]
        yield b"@@ -%s +%s @@\n" % (_range(first[1], last[2]), _range(first[3], last[4]))
        for tag, a1, a2, b1, b2 in group:
            if tag == "equal":
                yield _marked(b" ", old[a1:a2])
            else:
                yield _marked(b"-", old[a1:a2]) + _marked(b"+", new[b1:b2])


def _opcodes(old: list[bytes], new: list[bytes]) -> list[_Opcode]:
    """How the lines differ, as SequenceMatcher.get_opcodes.

    Equal lines at both ends are set aside first, and in a long file the lines that stand once
    on each side part it into short pieces (patience diff). A piece goes to difflib without its
    "autojunk", which takes lines that repeat for noise; as that needs time in proportion to the
    pairs of equal lines, a piece with too many is shown as replaced whole.
    """
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    opcodes: list[_Opcode] = [("equal", 0, head, 0, head)] if head else []
    start_a = start_b = 0
    for at_a, at_b in [*(_anchors(a, b) if len(a) > _LONG else ()), (len(a), len(b))]:
        for tag, a1, a2, b1, b2 in _piece(a[start_a:at_a], b[start_b:at_b]):
            shift_a, shift_b = head + start_a, head + start_b
            _add(opcodes, (tag, a1 + shift_a, a2 + shift_a, b1 + shift_b, b2 + shift_b))
        start_a, start_b = at_a, at_b
    if tail:
        _add(opcodes, ("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return opcodes


def _piece(a: list[bytes], b: list[bytes]) -> list[_Opcode]:
    if a == b:
        return [("equal", 0, len(a), 0, len(b))] if a else []
    if a[:1] == b[:1] and not set(a[1:]).intersection(b) and a[0] not in b[1:]:
        # Only the anchor is on both sides, as nearly always: the rest is what changed.
        kind = "replace" if len(a) > 1 < len(b) else "delete" if len(a) > 1 else "insert"
        return [("equal", 0, 1, 0, 1), (kind, 1, len(a), 1, len(b))]
    counts = Counter(b)
    if sum(counts[line] for line in a) > _MOST_PAIRS:
        return [("replace", 0, len(a), 0, len(b))]
    return [*SequenceMatcher(None, a, b, autojunk=False).get_opcodes()]


def _add(opcodes: list[_Opcode], new: _Opcode) -> None:
    """Appends an opcode; one of the kind of the last goes on where that ends."""
    if opcodes and opcodes[-1][0] == new[0]:
        tag, a1, _, b1, _ = opcodes[-1]
        opcodes[-1] = (tag, a1, new[2], b1, new[4])
    else:
        opcodes.append(new)


def _anchors(a: list[bytes], b: list[bytes]) -> list[tuple[int, int]]:
    """Where lines stand that are in each list once: the longest run in the order of both."""
    once = {line for line, count in Counter(b).items() if count == 1}
    where = {line: n for n, line in enumerate(b) if line in once}
    counts = Counter(a)
    pairs = [(n, where[line]) for n, line in enumerate(a) if counts[line] == 1 and line in where]
    # The longest increasing subsequence by patience sorting: `before` links it backwards.
    tops: list[int] = []
    piles: list[int] = []
    before: dict[int, int] = {}
    for index, (_, at) in enumerate(pairs):
        pile = bisect_left(tops, at)
        before[index] = piles[pile - 1] if pile else -1
        tops[pile : pile + 1] = [at]
        piles[pile : pile + 1] = [index]
    chosen = []
    index = piles[-1] if piles else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def _common(a: Sequence[bytes], b: Sequence[bytes]) -> int:
    """How many lines are equal from the start."""
    count = 0
    for left, right in zip(a, b, strict=False):
        if left != right:
            break
        count += 1
    return count


def _grouped(opcodes: list[_Opcode]) -> Iterator[list[_Opcode]]:
    """The opcodes of each hunk: changes with no more equal lines between them than two contexts."""
    group: list[_Opcode] = []
    for n, (tag, a1, a2, b1, b2) in enumerate(opcodes):
        if tag != "equal":
            group.append((tag, a1, a2, b1, b2))
            continue
        first, last, length = n == 0, n == len(opcodes) - 1, a2 - a1
        before = 0 if first else min(length, _CONTEXT)
        after = 0 if last else min(length, _CONTEXT)
        if not first and not last and length <= 2 * _CONTEXT:
            group.append((tag, a1, a2, b1, b2))
            continue
        if not first:
            yield [*group, (tag, a1, a1 + before, b1, b1 + before)]
        group = [(tag, a2 - after, a2, b2 - after, b2)]
    if group and group[-1][0] != "equal":
        yield group


def _range(start: int, stop: int) -> bytes:
    """`start,length` of a hunk: 1-based, the line before when empty, no length when it is 1."""
    length = stop - start
    shown = start + 1 if length else start
    return b"%d" % shown if length == 1 else b"%d,%d" % (shown, length)


def _marked(mark: bytes, lines: Sequence[bytes]) -> bytes:
    return b"".join([mark + line for line in lines])


def _quoted(path: str) -> bytes:
    """A name as git writes it: in C quotes when one of its bytes is special or not ASCII."""
    raw = path.encode("utf-8", "surrogateescape")
    if path.isascii() and path.isprintable() and '"' not in path and "\\" not in path:
        return raw
    shown = []
    for byte in raw:
        if byte in _QUOTED:
            shown.append("\\" + _QUOTED[byte])
        else:
            shown.append(chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}")
    return f'"{"".join(shown)}"'.encode("ascii")


def apply(edits: Sequence[FileEdit], within: Path | None = None) -> None:
    """Write all edits, or none of them.

    Every file is checked against `old` first and each new content is written beside its file and
    synced; only then are they put in place, one rename each, so no reader sees half a file. When a
    rename fails those already done are undone. Mode and, where permitted, ownership are kept. A
    symbolic link stays one: the file it points to is written.

    within: the tree outside of which nothing is written, whatever links say.
    Raises StaleFile when a file changed since it was read, appeared, vanished, or is no regular
    file; OutsideTree; Unwritable; OSError when it cannot be read; ValueError when two edits name
    one file.
    """
    targets = [Path(os.path.realpath(edit.path)) for edit in edits]
    if len(set(targets)) != len(targets):
        raise ValueError("two edits of one file")
    for edit, target in zip(edits, targets, strict=True):
        if within is not None and not target.is_relative_to(within.resolve()):
            raise OutsideTree(edit.path, target)
    statuses = [_checked(edit, target) for edit, target in zip(edits, targets, strict=True)]
    with contextlib.ExitStack() as leftovers:
        written = []
        for edit, target, status in zip(edits, targets, statuses, strict=True):
            with _naming(edit.path):
                temporary = _written_beside(target, edit.new, status)
            leftovers.callback(temporary.unlink, missing_ok=True)
            written.append(temporary)
        for edit, target in zip(edits, targets, strict=True):
            _checked(edit, target)
        _put_in_place(edits, targets, written, statuses)


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Raises Unwritable for what goes wrong with a file."""
    try:
        yield
    except OSError as error:
        raise Unwritable(path, error) from error


def _checked(edit: FileEdit, target: Path) -> os.stat_result | None:
    """The state of the file an edit is for, None when it does not exist, as it should."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        if edit.old is None and not edit.path.is_symlink():
            return None
        raise StaleFile(edit.path, "it is gone") from None
    if edit.old is None:
        raise StaleFile(edit.path, "it exists by now")
    if not stat.S_ISREG(status.st_mode):
        raise StaleFile(edit.path, "it is not a regular file")
    if status.st_size != len(edit.old) or target.read_bytes() != edit.old:
        raise StaleFile(edit.path, "it changed since it was read")
    return status


def _written_beside(target: Path, data: bytes, status: os.stat_result | None) -> Path:
    """A synced file with `data` in the directory of `target`, with the mode and owner it had."""
    temporary = target.with_name(f".{target.name[:64]}.{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    handle = os.open(temporary, flags, 0o666 if status is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            if status is not None:
                # Ownership first: changing it clears the set-id bits of the mode. Only root may
                # give files away; for others a group member's file becomes their own.
                if (status.st_uid, status.st_gid) != (os.getuid(), os.getgid()):
                    with contextlib.suppress(PermissionError):
                        os.fchown(handle, status.st_uid, status.st_gid)
                os.fchmod(handle, stat.S_IMODE(status.st_mode))
            os.fsync(handle)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def _put_in_place(
    edits: Sequence[FileEdit],
    targets: Sequence[Path],
    written: Sequence[Path],
    statuses: Sequence[os.stat_result | None],
) -> None:
    done = 0
    try:
        for edit, temporary, target in zip(edits, written, targets, strict=True):
            with _naming(edit.path):
                temporary.replace(target)
            done += 1
    except BaseException:
        for edit, target, status in list(zip(edits, targets, statuses, strict=True))[:done]:
            if edit.old is None:
                target.unlink(missing_ok=True)
            else:
                _written_beside(target, edit.old, status).replace(target)
        raise
