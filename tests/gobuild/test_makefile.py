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


def echoed(text: str, *goals: str) -> list[str]:
    lines = run_part(text, goals).split("\n")
    return [line.split()[-1] for line in lines if line.startswith(("\techo", "\t$"))]


def test_a_pattern_rule_makes_what_no_other_makes() -> None:
    text = "all: bin/api\n\nbin/%:\n\techo go\n\nclean:\n\techo clean\n"
    assert echoed(text, "all") == ["go"]


def test_what_is_needed_goes_on_in_the_next_line() -> None:
    text = "all: api \\\n\tworker\n\napi:\n\techo api\n\nworker:\n\techo worker\n"
    assert echoed(text, "all") == ["api", "worker"]


def test_the_goal_that_the_file_names() -> None:
    text = ".DEFAULT_GOAL := build\nhelp:\n\techo help\n\nbuild:\n\techo build\n"
    assert echoed(text) == ["build"]


def test_make_is_called_again_with_a_setting() -> None:
    text = "all:\n\t$(MAKE) GOOS=linux -j4 build\n\nbuild:\n\techo build\n\ntest:\n\techo test\n"
    assert echoed(text, "all") == ["build", "build"]


@pytest.mark.parametrize(
    "files", ["$(wildcard *.go)", "$(SOURCES)", "$(shell find . -name x.go) go.mod"]
)
def test_files_are_needed(files: str) -> None:
    text = f"SOURCES := $(wildcard *.go)\nall: {files}\n\techo all\n\ntest:\n\techo test\n"
    assert echoed(text, "all") == ["all"]


def test_a_variable_lists_targets() -> None:
    text = "ALL = api worker\nall: $(ALL)\n\napi worker:\n\techo both\n\ntest:\n\techo test\n"
    assert echoed(text, "all") == ["both"]


def test_special_targets_are_not_made() -> None:
    text = ".PHONY: test\nvenv: .PHONY\n\techo venv\n\ntest:\n\techo test\n"
    assert echoed(text, "venv") == ["venv"]


def test_a_goal_that_a_pattern_makes() -> None:
    text = "bin/%: web\n\techo go\n\nweb:\n\techo web\n\ndist/%:\n\techo dist\n"
    assert echoed(text, "bin/api") == ["go", "web"]


def test_a_comment_needs_nothing() -> None:
    text = "build: ## Build, not test; FLAGS=-v\n\techo build\n\ntest:\n\techo test\n"
    assert echoed(text, "build") == ["build"]
