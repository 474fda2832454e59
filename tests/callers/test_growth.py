"""Files that would take for ever, or all the memory, if they were followed to the end."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers.index import read_index
from gorewrite.callers.runcalls import runs
from tests.callers.reading import calls

NINE = "1 2 3 4 5 6 7 8 9"
NAMES = [f"s{n}" for n in range(3000)]

SCRIPTS = [
    "".join(f"for {v} in {NINE}; do\n" for v in "abcdefgh") + "docker build .\n" + "done\n" * 8,
    "f() { docker build .; " + "f; " * 10 + "}\nf\n",
    "f() { g; g; g; g; }\ng() { f; f; f; docker build $1; }\nf\n",
    "(" * 500 + "docker build ." + ")" * 500,
    "echo $(" * 80 + "docker build ." + ")" * 80,
    "((x))\n" + "docker build . # x\n" * 250 + "((y))\n" * 3000,
    "a=(" + "x " * 20000 + ")\n" + 'docker build "${a[@]}"\n' * 300,
]


@pytest.mark.parametrize("text", SCRIPTS, ids=range(len(SCRIPTS)))
def test_scripts(text: str) -> None:
    assert len(calls("shellscript", "build.sh", text)) <= 300


MAKEFILES = [
    f"S = {' '.join(NAMES)}\n$(S):\n\tdocker build $@\n",
    f"all: {' '.join('image-' + name for name in NAMES)}\nimage-%:\n\tdocker build $*\n",
    "A0 = x\n"
    + "".join(f"A{n} = $(A{n - 1}) $(A{n - 1}) $(A{n - 1})\n" for n in range(1, 25))
    + "image:\n\tdocker build $(A24)\n",
    "a:\n\t$(MAKE) a X=1\n\t$(MAKE) a X=2\n\t$(MAKE) a X=3\n\tdocker build $(X)\n",
    f"S = {' '.join(NAMES)}\nimage:\n"
    "\t$(foreach a,$(S),$(foreach b,$(S),docker build $(a)$(b);))\n",
    "image:\n\tdocker build .\n" * 2000,
]


@pytest.mark.parametrize("text", MAKEFILES, ids=range(len(MAKEFILES)))
def test_makefiles(text: str) -> None:
    assert len(calls("makefile", "Makefile", text)) <= 2000


@pytest.mark.parametrize("axes", [9, 25])
def test_matrices(axes: int) -> None:
    matrix = ", ".join(f"a{n}: [{NINE.replace(' ', ', ')}]" for n in range(axes))
    github = f"jobs: {{a: {{strategy: {{matrix: {{{matrix}}}}}, steps: [run: docker build x]}}}}"
    assert len(calls("workflow", ".github/workflows/a.yml", github)) == 1
    gitlab = f"a: {{parallel: {{matrix: [{{{matrix}}}]}}, script: docker build $a24}}"
    assert 1 <= len(calls("gitlab", ".gitlab-ci.yml", gitlab)) <= 60


def test_services_that_extend_each_other() -> None:
    chain = "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(500))
    text = f"services:\n{chain}  s500: {{build: .}}\n  a: {{extends: b}}\n  b: {{extends: a}}\n"
    assert len(calls("composefile", "compose.yaml", text)) < 20


LONG = [
    "docker run shop " + '"docker run \\\\"' * 20000,
    "kubectl " * 30000 + "exec",
    "image: " + "{{" * 60000,
    '"docker"' + ", a" * 60000 + ' "run"',
    '"name": "x", ' * 15000 + '"a": "docker run shop ls"',
]


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_commands_in_a_long_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "Dockerfile").write_text("FROM golang:1.24\n")
    (tmp_path / "build.sh").write_text("docker build -t shop .\n" + text)
    (tmp_path / "k8s.yaml").write_text(text)
    assert runs(tmp_path / "Dockerfile", read_index(tmp_path), ()) == ()
