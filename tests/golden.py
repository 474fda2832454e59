"""Golden cases: directories of real files, discovered, never listed.

golden/<transform or scenario>/<case>/
    in/            a repository: Dockerfile, go.mod, sources …
    case.toml      optional: review = true, select = [...], dockerfile = "build/Dockerfile"
    expected/      the files that differ afterwards (absent: nothing changes)
    report.json    changes and refusals with their evidence

A directory named like a transform runs that transform alone; any other runs them all.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gorewrite.config import load
from gorewrite.engine import available, by_name
from gorewrite.evidence import Evidence
from gorewrite.outcome import changes_on_disk
from gorewrite.project import FileError, Result, Workspace
from gorewrite.transform import Safety

ROOT = Path(__file__).parent.parent / "golden"


@dataclass(frozen=True)
class Case:
    """One golden directory with its options."""

    path: Path

    @property
    def id(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def options(self) -> dict[str, Any]:
        file = self.path / "case.toml"
        return tomllib.loads(file.read_text()) if file.exists() else {}

    @property
    def dockerfile(self) -> str:
        return str(self.options.get("dockerfile", "Dockerfile"))

    def workspace(self) -> Workspace:
        """The selected transforms, with nothing of this machine in it."""
        transforms = available()
        scenario = self.path.parent.name
        names = self.options.get("select") or (
            [scenario] if scenario in by_name(transforms) else list(by_name(transforms))
        )
        allowed = Safety.REVIEW if self.options.get("review") else Safety.SAFE
        return Workspace(tuple(t for t in transforms if t.name in names), allowed)

    def run(self, top: Path, data: bytes | None = None) -> Result | FileError:
        """Plans the case's Dockerfile in `top` (a copy of in/, or in/ itself)."""
        path = top / self.dockerfile
        try:
            config = replace(load(path), review=bool(self.options.get("review")))
            return self.workspace().rewrite(path, self.dockerfile, config, data)
        except FileError as error:
            return error


def cases() -> list[Case]:
    return [Case(path.parent) for path in sorted(ROOT.glob("*/*/in"))]


def written(result: Result, top: Path) -> list[tuple[Path, bytes | None, bytes]]:
    """(path, old, new) of every file of a planned case, those of its callers included."""
    found = changes_on_disk(result)
    for name in sorted({span.path for span in result.plan.spans}):
        old = new = (top / name).read_bytes()
        for span in sorted(result.plan.spans, key=lambda span: span.start, reverse=True):
            if span.path == name:
                assert new[span.start : span.end] == span.old
                new = new[: span.start] + span.new + new[span.end :]
        found.append((top / name, old, new))
    return found


def outcome(result: Result | FileError, top: Path) -> tuple[dict[str, bytes], dict[str, Any]]:
    """(files that differ, the report as golden JSON) of a planned case."""
    if isinstance(result, FileError):
        return {}, {"error": {"line": result.line, "message": result.problem}}
    files = {
        str(path.resolve().relative_to(top.resolve())): new for path, _, new in written(result, top)
    }
    plan = result.plan
    report = {
        "changes": [
            {
                "transform": c.transform,
                "safety": str(c.safety),
                "applied": c.applied,
                "line": c.line,
                "message": c.message,
                "because": _lines(c.because),
            }
            for c in plan.changes
        ],
        "refusals": [
            {
                "transform": r.transform,
                "code": r.code,
                "line": r.line,
                "message": r.message,
                "because": _lines(r.because),
            }
            for r in plan.refusals
        ],
    }
    return files, report


def _lines(because: tuple[Evidence, ...]) -> list[str]:
    return [str(evidence) for evidence in because]


def dump(report: dict[str, Any]) -> str:
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
