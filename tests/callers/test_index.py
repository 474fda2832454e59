"""The index: which calls build a Dockerfile, and what they say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.callers import reading
from gorewrite.callers.formats import format_of
from gorewrite.callers.index import Index, read_index
from gorewrite.callers.model import Builder


def lay(root: Path, **files: str) -> Index:
    """The index of files whose names have `__` for `/` and `_` for `.`."""
    for name, text in files.items():
        path = root / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return read_index(root)


def callers(found: Index, dockerfile: str) -> list[str]:
    return [f"{c.file}:{c.line}" for c in found.building(found.repository / dockerfile)]


READERS = [
    ("compose.yaml", "composefile"),
    ("dev/docker-compose.ci.yml", "composefile"),
    ("Makefile", "makefile"),
    ("docker/GNUmakefile", "makefile"),
    ("ci/Makefile.common.in", "makefile"),
    ("docker.Makefile", "makefile"),
    ("build/x.mk", "makefile"),
    ("hack/build.sh", "shellscript"),
    ("scripts/package", "shellscript"),
    (".github/workflows/a.yml", "workflow"),
    (".github/actions/a/action.yml", "workflow"),
    (".gitlab-ci.yml", "gitlab"),
    ("ci/build.gitlab-ci.yml", "gitlab"),
    (".circleci/config.yml", "circleci"),
    ("svc/cloudbuild-prod.yaml", "cloudbuild"),
    ("azure-pipelines.yml", "azure"),
    (".travis.yml", "pipelines"),
    (".buildkite/pipeline.yml", "pipelines"),
    ("Jenkinsfile.prod", "jenkinsfile"),
    ("Taskfile.dist.yml", "taskfile"),
    (".justfile", "justfile"),
    ("web/package.json", "packagejson"),
    ("docker-bake.hcl", "bake"),
    ("svc/Tiltfile", "starlark"),
    ("tasks.py", "python"),
    ("skaffold.yaml", "skaffold"),
    (".tekton/build.yaml", "pods"),
    ("k8s/kaniko-job.yml", "pods"),
    ("makefile.go", None),
    ("Makefile.tmpl", None),
    ("compose.yaml.j2", None),
    ("values.yaml", None),
    ("svc/.github/workflows/a.yml", None),
    ("README", None),
    ("main.go", None),
]


@pytest.mark.parametrize(("path", "reader"), READERS)
def test_format(path: str, reader: str | None) -> None:
    form = format_of(path)
    assert (form.reader if form else None) == reader


def test_nearest_callers_first(tmp_path: Path) -> None:
    found = lay(
        tmp_path,
        a__svc__Dockerfile="",
        _github__workflows__ci_yml="jobs: {a: {steps: [run: docker build a/svc]}}",
        Makefile="x:\n\tdocker build a/svc\n",
        a__svc__compose_yaml="services: {a: {build: .}}",
        a__Makefile="x:\n\tdocker build svc\n",
        other__build_sh="docker build ../a/svc\n",
    )
    files = [place.partition(":")[0] for place in callers(found, "a/svc/Dockerfile")]
    assert files == [
        "a/svc/compose.yaml",
        "a/Makefile",
        "Makefile",
        "other/build.sh",
        ".github/workflows/ci.yml",
    ]


#: Files besides the script, the Dockerfile that `svc/build.sh: docker build .` builds.
STARTS = [
    (["svc/Dockerfile"], "svc/Dockerfile"),
    (["Dockerfile"], "Dockerfile"),
    ([], "Dockerfile"),
    (["svc/Dockerfile", "Dockerfile"], None),
]


@pytest.mark.parametrize(("there", "expected"), STARTS)
def test_where_a_script_is_run(tmp_path: Path, there: list[str], expected: str | None) -> None:
    found = lay(
        tmp_path, svc__build_sh="docker build .\n", **{n.replace("/", "__"): "" for n in there}
    )
    assert [call.dockerfile for call in found.calls] == [expected]


def test_a_makefile_that_is_run_from_above(tmp_path: Path) -> None:
    found = lay(tmp_path, ci__Makefile="x:\n\tdocker build svc\n", svc__Dockerfile="")
    assert found.starts == {"ci/Makefile": "."}
    assert callers(found, "svc/Dockerfile") == ["ci/Makefile:2"]


DEFAULTS = [
    ("docker", ["Dockerfile"], "Dockerfile"),
    ("docker", ["dockerfile"], "dockerfile"),
    ("podman", ["Dockerfile", "Containerfile"], "Containerfile"),
    ("podman", ["Dockerfile"], "Dockerfile"),
    ("docker", ["Containerfile"], "Dockerfile"),
]


@pytest.mark.parametrize(("engine", "there", "expected"), DEFAULTS)
def test_default_name(tmp_path: Path, engine: str, there: list[str], expected: str) -> None:
    found = lay(tmp_path, build_sh=f"{engine} build .\n", **dict.fromkeys(there, ""))
    assert [call.dockerfile for call in found.calls] == [expected]


LOOSE = [
    # script, Dockerfile, whether it may be built
    ("docker build --target x -f $F .", "svc/Dockerfile", True),
    ("docker build --target x $DIR", "svc/Dockerfile", True),
    ("docker build --target x $DIR", "svc/Dockerfile.dev", False),
    ("docker build --target x -f $DIR/Dockerfile.dev .", "svc/Dockerfile.dev", True),
    ("docker build --target x -f $DIR/Dockerfile.dev .", "svc/Dockerfile", False),
    ("docker build --target x -f ./apps/$DIR/Dockerfile .", "apps/a/Dockerfile", True),
    ("docker build --target x -f ./apps/$DIR/Dockerfile .", "svc/Dockerfile", False),
    ("docker build --target x -f Dockerfile.$X .", "Dockerfile.dev", True),
    ("docker build --target x apps/$DIR", "svc/Dockerfile", False),
]


@pytest.mark.parametrize(("script", "dockerfile", "may"), LOOSE)
def test_calls_that_are_not_plain(tmp_path: Path, script: str, dockerfile: str, may: bool) -> None:
    found = lay(tmp_path, hack__build_sh=script + "\n", x="")
    assert bool(found.may_build(tmp_path / dockerfile)) is may
    assert bool(found.targets(tmp_path / dockerfile)) is may
    assert not found.building(tmp_path / dockerfile)


def test_a_call_that_is_not_plain_speaks_for_its_directory(tmp_path: Path) -> None:
    found = lay(tmp_path, a__Makefile="x:\n\tdocker build --target x $(D)\n")
    assert found.may_build(tmp_path / "a/b/Dockerfile")
    assert not found.may_build(tmp_path / "c/Dockerfile")
    assert not found.may_build(tmp_path / "Dockerfile")


def test_a_call_that_says_nothing_where_others_are_plain(tmp_path: Path) -> None:
    makefile = "x:\n\tdocker build --target dev $(D)\n\tdocker build .\n"
    found = lay(tmp_path, Makefile=makefile, Dockerfile="", other__Dockerfile="")
    assert found.targets(tmp_path / "Dockerfile") == ()
    assert [name for name, _ in found.targets(tmp_path / "other/Dockerfile")] == ["dev"]


UNABLE = [
    # file, text, whether a builder without mounts may build Dockerfile
    ("_gitlab-ci_yml", "a: {script: /kaniko/executor -c . }", True),
    ("_gitlab-ci_yml", "a: {image: gcr.io/kaniko-project/executor, script: [./build]}", True),
    ("_gitlab-ci_yml", "a: {image: gcr.io/kaniko-project/executor", True),  # not readable
    ("Makefile", "x:\n\tDOCKER_BUILDKIT=0 docker build .\n", True),
    ("Makefile", "x:\n\tDOCKER_BUILDKIT=0 docker build other\n", False),
    ("Makefile", "x:\n\tdocker build .\n", False),
    ("Makefile", "# /kaniko/executor\nx:\n\tdocker build .\n", False),
]


@pytest.mark.parametrize(("file", "text", "expected"), UNABLE)
def test_builders_without_mounts(tmp_path: Path, file: str, text: str, expected: bool) -> None:
    found = lay(tmp_path, Dockerfile="", **{file: text})
    dockerfile = tmp_path / "Dockerfile"
    unable = [
        call.builder_because
        for call in (*found.building(dockerfile), *found.may_build(dockerfile))
        if call.builder in (Builder.NEVER, Builder.CLASSIC)
    ]
    assert bool(unable) is expected
    for because in unable:
        assert because is not None and ("kaniko" in because.text or "BUILDKIT" in because.text)


def test_a_workflow_that_builds_by_an_action_of_the_repository(tmp_path: Path) -> None:
    found = lay(
        tmp_path,
        Dockerfile="",
        _github__workflows__ci_yml="jobs: {a: {runs-on: ubuntu-latest, steps: [uses: ./image]}}\n",
        image__action_yml="runs: {steps: [{run: docker build ., shell: bash}]}\n",
    )
    builders = {call.builder for call in found.building(tmp_path / "Dockerfile")}
    assert builders == {Builder.BUILDKIT, Builder.DEFAULT}


@pytest.mark.parametrize("there", ["a/Dockerfile", "a/a/Dockerfile"])
def test_where_kaniko_looks_for_a_dockerfile(tmp_path: Path, there: str) -> None:
    script = "/kaniko/executor --context=dir://a --dockerfile=a/Dockerfile\n"
    found = lay(tmp_path, build_sh=script, **{there.replace("/", "__"): ""})
    assert [call.dockerfile for call in found.calls] == [there]


def test_the_dockerfile_is_a_link(tmp_path: Path) -> None:
    lay(tmp_path, a__Dockerfile="", compose_yaml="services: {a: {build: b}}")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/Dockerfile").symlink_to("../a/Dockerfile")
    found = read_index(tmp_path)
    assert callers(found, "b/Dockerfile") == ["compose.yaml:1"]
    assert callers(found, "a/Dockerfile") == []


def test_the_context_is_a_link(tmp_path: Path) -> None:
    lay(tmp_path, a__Dockerfile="", compose_yaml="services: {a: {build: b}}")
    (tmp_path / "b").symlink_to("a")
    found = read_index(tmp_path)
    (stated,) = found.contexts(tmp_path / "a/Dockerfile")
    assert stated.root == tmp_path / "a"


def test_a_link_that_leads_out(tmp_path: Path) -> None:
    top = tmp_path / "repo"
    lay(top, compose_yaml="services: {a: {build: b}}")
    lay(tmp_path, out__Dockerfile="")
    (top / "b").symlink_to("../out")
    found = read_index(top)
    assert found.contexts(tmp_path / "out/Dockerfile") == ()
    assert found.contexts(top / "b/Dockerfile") == ()


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOST_FILES", 1)
    found = lay(
        tmp_path,
        a_sh="docker build .\n",
        b_sh="docker build .\n",
        Dockerfile="",
    )
    assert callers(found, "Dockerfile") == ["a.sh:1"]
    assert found.not_read == ("b.sh",)


def test_a_file_that_is_too_large_is_said(tmp_path: Path) -> None:
    found = lay(tmp_path, a_sh="docker build .\n" + "#" * reading.LARGEST_FILE)
    assert (found.calls, found.not_read) == ((), ("a.sh",))


def test_nothing_is_loaded_for_files_that_build_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "import_module", None)
    found = lay(
        tmp_path,
        Makefile="test:\n\tgo build ./...\n",
        build_sh="#!/bin/sh\ngo build\n",
        _github__workflows__ci_yml="jobs: {a: {steps: [run: go test]}}",
        compose_yaml="services: {a: {image: x}}",
    )
    assert found.calls == ()


@pytest.mark.parametrize(
    "data", [b"\xff\xfe docker build \x00", b"docker build '", b"docker build \xe9"]
)
@pytest.mark.parametrize("path", sorted({path for path, reader in READERS if reader}))
def test_any_bytes_are_read(tmp_path: Path, path: str, data: bytes) -> None:
    place = tmp_path / path
    place.parent.mkdir(parents=True, exist_ok=True)
    for text in (data, b"build:\n- " + data, b'{"scripts": {"a": "' + data):
        place.write_bytes(text)
        assert read_index(tmp_path).not_read == ()


def test_a_reader_that_fails_costs_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gorewrite.callers.makefile.calls", None)
    found = lay(tmp_path, Makefile="x:\n\tdocker build .\n", a_sh="docker build .\n", Dockerfile="")
    assert callers(found, "Dockerfile") == ["a.sh:1"]
    assert found.not_read == ("Makefile",)


def test_read_again_with_other_bytes(tmp_path: Path) -> None:
    lay(tmp_path, Dockerfile="", Makefile="x:\n\tdocker build .\n")
    found = read_index(tmp_path)
    (call,) = found.calls
    assert call.builder is Builder.DEFAULT
    data = (tmp_path / "Makefile").read_bytes()
    changed = data[: call.span[0]] + b"DOCKER_BUILDKIT=1 " + data[call.span[0] :]
    (tmp_path / "Makefile").write_bytes(changed)
    (again,) = read_index(tmp_path).calls
    assert again.builder is Builder.BUILDKIT


#: Callers with the named contexts `base` and `tools:2`.
NAMED = [
    ("x_sh", "docker buildx build --build-context base=../b --build-context tools:2=$X .\n"),
    ("docker-bake_hcl", 'target "x" { contexts = { base = "target:b", "tools:2" = "x" } }\n'),
    (
        "compose_yaml",
        "services: {a: {build: {context: ., additional_contexts: [base=../b, tools:2=../t]}}}\n",
    ),
    (
        "_github__workflows__ci_yml",
        "jobs:\n  a:\n    steps:\n    - uses: docker/build-push-action@v6\n      with:\n"
        "        context: .\n        build-contexts: |\n          base=../b\n          tools:2=x\n",
    ),
]


@pytest.mark.parametrize(("file", "text"), NAMED)
def test_named_contexts(tmp_path: Path, file: str, text: str) -> None:
    found = lay(tmp_path, Dockerfile="", **{file: text})
    named = found.named_contexts(found.repository / "Dockerfile")
    assert [name for name, _ in named] == ["base", "tools:2"]
