"""Which recipes of a Makefile a call of make runs."""

from __future__ import annotations

import pytest

from gorewrite.gobuild.makefile import run_part

MAKEFILE = """\
VERSION := $(shell git describe)
.PHONY: all build release

all: build

build: generate | bin
\techo build
ifdef X
\techo x
endif

generate:
\techo generate

bin:
\techo bin

release:
\techo release
\t$(MAKE) publish

publish:
\techo publish
"""


@pytest.mark.parametrize(
    ("goals", "echoed"),
    [
        ((), ["build", "generate", "bin"]),
        (("build",), ["build", "generate", "bin"]),
        (("generate",), ["generate"]),
        (("release",), ["release", "publish"]),
        (("bin", "generate"), ["generate", "bin"]),
        (("other",), ["build", "x", "generate", "bin", "release", "publish"]),
    ],
)
def test_run_part(goals: tuple[str, ...], echoed: list[str]) -> None:
    text = run_part(MAKEFILE, goals)
    found = [line.split()[1] for line in text.split("\n") if line.startswith("\techo")]
    assert [name for name in found if name != "x" or goals == ("other",)] == echoed
    assert text.count("\n") == MAKEFILE.count("\n")
    assert "git describe" in text


def test_a_computed_prerequisite_counts_for_all() -> None:
    text = "all: $(TARGETS)\n\nb:\n\techo b\n"
    assert run_part(text, ()) == text
