"""What `go env -w` stores, and what a go command makes of it.

Rules: cmd/go `internal/cfg` (a variable of the environment that is set and not empty counts, then
the file that GOENV names, by default `$HOME/.config/go/env`); `go help env`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gorewrite.golang.commandline import GoCommand

#: What a file with settings that nobody has read may decide.
UNREAD: Mapping[str, str | None] = {"CGO_ENABLED": None, "GOFLAGS": None}


def stored_by(go: GoCommand, raw: Sequence[str], *, sure: bool) -> Mapping[str, str | None]:
    """The settings that a `go env -w` or `-u` stores: "" for one that it takes away, None for a
    value that is not known. raw: its words as written; sure: whether it is sure to run."""
    if go.kind != "env" or (go.flag("w") is None and go.flag("u") is None):
        return {}
    found: dict[str, str | None] = {}
    for word, written in zip(go.argv[2:], raw[2:], strict=True):
        name, sets, value = (written if word is None else word).partition("=")
        if sets or (go.flag("u") is not None and not name.startswith("-")):
            found[name] = value if sure and word is not None else None
    return found


def seen_by_go(
    env: Mapping[str, str | None], stored: Mapping[str, str | None]
) -> Mapping[str, str | None]:
    """The settings that a go command sees. env: of its process; stored: by `go env -w`."""
    file = env.get("GOENV", "")
    if file not in ("", "off"):
        stored = {**UNREAD, **stored}
    if not stored or file == "off":
        return env
    return {**stored, **{name: value for name, value in env.items() if value != ""}}
