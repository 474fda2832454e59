"""CI files of other services, task runners and package.json: what they build."""

from __future__ import annotations

import pytest

from gorewrite.callers.model import Builder
from tests.callers.reading import calls, places, spanned

CALL = "docker build svc"

#: reader, path, text, contexts.
CONTEXTS = [
    ("gitlab", ".gitlab-ci.yml", "a: {script: [docker build svc]}", ["svc"]),
    ("gitlab", ".gitlab-ci.yml", "a: {script: [cd svc, docker build .]}", ["svc"]),
    ("gitlab", ".gitlab-ci.yml", "before_script: [cd svc]\na: {script: docker build .}", ["svc"]),
    ("gitlab", ".gitlab-ci.yml", "variables: {D: svc}\na: {script: docker build $D}", ["svc"]),
    ("gitlab", ".gitlab-ci.yml", "a: {script: docker build $CI_PROJECT_DIR}", ["."]),
    (
        "gitlab",
        ".gitlab-ci.yml",
        ".b: {variables: {D: svc}, script: docker build $D}\na: {extends: .b}",
        ["svc", "svc"],
    ),
    (
        "gitlab",
        ".gitlab-ci.yml",
        "a: {parallel: {matrix: [{D: [a, b]}, {D: c}]}, script: docker build $D}",
        ["a", "b", "c"],
    ),
    ("gitlab", ".gitlab-ci.yml", "stages: [docker build svc]", []),
    (
        "gitlab",
        ".gitlab-ci.yml",
        "variables: {D: $CI_PROJECT_DIR/svc}\na: {script: docker build $D}",
        ["svc"],
    ),
    ("gitlab", ".gitlab-ci.yml", "a: {script: !reference [b, script]}", []),
    ("circleci", ".circleci/config.yml", "jobs: {a: {steps: [run: docker build svc]}}", ["svc"]),
    (
        "circleci",
        ".circleci/config.yml",
        "jobs: {a: {steps: [run: {command: docker build ., working_directory: ~/project/svc}]}}",
        ["svc"],
    ),
    (
        "circleci",
        ".circleci/config.yml",
        "commands: {i: {parameters: {d: {default: app}},"
        " steps: [run: docker build << parameters.d >>]}}\n"
        "jobs: {a: {steps: [i: {d: svc}, i: {}]}}",
        ["svc", "app"],
    ),
    ("cloudbuild", "cloudbuild.yaml", "steps: [{name: docker, args: [build, svc]}]", ["svc"]),
    (
        "cloudbuild",
        "cloudbuild.yaml",
        "steps: [{name: gcr.io/cloud-builders/docker, dir: svc, args: [build, .]}]",
        ["svc"],
    ),
    (
        "cloudbuild",
        "cloudbuild.yaml",
        "substitutions: {_D: svc}\nsteps: [{name: docker, args: [build, $_D]}]",
        ["svc"],
    ),
    ("cloudbuild", "cloudbuild.yaml", "steps: [{name: docker, args: [build, $_D]}]", [None]),
    (
        "cloudbuild",
        "cloudbuild.yaml",
        "steps: [{name: docker, entrypoint: bash, args: [-c, 'cd svc && docker build .']}]",
        ["svc"],
    ),
    (
        "cloudbuild",
        "cloudbuild.json",
        '{"steps": [{"name": "x/docker", "args": ["build", "."]}]}',
        ["."],
    ),
    (
        "cloudbuild",
        "cloudbuild.yaml",
        "steps: [{name: gcr.io/kaniko-project/executor, args: [--context=/workspace/svc]}]",
        ["svc"],
    ),
    ("cloudbuild", "cloudbuild.yaml", "steps: [{name: golang, args: [build, .]}]", []),
    (
        "azure",
        "azure-pipelines.yml",
        "steps: [{task: Docker@2, inputs: {command: build, Dockerfile: svc/Dockerfile}}]",
        ["svc"],
    ),
    (
        "azure",
        "azure-pipelines.yml",
        "steps: [{task: Docker@2, inputs: {dockerfile: $(Build.SourcesDirectory)/svc/Dockerfile,"
        " buildContext: .}}]",
        ["."],
    ),
    ("azure", "azure-pipelines.yml", "steps: [{task: Docker@2, inputs: {command: push}}]", []),
    ("azure", "azure-pipelines.yml", "steps: [{task: Docker@2, inputs: {command: build}}]", [None]),
    (
        "azure",
        "azure-pipelines.yml",
        "variables: {d: svc}\nsteps: [{script: docker build $(d)}]",
        ["svc"],
    ),
    (
        "azure",
        "azure-pipelines.yml",
        "steps: [{bash: docker build ., workingDirectory: $(System.DefaultWorkingDirectory)/svc}]",
        ["svc"],
    ),
    ("pipelines", ".travis.yml", "script: [cd svc, docker build .]", ["svc"]),
    ("pipelines", ".travis.yml", "env: [D=svc]\nscript: docker build $D", ["svc"]),
    (
        "pipelines",
        "bitbucket-pipelines.yml",
        "pipelines: {default: [step: {script: [docker build $BITBUCKET_CLONE_DIR/svc]}]}",
        ["svc"],
    ),
    ("pipelines", ".buildkite/pipeline.yml", "steps: [{command: docker build svc}]", ["svc"]),
    (
        "pipelines",
        ".drone.yml",
        "steps: [{image: plugins/docker, settings: {context: svc, dockerfile: svc/Dockerfile}}]",
        ["svc"],
    ),
    ("taskfile", "Taskfile.yml", "tasks: {a: {cmds: [docker build svc]}}", ["svc"]),
    ("taskfile", "Taskfile.yml", "tasks: {a: docker build svc}", ["svc"]),
    ("taskfile", "Taskfile.yml", "tasks: {a: {dir: svc, cmd: docker build .}}", ["svc"]),
    ("taskfile", "Taskfile.yml", "vars: {D: svc}\ntasks: {a: 'docker build {{.D}}'}", ["svc"]),
    ("taskfile", "Taskfile.yml", "tasks: {a: 'docker build {{.D | default \"svc\"}}'}", ["svc"]),
    ("taskfile", "Taskfile.yml", "tasks: {a: 'docker build {{.D}}'}", [None]),
    (
        "taskfile",
        "Taskfile.yml",
        "tasks: {a: {cmds: [{for: [a, b], cmd: 'docker build {{.ITEM}}'}]}}",
        ["a", "b"],
    ),
    ("taskfile", "Taskfile.yml", "tasks: {a: {cmds: [cd svc, docker build .]}}", ["."]),
    ("justfile", "justfile", "image:\n    docker build svc\n", ["svc"]),
    ("justfile", "justfile", "d := 'svc'\nimage:\n    @docker build {{d}}\n", ["svc"]),
    ("justfile", "justfile", "image d='svc':\n    docker build \\\n      {{d}}\n", ["svc"]),
    ("justfile", "justfile", "image d:\n    docker build {{d}}\n", [None]),
    ("justfile", "justfile", "[working-directory: 'svc']\nimage:\n    docker build .\n", ["svc"]),
    (
        "justfile",
        "justfile",
        "d := justfile_directory() / 'svc'\nimage:\n    docker build {{d}}\n",
        ["svc"],
    ),
    (
        "packagejson",
        "package.json",
        '{"scripts": {"image": "docker build -t \\"x\\" svc"}}',
        ["svc"],
    ),
    ("packagejson", "package.json", '{"docker": "docker build svc"}', []),
    ("packagejson", "package.json", "[", []),
    ("jenkinsfile", "Jenkinsfile", "sh 'docker build svc'", ["svc"]),
    ("jenkinsfile", "Jenkinsfile", 'sh "docker build -t ${env.X} svc"', ["svc"]),
    ("jenkinsfile", "Jenkinsfile", "sh '''\n  cd svc\n  docker build .\n'''", ["svc"]),
    ("jenkinsfile", "Jenkinsfile", "sh(label: 'x', script: 'docker build svc')", ["svc"]),
    ("jenkinsfile", "Jenkinsfile", "dir('a') { dir('b') { sh 'docker build .' } }", ["a/b"]),
    ("jenkinsfile", "Jenkinsfile", "dir('a') { x() }\nsh 'docker build .'", ["."]),
    ("jenkinsfile", "Jenkinsfile", "dir(d) { sh 'docker build .' }", [None]),
    ("jenkinsfile", "Jenkinsfile", 'sh "docker build ${WORKSPACE}/svc"', ["svc"]),
    ("jenkinsfile", "Jenkinsfile", 'docker.build("x:${T}", "-f svc/Dockerfile .")', ["."]),
    ("jenkinsfile", "Jenkinsfile", "docker.build('x')", ["."]),
    ("jenkinsfile", "Jenkinsfile", "// sh 'docker build svc'\n/* sh 'docker build svc' */", []),
    ("jenkinsfile", "Jenkinsfile", "echo 'docker build svc'", []),
]


@pytest.mark.parametrize(("reader", "path", "text", "expected"), CONTEXTS)
def test_context(reader: str, path: str, text: str, expected: list[str | None]) -> None:
    assert [call.context for call in calls(reader, path, text)] == expected


BUILDERS = [
    ("gitlab", "a: {image: 'docker:27', script: docker build .}", Builder.BUILDKIT),
    ("gitlab", "a: {image: {name: 'docker:20.10-git'}, script: docker build .}", Builder.CLASSIC),
    ("gitlab", "image: docker:stable\na: {script: docker build .}", Builder.CLASSIC),
    ("gitlab", "image: docker:latest\na: {script: docker build .}", Builder.BUILDKIT),
    ("gitlab", "default: {image: golang}\na: {script: docker build .}", Builder.DEFAULT),
    (
        "gitlab",
        "variables: {DOCKER_BUILDKIT: 1}\na: {image: 'docker:19', script: docker build .}",
        Builder.BUILDKIT,
    ),
    ("gitlab", "a: {script: /kaniko/executor -c .}", Builder.NEVER),
    (
        "circleci",
        "jobs: {a: {steps: [setup_remote_docker: {version: 20.10.24}, run: docker build .]}}",
        Builder.CLASSIC,
    ),
    (
        "circleci",
        "jobs: {a: {environment: {DOCKER_BUILDKIT: 1}, steps: [run: docker build .]}}",
        Builder.BUILDKIT,
    ),
    (
        "cloudbuild",
        "steps: [{name: gcr.io/cloud-builders/docker, args: [build, .]}]",
        Builder.CLASSIC,
    ),
    (
        "cloudbuild",
        "steps: [{name: gcr.io/cloud-builders/docker, args: [build, .], env: [DOCKER_BUILDKIT=1]}]",
        Builder.BUILDKIT,
    ),
    (
        "azure",
        "steps: [{task: Docker@2, inputs: {Dockerfile: a}, env: {DOCKER_BUILDKIT: 1}}]",
        Builder.BUILDKIT,
    ),
    ("azure", "steps: [{task: Docker@2, inputs: {Dockerfile: a}}]", Builder.DEFAULT),
    ("pipelines", "env: [DOCKER_BUILDKIT=1]\nscript: docker build .", Builder.BUILDKIT),
    ("taskfile", "env: {DOCKER_BUILDKIT: 1}\ntasks: {a: docker build .}", Builder.BUILDKIT),
    ("justfile", "export DOCKER_BUILDKIT := '1'\na:\n  docker build .\n", Builder.BUILDKIT),
    (
        "jenkinsfile",
        "environment {\n  DOCKER_BUILDKIT = '1'\n}\nsh 'docker build .'",
        Builder.BUILDKIT,
    ),
]


@pytest.mark.parametrize(("reader", "text", "expected"), BUILDERS)
def test_builder(reader: str, text: str, expected: Builder) -> None:
    (call,) = calls(reader, "ci/file", text)
    assert call.builder is expected
    assert (call.builder_because is None) == (expected is Builder.DEFAULT)


SPANS = [
    ("gitlab", f"a:\n  script:\n    - 'true && {CALL}'\n"),
    ("gitlab", f"a:\n  script:\n    - >\n      {CALL}\n"),
    ("circleci", f'jobs: {{a: {{steps: [run: "{CALL}"]}}}}'),
    ("pipelines", f"script:\n  - |\n    # é\n    {CALL}\n"),
    ("taskfile", f"tasks:\n  a: {CALL}\n"),
    ("justfile", f"# é\na:\n  @{CALL}\n"),
    ("packagejson", f'{{\n\t"scripts": {{"a": "{CALL}"}}}}'),
    ("jenkinsfile", f"sh '''\n  {CALL}\n'''"),
]


@pytest.mark.parametrize(("reader", "text"), SPANS)
def test_span(reader: str, text: str) -> None:
    (call,) = calls(reader, "ci/file", text)
    assert spanned(text, call) == CALL
    assert text.split("\n")[call.line - 1].strip() == call.text


def test_the_default_context_of_azure_is_where_the_dockerfile_is() -> None:
    text = "steps: [{task: Docker@2, inputs: {Dockerfile: a/b.Dockerfile, buildContext: '**'}}]"
    assert places(calls("azure", "azure-pipelines.yml", text)) == [("a", "a/b.Dockerfile")]


INCLUDED = ".b:\n  before_script: [cd svc]\n  script: [docker build $D]\n"


@pytest.mark.parametrize(
    ("text", "files", "contexts"),
    [
        ("include: /ci.yml\na: {extends: .b, variables: {D: x}}", {"ci.yml": INCLUDED}, ["svc/x"]),
        ("include: {local: ci.yml}\na: {extends: .b}", {"ci.yml": INCLUDED}, [None]),
        (
            "include: [{local: /ci.yml}, {project: other, file: /x.yml}]\na: {extends: .b}",
            {"ci.yml": "variables: {D: .}\n" + INCLUDED},
            ["svc"],
        ),
        (
            "include: ci.yml\nvariables: {D: own}\na: {extends: .b}",
            {"ci.yml": "include: .gitlab-ci.yml\nvariables: {D: x}\n" + INCLUDED},
            ["svc/own"],
        ),
        ("include: {remote: https://example.com/ci.yml}\na: {extends: .b}", {}, []),
        ("include: missing.yml\na: {script: docker build svc}", {}, ["svc"]),
    ],
)
def test_gitlab_includes(text: str, files: dict[str, str], contexts: list[str | None]) -> None:
    found = calls("gitlab", ".gitlab-ci.yml", text, files=files)
    # A hidden job runs nothing itself, but may in a file that is not read.
    assert [call.context for call in found if call.context or contexts == [None]][-1:] == contexts
    assert all(call.file in (".gitlab-ci.yml", "ci.yml") for call in found)


def test_a_script_of_an_included_file_is_told_where_it_stands() -> None:
    found = calls(
        "gitlab",
        ".gitlab-ci.yml",
        "include: /ci.yml\na: {extends: .b, variables: {D: x}}",
        files={"ci.yml": INCLUDED},
    )
    call = found[-1]
    assert (call.file, call.line) == ("ci.yml", 3)
    assert spanned(INCLUDED, call) == "docker build $D"


def test_woodpecker_builds_with_buildx() -> None:
    text = (
        "steps: {a: {image: woodpeckerci/plugin-docker-buildx, settings: {platforms: 'a/b,c/d'}}}"
    )
    (call,) = calls("pipelines", ".woodpecker.yml", text)
    assert (call.builder, call.platforms) == (Builder.BUILDKIT, ("a/b", "c/d"))
    (call,) = calls("pipelines", ".drone.yml", "steps: [{image: plugins/docker, settings: {a: b}}]")
    assert (call.builder, call.platforms) == (Builder.DEFAULT, ())
