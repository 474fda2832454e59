"""JSON reports for the tests of formats, and what their readers do with the edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gorewrite.differ import unified

EVIDENCE = {"path": "main.go", "line": 3, "text": 'os.ReadFile("a.txt")'}
RULE = {"path": "", "line": 0, "text": "rule: something holds"}


def change(
    transform: str = "split-stages",
    line: int = 1,
    *,
    safety: str = "safe",
    applied: bool = True,
    message: str = "split it",
) -> dict[str, Any]:
    return {
        "transform": transform,
        "safety": safety,
        "applied": applied,
        "line": line,
        "message": message,
        "because": [EVIDENCE, RULE],
        "fingerprint": f"abc{line}:1",
    }


def refusal(
    code: str = "no-go-mod", line: int = 2, transform: str = "hoist-modules", message: str = "no"
) -> dict[str, Any]:
    return {
        "transform": transform,
        "code": code,
        "line": line,
        "message": message,
        "because": [],
        "fingerprint": None,
    }


def file(
    path: str,
    *said: Mapping[str, Any],
    old: bytes = b"a\n",
    new: bytes = b"a\n",
    ignore: bytes | None = None,
    **more: Any,
) -> dict[str, Any]:
    """An entry of `files[]`. ignore: the content of a .dockerignore that is created beside."""
    diff = unified(old, new, path)
    directory = path.rpartition("/")[0]
    if ignore is not None:
        diff += unified(b"", ignore, f"{directory}/.dockerignore", new_file=True)
    return {
        "path": path,
        "changed": bool(diff),
        "diff": diff.decode("utf-8", "replace"),
        "context": {"root": "/r", "certain": True, "why": "w", "directory": directory or "."},
        "changes": [each for each in said if "code" not in each],
        "refusals": [each for each in said if "code" in each],
        "notes": [],
        **more,
    }


def broken(path: str, message: str = "unknown flag", line: int = 4) -> dict[str, Any]:
    return {"path": path, "changed": False, "error": {"line": line, "message": message}}


def result(path: str, verdict: str = "verified", sizes: tuple[int, int] | None = None) -> Any:
    """One of `results[]` of a verification."""

    def side(size: int) -> dict[str, Any]:
        seconds = {"cold": 9.0, "unchanged": None, "source_edit": size / 100, "dependency_edit": 1}
        return {"size": size, "layers": [size], "context_sent": None, "seconds": seconds}

    before, after = map(side, sizes) if sizes else (None, None)
    return {
        "path": path,
        "verdict": verdict,
        "reason": "so it is",
        "log": "",
        "review": False,
        "before": before,
        "after": after,
        "differences": [],
        "runs": [],
        "notes": [],
        "files": [],
    }


def document(*files: Mapping[str, Any]) -> dict[str, Any]:
    from gorewrite.formats.join import summary

    return {"version": "1.2.3", "files": list(files), "summary": summary(files)}


#: Everything that a report can say about a file.
MIXED = document(
    file(
        "shop/Dockerfile",
        change(line=1),
        change("slim-base", 1, safety="review", applied=False, message="slim it"),
        refusal(),
        old=b"FROM golang\nRUN go build\nCMD x\n",
        new=b"FROM golang AS b\nRUN go build\n\nFROM scratch\nCMD x\n",
        ignore=b".git\n",
    ),
    broken("cart/Dockerfile"),
    file("mail/Dockerfile", refusal(), refusal()),
    file("idle/Dockerfile"),
    {
        **file("held/Dockerfile", change(), old=b"FROM a\n", new=b"FROM b\n"),
        "changed": False,
        "verification": result("held/Dockerfile", "failed"),
    },
)
