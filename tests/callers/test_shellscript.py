"""Shell scripts: what they build, and where."""

from __future__ import annotations

import pytest

from gorewrite.callers.model import Builder
from tests.callers.reading import calls, places, spanned

#: (script, contexts); the script is ci/build.sh, started at the root.
CONTEXTS = [
    ("docker build .", ["."]),
    ("docker build ./svc/", ["svc"]),
    ("docker image build svc", ["svc"]),
    ("docker --context x -D build svc", ["svc"]),
    ("docker buildx b --load svc", ["svc"]),
    ("podman build svc", ["svc"]),
    ("nerdctl build -t a svc", ["svc"]),
    ("docker build -ta svc", ["svc"]),
    ("docker build --tag a --build-arg=A=b -q svc", ["svc"]),
    ("docker build -t $IMAGE:$TAG svc", ["svc"]),
    ("docker build $OPTIONS svc", ["svc"]),
    ("docker build \\\n  -t a \\\n  svc", ["svc"]),
    ("cd svc\ndocker build .", ["svc"]),
    ("cd svc && docker build . && cd ..\ndocker build .", ["svc", "."]),
    ("(cd svc; docker build .)\ndocker build .", ["svc", "."]),
    ("pushd svc\ndocker build .\npopd\ndocker build .", ["svc", "."]),
    ("DIR=svc\ndocker build $DIR", ["svc"]),
    ("docker build ${DIR:-svc}", ["svc"]),
    ("for s in a b; do docker build svc/$s; done", ["svc/a", "svc/b"]),
    ('SERVICES="a b"\nfor s in $SERVICES; do docker build $s; done', ["a", "b"]),
    ("build() { docker build svc/$1; }\nbuild a\nbuild b", ["svc/a", "svc/b"]),
    ("build() { local d=$1; docker build $d; }\nbuild svc", ["svc"]),
    ("build() { docker build svc; }\n", ["svc"]),
    ('build() { local n=$1; shift; docker build -t $n "$@"; }\nbuild a -q svc', ["svc"]),
    ('docker build "$@" svc', ["svc"]),
    ('retry() { for i in 1 2; do "$@" && break; done; }\nretry docker build svc', ["svc"]),
    ('cd "$(dirname "$0")"\ndocker build .', ["ci"]),
    ('cd "${0%/*}/.."\ndocker build .', ["."]),
    ('D="$( cd "$( dirname "${BASH_SOURCE[0]}" )" && pwd )"\ndocker build $D/../svc', ["svc"]),
    ("cd svc\nR=$(git rev-parse --show-toplevel)\ndocker build $R", ["."]),
    ("docker build $PWD/svc", ["svc"]),
    ("docker build $(pwd)", ["."]),
    ("docker build $CI_PROJECT_DIR/svc", ["svc"]),
    ("ID=$(docker build -q svc)", ["svc"]),
    ("docker run $(docker build -q svc)", ["svc"]),
    ("A=(x y)\ndocker build svc", ["svc"]),
    ('A=(-t x)\nA+=(svc)\ndocker build "${A[@]}"', ["svc"]),
    ("A=(\n  -t x  # a comment\n  svc\n)\ndocker build ${A[@]}", ["svc"]),
    ("if (( $# > 1 )); then exit; fi\ndocker build svc", ["svc"]),
    ("sudo docker build svc", ["svc"]),
    ("time env A=b docker build svc", ["svc"]),
    ("$DOCKER build svc", ["svc"]),
    ("${CONTAINER_TOOL:-docker} build svc", ["svc"]),
    ("az acr build -r x -f svc/Dockerfile svc", ["svc"]),
    ("gcloud builds submit --tag x svc", ["svc"]),
    ("gcloud beta run deploy shop --region x --source svc --quiet", ["svc"]),
]


@pytest.mark.parametrize(("script", "expected"), CONTEXTS)
def test_context(script: str, expected: list[str]) -> None:
    found = calls("shellscript", "ci/build.sh", f"#!/bin/bash\nset -eu\n{script}\n")
    assert [call.context for call in found] == expected


NOT_PLAIN = [
    "docker build $DIR",
    "cd $DIR\ndocker build .",
    "cd ../..\ndocker build .",
    "docker build /srv/app",
    "docker build - < Dockerfile",
    "docker build https://example.com/a.git",
    "docker build git@example.com:a.git",
    "docker build --unknown svc",
    "docker build a b",
    "for s in $(ls); do docker build $s; done",
    "if x; then cd a; fi\ndocker build .",
    "read DIR\ndocker build $DIR",
]


@pytest.mark.parametrize("script", NOT_PLAIN)
def test_context_not_plain(script: str) -> None:
    (call,) = calls("shellscript", "ci/build.sh", script)
    assert call.context is None


NO_BUILD = [
    "# docker build svc",
    "echo docker build svc",
    "docker push svc",
    "go build svc",
    "cat <<EOF\ndocker build svc\nEOF",
    "A=((x))\ncat <<-'EOF'\ndocker build svc\nEOF\n",
    "$DOCKER_COMPOSE build svc",
    "gcloud builds submit --config cloudbuild.yaml svc",
    "gcloud run deploy shop --image shop",
    "docker buildx create --use",
    "build() { echo $1; }\nbuild svc",
]


@pytest.mark.parametrize("script", NO_BUILD)
def test_no_build(script: str) -> None:
    assert calls("shellscript", "ci/build.sh", script) == []


DOCKERFILES = [
    ("docker build svc", "svc/Dockerfile"),
    ("docker build -f a/B.Dockerfile .", "a/B.Dockerfile"),
    ("docker build --file=../a/Dockerfile .", "a/Dockerfile"),
    ("docker build -f $F svc", None),
    ("docker build -f $F/Dockerfile svc", None),
    ("docker build - < svc/Dockerfile", None),
    ("docker build -f - svc < x", None),
]


@pytest.mark.parametrize(("script", "expected"), DOCKERFILES)
def test_dockerfile(script: str, expected: str | None) -> None:
    start = "ci" if "../" in script else "."
    (call,) = calls("shellscript", "ci/build.sh", script, start)
    assert call.dockerfile == expected


BUILDERS = [
    ("docker build .", Builder.DEFAULT),
    ("DOCKER_BUILDKIT=1 docker build .", Builder.BUILDKIT),
    ("export DOCKER_BUILDKIT=1\ndocker build .", Builder.BUILDKIT),
    ("sudo DOCKER_BUILDKIT=1 docker build .", Builder.BUILDKIT),
    ("env DOCKER_BUILDKIT=1 docker build .", Builder.BUILDKIT),
    ("export DOCKER_BUILDKIT=1\nsudo docker build .", Builder.DEFAULT),
    ("DOCKER_BUILDKIT=1\ndocker build .", Builder.DEFAULT),
    ("DOCKER_BUILDKIT=0 docker build .", Builder.CLASSIC),
    ("docker buildx build .", Builder.BUILDKIT),
    ("docker build --push -t shop .", Builder.BUILDKIT),
    ("DOCKER_BUILDKIT=0 docker build --push -t shop .", Builder.CLASSIC),
    ("docker build --output out .", Builder.DEFAULT),
    ("podman build .", Builder.BUILDKIT),
    ("buildah bud .", Builder.NEVER),
    ("/kaniko/executor --context . --dockerfile Dockerfile", Builder.NEVER),
    ("gcloud builds submit --tag x .", Builder.NEVER),
    ("gcloud run deploy shop --source=.", Builder.NEVER),
    ('DOCKER_BUILDKIT="$ON" docker build .', Builder.CLASSIC),
]


@pytest.mark.parametrize(("script", "expected"), BUILDERS)
def test_builder(script: str, expected: Builder) -> None:
    (call,) = calls("shellscript", "build.sh", script)
    assert call.builder is expected
    assert (call.builder_because is None) == (expected is Builder.DEFAULT)


def test_what_the_setting_says_is_the_evidence() -> None:
    text = "export DOCKER_BUILDKIT=0\n\ndocker build .\n"
    (call,) = calls("shellscript", "build.sh", text)
    assert str(call.builder_because) == "build.sh:1: export DOCKER_BUILDKIT=0"
    assert str(call.evidence) == "build.sh:3: docker build ."


def test_everything_of_a_call() -> None:
    text = (
        "# é\nif true; then\n  A=1 docker build --target dev --build-arg V=1 --build-arg W=$W"
        ' --platform linux/amd64,linux/arm64 --cache-to type=x -t "$R/shop:1" svc >log\nfi\n'
    )
    (call,) = calls("shellscript", "build.sh", text)
    assert call.target == "dev"
    assert call.args == (("V", "1"), ("W", None))
    assert call.platforms == ("linux/amd64", "linux/arm64")
    assert call.exports_layers
    assert call.tags == ("$R/shop",)
    assert spanned(text, call).startswith("A=1 docker build") and call.line == 3


def test_calls_that_differ_in_their_target_alone() -> None:
    text = "for t in a b; do docker build --target $t .; done\n"
    assert [call.target for call in calls("shellscript", "build.sh", text)] == ["a", "b"]


KANIKO = [
    ("--context $CI_PROJECT_DIR --dockerfile $CI_PROJECT_DIR/a/Dockerfile", (".", "a/Dockerfile")),
    ("--context=dir:///workspace -f a/Dockerfile", (".", "a/Dockerfile")),
    ("-c dir://a", ("a", "a/Dockerfile")),
    ("-c . --context-sub-path a", ("a", "a/Dockerfile")),
    ("-c s3://bucket/x", (None, None)),
]


@pytest.mark.parametrize(("options", "expected"), KANIKO)
def test_kaniko(options: str, expected: tuple[str | None, str | None]) -> None:
    found = calls("shellscript", "build.sh", f"/kaniko/executor {options} --destination x\n")
    assert places(found) == [expected]


def test_a_script_that_is_read_in() -> None:
    files = {"ci/lib.sh": "DIR=svc\nbuild() { docker build other; }\ndocker build never\n"}
    text = '. "$(dirname "$0")/lib.sh"\ndocker build $DIR\n'
    found = calls("shellscript", "ci/build.sh", text, files=files)
    assert [call.context for call in found] == ["svc"]


COMPOSE = "services:\n  a: {build: ./a}\n  b: {build: {context: ., dockerfile: b/Dockerfile}}\n"
COMPOSED = [
    ("docker compose build", ["a", "."]),
    ("docker-compose up -d --build b", ["."]),
    ("docker compose -f dev/compose.yaml build", ["dev/x"]),
    ("docker compose up", []),
    ("docker compose -f missing.yaml build", []),
    ("docker compose build other", []),
]


@pytest.mark.parametrize(("script", "expected"), COMPOSED)
def test_compose_command(script: str, expected: list[str]) -> None:
    files = {"compose.yaml": COMPOSE, "dev/compose.yaml": "services: {a: {build: x}}"}
    found = calls("shellscript", "build.sh", script + "\n", files=files)
    assert [call.context for call in found] == expected
    assert {call.file for call in found} <= {"build.sh"}


def test_loops_do_not_multiply_without_end() -> None:
    text = "".join(f"for {v} in 1 2 3 4 5 6 7 8 9; do\n" for v in "abcdefgh")
    text += "docker build svc\n" + "done\n" * 8
    assert {call.context for call in calls("shellscript", "build.sh", text)} == {"svc"}


def test_functions_that_call_themselves() -> None:
    found = calls("shellscript", "build.sh", "f() { docker build svc; f; }\nf\n")
    assert [call.context for call in found] == ["svc"]
