"""An in-memory build context for tests."""

from __future__ import annotations

import posixpath
from collections.abc import Hashable, Mapping
from typing import Any, Literal


class MemoryTree:
    """`SourceTree` over `{path: text}`; directories are those some path lies in.

    Paths are relative to the root and use `/`. A text of the form `-> target` is a symlink:
    to the path it names (relative to the link) inside the tree, else a link out of it.
    """

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = {
            posixpath.normpath(path): text.encode() if isinstance(text, str) else text
            for path, text in files.items()
        }
        self.memory: dict[Hashable, Any] = {}
        self.directories = {"."}
        for path in self.files:
            while path := posixpath.dirname(path):
                self.directories.add(path)

    def _resolve(self, path: str) -> str:
        for _ in range(40):
            path = posixpath.normpath(path)
            parts = path.split("/")
            for end in range(1, len(parts) + 1):
                link = "/".join(parts[:end])
                text = self.files.get(link, b"")
                if text.startswith(b"-> "):
                    target = posixpath.join(posixpath.dirname(link), text[3:].decode().strip())
                    path = posixpath.join(target, *parts[end:])
                    break
            else:
                return path
        return "../loop"

    def kind(self, path: str) -> Literal["file", "dir", "link"] | None:
        real = self._resolve(path)
        if real in self.files:
            return "file"
        if real in self.directories:
            return "dir"
        if real != posixpath.normpath(path) and real.startswith(("../", "/")):
            return "link"
        return None

    def read(self, path: str, limit: int = 1 << 20) -> bytes | None:
        data = self.files.get(self._resolve(path))
        return data if data is not None and len(data) <= limit else None

    def listdir(self, path: str) -> tuple[str, ...]:
        real = self._resolve(path)
        if real not in self.directories:
            return ()
        entries = [*self.files, *(d for d in self.directories if d != ".")]
        parent = "" if real == "." else real
        return tuple(
            sorted({posixpath.basename(e) for e in entries if posixpath.dirname(e) == parent})
        )
