"""Volumes that several compose services mount."""

from __future__ import annotations

import pytest

from gorewrite.callers.composevolumes import shared
from gorewrite.callers.yamlnodes import Mapping, read

LONG = "volumes: [{type: volume, source: a, target: /y}]"


@pytest.mark.parametrize(
    ("shop", "web", "paths"),
    [
        ("volumes: ['a:/x']", "volumes: ['a:/y:ro']", [("shop", "/x"), ("web", "/y")]),
        ("volumes: ['a:/x']", LONG, [("shop", "/x"), ("web", "/y")]),
        ("volumes: ['a:/x', 'b:/z']", "volumes: ['c:/y']", []),
        ("volumes: ['a:/x', 'a:/z']", "image: nginx", []),
        ("volumes: ['./a:/x']", "volumes: ['./a:/y']", []),
        ("volumes: ['/a:/x']", "volumes: ['/a:/y']", []),
        ("volumes: [/x]", "volumes: [/x]", []),
        ("volumes: ['a:$WHERE']", "volumes: ['a:/y']", []),
        ("volumes: [{type: bind, source: a, target: /x}]", LONG, []),
    ],
)
def test_shared(shop: str, web: str, paths: list[tuple[str, str]]) -> None:
    (services,) = read(f"shop:\n  {shop}\nweb:\n  {web}\n")
    assert isinstance(services, Mapping)
    assert [(name, path) for name, path, _ in shared(services)] == paths
