"""GitHub's own description of its API, asked whether requests and answers keep to it.

Stricter than OpenAPI, which lets pass what it does not know: a query parameter or a key of a
request's body that is not described is a violation, as it is a mistyped name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs

SLICE = Path(__file__).parents[1] / "data" / "github-openapi-slice.json"

#: Parameters that hold slashes; all others are one segment of a path.
_LONG = {"ref", "path"}

#: Answers that every operation may give, and the description of each seldom names: conditional
#: requests, credentials, limits and failures ("Troubleshooting the REST API" of GitHub's docs).
ANYWHERE = {301, 304, 307, 308, 400, 401, 403, 404, 429, 500, 502, 503, 504}


class Operation(NamedTuple):
    """One method of one path. name: GitHub's, as pulls/create; path: as /repos/{owner}/{repo}."""

    name: str
    method: str
    path: str
    described: Mapping[str, Any]


class Slice:
    """The described operations. Build it with `Slice.load()`, which does so once a process."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._components = document["components"]
        self._operations = [
            (_pattern(path), Operation(described["operationId"], method.upper(), path, described))
            for path, methods in document["paths"].items()
            for method, described in methods.items()
        ]
        # Paths of few variable parts first: /repos/{owner}/{repo} has no more precise neighbour.
        self._operations.sort(key=lambda each: each[1].path.count("{"))
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft4Validator] = {}
        self._answers = _json_schema(self._components["schemas"], closed=False)
        self._bodies = _json_schema(self._components["schemas"], closed=True)

    @staticmethod
    @cache
    def load() -> Slice:
        """The slice in tests/data."""
        return Slice(json.loads(SLICE.read_text()))

    def find(self, method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
        """The operation of a path without query, and the values in it; None: not described."""
        for pattern, operation in self._operations:
            if operation.method == method and (match := pattern.fullmatch(path)):
                return operation, match.groupdict()
        return None

    def request(
        self, method: str, path: str, query: Mapping[str, Sequence[str]], body: Any
    ) -> list[str]:
        """What is wrong with a request. path: from the root of the API, `/repos/acme/shop`;
        query: name to values; body: parsed, None for none."""
        if (found := self.find(method, path)) is None:
            return [f"{method} {path} is not described"]
        operation, values = found
        where = f"{method} {path}"
        return [
            f"{where}: {problem}"
            for problem in (
                *self._parameters(operation, values, query),
                *self._body(operation, body),
            )
        ]

    def response(self, operation: Operation, status: int, body: Any) -> list[str]:
        """What is wrong with an answer. body: parsed, None for none."""
        where = f"{operation.method} {operation.path} answers {status}"
        described = operation.described["responses"].get(str(status))
        if described is None:
            if status not in ANYWHERE:
                return [f"{where}: not described"]
            described = {"content": {}}
        content = self._resolved(described).get("content", {})
        if (media := content.get("application/json")) is None:
            if body is None or status in ANYWHERE:
                return []
            # requested_reviewers describes its 422 without a body, and sends one.
            return [] if status == 422 else [f"{where}: has a body, and none is described"]
        validator = self._validator(operation, str(status), media["schema"])
        return [f"{where}: {problem}" for problem in _problems(validator, body)]

    def _parameters(
        self, operation: Operation, values: Mapping[str, str], query: Mapping[str, Sequence[str]]
    ) -> Iterator[str]:
        known = set()
        for reference in operation.described.get("parameters", ()):
            parameter = self._resolved(reference)
            name, schema = parameter["name"], parameter["schema"]
            if parameter["in"] == "path":
                given: Sequence[str] = [values[name]]
            elif parameter["in"] == "query":
                known.add(name)
                given = query.get(name, ())
                if parameter.get("required") and not given:
                    yield f"the parameter {name} is missing"
                if len(given) > 1:
                    yield f"the parameter {name} is given {len(given)} times"
            else:
                continue
            for text in given:
                if schema.get("type") == "integer" and not text.isdecimal():
                    yield f"{name}={text} is not a number"
                if "enum" in schema and text not in schema["enum"]:
                    yield f"{name}={text} is none of {', '.join(schema['enum'])}"
        for name in query:
            if name not in known:
                yield f"the parameter {name} is not described"

    def _body(self, operation: Operation, body: Any) -> Iterator[str]:
        described = operation.described.get("requestBody")
        if described is None:
            if body is not None:
                yield "has a body, and none is described"
            return
        if body is None:
            if described.get("required"):
                yield "has no body"
            return
        schema = described["content"]["application/json"]["schema"]
        yield from _problems(self._validator(operation, "body", schema), body)

    def _validator(
        self, operation: Operation, part: str, schema: Mapping[str, Any]
    ) -> jsonschema_rs.Draft4Validator:
        key = (operation.name, part)
        if key not in self._validators:
            closed = part == "body"
            self._validators[key] = jsonschema_rs.Draft4Validator(
                {
                    "allOf": [_json_schema(schema, closed=closed)],
                    "components": {"schemas": self._bodies if closed else self._answers},
                },
                validate_formats=True,
            )
        return self._validators[key]

    def _resolved(self, described: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in described:
            return described
        kind, name = described["$ref"].removeprefix("#/components/").split("/")
        found: Mapping[str, Any] = self._components[kind][name]
        return found


def _pattern(path: str) -> re.Pattern[str]:
    def group(match: re.Match[str]) -> str:
        name = match[1]
        return f"(?P<{name}>{'.+' if name in _LONG else '[^/]+'})"

    return re.compile(re.sub(r"\{(\w+)\}", group, path))


def _json_schema(schema: Any, *, closed: bool) -> Any:
    """A schema of OpenAPI 3.0 as JSON schema, draft 4: `nullable` is the one difference that
    GitHub's description makes use of. closed: unknown keys are violations."""
    if isinstance(schema, list):
        return [_json_schema(each, closed=closed) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {
        key: _json_schema(value, closed=closed)
        for key, value in schema.items()
        if key not in ("example", "examples", "description")
        or isinstance(value, dict)  # the name of a property, not the keyword
    }
    if schema.get("nullable") is True:
        if isinstance(schema.get("type"), str):
            out["type"] = [schema["type"], "null"]
        if "enum" in schema:
            out["enum"] = [*schema["enum"], None]
    if closed and isinstance(schema.get("properties"), dict):
        out.setdefault("additionalProperties", False)
    return out


def _problems(validator: jsonschema_rs.Draft4Validator, value: Any) -> Iterator[str]:
    for error in validator.iter_errors(value):
        where = "/".join(map(str, error.instance_path)) or "the body"
        yield f"{where}: {error.message[:300]}"
