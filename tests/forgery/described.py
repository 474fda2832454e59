"""APIs that are described here, a table for each: which parameters an endpoint has, and what kind.

GitLab ignores parameters that it does not know, Gitea too; here they are violations, as they are
mistakes of the client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from tests.forgery.forge import Answered, ForgeServer
from tests.forgery.server import Answer, Request
from tests.forgery.state import User

#: Kinds of values in JSON, and what Python makes of them.
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "strings": lambda value: _all(value, str),
    "integers": lambda value: _all(value, int),
    "labels": lambda value: _all(value, str) or _all(value, int),
}


class Endpoint(NamedTuple):
    """One method of one path.

    path: with `{name}` for a part, encoded when it holds slashes; query, body: name to kind, of
    _KINDS, or the values that are allowed with `|` between; required: names in the body or query.
    """

    method: str
    path: str
    handler: Callable[..., Answer]
    query: Mapping[str, str] = {}
    body: Mapping[str, str] = {}
    required: Sequence[str] = ()

    @property
    def pattern(self) -> re.Pattern[str]:
        """Finds the values in a raw path."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))

    def problems(self, request: Request) -> list[str]:
        """What is wrong with a request to it."""
        given: Any = {} if request.body is None else request.body
        if not isinstance(given, dict):
            return ["the body is no object"]
        found = [f"{name} is missing" for name in self.required if name not in given]
        found += [f"{name} is not described" for name in given if name not in self.body]
        found += [f"?{name} is not described" for name in request.query if name not in self.query]
        for name, kind in self.body.items():
            if name in given and not _fits(given[name], kind):
                found.append(f"{name}: {given[name]!r} is no {kind}")
        for name, kind in self.query.items():
            for text in request.query.get(name, ()):
                value = int(text) if kind.startswith("integer") and text.isdecimal() else text
                if kind == "boolean":
                    value = text in ("true", "false")
                if not _fits(value if kind != "integers" else [value], kind):
                    found.append(f"?{name}={text} is no {kind}")
        return found


class DescribedForge(ForgeServer):
    """A forge whose endpoints are a table. Handlers get the request, the values of the path and
    the user."""

    def __init__(self, root: Path, **options: Any) -> None:
        super().__init__(root, **options)
        self._endpoints = [(each.pattern, each) for each in self.endpoints()]

    def endpoints(self) -> Iterable[Endpoint]:
        """The table."""
        raise NotImplementedError

    def inspect(self, request: Request, target: str) -> list[str]:
        """Against the table."""
        where = f"{request.method} {target}"
        if (found := self._find(request.method, target)) is None:
            return [f"{where} is not described"]
        return [f"{where}: {problem}" for problem in found[0].problems(request)]

    def respond(self, request: Request, target: str, user: User | None) -> Answer:
        """Dispatches."""
        if (found := self._find(request.method, target)) is None:
            return Answer(404, {"message": "404 Not Found", "error": "404 Not Found"})
        if request.violations:
            return Answer(400, {"message": "; ".join(request.violations)})
        endpoint, values = found
        try:
            return endpoint.handler(request, values, user)
        except Answered as answered:
            return answered.answer

    def _find(self, method: str, target: str) -> tuple[Endpoint, dict[str, str]] | None:
        path = urlsplit(target).path
        for pattern, endpoint in self._endpoints:
            if endpoint.method == method and (match := pattern.fullmatch(path)):
                return endpoint, {name: unquote(text) for name, text in match.groupdict().items()}
        return None


def _fits(value: Any, kind: str) -> bool:
    if "|" in kind:
        return value in kind.split("|")
    return _KINDS[kind](value)


def _all(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)
