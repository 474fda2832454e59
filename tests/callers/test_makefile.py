"""Makefiles: what their recipes build."""

from __future__ import annotations

import pytest

from gorewrite.callers.model import Builder
from tests.callers.reading import calls, places, spanned

CONTEXTS = [
    # Makefile, contexts
    ("image:\n\tdocker build svc\n", ["svc"]),
    ("image: ; docker build svc\n", ["svc"]),
    ("image:\n\t@-docker build svc\n", ["svc"]),
    ("DIR = svc\nimage:\n\tdocker build $(DIR)\n", ["svc"]),
    ("DIR ?= svc\nimage:\n\tdocker build ${DIR}\n", ["svc"]),
    ("ROOT := $(CURDIR)\nimage:\n\tdocker build $(ROOT)/svc\n", ["svc"]),
    ("ROOT := $(shell pwd)\nimage:\n\tdocker build $(ROOT)\n", ["."]),
    ("DOCKER = docker\nimage:\n\t$(DOCKER) build svc\n", ["svc"]),
    ("image:\n\t$(DOCKER) build svc\n", ["svc"]),
    ("BUILD = docker build $(FLAGS)\nimage:\n\t$(BUILD) svc\n", ["svc"]),
    ("image:\n\tcd svc && docker build .\n", ["svc"]),
    ("image:\n\tcd svc\n\tdocker build .\n", ["."]),
    (".ONESHELL:\nimage:\n\tcd svc\n\tdocker build .\n", ["svc"]),
    ("image:\n\tdocker build \\\n\t\t-t x \\\n\t\tsvc\n", ["svc"]),
    ("image:\n\tfor s in a b; do docker build $$s; done\n", ["a", "b"]),
    ("S = a b\nimage:\n\tfor s in $(S); do docker build $$s; done\n", ["a", "b"]),
    ("S = a b\nimage:\n\t$(foreach s,$(S),docker build $(s);)\n", ["a", "b"]),
    ("S = a b\n$(S):\n\tdocker build $@\n", ["a", "b"]),
    ("all: image-a image-b\nimage-%:\n\tdocker build svc/$*\n", ["svc/a", "svc/b"]),
    ("S = a b\nall: $(addprefix image-,$(S))\nimage-%:\n\tdocker build $*\n", ["a", "b"]),
    ("define image\ndocker build $(1)\nendef\na:\n\t$(call image,svc)\n", ["svc"]),
    (
        "a:\n\t$(MAKE) image DIR=svc\nimage:\n\tdocker build $(DIR)\n",
        ["svc", None],
    ),
    ("ifdef X\nDIR = a\nelse\nDIR = b\nendif\nimage:\n\tdocker build $(DIR)\n", [None]),
    ("image:\n\tdocker build $(DIR)\n", [None]),
    ("image:\n\tdocker build $(shell cat dir)\n", [None]),
    ("# image:\n#\tdocker build svc\n", []),
    ("image:\n\t@echo docker build svc\n", []),
    ("image:\n\tdocker push svc\n", []),
    ("docker build svc\n", []),
]


@pytest.mark.parametrize(("text", "expected"), CONTEXTS)
def test_context(text: str, expected: list[str | None]) -> None:
    assert [call.context for call in calls("makefile", "Makefile", text)] == expected


def test_in_its_own_directory() -> None:
    text = "image:\n\tdocker build -f ../svc/Dockerfile ..\n"
    assert places(calls("makefile", "ci/Makefile", text, "ci")) == [(".", "svc/Dockerfile")]


def test_what_it_includes() -> None:
    files = {"ci/images.mk": "DIR = svc\nimage:\n\tdocker build $(DIR)\n"}
    text = "include ci/images.mk\nother:\n\tdocker build $(DIR)/other\n"
    first, second = calls("makefile", "Makefile", text, files=files)
    assert (first.file, first.context) == ("ci/images.mk", "svc")
    assert (second.file, second.context) == ("Makefile", "svc/other")


BUILDERS = [
    ("export DOCKER_BUILDKIT = 1\n", Builder.BUILDKIT),
    ("DOCKER_BUILDKIT = 1\nexport DOCKER_BUILDKIT\n", Builder.BUILDKIT),
    ("DOCKER_BUILDKIT ?= 1\nexport\n", Builder.BUILDKIT),
    ("image: export DOCKER_BUILDKIT = 1\n", Builder.BUILDKIT),
    ("DOCKER_BUILDKIT = 1\n", Builder.DEFAULT),
    ("export DOCKER_BUILDKIT := 0\n", Builder.CLASSIC),
]


@pytest.mark.parametrize(("text", "expected"), BUILDERS)
def test_builder(text: str, expected: Builder) -> None:
    text += "image:\n\tdocker build .\n" if "image:" not in text else "\tdocker build .\n"
    (call,) = calls("makefile", "Makefile", text)
    assert call.builder is expected


def test_span_is_that_of_the_file() -> None:
    text = (
        "# é\nT = dev\nimage:\n\t@true && A=1 docker build --target $(T) \\\n\t  -t $(T) svc; x\n"
    )
    (call,) = calls("makefile", "Makefile", text)
    assert call.target == "dev" and call.line == 4
    assert spanned(text, call) == "A=1 docker build --target $(T) \\\n\t  -t $(T) svc"


def test_variables_that_name_themselves() -> None:
    text = "A = $(B)\nB = $(A)\nC := $(C) x\nimage:\n\tdocker build $(A)$(C)\n"
    (call,) = calls("makefile", "Makefile", text)
    assert call.context is None


def test_quotes_of_the_shell_do_not_hide_what_make_puts_in() -> None:
    text = "F ?= x\nimage:\n\tdocker build --build-arg 'A=$(OTHER)' --build-arg 'B=$(F)' .\n"
    (call,) = calls("makefile", "Makefile", text)
    assert call.args == (("A", None), ("B", "x"))
