"""What a report says about single lines: the findings that most formats are lists of."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from gorewrite.formats.edits import FilePatch, Ground, file_patches

Kind = Literal["error", "held", "safe", "review", "offered", "refused"]
Status = Literal["failed", "held back", "changed", "offered", "left alone", "nothing to do"]

#: The kinds, gravest first.
KINDS: Final[tuple[Kind, ...]] = ("error", "held", "safe", "review", "offered", "refused")


class Finding(NamedTuple):
    """One change, offer, refusal or error of a file.

    kind: error: the file cannot be read, or its rewrite failed the verification; held: it could
        not be verified; safe and review: what is, or would be, changed; offered: what only
        `--review` changes; refused: what is left alone.
    path, line: as in the JSON report; the line is 1 where the whole file is meant.
    rule: `gorewrite/<transform>`, and `/<code>` of a refusal.
    message: one line, without a full stop.
    because: as in the JSON report.
    """

    kind: Kind
    path: str
    line: int
    rule: str
    message: str
    because: Sequence[Mapping[str, Any]]
    fingerprint: str | None = None


def findings(file: Mapping[str, Any]) -> Iterator[Finding]:
    """The findings of one of `files[]`: the error, changes, offers, then refusals."""
    path = file["path"]
    if "error" in file:
        line, message = file["error"]["line"], file["error"]["message"]
        yield Finding("error", path, line or 1, "gorewrite/file/error", message, ())
        return
    held = held_back(file)
    if held:
        failed = held["verdict"] == "failed"
        why = f"{'verification failed' if failed else 'not verified'}: {held['reason']}"
        why += "" if file["changed"] else "; nothing is applied"
        yield Finding("error" if failed else "held", path, 1, "gorewrite/verify", why, ())
    for change in sorted(file["changes"], key=lambda change: not change["applied"]):
        kind: Kind = "offered"
        if change["applied"]:
            kind = "safe" if change["safety"] == "safe" else "review"
        message = change["message"] + ("" if change["applied"] else " (with --review)")
        yield _finding(kind, path, change, "", message)
    for refusal in file["refusals"]:
        yield _finding("refused", path, refusal, f"/{refusal['code']}", refusal["message"])


def _finding(kind: Kind, path: str, item: Mapping[str, Any], code: str, message: str) -> Finding:
    return Finding(
        kind,
        path,
        item["line"] or 1,
        f"gorewrite/{item['transform']}{code}",
        message,
        item["because"],
        item.get("fingerprint"),
    )


def held_back(file: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The verification that did not prove the rewrite of a file."""
    verification: Mapping[str, Any] | None = file.get("verification")
    if verification is None or verification["verdict"] not in ("failed", "unverified"):
        return None
    return verification


def status(file: Mapping[str, Any]) -> Status:
    """What became, or would become, of a file, in two words at most."""
    if "error" in file:
        return "failed"
    if file["changed"]:
        return "changed"
    if held_back(file) and any(change["applied"] for change in file["changes"]):
        return "held back"
    if file["changes"]:
        return "offered"
    return "left alone" if file["refusals"] else "nothing to do"


def patches(files: Iterable[Mapping[str, Any]]) -> Iterator[list[FilePatch]]:
    """What is, or would be, written for each file, in lines of the files before the run.

    Nothing of a rewrite that was not verified.
    """
    ground = Ground()
    for file in files:
        found = file_patches(file["diff"]) if file["changed"] else ()
        yield [ground.seen(patch) for patch in found]


def place(file: Mapping[str, Any], path: str) -> str:
    """The path of a piece of evidence, named as the files of the report are.

    In a report evidence is named from the build context, or from the repository where it is not
    in the context; "" for a rule.
    """
    context = file.get("context")
    if not path or path == file["path"] or not context or "directory" not in context:
        return path
    return posixpath.normpath(posixpath.join(context["directory"], path))


def one_line(text: str) -> str:
    """A text without line breaks and other control characters, which are shown as escapes."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
