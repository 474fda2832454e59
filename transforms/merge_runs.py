"""merge-runs: consecutive RUNs of a shipped stage become one layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from gorewrite import shell
from gorewrite.dockerfile import BodyNode, Comment, Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.memo import remembered
from gorewrite.optout import opt_out
from gorewrite.stage.joints import Layout, commands_of
from gorewrite.stage.runs import Commands, Run
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform


class MergeRuns(Transform):
    """Joins consecutive RUN instructions of a stage whose layers ship into one.

    *What it does*

    In the stages that the final image is made of, RUNs that follow each other and only set
    up the system (packages, users, directories, permissions, or downloaded files) are joined
    with `&&`, each in its own line layout. Comments between them become comment lines inside
    the new instruction. In every stage, an `apt-get update` that stands alone is joined with
    the `apt-get install` that follows it.

    *Why*

    Each RUN is a layer, and what a later one deletes or changes the mode of stays in the image
    a second time. A layer of its own for `apt-get update` is cached: the install after it then
    works with stale package lists.

    *When it does nothing*

    Builder stages keep their RUNs, which are worth more as separate cache entries; so do go,
    make and npm steps everywhere, downloads next to packages, and installs that each run
    `apt-get update`. Nothing is joined across another instruction, nor behind a RUN that replaces
    `/bin/sh` or writes what a login shell of SHELL reads when it starts.

    - `run-not-simple`: a RUN is no plain `&&` list (`;`, `||`, a pipe, a heredoc, the JSON form,
      a comment behind a command), or it changes the shell itself (`cd`, `export`, `set`).
    - `flags-differ`: the RUNs have different `--mount`, `--network` or `--security` flags.
    - `linter-comment`: a comment that a tool reads belongs to one of them.
    - `opted-out`: a `# gorewrite: ignore` comment stands above one of them.
    - `update-apart`: another instruction stands between `apt-get update` and the install.

    *Safety*

    Safe: a plain `&&` list stops at the first failure just as two RUNs do, and no state of the
    first shell is used by commands that do not change it.

    *References*

    Dockerfile reference, RUN; Docker building best practices, "apt-get"; hadolint DL3059 and
    DL3009.
    """

    name = "merge-runs"
    order = 70
    summary = "join consecutive set-up RUNs of a shipped stage into one layer"
    before = """\
FROM alpine:3.22
RUN apk add --no-cache ca-certificates
RUN adduser -D app"""
    after = """\
FROM alpine:3.22
RUN apk add --no-cache ca-certificates \\
    && adduser -D app"""

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        for stage in facts.stages:
            joined: set[Instruction] = set()
            for row in _rows(stage):
                if len(row) > 1:
                    yield from _merge(facts, stage, row, joined)
            yield from _apart(facts, stage, joined)


class _Link(NamedTuple):
    """A RUN in a row of them. between: the comments and blank lines above it."""

    run: Run
    between: tuple[BodyNode, ...]

    @property
    def setup(self) -> _Setup:
        return _setup(self.run.body.commands)

    @property
    def comments(self) -> tuple[Comment, ...]:
        return tuple(node for node in self.between if isinstance(node, Comment))

    @property
    def set_apart(self) -> bool:
        """Whether a comment above it belongs to what comes before (the end of a region) or to
        the file (a heading): it does not stand right above the RUN."""
        kinds = [isinstance(node, Comment) for node in self.between]
        return True in kinds and False in kinds[kinds.index(True) :]


def _rows(stage: StageFacts) -> Iterator[list[_Link]]:
    """The maximal rows of RUNs with only comments and blank lines between them."""
    runs = {run.instruction: run for run in stage.runs}
    row: list[_Link] = []
    between: list[BodyNode] = []
    for node in stage.stage.nodes:
        if not isinstance(node, Instruction):
            between.append(node)
            continue
        if node in runs:
            row.append(_Link(runs[node], tuple(between)))
        elif row:
            yield row
            row = []
        between = []
    if row:
        yield row


def _merge(
    facts: Facts, stage: StageFacts, row: Sequence[_Link], joined: set[Instruction]
) -> Iterator[Proposal]:
    """The proposals for one row. joined: takes up the RUNs that were looked at as pairs."""
    group = _Group(row[0])
    for link in row[1:]:
        if not _worth_it(stage, group, link):
            yield from _change(facts, group.links)
            group = _Group(link)
            continue
        joined |= {group.links[-1].run.instruction, link.run.instruction}
        blocked = _blocked(facts, stage, group, link)
        if blocked is None:
            group.add(link)
            continue
        yield from _change(facts, group.links)
        yield blocked
        group = _Group(link)
    yield from _change(facts, group.links)


class _Group:
    """RUNs that become one. kinds, updates: what they all do, see `_Setup`."""

    def __init__(self, first: _Link) -> None:
        self.links = [first]
        self.kinds, self.updates = first.setup.kinds, first.setup.updates

    def add(self, link: _Link) -> None:
        self.kinds = self.kinds_with(link)
        self.updates |= link.setup.updates
        self.links.append(link)

    def kinds_with(self, link: _Link) -> frozenset[str] | None:
        more = link.setup.kinds
        return None if self.kinds is None or more is None else self.kinds | more


def _worth_it(stage: StageFacts, group: _Group, link: _Link) -> bool:
    """Whether one layer would be better than two, if nothing stands in the way."""
    last = group.links[-1]
    if last.setup.only_updates and link.setup.installs_blindly:
        return True
    if not stage.ships or link.set_apart or _changes_next_shell(last.run):
        return False
    if link.setup.updates and group.updates:
        return False  # Each has lists of its own: they were kept apart on purpose.
    kinds = group.kinds_with(link)
    return kinds is not None and not {"packages", "download"} <= kinds


def _blocked(facts: Facts, stage: StageFacts, group: _Group, link: _Link) -> Refusal | None:
    """What stands in the way of joining `link` to `group`."""
    above = group.links[-1].run
    here, last = link.run.instruction, above.instruction
    for comment in (*link.comments, *group.links[0].comments):
        named = opt_out(comment)
        if named is not None and (not named or MergeRuns.name in named):
            message = "a comment asks to leave this alone"
            return Refusal(here, "opted-out", message, (facts.at(comment),))
        if _FOR_TOOLS.match(comment.text.strip()):
            return Refusal(
                here,
                "linter-comment",
                "join it with the RUN above by hand: a comment for a tool is about one of them",
                (facts.at(comment), facts.at(here)),
            )
    if sorted(f.text for f in here.flags) != sorted(f.text for f in last.flags):
        return Refusal(
            here,
            "flags-differ",
            "give it the flags of the RUN above to make one layer of the two",
            (facts.at(last), facts.at(here)),
        )
    for run, followed in ((above, True), (link.run, False)):
        why = _not_simple(run, followed or stage.ships)
        if why:
            message = f"write it as a plain list joined with && to make one layer: {why}"
            return Refusal(run.instruction, "run-not-simple", message, (facts.at(run.instruction),))
    return None


def _change(facts: Facts, group: Sequence[_Link]) -> Iterator[Change]:
    """The change that joins a group, if it has more than one member."""
    if len(group) == 1:
        return
    first, *others = group
    update = first.setup.only_updates and len(group) == 2
    if update:
        message = "run apt-get update in the layer of the install that needs its lists"
        rule = "rule: a cached layer of apt-get update serves stale package lists"
    else:
        message = f"join {len(group)} RUNs into one layer"
        rule = "rule: each RUN of a shipped stage is a layer of its own"
    yield Change(
        first.run.instruction,
        (_joined(group),),
        Safety.SAFE,
        message,
        (*(facts.at(link.run.instruction) for link in group), Evidence("", 0, rule)),
        tuple((n, ()) for link in others for n in (*link.between, link.run.instruction)),
    )


def _apart(facts: Facts, stage: StageFacts, joined: set[Instruction]) -> Iterator[Refusal]:
    """Refusals for an `apt-get update` alone that no neighbouring RUN takes up."""
    user: Run | None = None
    found: list[Refusal] = []
    for run in reversed(stage.runs):
        setup = _setup(run.body.commands)
        if setup.only_updates and user is not None and run.instruction not in joined:
            message = (
                "move it next to the RUN that installs: a cached apt-get update serves stale lists"
            )
            because = (facts.at(run.instruction), facts.at(user.instruction))
            found.append(Refusal(run.instruction, "update-apart", message, because))
        if setup.installs_blindly:
            user = run
    yield from reversed(found)


#: Comments that a linter, scanner or updater reads; they are about the next line.
_FOR_TOOLS: Final = re.compile(
    r"(?i)#\s*(?:hadolint|trunk-ignore|gorewrite:|checkov:|kics|trivy:|tfsec:|nosemgrep|nosec"
    r"|nosonar|shellcheck|renovate:|dockerfile-lint|tally)"
)


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILES: Final = _names(
    """adduser addgroup useradd groupadd usermod groupmod deluser delgroup userdel groupdel mkdir
    rmdir chmod chown chgrp ln rm touch cp mv install sed setcap echo printf"""
)
_DOWNLOAD: Final = _names("curl wget tar unzip gunzip gzip xz sha256sum gpg")
_PACKAGES: Final = _names(
    """add-apt-repository apt-key dpkg dpkg-reconfigure rpm locale-gen ldconfig
    update-ca-certificates update-ca-trust"""
)
#: Commands that change the shell they run in, or leave it.
_STATE: Final = _names(
    """. alias break cd continue declare eval exec exit export hash local popd pushd read readonly
    return set shift shopt source trap typeset ulimit umask unalias unset wait"""
)
#: Commands that say nothing about what kind of step it is.
_NEUTRAL: Final = _STATE | {"[", "[[", "test", "true", "false", ":", "command", "which", "ls"}


def _commands(commands: Commands) -> Iterator[tuple[str, shell.Command]]:
    """Each simple command behind its wrappers, and its name ("" when that is not known)."""
    for step in commands.steps:
        command = shell.unwrapped(step).command
        # An assignment alone sets a variable of the shell, as `export` does.
        name = (command.name or "") if command.words else "export"
        yield name.rpartition("/")[2] if name.startswith(_BINARIES) else name, command


_BINARIES: Final = ("/bin/", "/sbin/", "/usr/")


class _Setup(NamedTuple):
    """What a RUN does to set the system up.

    kinds: packages, files, download; None for nothing of these, or anything else; updates: whether
    it fetches apt's lists; only_updates: and does nothing else; installs_blindly: whether it
    installs with apt from lists that it has not fetched itself.
    """

    kinds: frozenset[str] | None
    updates: bool
    only_updates: bool
    installs_blindly: bool


@remembered
def _setup(commands: Commands) -> _Setup:
    kinds: set[str | None] = set()
    apt: list[str] = []  # Of each command what it does with apt.
    for name, command in _commands(commands):
        packages = shell.package_command(command.argv)
        apt.append(packages.action if packages and packages.manager == "apt" else "")
        if name in _PACKAGES or (packages and packages.manager not in ("npm", "pip")):
            kinds.add("packages")
        elif name in _FILES:
            kinds.add("files")
        elif name in _DOWNLOAD:
            kinds.add("download")
        elif name not in _NEUTRAL:
            kinds.add(None)
    return _Setup(
        frozenset(kind for kind in kinds if kind) if kinds and None not in kinds else None,
        "update" in apt,
        "update" in apt and {"update", "upgrade"}.issuperset(apt),
        [action for action in apt if action in ("update", "install")][:1] == ["install"],
    )


def _not_simple(run: Run, stateless: bool) -> str:
    """Why the RUN cannot be a part of an `&&` list, "" when it can.

    stateless: whether it must not change the shell either.
    """
    if run.form == "exec":
        return "it has the JSON form"
    if run.form == "heredoc":
        return "it is a heredoc"
    if isinstance(run.script, Unknown):
        return run.script.why
    if run.script.comments:
        return "a comment behind a command would swallow what follows"
    commands = run.script.and_list()
    if commands is None or run.instruction.is_open:
        return "it holds ;, ||, a pipe or a compound command"
    for command in commands if stateless else ():
        if not command.words or command.name in _STATE:
            word = command.name or "an assignment"
            return f"{word} changes the shell of the commands behind it"
    return ""


_SHELL_ITSELF: Final = re.compile(r"/(?:usr/)?bin/(?:ba|da|z|k)?sh|dash")
_REPLACING: Final = _names("ln cp mv rm update-alternatives dpkg-reconfigure")
_START_UP: Final = re.compile(r"/etc/environment|profile\b|[/.](?:bash|z|k)\w*(?:rc|env)\b")


def _changes_next_shell(run: Run) -> bool:
    """Whether the RUN behind this one has another shell than its own.

    A shell reads its start-up files when it begins (bash(1), INVOCATION); a login or interactive
    one of SHELL does so for every RUN.
    """
    if _replaces_shell(run.body.commands):
        return True
    options = [word for word in run.state.shell[1:] if word.startswith("-")]
    reads = any(o == "--login" or re.match(r"-\w*[li]", o) for o in options)
    return (reads or "BASH_ENV" in run.state.env) and _START_UP.search(run.text) is not None


@remembered
def _replaces_shell(commands: Commands) -> bool:
    for name, command in _commands(commands):
        if name in _REPLACING:
            named = [word.text for word in command.words[1:] if _SHELL_ITSELF.fullmatch(word.text)]
            if named[-1:] == [command.words[-1].text] or len(named) > 1:
                return True
    return False


def _joined(group: Sequence[_Link]) -> Instruction:
    """One instruction with the commands of all, each in its own layout."""
    layout = Layout.of(link.run.instruction for link in group)
    text = ""
    for link in group[1:]:
        comments, body = commands_of(link.run.instruction)
        text += layout.carried_on(body, [*(c.text.strip() for c in link.comments), *comments])
    first = group[0].run.instruction
    end = first.rest_start + len(first.rest)
    return first.edit((end, len(first.logical), text))
