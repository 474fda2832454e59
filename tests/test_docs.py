"""The documentation says what the code does."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import Field
from pathlib import Path
from typing import Any

import pytest

from gorewrite import config
from gorewrite.config import Config
from gorewrite.engine import available
from gorewrite.outcome import failed, outcome_of
from gorewrite.project import FileError, Workspace
from gorewrite.pulls import settings
from gorewrite.report import as_json
from gorewrite.transform import Safety, Transform
from tests.golden import ROOT as GOLDEN
from tests.repositories import SHOP, repository

ROOT = Path(__file__).parent.parent
HEADINGS = ("What it does", "Why", "When it does nothing", "Safety", "References")
#: The engine's own refusal, which every transform can give.
OWN_CODES = {"opted-out"}
TRANSFORMS = available()


@pytest.fixture(params=TRANSFORMS, ids=lambda transform: transform.name)
def transform(request: pytest.FixtureRequest) -> Transform:
    found: Transform = request.param
    return found


def stem(transform: Transform) -> str:
    return transform.name.replace("-", "_")


def documented(transform: Transform) -> str:
    return inspect.getdoc(type(transform)) or ""


# --- reference pages -------------------------------------------------------------------------


def rows(page: str) -> Iterator[list[str]]:
    """The cells of the tables of a page, without heads."""
    for line in (ROOT / "docs" / page).read_text().splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_configuration_page_lists_every_key() -> None:
    def shown(kind: str, default: Any) -> str:
        if default == ():
            return "[]" if "list" in kind else "{}"
        return json.dumps(default)

    def table(keys: Mapping[str, Field[Any]]) -> list[list[str]]:
        told = [(f"`{key}`", each.metadata, each.default) for key, each in keys.items()]
        head = ["key", "value", "default", "meaning"]
        return [
            head,
            *(
                [key, m["kind"], f"`{shown(m['kind'], value)}`", m["help"]]
                for key, m, value in told
            ),
        ]

    found = [row for row in rows("configuration.md") if len(row) == 4]
    assert found == [*table(config.keys()), *table(settings.keys())]
    fields = [row for row in rows("configuration.md") if len(row) == 2 and row[0][:2] == "`{"]
    assert fields == [[f"`{{{name}}}`", text] for name, text in settings.FIELDS.items()]


def test_example_of_the_configuration_page_is_taken(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    example, *_ = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    repository(tmp_path, {"gorewrite.toml": example, "services/cart/Dockerfile": "FROM a\n"})
    loaded = config.load(tmp_path / "services" / "cart" / "Dockerfile")
    assert set(loaded.ignore) <= {t.name for t in TRANSFORMS}
    assert loaded.context_for(tmp_path / "services" / "cart" / "Dockerfile") == tmp_path
    assert config.load(tmp_path / "services/legacy/shop/Dockerfile").runtime == "alpine"
    assert not config.load(tmp_path / "services/legacy/billing/Dockerfile").enabled


def test_json_page_names_every_key(tmp_path: Path) -> None:
    naive = 'FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nCMD ["./shop"]\n'
    repository(tmp_path, {**SHOP, "Dockerfile": naive})
    workspace = Workspace(TRANSFORMS, Safety.SAFE)
    result = workspace.rewrite(tmp_path / "Dockerfile", "Dockerfile", Config())
    assert result.plan.changes and result.plan.refusals
    outcomes = [outcome_of(result), failed(FileError("other", 1, "problem"))]
    document = json.loads(as_json(outcomes))
    page = (ROOT / "docs" / "json.md").read_text()
    done, broken = document["files"]
    expected = {"version", "summary", "files[]", "…because[]", "files[].verification"}
    expected.add("….fingerprint")
    expected |= {f"files[].{key}" for key in broken}
    expected |= {
        f"files[].{key}" + ("[]" if isinstance(value, list) else "") for key, value in done.items()
    }
    listed = {row[0].strip("`") for row in rows("json.md")} - {"key", "code"}
    assert {key for key in listed if key not in FILE_CODES} == expected
    for inner in (
        document["summary"],
        broken["error"],
        done["context"],
        done["changes"][0],
        done["refusals"][0],
        done["changes"][0]["because"][0],
    ):
        assert f"`{{{', '.join(inner)}}}`" in page


# --- transforms ------------------------------------------------------------------------------


def test_headings(transform: Transform) -> None:
    text = documented(transform)
    found = [line.strip("*") for line in text.splitlines() if re.fullmatch(r"\*[^*]+\*", line)]
    assert found == list(HEADINGS)
    sections = re.split(r"^\*[^*\n]+\*$", text, flags=re.MULTILINE)
    assert all(section.strip() for section in sections)
    assert re.fullmatch(r"(?:[a-z]|CGO_).{20,80}[^.]", transform.summary)


#: What the examples of one or two lines stand in.
BUILDER = "FROM golang:1.24 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /shop .\n\n"
TOP, COPY, END = "FROM golang:1.24\nWORKDIR /src\n", "COPY . .\n", 'CMD ["/src/app"]\n'
#: A module with one dependency, of which the program needs nothing special.
FILES = {
    **SHOP,
    "go.mod": SHOP["go.mod"] + "\nrequire golang.org/x/sync v0.7.0\n",
    "go.sum": "golang.org/x/sync v0.7.0 h1:x=\n",
    "cmd/server/main.go": SHOP["main.go"],
    "README.md": "# Shop\n",
    ".github/dependabot.yml": "version: 2\n",
}


def around(before: str) -> tuple[str, str]:
    """What makes a whole Dockerfile of an example: the text above and below."""
    if "golang" in before:
        return "", ""
    if before.startswith("FROM"):
        return BUILDER, ""
    build = "" if "go build" in before else "RUN go build -o app .\n"
    return TOP + ("" if before.startswith("COPY") else COPY), build + END


def test_before_becomes_after(transform: Transform, tmp_path: Path) -> None:
    """The example is what the transform itself does to a small module."""
    before, after = (
        text.strip("\n").replace("# .dockerignore\n", "") + "\n"
        for text in (transform.before, transform.after)
    )
    if transform.before.startswith("# Makefile\n"):
        in_makefile(transform, tmp_path)
        return
    above, below = around(before)
    repository(tmp_path, {**FILES, "Dockerfile": above + before + below})
    result = Workspace((transform,), Safety.SAFE).rewrite(
        tmp_path / "Dockerfile", "Dockerfile", Config()
    )
    assert result.plan.changes
    if transform.after.lstrip().startswith("# .dockerignore"):
        assert result.plan.new == result.plan.old
        assert [file.new.decode() for file in result.plan.files] == [after]
    else:
        assert result.plan.new.decode() == above + after + below


def in_makefile(transform: Transform, top: Path) -> None:
    """The example is what the transform does to a Makefile of a Dockerfile that has mounts."""
    before, after = (
        text.removeprefix("# Makefile\n") for text in (transform.before, transform.after)
    )
    mounted = BUILDER.replace("RUN ", "RUN --mount=type=cache,target=/root/.cache ")
    repository(top, {**FILES, "Makefile": before, "Dockerfile": mounted})
    result = Workspace((transform,), Safety.SAFE).rewrite(
        top / "Dockerfile", "Dockerfile", Config()
    )
    (span,) = result.plan.spans
    assert before[: span.start] + span.new.decode() + before[span.end :] == after


def test_has_golden_cases_and_a_test_file(transform: Transform) -> None:
    assert list((GOLDEN / transform.name).glob("*/in"))
    assert (ROOT / "tests" / "transforms" / f"test_{stem(transform)}.py").is_file()
    assert (ROOT / "transforms" / f"{stem(transform)}.py").is_file()


def test_every_file_of_transforms_is_installed() -> None:
    stems = {path.stem for path in (ROOT / "transforms").glob("*.py")} - {"__init__"}
    assert stems == {stem(t) for t in TRANSFORMS if type(t).__module__.startswith("gorewrite.")}


def golden_codes() -> dict[str, set[str]]:
    """Transform -> the refusal codes in golden reports."""
    found: dict[str, set[str]] = {}
    for path in GOLDEN.glob("*/*/report.json"):
        for refusal in json.loads(path.read_text()).get("refusals", ()):
            found.setdefault(refusal["transform"], set()).add(refusal["code"])
    return found


_LITERAL = re.compile(
    r"(?:Refusal\(\s*[\w.]+,\s*|_refuse\(\s*|NoRuntime\(\s*|Conflict\(\s*)\"([a-z][a-z0-9-]*)\""
)


def literal_codes(transform: Transform) -> set[str]:
    source = (ROOT / "transforms" / f"{stem(transform)}.py").read_text()
    return set(_LITERAL.findall(source))


def test_every_refusal_code_is_explained(transform: Transform) -> None:
    text = documented(transform)
    codes = (golden_codes().get(transform.name, set()) | literal_codes(transform)) - OWN_CODES
    section = text.partition("*When it does nothing*")[2].partition("\n*Safety*")[0]
    missing = {code for code in codes if not re.search(rf"(?<![\w-]){code}(?![\w-])", section)}
    assert missing == set()


def test_codes_of_the_layers_below_are_explained() -> None:
    """What split-stages hands on from the modules that look for it."""
    text = documented(next(t for t in TRANSFORMS if t.name == "split-stages"))
    for name in ("stage/entry", "runtime/carry", "runtime/choice", "runtime/requirements"):
        source = (ROOT / "gorewrite" / f"{name}.py").read_text()
        for code in _LITERAL.findall(source):
            assert code in text, (name, code)


#: The refusals of a file as a whole, found in the code that gives them.
FILE_CODES = set(
    re.findall(
        r"(?:refuse\(|_refused\(\s*facts,\s*[\w.]+,|Refused\(\"file\",)\s*\"([a-z-]+)\"",
        (ROOT / "gorewrite" / "leftalone.py").read_text(),
    )
)


def test_codes_of_the_file_as_a_whole_are_explained() -> None:
    assert {"template", "module-broken", "onbuild"} | golden_codes()["file"] <= FILE_CODES
    assert {row[0].strip("`") for row in rows("json.md")} >= FILE_CODES
