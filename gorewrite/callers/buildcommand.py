"""What a command line that builds an image says: `docker build`, buildx, podman, buildah, kaniko …

Sources: `docker build` and `docker buildx build` options; `podman build`, `buildah build` manual
pages; `nerdctl build`; kaniko README, "Additional Flags"; `gcloud builds submit`; `az acr build`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from gorewrite.callers import places
from gorewrite.callers.model import BuildCall, Builder, bare_image
from gorewrite.evidence import Evidence


class Argument(NamedTuple):
    """A word of a command: as written, and its value; None for what is not known, which is one
    word where `single` (quoted, or with text of its own) and any number of words otherwise."""

    written: str
    value: str | None
    single: bool = True


class BuildCommand(NamedTuple):
    """A command line that builds an image. context, dockerfile: as BuildCall tells them.

    because: what of the command decides its builder, "" where that is only the default.
    """

    tool: str
    context: str | None
    dockerfile: str | None
    written: tuple[str, str]
    target: str | None
    args: tuple[tuple[str, str | None], ...]
    platforms: tuple[str, ...]
    builder: Builder
    because: str
    exports_layers: bool
    tags: tuple[str, ...] = ()
    named: tuple[str, ...] = ()

    def call(
        self, place: Evidence, span: tuple[int, int], builder: Builder, because: Evidence | None
    ) -> BuildCall:
        """The call that this is where it stands in a file; builder, because: what decides there."""
        return BuildCall(
            self.tool,
            place.path,
            place.line,
            place.text,
            span,
            self.context,
            self.dockerfile,
            self.written,
            self.target,
            self.args,
            self.platforms,
            builder,
            because,
            self.exports_layers,
            tags=self.tags,
            named=self.named,
        )


#: Options of `docker build` and its kin whose value is the next word, when not joined by "=".
_WITH_VALUE: Final = re.compile(
    r"-[tfomcvhusr]|--(add-host|allow|annotation|arch|attest|authfile|build-arg|build-arg-file"
    r"|build-context|builder|cache-from|cache-to|cap-add|cap-drop|cert-dir|cgroup-parent|cpu-period"
    r"|cpu-quota|cpu-shares|cpuset-cpus|cpuset-mems|creds|device|env|file|format|iidfile|isolation"
    r"|jobs|label|layer-label|logfile|memory|memory-swap|metadata-file|network|os|output|platform"
    r"|progress|provenance|runtime|sbom|secret|security-opt|shm-size|ssh|tag|target|ulimit|unsetenv"
    r"|userns|variant|volume|no-cache-filter|manifest|namespace|registry|resource-group|subscription"
    r"|image|timeout|auth-mode|agent-pool|log-template|set|source)"
)
_SWITCH: Final = re.compile(
    r"-[qD]|--(call|check|compress|debug|disable-content-trust|force-rm|identity-label|layers|load"
    r"|no-cache|no-hosts|no-hostname|omit-history|print|pull|pull-always|pull-never|push|quiet|rm"
    r"|rmi|skip-unused-stages|squash|squash-all|stdin|stream|tls-verify|no-logs|no-push|no-wait)"
)
#: Options that `docker build` has since it is buildx (docker/cli 23.0): older ones fail at them.
_SINCE_BUILDX: Final = frozenset(
    """--push --load --cache-to --provenance --sbom --attest --annotation --build-context --builder
    --call --check --metadata-file --no-cache-filter --allow""".split()
)
_CLUSTER: Final = re.compile(r"-[qD]*[tfo]")
#: Options of the docker command itself that take the next word.
_GLOBAL_VALUE: Final = re.compile(
    r"-[cHl]|--(config|context|host|log-level|tlscacert|tlscert|tlskey|address|namespace|root)"
)
_ENGINE_NAME: Final = re.compile(
    r"(?i)(?!\w*COMPOSE)\w*(DOCKER|CONTAINER|PODMAN|OCI|ENGINE|BUILDER)\w*"
)
_ENGINES: Final = frozenset({"docker", "podman", "nerdctl", "buildah", "img"})


def read(
    words: Sequence[Argument],
    cwd: str | None,
    environment: Mapping[str, str | None],
) -> BuildCommand | None:
    """The build that a command starts; None when it starts none.

    words: without wrappers as sudo; cwd: where it runs, as `places.absolute` gives it;
    environment: what is known of its variables.
    """
    if not words:
        return None
    name = posixpath.basename(words[0].value or "")
    engine = name if name in _ENGINES else _named_engine(words[0])
    if engine is not None:
        return _engine(engine, words, cwd, environment)
    start = None if cwd is None else places.inside(cwd)
    if name == "executor" and "kaniko" in (words[0].value or ""):
        return _kaniko(words[1:], start)
    second = [word.value for word in words[1:4]]
    if name == "gcloud" and "builds" in second and "submit" in second:
        return _submitted("gcloud builds submit", words, "submit", start)
    if name == "gcloud" and "run" in second and "deploy" in [word.value for word in words[2:5]]:
        return _deployed(words, start)
    if name == "az" and second[:2] == ["acr", "build"]:
        return _submitted("az acr build", words, "build", start)
    return None


def _named_engine(word: Argument) -> str | None:
    """`docker` for a variable that by its name holds such a command: `$(DOCKER)`."""
    found = re.fullmatch(r"\$[({]?(\w+)(?::[-=]\w*)?[)}]?", word.written.strip("\"'"))
    if word.value is None and found and _ENGINE_NAME.fullmatch(found[1]):
        return "docker"
    return None


def _engine(
    engine: str, words: Sequence[Argument], cwd: str | None, environment: Mapping[str, str | None]
) -> BuildCommand | None:
    at = 1
    while at < len(words) and (words[at].value or "").startswith("-"):
        at += 2 if _GLOBAL_VALUE.fullmatch(words[at].value or "") else 1
    verbs = [word.value or "" for word in words[at : at + 2]]
    if verbs[:1] and verbs[0] in ("buildx", "image", "builder"):
        verb, buildx, at = verbs[1] if len(verbs) > 1 else "", verbs[0] == "buildx", at + 2
    else:
        verb, buildx, at = verbs[0] if verbs else "", False, at + 1
    known = {"build", "bud", "build-using-dockerfile"} if engine == "buildah" else {"build"}
    known |= {"b"} if buildx else set()
    if verb not in known:
        return None
    options = _Options(words[at:])
    tool = f"{engine} {'buildx ' if buildx else ''}{verb if verb != 'b' else 'build'}"
    builder, because = _builder(engine, buildx, verb, environment)
    newer = sorted(options.names & _SINCE_BUILDX) if builder is Builder.DEFAULT else []
    if newer:
        builder, because = Builder.BUILDKIT, f"{newer[0]} is an option of buildx"
    names = ("Containerfile", "Dockerfile") if engine in ("podman", "buildah") else ("Dockerfile",)
    start = None if cwd is None else places.inside(cwd)
    return options.build(tool, start, builder, because, names)


def _builder(
    engine: str, buildx: bool, verb: str, environment: Mapping[str, str | None]
) -> tuple[Builder, str]:
    if engine == "buildah" and verb != "build":
        return Builder.NEVER, f"buildah {verb} does not mount caches"
    if engine != "docker":
        return Builder.BUILDKIT, f"{engine} mounts caches"
    if buildx:
        return Builder.BUILDKIT, "buildx is BuildKit"
    return setting_of(environment)


def setting_of(environment: Mapping[str, str | None]) -> tuple[Builder, str]:
    """What DOCKER_BUILDKIT says, and how it is set; "" where it is not."""
    setting = environment.get("DOCKER_BUILDKIT")
    if setting is not None and setting.lower() in ("0", "false", "f"):
        return Builder.CLASSIC, f"DOCKER_BUILDKIT={setting}"
    if setting is not None and setting.lower() in ("1", "true", "t"):
        return Builder.BUILDKIT, f"DOCKER_BUILDKIT={setting}"
    return Builder.DEFAULT, ""


class _Options:
    """The options and operands of a build command."""

    def __init__(self, words: Sequence[Argument]) -> None:
        self.values: dict[str, list[Argument]] = {}
        self.operands: list[Argument] = []
        self.names: set[str] = set()
        #: An option that is not known may take the operand for its value.
        self.doubtful = False
        waiting = list(words)[::-1]
        while waiting:
            word = waiting.pop()
            text = word.value if word.value is not None else word.written.strip("\"'")
            name, equals, _ = text.partition("=")
            self.names.add(name)
            if not text.startswith("-") or text == "-":
                self._operand(word)
            elif _WITH_VALUE.fullmatch(name):
                self._take(name, word if equals else waiting.pop() if waiting else None, equals)
            elif _CLUSTER.match(text) and not text.startswith("--"):
                self._take(text[:2], word, text[:2])  # `-tname`
            elif not _SWITCH.fullmatch(name) and not equals and waiting:
                self.doubtful |= not waiting[-1].written.startswith("-")

    def _operand(self, word: Argument) -> None:
        # An unquoted variable on its own may hold options, or nothing.
        if word.value is not None or word.single:
            self.operands.append(word)

    def _take(self, name: str, word: Argument | None, joined: str) -> None:
        if word is None:
            return
        if joined:
            cut = name + "=" if joined == "=" else joined
            value = None if word.value is None else word.value.partition(cut)[2]
            word = word._replace(value=value, written=word.written.partition(cut)[2])
        self.values.setdefault(name, []).append(word)

    def last(self, *names: str) -> Argument | None:
        found = [self.values[name][-1] for name in names if name in self.values]
        return found[-1] if found else None

    def build(
        self,
        tool: str,
        start: str | None,
        builder: Builder,
        because: str,
        names: Sequence[str] = ("Dockerfile",),
    ) -> BuildCommand:
        operand = self.operands[0] if len(self.operands) == 1 and not self.doubtful else None
        file = self.last("-f", "--file")
        given = (operand.written if operand else "", file.written if file else "")
        written = (given[0].replace(places.ROOT, "."), given[1].replace(places.ROOT, "."))
        context = places.join(start, operand.value) if operand and operand.value else None
        if file is not None:
            dockerfile = places.join(start, file.value) if file.value else None
        else:
            # Of several default names the reader of the directory chooses: the index.
            dockerfile = posixpath.normpath(f"{context}/{names[-1]}") if context else None
        return BuildCommand(
            tool,
            context,
            dockerfile,
            written,
            self._value("--target"),
            self._pairs("--build-arg", r"\w+"),
            tuple(p for w in self.values.get("--platform", ()) for p in (w.value or "").split(",")),
            builder,
            because,
            "--cache-to" in self.values,
            self._tags(),
            tuple(name for name, _ in self._pairs("--build-context", r"\S+")),
        )

    def _tags(self) -> tuple[str, ...]:
        words = (*self.values.get("-t", ()), *self.values.get("--tag", ()))
        found = [text for word in words for text in (word.value, word.written) if text]
        return tuple(dict.fromkeys(bare_image(text.strip("\"'")) for text in found))

    def _value(self, name: str) -> str | None:
        word = self.last(name)
        return (word.value or None) if word is not None else None

    def _pairs(self, option: str, names: str) -> tuple[tuple[str, str | None], ...]:
        """The `NAME=VALUE` of an option that may be given several times."""
        found = []
        for word in self.values.get(option, ()):
            name, equals, value = (word.value or word.written.strip("\"'")).partition("=")
            if re.fullmatch(names, name):
                found.append((name, value if equals and word.value is not None else None))
        return tuple(found)


def _kaniko(words: Sequence[Argument], start: str | None) -> BuildCommand:
    """kaniko's executor; its context is `/workspace` unless said, its Dockerfile relative to it."""
    given: dict[str, list[Argument]] = {}
    short = {"-c": "context", "-f": "dockerfile", "-d": "destination"}
    for at, word in enumerate(words):
        text = word.value if word.value is not None else word.written.strip("\"'")
        name, equals, _ = text.partition("=")
        key = short.get(name, name.lstrip("-")) if name.startswith("-") else ""
        if equals and key:
            value = None if word.value is None else word.value.partition("=")[2]
            written = word.written.partition("=")[2]
            given.setdefault(key, []).append(Argument(written, value))
        elif key and at + 1 < len(words):
            given.setdefault(key, []).append(words[at + 1])
    blank = Argument("", None)
    root, file = (given.get(key, [blank])[-1] for key in ("context", "dockerfile"))
    below = given.get("context-sub-path", [Argument("", "")])[-1]
    written_context = (root.value or "").removeprefix("dir://")
    if re.match(r"/workspace(/|$)", written_context):
        written_context = places.ROOT + written_context.removeprefix("/workspace")
    context = places.join(start, written_context) if written_context else None
    if context is not None and below.value:
        context = places.join(context, below.value)
    return kaniko(context, file, root.written, _pairs(given.get("build-arg", [])), given)


def kaniko(
    context: str | None,
    file: Argument,
    written: str,
    args: tuple[tuple[str, str | None], ...] = (),
    options: Mapping[str, Sequence[Argument]] | None = None,
) -> BuildCommand:
    """A build by kaniko. A Dockerfile that is a relative path is looked for where the executor
    runs first and in the context then (kaniko, `resolveDockerfilePath`)."""
    dockerfile = None
    if file.value:
        dockerfile = places.join(context if context is not None else None, file.value)
    elif not file.written and context is not None:
        dockerfile = posixpath.normpath(f"{context}/Dockerfile")
    target = (options or {}).get("target", [Argument("", None)])[-1]
    because = "kaniko passes over RUN --mount"
    return BuildCommand(
        "kaniko",
        context,
        dockerfile,
        (written, file.written),
        target.value or None,
        args,
        (),
        Builder.NEVER,
        because,
        False,
    )


def _pairs(words: Sequence[Argument]) -> tuple[tuple[str, str | None], ...]:
    found = []
    for word in words:
        name, equals, value = (word.value or word.written).strip("\"'").partition("=")
        found.append((name, value if equals and word.value is not None else None))
    return tuple(found)


def _deployed(words: Sequence[Argument], start: str | None) -> BuildCommand | None:
    """`gcloud run deploy --source DIR`, which lets Cloud Build build the Dockerfile there."""
    options = _Options(words[1:])
    source = options.last("--source")
    if source is None:
        return None
    options.operands, options.doubtful = [source], False
    because = "the service uses the classic builder"
    return options.build("gcloud run deploy", start, Builder.NEVER, because)


def _submitted(
    tool: str, words: Sequence[Argument], verb: str, start: str | None
) -> BuildCommand | None:
    """A build that is sent to a service, from a directory that holds a Dockerfile."""
    at = next(n for n, word in enumerate(words) if word.value == verb)
    options = _Options(words[at + 1 :])
    if tool.startswith("gcloud") and not {"--tag", "-t"} & options.values.keys():
        return None  # It runs the steps of a configuration file, which is read itself.
    if not options.operands:
        options.operands.append(Argument(".", "."))
    # Neither service lets a caller ask for BuildKit.
    return options.build(tool, start, Builder.NEVER, "the service uses the classic builder")
