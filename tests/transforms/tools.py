"""Runs one transform on a Dockerfile written in a test."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from gorewrite.config import Config
from gorewrite.engine import Applied, Plan, Refused
from gorewrite.project import Workspace
from gorewrite.transform import Safety, Transform


def transform(name: str) -> Transform:
    """The installed transform of that name; the others are not loaded."""
    (entry,) = entry_points(group="gorewrite.transforms", name=name)
    found: Transform = entry.load()()
    return found


def planned(
    dockerfile: str,
    files: Mapping[str, str],
    name: str,
    *,
    review: bool = False,
    path: str = "Dockerfile",
    config: Config | None = None,
) -> Plan:
    """The plan for a repository made of `files` (path -> text, or `->target` for a link) and the
    Dockerfile at `path`."""
    with tempfile.TemporaryDirectory() as directory:
        top = Path(directory)
        (top / ".git").mkdir()
        for place, text in {**files, path: dockerfile}.items():
            (top / place).parent.mkdir(parents=True, exist_ok=True)
            if text.startswith("->"):
                (top / place).symlink_to(text[2:])
            else:
                (top / place).write_bytes(text.encode())
        allowed = Safety.REVIEW if review else Safety.SAFE
        workspace = Workspace((transform(name),), allowed)
        result = workspace.rewrite(top / path, path, config or Config(review=review))
        return result.plan


def rewrite(
    dockerfile: str, files: Mapping[str, str], name: str, review: bool = False
) -> tuple[str, tuple[Applied, ...], tuple[Refused, ...]]:
    """(the new text, changes applied and offered, refusals)."""
    plan = planned(dockerfile, files, name, review=review)
    return plan.new.decode(), plan.changes, plan.refusals
