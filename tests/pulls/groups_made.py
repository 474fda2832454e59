"""Groups for the tests of titles and texts, made of documents as the JSON report has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gorewrite.outcome import Edit
from gorewrite.pulls.model import Group, Planned

#: What a hostile repository has in names, sources and messages.
HOSTILE = (
    "x`@alice ``#12`` fixes #13, closes https://example.com/issues/1 !4 <script>a</script> "
    "<!-- --> ](http://evil.example) ![i](x) | a\r\n/close\n\u202eevil\u200b\0 $`a`$ ~label %m &1 "
    "\udcff *b* _c_ --- ```` \n```\n</details>"
)

SPLIT = (
    "split off a runtime stage on gcr.io/distroless/static-debian13 that takes {} from the builder"
)
MOUNTS = "mount /go/pkg/mod and /root/.cache/go-build from a cache in each RUN that uses them"


def change(
    transform: str,
    message: str,
    line: int = 3,
    *,
    safety: str = "safe",
    applied: bool = True,
    because: tuple[tuple[str, int, str], ...] = (("", 0, "rule: something holds"),),
) -> dict[str, Any]:
    return {
        "transform": transform,
        "safety": safety,
        "applied": applied,
        "line": line,
        "message": message,
        "because": [{"path": path, "line": at, "text": text} for path, at, text in because],
        "fingerprint": None,
    }


def refusal(transform: str, code: str, message: str, line: int = 4) -> dict[str, Any]:
    return {"transform": transform, "code": code, "line": line, "message": message, "because": []}


def document(path: str, *said: Mapping[str, Any], directory: str | None = None) -> dict[str, Any]:
    """What the JSON report says of a Dockerfile. directory: of its build context."""
    context = path.rpartition("/")[0] or "." if directory is None else directory
    return {
        "path": path,
        "changed": any(each.get("applied") for each in said),
        "diff": "",
        "context": {"root": "/r", "certain": True, "why": "", "directory": context},
        "changes": [each for each in said if "code" not in each],
        "refusals": [each for each in said if "code" in each],
        "notes": [],
    }


def planned(path: str, *said: Mapping[str, Any], also: tuple[Edit, ...] = ()) -> Planned:
    """A Dockerfile with the old content `old PATH` and the new one `new PATH`."""
    old, new = (f"{word} {path}".encode("utf-8", "surrogateescape") for word in ("old", "new"))
    return Planned(path, document(path, *said), (Edit(path, path, old, new), *also))


def split(path: str, program: str = "/app/main") -> Planned:
    """A Dockerfile that gets the changes most get."""
    own = (path, 3, "go build -o main")
    return planned(
        path,
        change("build-flags", 'add -trimpath and -ldflags="-s -w"', because=(own,)),
        change("split-stages", SPLIT.format(program), 1, because=(own, ("main.go", 9, "a"))),
        change("cache-mounts", MOUNTS, because=(own,)),
    )


def group(*members: Planned, others: tuple[Mapping[str, Any], ...] = (), **more: Any) -> Group:
    values = {"key": ".", "name": "shop", "owners": (), **more}
    return Group(values["key"], values["name"], values["owners"], members, others)
