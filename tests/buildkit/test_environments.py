"""The environments of pipelines, and the files of which nothing but the edit may change."""

from __future__ import annotations

import pytest

from gorewrite.evidence import Unknown
from tests.buildkit.tools import switched, ways_of

TWO = "docker build a\ndocker build b"
GITLAB = """\
image:
  image: docker:20.10
{0}  script:
    - docker build a
    - docker build b
"""
CASES = [
    # A new environment in front of the work, and above the comment that is about it.
    (".gitlab-ci.yml", GITLAB, "", '  variables:\n    DOCKER_BUILDKIT: "1"\n'),
    (
        ".gitlab-ci.yml",
        GITLAB,
        "  # Größe.\n  # More.\n",
        '  variables:\n    DOCKER_BUILDKIT: "1"\n  # Größe.\n  # More.\n',
    ),
    # As deep as the file indents.
    (
        ".gitlab-ci.yml",
        "image:\n    image: docker:20.10\n{0}    script:\n"
        "        - docker build a\n        - docker build b\n",
        "",
        '    variables:\n        DOCKER_BUILDKIT: "1"\n',
    ),
    # One that is there gets a line more, with its own indentation.
    (
        ".gitlab-ci.yml",
        GITLAB,
        "  variables:\n      A: b # that\n",
        '  variables:\n      A: b # that\n      DOCKER_BUILDKIT: "1"\n',
    ),
    (
        ".gitlab-ci.yml",
        GITLAB,
        "  variables: {A: b}\n",
        '  variables: {DOCKER_BUILDKIT: "1", A: b}\n',
    ),
    (
        ".gitlab-ci.yml",
        GITLAB,
        "  variables:\n    A: |\n      b\n",
        '  variables:\n    DOCKER_BUILDKIT: "1"\n    A: |\n      b\n',
    ),
    (
        ".github/workflows/image.yml",
        "jobs:\n  image:\n    runs-on: [self-hosted]\n{0}    steps:\n"
        "      - run: docker build a\n      - run: docker build b\n",
        "",
        '    env:\n      DOCKER_BUILDKIT: "1"\n',
    ),
    (
        ".circleci/config.yml",
        "version: 2.1\njobs:\n  image:\n    docker: [{{image: cimg/go:1.24}}]\n{0}    steps:\n"
        "      - setup_remote_docker:\n          version: 20.10.14\n"
        "      - run: docker build a\n      - run: docker build b\n",
        "",
        '    environment:\n      DOCKER_BUILDKIT: "1"\n',
    ),
    (
        "Taskfile.yml",
        "version: '3'\n\n{0}tasks:\n  a: docker build a\n  b: docker build b\n",
        "",
        'env:\n  DOCKER_BUILDKIT: "1"\n',
    ),
    (
        "justfile",
        'tag := "1"\n{0}\na:\n  docker build a\nb:\n  docker build b\n',
        "",
        'export DOCKER_BUILDKIT := "1"\n',
    ),
    (
        "Jenkinsfile",
        "pipeline {{\n  agent any\n{0}  stages {{\n    stage('a') {{\n      steps {{\n"
        "        sh 'docker build a'\n        sh 'docker build b'\n      }}\n    }}\n  }}\n}}\n",
        "",
        "  environment {\n    DOCKER_BUILDKIT = '1'\n  }\n",
    ),
    (
        "Jenkinsfile",
        "pipeline {{\n  agent any\n  environment {{\n{0}    A = 'b'\n  }}\n  stages {{\n"
        "    stage('a') {{\n      steps {{\n        sh 'docker build a'\n"
        "        sh 'docker build b'\n      }}\n    }}\n  }}\n}}\n",
        "",
        "    DOCKER_BUILDKIT = '1'\n",
    ),
]


@pytest.mark.parametrize(("path", "text", "before", "after"), CASES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_several_calls_of_a_job(
    path: str, text: str, before: str, after: str, newline: str
) -> None:
    old, new = (text.format(part).replace("\n", newline) for part in (before, after))
    assert switched(path, old) == new
    assert switched(path, new) == new


ONE = [
    (".gitlab-ci.yml", "image:\n  image: docker:20.10\n  script: docker build .\n"),
    (".gitlab-ci.yml", 'image:\n  image: docker:20.10\n  script: ["docker build -t größe ."]\n'),
    (
        ".gitlab-ci.yml",
        "image:\n  image: docker:20.10\n  script:\n    - |\n      cd a\n      docker build .\n",
    ),
    (".travis.yml", "services: [docker]\nscript:\n  - docker build .\n"),
    (
        "bitbucket-pipelines.yml",
        "pipelines:\n  default:\n    - step:\n        script:\n          - docker build .\n",
    ),
    ("buildspec.yml", "version: 0.2\nphases:\n  build:\n    commands:\n      - docker build .\n"),
    ("azure-pipelines.yml", "pool: ours\nsteps:\n  - script: docker build .\n"),
    (
        "cloudbuild.yaml",
        "steps:\n  - name: gcr.io/cloud-builders/docker\n    entrypoint: bash\n"
        "    args: ['-c', 'docker build .']\n",
    ),
    ("Jenkinsfile", "node {\n  sh 'docker build .'\n}\n"),
    ("Jenkinsfile", 'node {\n  sh """\n    cd a\n    docker build .\n  """\n}\n'),
]


@pytest.mark.parametrize(("path", "text"), ONE)
def test_one_call_gets_it_in_front(path: str, text: str) -> None:
    assert switched(path, text) == text.replace("docker build", "DOCKER_BUILDKIT=1 docker build")


STEP = "steps:\n  - name: gcr.io/cloud-builders/docker\n{0}    args: ['build', '.']\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "    env: ['DOCKER_BUILDKIT=1']\n"),
        ("    env: ['A=b']\n", "    env: ['A=b', 'DOCKER_BUILDKIT=1']\n"),
        ("    env:\n      - A=b\n", "    env:\n      - A=b\n      - 'DOCKER_BUILDKIT=1'\n"),
    ],
)
def test_step_of_cloud_build(before: str, after: str) -> None:
    assert switched("cloudbuild.yaml", STEP.format(before)) == STEP.format(after)


def test_step_of_cloud_build_in_json() -> None:
    text = (
        '{{"steps": [\n  {{\n    "name": "gcr.io/cloud-builders/docker",\n{0}'
        '    "args": ["build", "."]\n  }}\n]}}\n'
    )
    new = text.format('    "env": ["DOCKER_BUILDKIT=1"],\n')
    assert switched("cloudbuild.json", text.format("")) == new


SKAFFOLD = (
    "apiVersion: skaffold/v4beta1\nkind: Config\nbuild:\n{0}  artifacts:\n    - image: shop\n"
)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "  local:\n    useBuildkit: true\n"),
        ("  local:\n    push: false\n", "  local:\n    push: false\n    useBuildkit: true\n"),
    ],
)
def test_skaffold_asks_for_a_review(before: str, after: str) -> None:
    assert switched("skaffold.yaml", SKAFFOLD.format(before)) == SKAFFOLD.format(after)
    (way,) = ways_of("skaffold.yaml", SKAFFOLD.format(before))
    assert [each.text for each in way.differences] == [
        "skaffold would run the docker command, not its API"
    ]


def test_task_of_azure_asks_for_a_review() -> None:
    before = "steps:\n  - task: Docker@2\n{0}    inputs:\n      command: build\n"
    before += "      Dockerfile: Dockerfile\n"
    path = "azure-pipelines.yml"
    after = before.format('    env:\n      DOCKER_BUILDKIT: "1"\n')
    assert switched(path, before.format("")) == after
    (way,) = ways_of(path, before.format(""))
    assert [each.text for each in way.differences] == [
        "the task may not find buildx, and stops then"
    ]


NOTHING = [
    (".gitlab-ci.yml", "image:\n  image: docker:27\n  script:\n    - docker build .\n"),
    (
        ".gitlab-ci.yml",
        "variables:\n  DOCKER_BUILDKIT: '1'\n"
        "image:\n  image: docker:20.10\n  script: docker build .\n",
    ),
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: docker build .\n",
    ),
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    runs-on: self-hosted\n    steps:\n"
        "      - uses: docker/build-push-action@v6\n",
    ),
    ("cloudbuild.yaml", STEP.format("    env: ['DOCKER_BUILDKIT=1']\n")),
    ("compose.yaml", "services:\n  a:\n    image: a\n"),
]


@pytest.mark.parametrize(("path", "text"), NOTHING)
def test_nothing_to_do(path: str, text: str) -> None:
    assert ways_of(path, text) == []


NOT_EDITED = [
    # Where docker runs, another shell may.
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    runs-on: self-hosted\n    steps:\n      - run: docker build .\n"
        "      - run: Get-Item a\n        shell: pwsh\n",
    ),
    ("package.json", '{"scripts": {"image": "docker build ."}}\n'),
    ("Jenkinsfile", "node {\n  docker.build('shop')\n}\n"),
]


@pytest.mark.parametrize(("path", "text"), NOT_EDITED)
def test_not_edited(path: str, text: str) -> None:
    assert [isinstance(way.alone, Unknown) for way in ways_of(path, text)] == [True]
    assert switched(path, text) == text


def test_environment_that_comes_from_elsewhere_is_left_alone() -> None:
    """The anchor belongs to another job, too; the calls get the setting one by one."""
    text = (
        ".common: &common\n  A: b\n\nimage:\n  image: docker:20.10\n  variables: *common\n"
        "  script:\n    - docker build a\n    - docker build b\n"
    )
    assert switched(".gitlab-ci.yml", text) == text.replace(
        "docker build", "DOCKER_BUILDKIT=1 docker build"
    )
