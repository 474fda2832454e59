"""GitHub Actions: workflows, and the composite actions of the repository.

Sources: GitHub docs, "Workflow syntax" (env, defaults, matrix, reusable workflows), "Expressions";
inputs of docker/build-push-action (its default context is the repository at the commit) and
redhat-actions/buildah-build. The runners that GitHub hosts have Docker 23 or newer.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice, product
from typing import Final

from gorewrite.callers import ci, places
from gorewrite.callers.buildcommand import Argument, kaniko
from gorewrite.callers.excerpt import Document
from gorewrite.callers.model import BuildCall, Builder, Source, bare_image
from gorewrite.callers.shellscript import Setting, commands
from gorewrite.callers.yamlnodes import Mapping, Node, Scalar, Sequence, read
from gorewrite.evidence import Evidence

_MOST_RUNS: Final = 60
_DEEPEST: Final = 3
_EXPRESSION: Final = re.compile(r"\$\{\{\s*(.*?)\s*\}\}", re.DOTALL)
#: One of the tags of an image, which stand in lines or between commas.
_TAG: Final = re.compile(r"(?:\$\{\{.*?\}\}|[^\s,])+")
#: The name of one of the named contexts, which stand in lines.
_NAMED: Final = re.compile(r"(?m)^\s*([^\s=]+)=")
_HOSTED: Final = re.compile(r"(ubuntu|macos)-")
_SHELL: Final = re.compile(r"(ba)?sh\b.*")
_DEFAULT_CONTEXT: Final = re.compile(r"\{\{\s*defaultContext\s*\}\}(?::(.*))?")
_BUILDING: Final = ("build", "bud", "docker", "kaniko", "submit", "--source", "cloudrun")


@dataclass(frozen=True)
class _Run:
    """What is known while the steps of one job run, once for each value of its matrix.

    values: `matrix.x`, `inputs.x`, `env.X` … -> value; variables: the environment.
    """

    document: Document
    source: Source
    values: dict[str, str | None]
    variables: dict[str, str | None] = field(default_factory=dict)
    directory: str | None = "."
    builder: Builder = Builder.DEFAULT
    because: Evidence | None = None
    depth: int = 0

    def text(self, text: str) -> str:
        """With the expressions put in that are known."""
        return _EXPRESSION.sub(lambda found: self.value(found[1]) or found[0], text)

    def value(self, expression: str) -> str | None:
        """The value of an expression; `a || 'b'` has the first that is known and not empty."""
        for choice in expression.split("||"):
            choice = choice.strip()
            quoted = re.fullmatch(r"'([^']*)'", choice)
            known = quoted[1] if quoted else self.values.get(choice)
            if known:
                return known
        return None


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the jobs of a workflow, or of the steps of an action."""
    document = Document(source.path, source.data)
    yield from _file(document, source, None, 0)


def _file(
    document: Document, source: Source, given: dict[str, str | None] | None, depth: int
) -> Iterator[BuildCall]:
    """given: the inputs that whoever uses the file hands over; None where it is read alone."""
    documents = read(document.text)
    top = documents[0] if documents else None
    if not isinstance(top, Mapping):
        return
    values: dict[str, str | None] = {"github.workspace": places.ROOT}
    values |= _inputs(top, given)
    run = _with_env(_Run(document, source, values, depth=depth), top.get("env"))
    run = replace(run, directory=_directory(run, top))
    for _, _, job in top.mapping("jobs").items:
        if isinstance(job, Mapping):
            yield from _job(run, job)
    composite = top.mapping("runs").sequence("steps")
    if composite:
        yield from _steps(run, composite)


def _inputs(top: Mapping, given: dict[str, str | None] | None) -> dict[str, str | None]:
    """The inputs of a reusable workflow, of one that is started by hand, or of an action."""
    on = top.get("on") or top.get("true") or Mapping((), 1)
    declared = [top.mapping("inputs")]
    if isinstance(on, Mapping):
        declared += [on.mapping(key).mapping("inputs") for key in ("workflow_call",)]
    found: dict[str, str | None] = {}
    for inputs in declared:
        for name, _, node in inputs.items:
            default = node.text("default") if isinstance(node, Mapping) else None
            found[f"inputs.{name}"] = default
    return found | {f"inputs.{name}": value for name, value in (given or {}).items()}


def _with_env(run: _Run, node: Node | None) -> _Run:
    if not isinstance(node, Mapping):
        return run
    given: dict[str, str | None] = {}
    for name, _, value in node.items:
        text = run.text(value.text) if isinstance(value, Scalar) else "$"
        given[name] = None if "$" in text else text
    values = {**run.values, **{f"env.{name}": value for name, value in given.items()}}
    return replace(run, values=values, variables={**run.variables, **given})


def _directory(run: _Run, node: Mapping) -> str | None:
    """Where `run` steps start; `working-directory` of the defaults or of a step."""
    written = node.mapping("defaults").mapping("run").text("working-directory")
    written = node.text("working-directory") or written
    return run.directory if written is None else places.join(".", run.text(written))


def _job(run: _Run, job: Mapping) -> Iterator[BuildCall]:
    combinations = _matrix(job.mapping("strategy").mapping("matrix"))
    seen: set[BuildCall] = set()
    for combination in combinations[:_MOST_RUNS]:
        here = replace(run, values={**run.values, **combination})
        here = _with_env(here, job.get("env"))
        here = replace(_on(here, job), directory=_directory(here, job))
        found = _steps(here, job.sequence("steps"))
        if job.text("uses"):
            found = _used(here, job, job.text("uses") or "")
        for call in found:
            if call not in seen:
                seen.add(call)
                yield call


def _on(run: _Run, job: Mapping) -> _Run:
    """With what the machine says of the builder; in a container it is the container's."""
    names = [run.text(item.text) for item in job.sequence("runs-on") if isinstance(item, Scalar)]
    hosted = bool(names) and all(_HOSTED.match(name) for name in names)
    if not hosted or job.get("container") is not None:
        return run
    because = ci.at(run.document, job.line_of("runs-on"))
    return replace(run, builder=Builder.BUILDKIT, because=because)


def _matrix(node: Mapping) -> list[dict[str, str | None]]:
    """The combinations of a matrix: name -> value; one without any where there is none."""
    axes: list[list[dict[str, str | None]]] = []
    for name, _, values in node.items:
        if name in ("include", "exclude") or not isinstance(values, Sequence):
            continue
        axes.append([_flat(f"matrix.{name}", item) for item in values.items])
    found = [
        {key: value for part in parts for key, value in part.items()}
        for parts in islice(product(*axes), _MOST_RUNS)
    ]
    plain = [dict(each) for each in found]
    if not axes:
        found, plain = [], []
    for item in node.sequence("include"):
        extra = _flat("matrix", item)
        fits = False
        for each, first in zip(found, plain, strict=False):
            if all(first.get(key, value) == value for key, value in extra.items()):
                each |= extra
                fits = True
        if not fits:
            found.append(extra)
    return found or [{}]


def _flat(name: str, node: Node) -> dict[str, str | None]:
    if isinstance(node, Mapping):
        return {
            k: v for key, _, value in node.items for k, v in _flat(f"{name}.{key}", value).items()
        }
    plain = isinstance(node, Scalar) and "${{" not in node.text
    return {name: node.text if plain and isinstance(node, Scalar) else None}


def _steps(run: _Run, steps: tuple[Node, ...]) -> Iterator[BuildCall]:
    checkouts = _checkouts(run, steps)
    for step in steps:
        if not isinstance(step, Mapping):
            continue
        here = _with_env(run, step.get("env"))
        uses = step.text("uses") or ""
        if uses:
            found = _used(here, step, uses)
        else:
            found = _commands(here, step)
        for call in found:
            yield checkouts(call)


class _Checkouts:
    """Where a job puts the repository, and others beside it."""

    def __init__(self, own: list[str], others: list[str]) -> None:
        self.own, self.others = own, others

    def __call__(self, call: BuildCall) -> BuildCall:
        if not self.others and (not self.own or "." in self.own):
            return call
        return call._replace(
            context=self._here(call.context), dockerfile=self._here(call.dockerfile)
        )

    def _here(self, path: str | None) -> str | None:
        if path is None or any(_below(path, other) is not None for other in self.others):
            return None
        found = [below for own in self.own if (below := _below(path, own)) is not None]
        return found[-1] if found else None


def _below(path: str, directory: str) -> str | None:
    if directory == ".":
        return path
    if path == directory:
        return "."
    return path[len(directory) + 1 :] if path.startswith(f"{directory}/") else None


def _checkouts(run: _Run, steps: tuple[Node, ...]) -> _Checkouts:
    own: list[str] = []
    others: list[str] = []
    for step in steps:
        if isinstance(step, Mapping) and (step.text("uses") or "").startswith("actions/checkout@"):
            inputs = step.mapping("with")
            path = posixpath.normpath(run.text(inputs.text("path") or "."))
            repository = run.text(inputs.text("repository") or "")
            # Forks and pull requests are named by an expression that means this repository.
            mine = not repository or "github." in repository
            (own if mine else others).append(path)
    return _Checkouts(own, [path for path in others if path != "."])


def _commands(run: _Run, step: Mapping) -> Iterator[BuildCall]:
    node = step.get("run")
    shell = step.text("shell") or "bash"
    if not isinstance(node, Scalar) or not _SHELL.fullmatch(shell):
        return
    if not any(word in node.text for word in _BUILDING):
        return
    text = ci.excerpt(run.document, node)
    text = ci.substituted(text, _EXPRESSION, lambda found: run.value(found[1]))
    directory = _directory(run, step)
    cwd = places.absolute(directory) if directory is not None else None
    setting = Setting(cwd, run.variables, None, None, run.builder, run.because)
    yield from commands(text, setting, run.source)


def _used(run: _Run, step: Mapping, uses: str) -> Iterator[BuildCall]:
    """What a step or job builds by using an action or another workflow."""
    inputs = step.mapping("with")
    name, _, version = uses.partition("@")
    if name.startswith("./") and run.depth < _DEEPEST:
        given = {
            key: _plain(run.text(value.text)) if isinstance(value, Scalar) else None
            for key, _, value in inputs.items
        }
        yield from _local(run, name, given)
    elif (
        name == "docker/build-push-action"
        and version.startswith(("v1", "1"))
        and (not re.match(r"v?1\d", version))
    ):
        yield _action(run, step, inputs, "path", "dockerfile", "build_args")
    elif name.endswith("/build-push-action"):
        yield _action(run, step, inputs, "context", "file", "build-args")
    elif name == "redhat-actions/buildah-build":
        file = "containerfiles" if inputs.get("containerfiles") else "dockerfiles"
        call = _action(run, step, inputs, "context", file, "build-args")
        yield call._replace(tool="buildah-build")
    elif "kaniko" in name:
        yield _kaniko(run, step, inputs)
    elif name == "google-github-actions/deploy-cloudrun" and inputs.get("source"):
        call = _action(run, step, inputs, "source", "dockerfile", "build-args")
        yield call._replace(tool="gcloud run deploy", builder=Builder.NEVER)


def _plain(text: str) -> str | None:
    return None if "${{" in text else text


def _local(run: _Run, name: str, given: dict[str, str | None]) -> Iterator[BuildCall]:
    path = places.join(".", name)
    every = (
        [path]
        if name.endswith((".yml", ".yaml"))
        else [f"{path}/action.yml", f"{path}/action.yaml"]
    )
    for each in every if path is not None else ():
        data = run.source.read(each) if each else None
        if each and data is not None:
            for call in _file(Document(each, data), run.source, given, run.depth + 1):
                default = call.builder is Builder.DEFAULT and not name.endswith((".yml", ".yaml"))
                if default:
                    call = call._replace(builder=run.builder, builder_because=run.because)
                yield call


def _action(
    run: _Run, step: Mapping, inputs: Mapping, context: str, file: str, arguments: str
) -> BuildCall:
    document = run.document
    written = (inputs.text(context) or "", inputs.text(file) or "")
    root = run.text(written[0]).strip() or "."
    default = _DEFAULT_CONTEXT.fullmatch(root)
    if default is not None:
        root = default[1] or "."
    place = places.join(".", root)
    named = run.text(written[1]).strip()
    if named:
        dockerfile = places.join(".", named)
    else:
        dockerfile = posixpath.normpath(f"{place}/Dockerfile") if place is not None else None
    keys = [key for key in (context, file) if inputs.get(key) is not None]
    line = inputs.line_of(keys[0]) if keys else step.line_of("uses")
    target = run.text(inputs.text("target") or "")
    platforms = run.text(inputs.text("platforms") or "")
    return BuildCall(
        "build-push-action",
        document.path,
        line,
        document.text_of(line)[:200],
        document.trimmed(step.start, step.end),
        place,
        dockerfile,
        written,
        target if target and "$" not in target else None,
        tuple(_arguments(run.text(inputs.text(arguments) or ""))),
        tuple(word for word in re.split(r"[\s,]+", platforms) if word),
        Builder.BUILDKIT,
        ci.at(document, step.line_of("uses")),
        exports_layers=inputs.get("cache-to") is not None,
        named=tuple(_NAMED.findall(inputs.text("build-contexts") or "")),
        tags=tuple(bare_image(tag) for tag in _TAG.findall(inputs.text("tags") or "")),
        target_because=ci.at_key(document, inputs, "target"),
        exports_because=ci.at_key(document, inputs, "cache-to"),
    )


def _arguments(text: str) -> Iterator[tuple[str, str | None]]:
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and re.fullmatch(r"\w+", name):
            yield name, _plain(value)


def _kaniko(run: _Run, step: Mapping, inputs: Mapping) -> BuildCall:
    """An action that runs kaniko (aevea/action-kaniko: path, build_file; int128: context, file)."""
    document = run.document
    root = inputs.text("context") or inputs.text("path") or ""
    file = inputs.text("file") or inputs.text("build_file") or ""
    context = places.join(".", run.text(root) or ".")
    build = kaniko(context, Argument(file, run.text(file) or None), root)
    line = step.line_of("uses")
    return BuildCall(
        build.tool,
        document.path,
        line,
        document.text_of(line)[:200],
        document.trimmed(step.start, step.end),
        context,
        build.dockerfile,
        build.written,
        builder=build.builder,
        builder_because=ci.at(document, line),
    )
