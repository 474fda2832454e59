"""Which RUN instructions use the go command: themselves, or through make, scripts and tools."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gorewrite import shell
from gorewrite.caches.mounts import mounts
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild.recipes import SHELLS, Recipe, recipe_of, source_of, texts
from gorewrite.gobuild.toolchain import at
from gorewrite.memo import remembered
from gorewrite.stage.runs import Invocation, Run

#: Commands of go that neither read a module nor compile (`go help`).
_IDLE = frozenset(
    {"", "env", "version", "clean", "fmt", "telemetry", "bug", "help", "doc", "mod init",
     "mod edit", "work init", "work use", "work edit"}
)  # fmt: skip
#: Those that read modules and never the build cache.
MODULES_ONLY = frozenset({"mod download", "mod tidy", "mod vendor", "mod verify", "mod graph"})
#: Programs that run the go command or its loader (golang.org/x/tools/go/packages).
# fmt: off
TOOLS = frozenset(
    [
        "golangci-lint", "swag", "wire", "gqlgen", "mockgen", "mockery", "stringer", "templ",
        "ginkgo", "gotestsum", "staticcheck", "revive", "govulncheck", "gosec", "errcheck",
        "go-licenses", "goreleaser", "ko", "xcaddy", "packr", "packr2", "pkger", "statik",
        "gox", "garble", "gobuild", "goimports", "ent", "sqlboiler", "buffalo", "fyne",
        "wails", "controller-gen", "go-enum", "gotest", "benchstat", "nilaway", "easyjson",
        "rice", "go-bindata-assetfs", "mage", "promu", "xk6", "ocb", "tinygo", "gomobile",
    ]
)
# fmt: on
_VERBS = (
    r"(?:build|install|test|run|generate|vet|list|get|mod[ \t]+(?:download|tidy|vendor|verify))"
)
#: Programs that run a command which is among their arguments, as the same user.
_RUNNERS = frozenset(["xargs", "parallel", "find", "flock", "chronic", "retry"])
#: A go command in a Makefile, a script or any other text.
GO_CALL = re.compile(
    r"(?:^|[\s;&|(@\"'`=,\[-])(?:go|\$[({]GO(?:_?(?:CMD|BIN|EXE))?[)}]|\$GO)"
    r"(?:[\"'],)?[ \t]+[\"']?(?:-C[ \t]+\S+[ \t]+)?" + _VERBS + r"\b",
    re.MULTILINE,
)


@dataclass(frozen=True, eq=False)
class GoUse:
    """A RUN that uses the go command, or may.

    invocations: its own go commands that read modules or compile.
    through: where a program that it runs is seen to call go, or the RUN's own text where no
        shell could read it; maybe: it runs a program of which nothing can be read.
    texts: (name, text) of the Makefiles and scripts it runs, as far as they are in the context.
    """

    stage: StageFacts
    run: Run
    invocations: tuple[Invocation, ...]
    through: Evidence | None
    maybe: bool
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def certain(self) -> bool:
        """Whether it is seen to use go."""
        return bool(self.invocations) or self.through is not None

    @property
    def only_downloads(self) -> bool:
        """Whether nothing it runs compiles."""
        return not (self.through or self.maybe) and all(
            invocation.go.kind in MODULES_ONLY for invocation in self.invocations
        )

    @property
    def offline(self) -> bool:
        """Whether it cannot download: without a network, or with GOPROXY=off."""
        proxies = (invocation.go.env.get("GOPROXY") for invocation in self.invocations)
        return self.run.instruction.flag("network") == "none" or "off" in proxies

    @property
    def evidence(self) -> Evidence:
        """The line that shows it."""
        if self.invocations:
            return at(self.stage, self.invocations[0])
        return self.through or self.stage.facts.at(self.run.instruction)


@remembered
def go_uses(stage: StageFacts) -> tuple[GoUse, ...]:
    """The stage's own RUNs that use go, or may, in order."""
    found = (go_use(stage, run) for run in stage.runs)
    return tuple(use for use in found if use is not None)


def go_use(stage: StageFacts, run: Run) -> GoUse | None:
    """How a RUN uses go; None when it does not."""
    if isinstance(run.script, Unknown):
        if re.search(r"\bgo\b", run.text) is None:
            return None
        seen = GO_CALL.search(run.text) is not None
        return GoUse(stage, run, (), stage.facts.at(run.instruction) if seen else None, not seen)
    invocations = tuple(i for i in run.invocations if i.go.kind not in _IDLE)
    reader = _Reader(stage, run)
    for step in run.steps:
        reader.step(shell.unwrapped(step))
    if run.substitutions and any(map(_calls_go, run.substitutions)):
        reader.through = reader.through or stage.facts.at(run.instruction)
    if not invocations and reader.through is None and not reader.maybe:
        return None
    return GoUse(stage, run, invocations, reader.through, reader.maybe, tuple(reader.texts))


class _Reader:
    """Looks at the programs that a RUN starts besides go."""

    def __init__(self, stage: StageFacts, run: Run) -> None:
        self.stage = stage
        self.run = run
        self.through: Evidence | None = None
        self.maybe = False
        self.texts: list[tuple[str, str]] = []

    def step(self, step: shell.Step) -> None:
        argv = step.argv
        if argv[:1] == ("go",):
            return
        name = (argv[0] or "").rpartition("/")[2] if argv else ""
        if name in TOOLS and not {"--version", "version", "-h", "--help"} & set(argv[1:]):
            self._seen(self.stage.facts.at(self.run.instruction, " ".join(filter(None, argv))))
        recipe = recipe_of(step)
        if recipe is not None:
            self._read(recipe)
        elif name in SHELLS:
            text = argv[-1] or step.command.words[-1].text
            if GO_CALL.search(text):
                self._seen(self.stage.facts.at(self.run.instruction))
        elif name in _RUNNERS:
            text = " ".join(word.text for word in step.command.words[1:])
            if GO_CALL.search(text):
                self._seen(self.stage.facts.at(self.run.instruction, f"{name} {text}"))

    def _seen(self, evidence: Evidence) -> None:
        self.through = self.through or evidence

    def _read(self, recipe: Recipe) -> None:
        """Reads what a command takes commands from, as far as it is in the context."""
        source = source_of(self.stage, self.run, recipe)
        self.maybe |= source is None and not recipe.program
        tree = self.stage.facts.project.context
        for path, text in texts(tree, source.path, source.goals) if source is not None else ():
            self.texts.append((path, text))
            match = GO_CALL.search(text)
            if match:
                line = text.count("\n", 0, match.end()) + 1
                self._seen(Evidence(path, line, match.group().strip(" \t\n;&|(@\"'`=,[-")))


def not_followed(facts: Facts) -> Unknown | None:
    """The first build of which it is not known what it writes."""
    for stage in facts.stages:
        for invocation, outputs in stage.outputs:
            if isinstance(outputs, Unknown):
                return Unknown(outputs.why, (at(stage, invocation),))
        for use in go_uses(stage):
            if use.through is not None:
                return Unknown(f"what {use.through.path} builds is not followed", (use.through,))
    return None


def _calls_go(script: shell.Script) -> bool:
    for command in script.commands():
        (first,) = shell.unwrap(command)
        words = [word.value for word in command.words[first : first + 2]]
        if words[:1] == ["go"] and words[1:] not in (["env"], ["version"], []):
            return True
    return False


_SECRET = re.compile(
    r"\bgit\s+config\b|\.netrc|insteadOf|ssh-keyscan|ssh-add|id_rsa|id_ed25519|\bGOAUTH=|/run/secrets/"
)


_DOWNLOAD_SETTINGS = ("GOPROXY", "GOPRIVATE", "GONO", "GOINSECURE", "GIT_")
#: What GOPROXY is unless it is set, with or without its last resort.
_DEFAULT_PROXY = re.compile(r"https://proxy\.golang\.org/?(?:[,|]direct)?")


def brings_credentials(use: GoUse) -> bool:
    """Whether the RUN brings credentials, or other settings for the download, of its own."""
    kinds = {mount.kind for mount in mounts(use.run.instruction, use.run.state)}
    if kinds & {"secret", "ssh"} or _SECRET.search(use.run.text):
        return True
    before = use.run.state.go_env
    return any(
        name not in before or value != before[name]
        for invocation in use.invocations
        for name, value in invocation.go.env.items()
        if name.startswith(_DOWNLOAD_SETTINGS) or name.lower().endswith("_proxy")
        if not (name == "GOPROXY" and name not in before and _DEFAULT_PROXY.fullmatch(value or ""))
    )


# fmt: off
_QUIET = frozenset(
    [
        "cd", "mkdir", "cp", "mv", "rm", "echo", "ls", "chmod", "cat", "true", "test", "set",
        "export", "printf", "[", "strip", "upx",
    ]
)
# fmt: on


def is_plain(use: GoUse) -> bool:
    """Whether nothing but go writes near the mount point, whose new parents belong to root."""
    kinds = {invocation.go.kind for invocation in use.invocations}
    if not kinds <= {"build", "install", "mod download", "list", "vet"} or use.through or use.maybe:
        return False
    if any(invocation.go.versioned for invocation in use.invocations):
        return False
    names = {step.argv[0] for step in use.run.steps if step.argv}
    return names <= _QUIET | {"go"}
