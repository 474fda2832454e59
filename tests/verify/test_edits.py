"""What is edited before a rebuild is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.evidence import Unknown
from gorewrite.golang.gomod import parse_gomod
from gorewrite.verify.edits import Edit, dependency_edit, source_edit
from tests.repositories import GO_MOD, MAIN, facts_of
from tests.verify.tools import NAIVE

RUN = "0123456789ab"
MARK = b"// gorewrite verify 0123456789ab\n"
LIBRARY = "package main\n\nfunc help() {}\n"


def dockerfile(command: str) -> str:
    return f"FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN {command}\n"


@pytest.mark.parametrize(
    ("command", "files", "path"),
    [
        ("go build -o shop .", {"a.go": LIBRARY, "z.go": MAIN}, "z.go"),
        ("go build -o x ./cmd/x", {"main.go": MAIN, "cmd/x/run.go": MAIN}, "cmd/x/run.go"),
        ("go build ./cmd/x", {"cmd/x/x_test.go": MAIN, "cmd/x/y.go": MAIN}, "cmd/x/y.go"),
        ("go install example.com/shop/cmd/x", {"main.go": MAIN, "cmd/x/a.go": MAIN}, "cmd/x/a.go"),
        ("go build -o x b.go c.go", {"a.go": MAIN, "b.go": LIBRARY, "c.go": MAIN}, "c.go"),
        ("cd cmd/x && go build .", {"main.go": MAIN, "cmd/x/a.go": MAIN}, "cmd/x/a.go"),
        # Not followed: the file nearest to the root.
        ("make", {"Makefile": "all:\n\t./x\n", "cmd/x/main.go": MAIN, "main.go": MAIN}, "main.go"),
        ("./build.sh", {"a/b/main.go": MAIN, "z/main.go": MAIN}, "z/main.go"),
        ("make", {"Makefile": "all:\n", "main.go": LIBRARY, "x/main.go": MAIN}, "x/main.go"),
    ],
)
def test_main_file(tmp_path: Path, command: str, files: dict[str, str], path: str) -> None:
    facts = facts_of(tmp_path, dockerfile(command), {"go.mod": GO_MOD, **files})
    assert source_edit(facts, RUN) == Edit(path, files[path].encode() + MARK)


def test_main_file_of_what_is_shipped(tmp_path: Path) -> None:
    """Not the tool that is built before it."""
    text = (
        "FROM golang:1.24 AS tool\nWORKDIR /t\nCOPY . .\nRUN go build -o /tool ./cmd/tool\n"
        "FROM golang:1.24 AS app\nWORKDIR /a\nCOPY . .\nRUN go build -o /shop ./cmd/shop\n"
        "FROM scratch\nCOPY --from=app /shop /shop\n"
    )
    files = {"go.mod": GO_MOD, "cmd/tool/main.go": MAIN, "cmd/shop/main.go": MAIN}
    edit = source_edit(facts_of(tmp_path, text, files), RUN)
    assert isinstance(edit, Edit)
    assert edit.path == "cmd/shop/main.go"


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"lib.go": "package lib\n"},
        {"main_test.go": MAIN},
        {"main.go": "package main\n\n// func main() is missing\n"},
        {"main.go": MAIN, ".dockerignore": "*.go\n"},
    ],
)
def test_no_main_file(tmp_path: Path, files: dict[str, str]) -> None:
    edit = source_edit(facts_of(tmp_path, NAIVE, {"go.mod": GO_MOD, **files}), RUN)
    assert edit == Unknown("no file of a main package is in the build context")


def test_main_file_out_of_the_context_is_not_edited(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text(MAIN)
    (tmp_path / "away").mkdir()
    (tmp_path / "away/main.go").write_text(MAIN)
    top = tmp_path / "top"
    top.mkdir()
    (top / "main.go").symlink_to("../main.go")
    (top / "sub").symlink_to(tmp_path / "away")
    assert isinstance(source_edit(facts_of(top, NAIVE, {"go.mod": GO_MOD}), RUN), Unknown)


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_source_edit_is_a_line_of_its_own(tmp_path: Path, end: bytes) -> None:
    facts = facts_of(tmp_path, NAIVE)
    source = MAIN.rstrip("\n").encode() + end
    (tmp_path / "main.go").write_bytes(source)
    assert source_edit(facts, RUN) == Edit("main.go", source + (b"" if end else b"\n") + MARK)


def test_edits_of_two_runs_differ(tmp_path: Path) -> None:
    """Otherwise the second would find the layers of the first."""
    facts = facts_of(tmp_path, NAIVE)
    assert source_edit(facts, "1") != source_edit(facts, "2")
    assert dependency_edit(facts, "1") != dependency_edit(facts, "2")


# --- go.mod ----------------------------------------------------------------------------

A, B, C = "example.com/a v1.0.0", "example.com/b v1.2.3 // indirect", "example.com/c v0.1.0"
HEAD = "module example.com/shop\n\ngo 1.22\n\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{HEAD}require (\n\t{A}\n\t{B}\n\t{C}\n)\n",
            f"{HEAD}require (\n\t{B}\n\t{A}\n\t{C}\n)\n",
        ),
        (f"{HEAD}require {A}\nrequire {C}\n", f"{HEAD}require {C}\nrequire {A}\n"),
        # Two blocks: within the second, where two stand below each other.
        (
            f"{HEAD}require {A}\n\nrequire (\n\t{B}\n\t{C}\n)\n",
            f"{HEAD}require {A}\n\nrequire (\n\t{C}\n\t{B}\n)\n",
        ),
        # Nothing to put in another order.
        (HEAD, HEAD),
        (f"{HEAD}require {A}\n", f"{HEAD}require {A}\n"),
        (f"{HEAD}require {A}\n\nrequire {C}\n", f"{HEAD}require {A}\n\nrequire {C}\n"),
        # A comment between two stays where it is.
        (
            f"{HEAD}require (\n\t{A}\n\t// why\n\t{B}\n)\n",
            f"{HEAD}require (\n\t{A}\n\t// why\n\t{B}\n)\n",
        ),
    ],
)
def test_requirements_change_places(tmp_path: Path, text: str, expected: str) -> None:
    facts = facts_of(tmp_path, NAIVE, {"go.mod": text, "main.go": MAIN})
    assert dependency_edit(facts, RUN) == Edit("go.mod", expected.encode() + MARK)


def test_line_ends_of_windows(tmp_path: Path) -> None:
    text = f"{HEAD}require (\n\t{A}\n\t{C}\n)\n".replace("\n", "\r\n")
    expected = f"{HEAD}require (\n\t{C}\n\t{A}\n)\n".replace("\n", "\r\n")
    facts = facts_of(tmp_path, NAIVE, {"go.mod": text, "main.go": MAIN})
    assert dependency_edit(facts, RUN) == Edit("go.mod", expected.encode() + MARK)


@pytest.mark.parametrize(
    "text",
    [
        HEAD.rstrip("\n"),
        f"{HEAD}require {A}",
        f"{HEAD}require (\n\t{A}\n\t{C}\n)",
        f"{HEAD}require {A}\nrequire {C}",
    ],
)
def test_no_newline_at_the_end(tmp_path: Path, text: str) -> None:
    """What go reads is the same as before."""
    facts = facts_of(tmp_path, NAIVE, {"go.mod": text, "main.go": MAIN})
    edit = dependency_edit(facts, RUN)
    assert isinstance(edit, Edit)
    assert edit.data.endswith(b"\n" + MARK)
    assert required(edit.data) == required(text.encode())


def required(data: bytes) -> set[tuple[str, str]]:
    module = parse_gomod(data, "go.mod")
    assert not isinstance(module, Unknown)
    return {(require.path, require.version) for require in module.requires}


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"go.mod": GO_MOD, "x/go.mod": HEAD, "x/main.go": MAIN}, "x/go.mod"),
        ({"go.mod": GO_MOD, "x/main.go": MAIN}, "go.mod"),
    ],
)
def test_go_mod_of_the_built_program(tmp_path: Path, files: dict[str, str], path: str) -> None:
    edit = dependency_edit(facts_of(tmp_path, dockerfile("cd x && go build ."), files), RUN)
    assert isinstance(edit, Edit)
    assert edit.path == path


def test_no_go_mod(tmp_path: Path) -> None:
    edit = dependency_edit(facts_of(tmp_path, NAIVE, {"main.go": MAIN}), RUN)
    assert edit == Unknown("no go.mod of the program is in the build context")
