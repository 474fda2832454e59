"""Which files may build images, what must stand in them, and who reads them.

A reader is a module `gorewrite.callers.<name>` with `calls(source)`, imported when a file of its
kind is met that names what it must.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple


class Start(Enum):
    """Which directory the commands of a file are run in, by the custom of its kind.

    Where there are two, the one counts whose Dockerfiles are there, the first when both are; EITHER
    has no custom: what both would build is not known.
    """

    ROOT = "root"
    OWN = "own"
    OWN_OR_ROOT = "own or root"
    EITHER = "either"


class Format(NamedTuple):
    """A kind of caller. names: a pattern that paths relative to the repository match as a whole;
    words: one of these must stand in a file (lower case), and `build` or its like, too."""

    reader: str
    start: Start
    names: str
    words: tuple[bytes, ...]


#: The names of compose files.
COMPOSE_NAME: Final = re.compile(r"(docker-)?compose[^/]*\.ya?ml")

_ENGINES: Final = (
    b"docker", b"podman", b"buildah", b"nerdctl", b"kaniko", b"container", b"oci", b"gcloud",
    b"deploy-cloudrun",
)  # fmt: skip
_COMPOSE: Final = (b"build",)
_YAML: Final = r"\.ya?ml"


def _format(reader: str, start: Start, names: str, words: tuple[bytes, ...] = _ENGINES) -> Format:
    return Format(reader, start, names, words)


#: The first one that matches reads a file.
FORMATS: Final = (
    _format("workflow", Start.ROOT, rf"\.(?:github|gitea|forgejo)/workflows/[^/]+{_YAML}"),
    _format("workflow", Start.ROOT, rf"(?:.*/)?action{_YAML}"),
    _format(
        "composefile", Start.OWN_OR_ROOT, rf"(?:.*/)?(?:docker-)?compose[^/]*{_YAML}", _COMPOSE
    ),
    _format("composefile", Start.OWN_OR_ROOT, rf"(?:.*/)?[\w-]+\.compose{_YAML}", _COMPOSE),
    _format(
        "makefile",
        Start.OWN_OR_ROOT,
        r"(?:.*/)?(?:(?:GNUm|[Mm])akefile(?:[.-][^/]*)?(?<!\.go)(?<!\.py)|[^/]+\.(?:mk|[Mm]akefile))",
    ),
    _format(
        "gitlab",
        Start.ROOT,
        rf"\.gitlab-ci{_YAML}|(?:.*/)?(?:\.?gitlab(?:-ci)?/)[^.].*{_YAML}"
        rf"|(?:.*/)?[^/]*\.gitlab-ci[^/]*{_YAML}",
    ),
    _format("circleci", Start.ROOT, rf"\.circleci/[^/]+{_YAML}"),
    _format("cloudbuild", Start.OWN_OR_ROOT, r"(?:.*/)?cloudbuild[^/]*\.(?:ya?ml|json)"),
    _format("azure", Start.ROOT, rf"(?:.*/)?\.?azure-?(?:pipelines?|devops)(?:[^/]*|/.*){_YAML}"),
    _format(
        "pipelines",
        Start.ROOT,
        rf"bitbucket-pipelines{_YAML}|\.travis{_YAML}|\.drone{_YAML}|\.cirrus{_YAML}|\.appveyor{_YAML}"
        rf"|\.buildkite/.*{_YAML}|\.woodpecker(?:/.*)?{_YAML}|\.semaphore/.*{_YAML}"
        rf"|(?:.*/)?buildspec[^/]*{_YAML}",
    ),
    _format(
        "jenkinsfile", Start.ROOT, r"(?:.*/)?(?:Jenkinsfile[^/]*|[^/]+\.(?:jenkinsfile|groovy))"
    ),
    _format(
        "taskfile",
        Start.OWN_OR_ROOT,
        rf"(?:.*/)?[Tt]askfile[^/]*{_YAML}|(?:.*/)?taskfiles?/.*{_YAML}",
    ),
    _format("justfile", Start.OWN_OR_ROOT, r"(?:.*/)?(?:\.?[Jj]ustfile|[^/]+\.just)"),
    _format("hosting", Start.OWN, r"(?:.*/)?railway\.(?:json|toml)", (b"build", b"deploy")),
    _format("hosting", Start.OWN, r"(?:.*/)?captain-definition", (b"dockerfilepath",)),
    _format(
        "deployments",
        Start.OWN_OR_ROOT,
        rf"(?:.*/)?(?:devspace|werf|okteto)(?:[.-][^/]*)?{_YAML}",
        (b"dockerfile", b"context", b"images:"),
    ),
    _format(
        "deployments",
        Start.ROOT,
        rf"render{_YAML}|(?:.*/)?copilot/[^/]+/manifest{_YAML}",
        (b"dockerfile", b"build"),
    ),
    _format("deployments", Start.ROOT, r"heroku\.yml", (b"docker:",)),
    _format("deployments", Start.ROOT, rf"config/deploy(?:[.-][^/]*)?{_YAML}", (b"builder:",)),
    _format("deployments", Start.OWN, rf"(?:.*/)?app(?:[.-][^/]*)?{_YAML}", (b"custom",)),
    _format(
        "deployments",
        Start.OWN,
        rf"(?:.*/)?(?:sam|template)(?:[.-][^/]*)?{_YAML}",
        (b"dockercontext",),
    ),
    _format("deployments", Start.OWN, r"(?:.*/)?fly(?:[.-][^/]*)?\.toml", (b"build",)),
    _format("earthfile", Start.OWN, r"(?:.*/)?Earthfile", (b"dockerfile",)),
    _format("packagejson", Start.OWN_OR_ROOT, r"(?:.*/)?package\.json"),
    _format(
        "bake",
        Start.OWN_OR_ROOT,
        r"(?:.*/)?(?:docker-bake[^/]*\.(?:hcl|json)|[^/]*bake[^/]*\.hcl)",
        (b"target",),
    ),
    _format("provisioning", Start.OWN, r"(?:.*/)?[^/]+\.tf", (b"docker_",)),
    _format(
        "provisioning",
        Start.OWN,
        rf"(?:.*/)?(?:ansible|playbooks?|roles)/(?:.*/)?[^/]+{_YAML}"
        rf"|(?:.*/)?(?:playbook|play|site)[^/]*{_YAML}",
        (b"docker_image",),
    ),
    # Manifests of which the path tells that they may build; most others only run images.
    _format(
        "pods",
        Start.ROOT,
        rf"(?:.*/)?(?:\.?tekton|argo[^/]*|ci|kaniko|pipelines?|tasks?)/(?:.*/)?[^/]+{_YAML}"
        rf"|(?:.*/)?[^/]*(?:argo|build|kaniko|pipeline|task|tekton|workflow)[^/]*{_YAML}",
    ),
    _format("skaffold", Start.OWN_OR_ROOT, rf"(?:.*/)?skaffold[^/]*{_YAML}", (b"artifacts",)),
    _format(
        "starlark",
        Start.OWN,
        r"(?:.*/)?(?:Tiltfile[^/]*|[^/]+\.(?:star|tiltfile|bzl)|BUILD\.bazel)",
    ),
    _format("mage", Start.OWN_OR_ROOT, r"(?:.*/)?(?:[Mm]agefiles?/.*|[Mm]agefile[^/]*)\.go"),
    _format("python", Start.EITHER, r"(?:.*/)?[^/]+\.py"),
    _format("shellscript", Start.EITHER, r"(?:.*/)?(?:[^/]+\.(?:sh|bash|zsh|ksh|bats)|\.envrc)"),
    # Units of systemd run images and build none.
    _format("shellscript", Start.ROOT, r"(?:.*/)?[^/]+\.service", ()),
    # Scripts without a suffix, where such are kept.
    _format(
        "shellscript",
        Start.EITHER,
        r"(?:.*/)?(?:\.?(?:bin|build|buildkite|ci|hack|make|scripts?|tools?))/(?:.*/)?[^/.]+",
    ),
)
#: What may say how images are run, by the end of its name; by its path, definitions of ECS tasks,
#: also as templates.
MANIFESTS: Final = (".yml", ".yaml", ".nomad", ".nomad.hcl", ".container", ".tf")
TASKS: Final = re.compile(
    r"(?:(?:task|container)[-_]?def[^/]*|Dockerrun\.aws|ecs[^/]*|(?:^|/)[^/]*(?:ecs|fargate|task)[^/]*/.*)"
    r"\.json(?:\.\w+)?$"
)
#: Dockerfiles, which may begin with an image that another one makes.
DOCKERFILE: Final = re.compile(r"[^/]*(?:[Dd]ockerfile|[Cc]ontainerfile)[^/]*")
#: Files of platforms that have several names, or none of a manifest.
PLATFORM: Final = re.compile(r"fly[.-].+\.toml|railway\.(?:json|toml)")
_ANY: Final = re.compile("|".join(f"(?:{each.names})" for each in FORMATS))
_BUILDS: Final = (
    b"build", b"bud", b"kaniko", b"submit", b"--source", b"deploy-cloudrun", b"plugins/docker",
    b"dockerimage",
)  # fmt: skip


#: What is rendered before it is used.
_TEMPLATE: Final = re.compile(r".*\.(?:tmpl|tpl|j2|jinja2?|erb|gotmpl|md|txt|orig|bak)")


def format_of(path: str) -> Format | None:
    """Who reads a file; None for what is no caller by its name."""
    if not _ANY.fullmatch(path) or _TEMPLATE.fullmatch(path):
        return None
    return next(each for each in FORMATS if re.fullmatch(each.names, path))


def may_build(form: Format, data: bytes) -> bool:
    """Whether a file names what a build needs to name. Most do not, and need not be read."""
    text = data.lower()
    if form.reader in ("makefile", "gitlab") and b"include" in text:
        return True
    if form.reader == "workflow" and b"uses: ./" in text:
        return True
    return any(word in text for word in form.words) and (
        form.words is not _ENGINES or any(word in text for word in _BUILDS)
    )
