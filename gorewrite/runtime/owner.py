"""Who owns a directory that a runtime stage takes over, and how a COPY can say so.

`COPY --from=builder /data /data` keeps owner and mode of what lies in /data, but makes /data itself
anew: root's, mode 755. `--chown` gives it an owner, and the same one to all it holds; nothing gives
it a mode. Sources: moby/buildkit#1941, moby/moby#38710; tried with Engine 20.10.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from gorewrite import shell
from gorewrite.dockerfile import Instruction
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.runtime.around import held
from gorewrite.stage.images import Image
from gorewrite.stage.inventory import Inventory
from gorewrite.stage.layout import tops, under
from gorewrite.stage.places import ACCOUNTS
from gorewrite.stage.runs import Run
from gorewrite.stage.scope import State

if TYPE_CHECKING:
    from gorewrite.runtime.carried import Carry

_ROOT: Final = "0:0"
#: Accounts that have the same numbers in Debian, Alpine and distroless.
_EVERYWHERE: Final = {"root": "0", "nobody": "65534", "nogroup": "65534"}
#: Where a build works, and what every image has as it is.
_OF_THE_GO: Final = ("/go", "/usr/local/go", "/tmp", "/var/tmp", "/root/", "/dev", "/etc/apt")
_MODE: Final = re.compile(r"[0-7]{3,5}")


class Ownership(NamedTuple):
    """What a copy of a directory must say. chown: `user:group`, None when it is root's.

    doubt: what is lost all the same, None when nothing is.
    """

    chown: str | None = None
    doubt: Unknown | None = None


#: Tells where: most events are never spoken of.
_Where = Callable[[], Evidence]


class _Event(NamedTuple):
    """Something that gave an owner or a mode to a path, or put something there.

    kind: "workdir", "copy" (with all below), "own", "mode", "make" (the directory itself) or
    "write" (into it, or a file); deep: to all that lies below, too. owner: `user:group`, None for
    one that is not known; altered: whether its mode is not
    755 any more.
    """

    kind: str
    path: str
    where: _Where
    owner: str | None = _ROOT
    deep: bool = False
    altered: bool = False


def keep_owners(carry: Carry, stage: StageFacts, inventory: Inventory) -> None:
    """Settles how the directories among what is carried over are copied, and what becomes of
    owners and modes that RUNs give to files of the base image."""
    for path, where in inventory.owned.items():
        if path in ACCOUNTS:
            carry.files |= dict.fromkeys(ACCOUNTS, where)
        elif _of_the_system(stage, inventory, path):
            carry.doubts.append(Unknown(f"what a RUN makes of {path} stays behind", (where,)))
    homes = {user.made_home for user, _ in inventory.users.values()}
    for path in carry.files:
        if path in homes and path != carry.tree and _made_anew(carry, stage, inventory, path):
            carry.sources[path] = "/etc/skel"
    made = {top for path in inventory.directories for top in tops(path)}
    tree = (carry.tree,) if carry.tree is not None else ()
    paths = [
        path
        for path in (*carry.paths(), *tree)
        if path in homes or path in made or _copied_as_directory(stage, path)
    ]
    if not paths:
        return
    owners = Owners(stage, inventory)
    for path in paths:
        found = owners.of(path)
        if found.chown is not None:
            carry.owners[path] = found.chown
        if found.doubt is not None and path not in carry.sources:
            carry.doubts.append(found.doubt)


def _of_the_system(stage: StageFacts, inventory: Inventory, path: str) -> bool:
    """Whether a path is of the base image, and nothing of the Dockerfile is or lies there."""
    homes = {user.made_home for user, _ in inventory.users.values()}
    workdir = stage.end.workdir or "/"
    if path in homes or under(path, workdir) or under(workdir, path) or path.startswith(_OF_THE_GO):
        return False
    if held(stage, inventory, path) or inventory.written_below(path):
        return False
    placed = any(stage.copies.below(path))
    return not placed and not any(under(output, path) for output in stage.output_paths)


def _copied_as_directory(stage: StageFacts, path: str) -> bool:
    source = stage.source_of(path)
    kind = stage.facts.project.context.kind(source) if source is not None else None
    return kind == "dir" or path in stage.directories


def _made_anew(carry: Carry, stage: StageFacts, inventory: Inventory, home: str) -> bool:
    """Whether a home is copied as useradd makes it, from /etc/skel: go has put its caches into it,
    or the work directory is in it, which is copied by itself, and nothing else is."""
    if not isinstance(stage.base, Image) or stage.base.libc != "glibc":
        return False
    workdir = stage.end.workdir or "/"
    around = under(workdir, home) and workdir != home
    builds = any(not invocation.run.state.is_root for invocation, _ in stage.outputs)
    paths = [
        *stage.output_paths,
        *inventory.written,
        *(placed.path for placed in stage.copies.below(home) if placed.path is not None),
    ]
    other = (path for path in paths if under(path, home) and path != home)
    inside = all(around and under(path, workdir) for path in other)
    return (around or builds) and inside and (carry.tree is None or not under(home, carry.tree))


class Owners:
    """Who owns the directories that a stage and its ancestors leave behind."""

    def __init__(self, stage: StageFacts, inventory: Inventory) -> None:
        self.stage, self.inventory = stage, inventory
        self._outputs: dict[Instruction, list[str]] = {}
        for path, (invocation, _) in stage.output_paths.items():
            self._outputs.setdefault(invocation.run.instruction, []).append(path)
        self._events = list(self._all())
        self._at: dict[str, list[int]] = defaultdict(list)
        self._below: dict[str, list[int]] = defaultdict(list)
        for number, event in enumerate(self._events):
            self._at[event.path].append(number)
            for top in tops(event.path):
                self._below[top].append(number)

    def of(self, path: str) -> Ownership:
        """How to copy a directory so that it keeps its owner."""
        numbers = {number for top in self._at.keys() & tops(path) for number in self._at[top]}
        numbers.update(self._below.get(path, ()))
        there, owner, altered = False, _Owned(_ROOT, None), None
        inside: dict[str | None, _Where] = {}
        for event in (self._events[number] for number in sorted(numbers)):
            above = event.path != path and under(path, event.path)
            covers = event.path == path or (above and event.deep)
            if above and not covers:
                continue
            match event.kind:
                case "mode":
                    altered = event if covers and event.altered else altered
                case "own" if covers:
                    owner = _Owned(event.owner, event.where)
                    inside = {event.owner: event.where} if event.deep else inside
                case "copy" if above:
                    if self._brings(event, path):
                        there, owner = True, _Owned(event.owner, event.where)
                        inside = {event.owner: event.where}
                case "make" if covers:
                    there, owner = True, _Owned(event.owner, event.where)
                    altered = event if event.altered else altered
                case kind:
                    if kind == "own":  # Of something below.
                        inside[event.owner] = event.where
                        continue
                    # A directory that is there already keeps its owner.
                    owner = owner if there else _Owned(event.owner, event.where)
                    there = True
                    if kind != "workdir":
                        inside[event.owner] = event.where
        return _ownership(path, owner, inside, altered)

    def _brings(self, event: _Event, path: str) -> bool:
        """Whether a copy of a directory above has something at the path."""
        context = self.stage.facts.project.context
        for placed in self.stage.copies.over(path):
            if placed.path == event.path and placed.origin == "context":
                source = placed.source_path(path)
                if source is not None and context.kind(source) is not None:
                    return True
        return False

    def _all(self) -> Iterator[_Event]:
        """Everything that made, owned or filled something, in order."""
        placed: dict[Instruction, list[str]] = {}
        for each in self.stage.placed:
            if each.path is not None:
                placed.setdefault(each.instruction, []).append(each.path)
        for member in self.stage.lineage:
            runs = {run.instruction: run for run in member.runs}
            for instruction, state in member.states.items():
                if instruction.keyword in ("COPY", "ADD"):
                    chown = next(iter(instruction.flag_values("chown")), None)
                    owner = self._spec(chown) if chown else _ROOT
                    where = partial(member.facts.at, instruction)
                    for path in placed.get(instruction, ()):
                        yield _Event("copy", path, where, owner, deep=True)
                elif instruction.keyword == "WORKDIR":
                    target = state.path(instruction.rest)
                    if target is not None:
                        # BuildKit makes it as the user that USER names (dispatchWorkdir).
                        own = self._of(state)
                        yield _Event("workdir", target, partial(member.facts.at, instruction), own)
                elif instruction in runs:
                    yield from self._run(member, runs[instruction])

    def _of(self, state: State) -> str | None:
        """`user:group` of what is made in a state."""
        user = state.user or "?"
        return _ROOT if state.is_root else self._spec(user if ":" in user else f"{user}:")

    def _run(self, member: StageFacts, run: Run) -> Iterator[_Event]:
        owner = self._of(run.state)
        steps = () if isinstance(run.script, Unknown) else run.steps
        for step in map(shell.unwrapped, steps):
            yield from self._step(run, step, owner, partial(_place, member, run, step))

    def _step(
        self, run: Run, step: shell.Step, owner: str | None, where: _Where
    ) -> Iterator[_Event]:
        argv = [word or "" for word in step.argv]
        name = argv[0].rpartition("/")[2] if argv else ""
        created = shell.user_command(step.argv)
        if created is not None:
            if created.made_home is not None:
                own = self._spec(f"{created.name}:")
                yield _Event("make", created.made_home, where, own)
                yield _Event("write", f"{created.made_home}/.profile", where, own)
            return
        if name == "go":
            for output in self._outputs.get(run.instruction, ()):
                yield _Event("write", output, where, owner)
            return
        words = (word for word in step.argv[1:] if word is None or not word.startswith("-"))
        given = next(words, None)
        for path in shell.writes(step):
            if path is None:
                continue
            match name:
                case "chown" | "chgrp":
                    spec = given if name == "chown" else f":{given or ''}"
                    named = self._spec(spec) if spec and given else None
                    deep = _recursive(argv)
                    yield _Event("own", path, where, named, deep)
                case "chmod":
                    altered = given is None or _alters(given)
                    yield _Event("mode", path, where, deep=_recursive(argv), altered=altered)
                case "mkdir":
                    altered = _alters(_option(argv, "m", "mode"))
                    yield _Event("make", path, where, owner, altered=altered)
                case "install" if "-d" in argv:
                    user, group = _option(argv, "o", "owner"), _option(argv, "g", "group")
                    own = self._spec(f"{user or '0'}:{group or '0'}") if user or group else owner
                    altered = _alters(_option(argv, "m", "mode"))
                    yield _Event("make", path, where, own, altered=altered)
                case _:
                    yield _Event("write", path, where, owner)

    def _spec(self, spec: str) -> str | None:
        """`user:group` of what chown takes, as far as it means the same in another image."""
        user, colon, named = (spec if ":" in spec else spec.replace(".", ":", 1)).partition(":")
        group: str | None = named or "0"
        if colon and not named:  # The group in which the user is in /etc/passwd.
            group = self._own_group(user)
        names = self._known(user or "0"), self._known(group) if group is not None else None
        return None if None in names else f"{names[0]}:{names[1]}"

    def _own_group(self, user: str) -> str | None:
        created = self.inventory.users.get(user)
        if created is not None:
            gid = created[0].gid
            return created[0].group or (user if gid is None else str(gid))
        # Of a number that is in no /etc/passwd it is root's.
        return "0" if user.isdecimal() else _EVERYWHERE.get(user)

    def _known(self, name: str) -> str | None:
        """A user or group as the runtime stage knows it."""
        groups = {user.group for user, _ in self.inventory.users.values()}
        if name.isdecimal() or name in self.inventory.users or name in groups:
            return "0" if name == "root" else name
        if name == "nogroup" and getattr(self.stage.base, "libc", None) == "musl":
            return "65533"  # alpine-baselayout, etc/group
        return _EVERYWHERE.get(name)


class _Owned(NamedTuple):
    owner: str | None
    where: _Where | None


def _place(member: StageFacts, run: Run, step: shell.Step) -> Evidence:
    return member.facts.at(run.instruction, None, run.line_at(step.command.start))


def _ownership(
    path: str, owned: _Owned, inside: Mapping[str | None, _Where], altered: _Event | None
) -> Ownership:
    """What a copy says; inside: the owners of what the directory holds."""
    doubt: Unknown | None = None
    if altered is not None:
        why = f"{path} loses its mode: COPY makes directories with 755"
        doubt = Unknown(why, (altered.where(),))
    if owned.owner == _ROOT:
        return Ownership(None, doubt)
    if owned.owner is None:
        why = f"the owner of {path} is not known; COPY gives it to root"
        return Ownership(None, doubt or Unknown(why, (owned.where(),) if owned.where else ()))
    others = [where for owner, where in inside.items() if owner != owned.owner]
    if others:
        why = f"what {path} holds has other owners than the directory itself"
        doubt = doubt or Unknown(f"{why}; `chown -R` it whole", (others[0](),))
    return Ownership(owned.owner, doubt)


def _recursive(argv: list[str]) -> bool:
    return any(word == "--recursive" or _cluster(word, "R") for word in argv[1:])


def _cluster(word: str, letter: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and letter in word


def _option(argv: list[str], letter: str, name: str) -> str:
    """The value of `-m 755`, `-m755`, `--mode=755`; "" when it is not given."""
    for at, word in enumerate(argv[1:], 1):
        if word.startswith(f"--{name}="):
            return word.partition("=")[2]
        if _cluster(word, letter):
            rest = word.partition(letter)[2]
            return rest or (argv[at + 1] if at + 1 < len(argv) else "")
    return ""


def _alters(mode: str) -> bool:
    """Whether chmod makes a directory of mode 755 one of another mode."""
    if _MODE.fullmatch(mode):
        return int(mode, 8) != 0o755
    return bool(mode) and any(_clause_alters(part) for part in mode.split(","))


def _clause_alters(clause: str) -> bool:
    match = re.fullmatch(r"([ugoa]*)([-+=])([rwxX]*)", clause)
    if match is None:
        return True
    who, sign, bits = set(match[1] or "a"), match[2], set(match[3].lower())
    match sign:
        case "+":
            return "w" in bits and who != {"u"}
        case "-":
            return bool(bits - {"w"}) or ("w" in bits and bool(who & {"u", "a"}))
        case _:
            return bits != {"r", "w", "x"} if who == {"u"} else bits != {"r", "x"} or "u" in who
