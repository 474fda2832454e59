"""Switching BuildKit on in scripts, Makefiles, pipelines and programs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gorewrite.buildkit.model import newline_of
from gorewrite.callers.model import Builder, Source
from gorewrite.evidence import Unknown
from tests.buildkit.tools import read, switched, ways_of

ONE_COMMAND = [
    ("docker build .", "DOCKER_BUILDKIT=1 docker build ."),
    ("/usr/bin/docker build .", "DOCKER_BUILDKIT=1 /usr/bin/docker build ."),
    ("docker image build -t a .", "DOCKER_BUILDKIT=1 docker image build -t a ."),
    ("docker -H tcp://b build .", "DOCKER_BUILDKIT=1 docker -H tcp://b build ."),
    ("A=b docker build .", "A=b DOCKER_BUILDKIT=1 docker build ."),
    ("sudo docker build .", "sudo DOCKER_BUILDKIT=1 docker build ."),
    ("sudo -E A=b docker build .", "sudo -E A=b DOCKER_BUILDKIT=1 docker build ."),
    ("env A=b docker build .", "env A=b DOCKER_BUILDKIT=1 docker build ."),
    ("time docker build .", "time env DOCKER_BUILDKIT=1 docker build ."),
    ("exec docker build .", "exec env DOCKER_BUILDKIT=1 docker build ."),
    ("command docker build .", "command env DOCKER_BUILDKIT=1 docker build ."),
    ("timeout 9m docker build .", "timeout 9m env DOCKER_BUILDKIT=1 docker build ."),
    ("sudo time docker build .", "sudo time env DOCKER_BUILDKIT=1 docker build ."),
    (
        "if ! docker build .; then exit 1; fi",
        "if ! DOCKER_BUILDKIT=1 docker build .; then exit 1; fi",
    ),
    ("(cd a && docker build .)", "(cd a && DOCKER_BUILDKIT=1 docker build .)"),
    ("docker build . || exit 1", "DOCKER_BUILDKIT=1 docker build . || exit 1"),
    ("docker build \\\n  -t a \\\n  .", "DOCKER_BUILDKIT=1 docker build \\\n  -t a \\\n  ."),
    ("docker build -t größe .", "DOCKER_BUILDKIT=1 docker build -t größe ."),
    ('docker build -t "$IMAGE" .', 'DOCKER_BUILDKIT=1 docker build -t "$IMAGE" .'),
]


@pytest.mark.parametrize(("before", "after"), ONE_COMMAND)
def test_one_command_of_a_script(before: str, after: str) -> None:
    text = "#!/bin/sh\nset -e\n\n# größer\n%s\necho done\n"
    assert switched("build.sh", text % before) == text % after


SEVERAL = [
    # Behind the options of the shell, in a paragraph of its own where there is one.
    (
        "#!/bin/bash\nset -euo pipefail\n\ndocker build a\ndocker build b\n",
        "#!/bin/bash\nset -euo pipefail\n\nexport DOCKER_BUILDKIT=1\n\n"
        "docker build a\ndocker build b\n",
    ),
    (
        "#!/bin/bash\nset -e\ndocker build a\ndocker build b\n",
        "#!/bin/bash\nset -e\nexport DOCKER_BUILDKIT=1\ndocker build a\ndocker build b\n",
    ),
    (
        "#!/bin/sh\n# Licence.\n\n# Builds a.\ndocker build a\ndocker build b\n",
        "#!/bin/sh\n# Licence.\n\nexport DOCKER_BUILDKIT=1\n\n"
        "# Builds a.\ndocker build a\ndocker build b\n",
    ),
    (
        "#!/usr/bin/env bash\n# Builds a.\ndocker build a\ndocker build b\n",
        "#!/usr/bin/env bash\n\nexport DOCKER_BUILDKIT=1\n\n"
        "# Builds a.\ndocker build a\ndocker build b\n",
    ),
    (
        "docker build a\ndocker build b\n",
        "export DOCKER_BUILDKIT=1\n\ndocker build a\ndocker build b\n",
    ),
    (
        "#!/bin/sh\r\nset -e\r\n\r\ndocker build a\r\ndocker build b\r\n",
        "#!/bin/sh\r\nset -e\r\n\r\nexport DOCKER_BUILDKIT=1\r\n\r\n"
        "docker build a\r\ndocker build b\r\n",
    ),
    # sudo keeps nothing of what is exported.
    (
        "#!/bin/sh\nset -e\nsudo docker build a\ndocker build b\n",
        "#!/bin/sh\nset -e\nsudo DOCKER_BUILDKIT=1 docker build a\n"
        "DOCKER_BUILDKIT=1 docker build b\n",
    ),
    # One of them reads what the classic builder prints: it is not touched by an export.
    (
        "#!/bin/sh\ndocker build a\ndocker build b | tail -1\n",
        "#!/bin/sh\nDOCKER_BUILDKIT=1 docker build a\nDOCKER_BUILDKIT=1 docker build b | tail -1\n",
    ),
    # What is built by one of them is not known.
    (
        "#!/bin/sh\ndocker build a\ndocker build $1\n",
        "#!/bin/sh\nDOCKER_BUILDKIT=1 docker build a\nDOCKER_BUILDKIT=1 docker build $1\n",
    ),
    # One place, whatever the number of images.
    (
        "#!/bin/sh\nfor s in a b; do docker build $s; done\n",
        "#!/bin/sh\nfor s in a b; do DOCKER_BUILDKIT=1 docker build $s; done\n",
    ),
    # One is switched on already.
    (
        "#!/bin/sh\nDOCKER_BUILDKIT=1 docker build a\ndocker build b\n",
        "#!/bin/sh\nDOCKER_BUILDKIT=1 docker build a\nDOCKER_BUILDKIT=1 docker build b\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), SEVERAL)
def test_several_commands_of_a_script(before: str, after: str) -> None:
    assert switched("build.sh", before) == after


MAKEFILES = [
    ("image:\n\tdocker build .\n", "image:\n\tDOCKER_BUILDKIT=1 docker build .\n"),
    ("image:\n\t@docker build .\n", "image:\n\t@DOCKER_BUILDKIT=1 docker build .\n"),
    ("image:\n\t-@docker build .\n", "image:\n\t-@DOCKER_BUILDKIT=1 docker build .\n"),
    (
        "image:\n\tcd a && \\\n\tdocker build \\\n\t\t-t $(if $(TAG),$(TAG),a) .\n",
        "image:\n\tcd a && \\\n\tDOCKER_BUILDKIT=1 docker build \\\n"
        "\t\t-t $(if $(TAG),$(TAG),a) .\n",
    ),
    (
        "DOCKER ?= docker\n\nimage:\n\t$(DOCKER) build .\n",
        "DOCKER ?= docker\n\nimage:\n\tDOCKER_BUILDKIT=1 $(DOCKER) build .\n",
    ),
    (
        "CMD = docker\nBUILD = $(CMD) build\n\nimage:\n\t$(BUILD) .\n",
        "CMD = docker\nBUILD = $(CMD) build\n\nimage:\n\tDOCKER_BUILDKIT=1 $(BUILD) .\n",
    ),
    (
        "# Shop.\n\nTAG := 1\nNAME ?= shop\n\na:\n\tdocker build a\nb:\n\tdocker build b\n",
        "# Shop.\n\nTAG := 1\nNAME ?= shop\nexport DOCKER_BUILDKIT := 1\n\n"
        "a:\n\tdocker build a\nb:\n\tdocker build b\n",
    ),
    (
        "TAG ?= 1\nFILES = a \\\n  b\n\na:\n\tdocker build a\nb:\n\tdocker build b\n",
        "TAG ?= 1\nFILES = a \\\n  b\nexport DOCKER_BUILDKIT ?= 1\n\n"
        "a:\n\tdocker build a\nb:\n\tdocker build b\n",
    ),
    (
        ".PHONY: a b\na:\n\tdocker build a\nb:\n\tdocker build b\n",
        "export DOCKER_BUILDKIT = 1\n\n.PHONY: a b\na:\n\tdocker build a\nb:\n\tdocker build b\n",
    ),
    # An assignment in front of a command is nothing to the shell of Windows.
    (
        "ifeq ($(OS),Windows_NT)\nEXE := .exe\nendif\n\nimage:\n\tdocker build .\n",
        "export DOCKER_BUILDKIT = 1\n\nifeq ($(OS),Windows_NT)\nEXE := .exe\nendif\n\n"
        "image:\n\tdocker build .\n",
    ),
]


@pytest.mark.parametrize(("before", "after"), MAKEFILES)
def test_makefile(before: str, after: str) -> None:
    assert switched("Makefile", before) == after


def test_part_of_a_makefile_exports_nothing() -> None:
    text = "TAG = 1\na:\n\tdocker build a\nb:\n\tdocker build b\n"
    assert "export" not in switched("build/images.mk", text)
    assert "export" in switched("Makefile", text)


ENV = 'env={**os.environ, "DOCKER_BUILDKIT": "1"}'
PYTHON = [
    (
        'import subprocess\n\nsubprocess.run(["docker", "build", "."], check=True)\n',
        "import os\nimport subprocess\n\n"
        'subprocess.run(["docker", "build", "."], check=True,\n               ' + ENV + ")\n",
    ),
    (
        '"""Builds."""\nimport os\nfrom subprocess import check_call\n\n'
        'check_call(\n    ["docker", "build", "."],\n    cwd=".",\n)\n',
        '"""Builds."""\nimport os\nfrom subprocess import check_call\n\n'
        'check_call(\n    ["docker", "build", "."],\n    cwd=".",\n'
        f"    {ENV},\n)\n",
    ),
    (
        "import os\nimport subprocess as sp\n\n"
        'sp.call(["docker", "build", "."], env={**os.environ, "A": "b"})\n',
        "import os\nimport subprocess as sp\n\n"
        'sp.call(["docker", "build", "."], env={**os.environ, "A": "b", "DOCKER_BUILDKIT": "1"})\n',
    ),
    (
        "import os\nimport subprocess\n\nenv = os.environ.copy()\n"
        'subprocess.run(["docker", "build", "."], env=env)\n',
        "import os\nimport subprocess\n\nenv = os.environ.copy()\n"
        'subprocess.run(["docker", "build", "."], env={**env, "DOCKER_BUILDKIT": "1"})\n',
    ),
    (
        'import subprocess\n\nsubprocess.run("docker build .", shell=True)\n',
        'import subprocess\n\nsubprocess.run("DOCKER_BUILDKIT=1 docker build .", shell=True)\n',
    ),
    (
        'import os\n\nos.system(f"docker build -t {tag} .")\n',
        'import os\n\nos.system(f"DOCKER_BUILDKIT=1 docker build -t {tag} .")\n',
    ),
    (
        "from __future__ import annotations\n\nimport subprocess\n\n"
        'größe = 1\nsubprocess.run(["docker", "build", "."])  # größe\n',
        "from __future__ import annotations\n\nimport os\nimport subprocess\n\n"
        'größe = 1\nsubprocess.run(["docker", "build", "."],\n               '
        + ENV
        + ")  # größe\n",
    ),
    # A comment stays with what it is about.
    (
        'import os\nimport subprocess\n\nsubprocess.run(\n    ["docker", "build", "."],\n'
        "    check=True,  # or fail\n)\n",
        'import os\nimport subprocess\n\nsubprocess.run(\n    ["docker", "build", "."],\n'
        f"    check=True,  # or fail\n    {ENV},\n)\n",
    ),
    (
        'import os\nimport subprocess\n\nsubprocess.run(\n    ["docker", "build", "."]\n)\n',
        'import os\nimport subprocess\n\nsubprocess.run(\n    ["docker", "build", "."],\n'
        f"    {ENV}\n)\n",
    ),
    # The import has its place by the alphabet, and the lines their ends.
    (
        '"""Builds."""\r\n\r\nimport json\r\n# It starts docker.\r\nimport subprocess\r\n\r\n'
        'subprocess.run(["docker", "build", "."],\r\n               check=True)\r\n',
        '"""Builds."""\r\n\r\nimport json\r\nimport os\r\n# It starts docker.\r\n'
        "import subprocess\r\n\r\n"
        'subprocess.run(["docker", "build", "."],\r\n               check=True,\r\n'
        f"               {ENV})\r\n",
    ),
    (
        'from subprocess import run\n\nrun(["docker", "build", "."])\n',
        f'import os\nfrom subprocess import run\n\nrun(["docker", "build", "."], {ENV})\n',
    ),
    (
        'from invoke import task\n\n\n@task\ndef image(c):\n    c.run("docker build .")\n',
        "from invoke import task\n\n\n@task\ndef image(c):\n"
        '    c.run("DOCKER_BUILDKIT=1 docker build .")\n',
    ),
]


@pytest.mark.parametrize(("before", "after"), PYTHON)
def test_python(before: str, after: str) -> None:
    assert switched("build.py", before) == after


def test_starlark() -> None:
    before = 'local("cd svc && docker build -t shop .")\n'
    assert switched("Tiltfile", before) == before.replace("docker", "DOCKER_BUILDKIT=1 docker")


NOTHING = [
    ("build.sh", "#!/bin/sh\ndocker buildx build .\npodman build .\n"),
    ("build.sh", "#!/bin/sh\nDOCKER_BUILDKIT=1 docker build .\n"),
    ("build.sh", "#!/bin/sh\nexport DOCKER_BUILDKIT=1\ndocker build a\ndocker build b\n"),
    ("build.sh", "#!/bin/sh\nDOCKER_BUILDKIT=0 docker build .\n"),
    ("build.sh", "#!/bin/sh\necho docker build .\n# docker build .\ncat <<E\ndocker build .\nE\n"),
    ("Makefile", "export DOCKER_BUILDKIT ?= 1\nimage:\n\tdocker build .\n"),
    ("Makefile", "export DOCKER_BUILDKIT = 0\nimage:\n\tdocker build .\n"),
    ("build.py", "import docker\ndocker.from_env().images.build(path='.')\n"),
    ("build.py", "from python_on_whales import docker\ndocker.build('.')\n"),
    ("Tiltfile", "docker_build('shop', '.')\n"),
]


@pytest.mark.parametrize(("path", "text"), NOTHING)
def test_nothing_to_do(path: str, text: str) -> None:
    assert ways_of(path, text) == []


NOT_UNDERSTOOD = [
    # Who knows what `DOCKER` is, or that it is docker alone?
    ("Makefile", "image:\n\t$(DOCKER) build .\n"),
    ("Makefile", "DOCKER = sudo docker\nimage:\n\t$(DOCKER) build .\n"),
    ("Makefile", "DOCKER = $(DOCKER)\nimage:\n\t$(DOCKER) build .\n"),
    ("Makefile", "SUDO ?= sudo\nDOCKER = $(SUDO) docker\nimage:\n\t$(DOCKER) build .\n"),
    # A function of the program itself may take no `env`, and no assignment in front of docker.
    ("build.py", 'import tools\n\ntools.run(["docker", "build", "."])\n'),
    ("build.py", 'import subprocess\nsubprocess.run(["sudo", "docker", "build", "."])\n'),
    (
        "build.py",
        "import subprocess\n\n\ndef f(env=None):\n"
        '    subprocess.run(["docker", "build", "."], env=env)\n',
    ),
    (
        "build.py",
        "import os\nimport subprocess\n\ne = {**os.environ}\nfor e in x:\n"
        '    subprocess.run(["docker", "build", "."], env=e)\n',
    ),
    (
        "build.py",
        'import subprocess\n\nsubprocess.run(\n    ["docker", "build", "."]  # that\n)\n',
    ),
    ("build.py", 'import subprocess\nk = {}\nsubprocess.run(["docker", "build", "."], **k)\n'),
]


@pytest.mark.parametrize(("path", "text"), NOT_UNDERSTOOD)
def test_not_understood(path: str, text: str) -> None:
    found = ways_of(path, text)
    assert found
    for way in found:
        assert isinstance(way.alone, Unknown)
        assert way.shared == ()
    assert switched(path, text) == text


DIFFERENT = [
    ("docker build . | tail -1", "what the build prints is read, which is nothing with BuildKit"),
    ("docker build . 2>&1 | grep Success", "what the build prints is read"),
    ("ID=$(docker build .)", "what the build prints is read, which is nothing with BuildKit"),
    ("docker build . > build.log", "what the build prints is read"),
    ("docker build --squash .", "--squash of the classic builder"),
    ("docker build -m 2g .", "-m of the classic builder"),
    ("docker build --network shop_net .", "--network shop_net of the classic builder"),
    ("docker build --cache-from shop:latest .", "--cache-from without BUILDKIT_INLINE_CACHE"),
    (
        "docker build .\ndocker rmi $(docker images -f dangling=true -q)",
        "docker rmi $(docker images -f dangling=true -q)",
    ),
]


@pytest.mark.parametrize(("command", "text"), DIFFERENT)
def test_relies_on_the_classic_builder(command: str, text: str) -> None:
    (way,) = ways_of("build.sh", f"#!/bin/sh\n{command}\n")
    assert [evidence.text for evidence in way.differences] == [text]


ALIKE = [
    "docker build . | tee build.log",
    "docker build . || exit 1",
    "docker build . >/dev/null 2>&1",
    "ID=$(docker build -q .)",
    "docker build --network host --iidfile id .",
    "docker build --cache-from shop --build-arg BUILDKIT_INLINE_CACHE=1 .",
    "docker build --memory-of-shop=1 .",
    "docker build -t shop . # squash",
]


@pytest.mark.parametrize("command", ALIKE)
def test_relies_on_nothing(command: str) -> None:
    (way,) = ways_of("build.sh", f"#!/bin/sh\n{command}\n")
    assert way.differences == ()


@pytest.mark.parametrize(
    ("path", "text"),
    [("build.sh", text) for text, _ in SEVERAL]
    + [("Makefile", text) for text, _ in MAKEFILES]
    + [("build.py", text) for text, _ in PYTHON],
)
def test_twice_is_once(path: str, text: str) -> None:
    once = switched(path, text)
    assert once != text
    assert switched(path, once) == once


def test_line_ends_of_the_first_line() -> None:
    assert newline_of(b"a\r\nb\n") == "\r\n"
    assert newline_of(b"a\nb\r\n") == "\n"
    assert newline_of(b"a") == "\n"


@pytest.mark.parametrize(
    ("install", "lacks"),
    [
        ("apk add docker-cli", True),
        ("apk --no-cache add git docker bash", True),
        ("apk add --no-cache \\\n  docker-cli", True),
        ("apt-get install -y docker.io", True),
        ("sudo apt install docker.io", True),
        ("apk add docker-cli docker-cli-buildx", False),
        ("apk add docker-cli-compose", False),
        ("apk add git && docker version", False),
        ("apt-get install -y docker-ce docker-buildx-plugin", False),
        ("apt-get install -y docker.io docker-buildx", False),
        ("apt-get install -y git", False),
    ],
)
def test_docker_without_buildx(install: str, lacks: bool) -> None:
    (way,) = ways_of("build.sh", f"#!/bin/sh\n{install}\ndocker build .\n")
    assert (way.lacks_buildx is not None) is lacks
    if way.lacks_buildx is not None:
        assert way.lacks_buildx.line == 2


LINES = st.sampled_from(
    [
        "docker build a",
        "  docker build b",
        "sudo docker build a",
        "DOCKER_BUILDKIT=1 docker build a",
        "DOCKER_BUILDKIT=0 docker build a",
        "docker build $1",
        "docker build a | tail -1",
        "docker buildx build a",
        "if true; then docker build a; fi",
        "set -e",
        "# docker build a",
        "echo größe",
        "",
        "cd a",
        "export DOCKER_BUILDKIT=1",
    ]
)


def without_setting(text: str) -> list[str]:
    """The lines of a script that say something else."""
    text = re.sub(r"(?:env )?DOCKER_BUILDKIT=1 ", "", text)
    return [line for line in text.split("\n") if line not in ("", "export DOCKER_BUILDKIT=1")]


@given(st.lists(LINES, max_size=8), st.sampled_from(["", "#!/bin/sh", "#!/bin/bash -e"]))
@settings(max_examples=150, deadline=None)
def test_any_script(lines: list[str], first: str) -> None:
    """Only the setting is put in, for every call that may need it, and once."""
    text = "".join(f"{line}\n" for line in [first, *lines])
    new = switched("build.sh", text)
    assert without_setting(new) == without_setting(text)
    assert ways_of("build.sh", new) == []
    before, after = (
        [call.builder for call in read(Source("build.sh", each.encode()))] for each in (text, new)
    )
    assert len(before) == len(after)
    expected = [b if b is Builder.CLASSIC else Builder.BUILDKIT for b in before]
    assert after == expected
