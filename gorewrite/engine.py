"""Plans a rewrite: runs the transforms, applies what is allowed, checks the result.

The transforms run in rounds until none proposes anything that is allowed; the last round
runs on the re-parsed output, so a plan that is returned is a fixed point: a second run
changes nothing. The checks of `gorewrite.checks` run on every plan, in production too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from typing import NamedTuple

from gorewrite.checks import InternalError, check, read_again
from gorewrite.contract import contract
from gorewrite.dockerfile import (
    BodyNode,
    Dockerfile,
    Instruction,
    ParseError,
    from_parts,
    parse,
)
from gorewrite.entrypoints import entry_points, load
from gorewrite.evidence import Evidence
from gorewrite.facts import Facts
from gorewrite.optout import opted_out
from gorewrite.readings import Readings, agreed
from gorewrite.surroundings import Project
from gorewrite.transform import (
    Change,
    FileChange,
    Observation,
    Proposal,
    Refusal,
    Safety,
    SharedTransform,
    SpanEdit,
    Transform,
)

#: A rewrite settles in two or three rounds; more means two transforms undo each other.
MAX_ROUNDS = 8


class CannotRead(Exception):
    """The input cannot be rewritten at all. line is 1-based (0: the whole file)."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


class Applied(NamedTuple):
    """A change as reported: `line` is its line in the input."""

    transform: str
    safety: Safety
    line: int
    message: str
    because: tuple[Evidence, ...]
    applied: bool


class Refused(NamedTuple):
    """A refusal as reported."""

    transform: str
    code: str
    line: int
    message: str
    because: tuple[Evidence, ...]


class Plan(NamedTuple):
    """What would become of one Dockerfile.

    old, new: its bytes; files: other files of the plan; spans: edits of files that the plans of
    other Dockerfiles may edit, too; changes: the applied ones in
    order, then what `--review` would add; notes: what a reader should know of the checks;
    declared: the fields of the image contract that differ on purpose; observations: what shared
    transforms saw, from which nothing is concluded yet (see gorewrite.shared).
    """

    old: bytes
    new: bytes
    files: tuple[FileChange, ...]
    changes: tuple[Applied, ...]
    refusals: tuple[Refused, ...]
    notes: tuple[str, ...] = ()
    declared: frozenset[str] = frozenset()
    spans: tuple[SpanEdit, ...] = ()
    observations: tuple[Observation, ...] = ()

    @property
    def changed(self) -> bool:
        return self.old != self.new or bool(self.files) or bool(self.spans)


@cache
def available() -> tuple[Transform, ...]:
    """All installed transforms in the order in which they run (a user's own included)."""
    found = (load(value)() for value in entry_points("gorewrite.transforms").values())
    return tuple(sorted(found, key=lambda t: (t.order, t.name)))


def plan(
    data: bytes,
    project: Project,
    transforms: Sequence[Transform],
    allowed: Safety,
    read: Readings | None = None,
) -> Plan:
    """Plans the rewrite of one Dockerfile.

    data: its bytes; allowed: the lowest safety that is applied; read: what is known of it, when
    it was read already.
    Raises CannotRead for what BuildKit rejects, InternalError when a check fails.
    """
    try:
        original = read.first.dockerfile if read is not None else parse(data)
    except ParseError as error:
        raise CannotRead(error.line, error.problem) from error
    if original.to_bytes() != data:
        raise InternalError("the parsed file does not print as it was read")
    session = _Session(original, project, allowed, read or Readings.of(original, project))
    before = [contract(facts.final) for facts in session.readings.every]
    for _ in range(MAX_ROUNDS):
        if not session.round(transforms):
            break
        session.reparse()
    else:
        raise InternalError(f"the rewrite does not settle in {MAX_ROUNDS} rounds")
    new = session.tree.to_bytes()
    notes: tuple[str, ...] = ()
    if new != data:
        notes = check(original, session.tree, session.touched)
        undeclared = {
            name: text
            for old, facts in zip(before, session.readings.every, strict=True)
            for name, text in old.differences(contract(facts.final)).items()
            if name not in session.declared
        }
        if undeclared:
            listed = "; ".join(f"{name}: {text}" for name, text in undeclared.items())
            raise InternalError(f"the image contract would change ({listed})")
    planned = Plan(
        data,
        new,
        tuple(session.files.values()),
        (*session.applied.values(), *session.offered.values()),
        tuple(session.refused.values()),
        notes,
        frozenset(session.declared),
        tuple(session.spans),
        tuple(observations(session.readings, transforms, allowed)),
    )
    session.close()
    return planned


def observations(
    read: Readings, transforms: Iterable[Transform], allowed: Safety
) -> Iterator[Observation]:
    """What the shared ones among some transforms see in a Dockerfile, in whatever build of it.

    Raises InternalError when one of them fails.
    """
    facts = read.first
    project = facts.project
    for transform in transforms:
        if not isinstance(transform, SharedTransform):
            continue
        with _blaming(transform):
            seen = transform.observe(facts)
            if seen is None:
                continue
            for also in map(transform.observe, read.others):
                if also is not None and also.what != seen.what:
                    seen = seen._replace(what=transform.joined(seen.what, also.what))
        node, objection = seen.node, None
        comment = opted_out(facts.dockerfile, {node}, transform.name) if node else None
        if comment is not None:
            objection = Evidence(project.display, facts.at(comment).line, comment.text.strip())
        yield Observation(
            transform.name,
            str(project.path),
            str(project.context.root),
            project.context_why.why if project.context_why is not None else "",
            facts.at(node) if node is not None else None,
            objection,
            allowed,
            seen.what,
            seen.alone,
        )


class _Session:
    """The state of one planning: the tree, where its nodes came from, what was said."""

    def __init__(self, tree: Dockerfile, project: Project, allowed: Safety, read: Readings) -> None:
        self.tree = tree
        self.escape = tree.escape
        self.project = project
        self.allowed = allowed
        self.lines: dict[BodyNode, int] = dict(tree.lines)
        #: BodyNode of the present tree -> the node of the input that it still is.
        self.origin: dict[BodyNode, BodyNode] = {node: node for node in tree.body}
        #: The FROMs whose images some change chose: they are as that change wants them.
        self.chosen: set[BodyNode] = set()
        #: The nodes of the input that some change replaced.
        self.touched: set[BodyNode] = set()
        self.declared: set[str] = set()
        self.applied: dict[tuple[str, int, str], Applied] = {}
        self.offered: dict[tuple[str, int, str], Applied] = {}
        self.refused: dict[tuple[str, str, int], Refused] = {}
        self.files: dict[str, FileChange] = {}
        self.spans: dict[SpanEdit, None] = {}
        #: Of the present tree. What one transform made it work out serves the next, and the
        #: contract, until something changes.
        self.readings = read

    def round(self, transforms: Iterable[Transform]) -> bool:
        """Runs each transform once; tells whether anything was applied. What was offered
        and refused is that of the last round, when all else has settled."""
        self.offered.clear()
        self.refused.clear()
        progress = False
        for transform in transforms:
            proposals = agreed(partial(_proposals, transform), self.readings)
            changes = [self._admitted(transform, proposal) for proposal in proposals]
            progress |= self._apply(transform, [change for change in changes if change])
        return progress

    def line_of(self, node: BodyNode, offset: int = 0) -> int:
        """The line in the input of a node, or of a physical line inside of it. A new node has
        the line of what it replaced, and so has every line of it."""
        line = self.lines.get(node, 0)
        return line + offset if offset and node in self.origin else line

    def _admitted(self, transform: Transform, proposal: Proposal) -> Change | None:
        """A proposal that may be applied; None when it was recorded as refused or offered."""
        line = self.line_of(proposal.node)
        if isinstance(proposal, Refusal):
            if proposal.node in self.chosen:
                return None
            refused = Refused(
                transform.name, proposal.code, line, proposal.message, proposal.because
            )
            self.refused.setdefault((transform.name, proposal.code, line), refused)
            return None
        changed = (node for node, new in proposal.replacements() if new != (node,))
        comment = opted_out(self.tree, {proposal.node, *changed}, transform.name)
        if comment is not None:
            where = self.line_of(comment)
            evidence = Evidence(self.project.display, where, comment.text.strip())
            refused = Refused(
                transform.name, "opted-out", line, "a comment asks to leave this alone", (evidence,)
            )
            self.refused.setdefault((transform.name, "opted-out", line), refused)
            return None
        if proposal.safety < self.allowed:
            key = (transform.name, line, proposal.message)
            self.offered.setdefault(key, _report(transform, proposal, line, False))
            return None
        return proposal

    def _apply(self, transform: Transform, changes: Sequence[Change]) -> bool:
        if not changes:
            return False
        replaced: dict[BodyNode, tuple[BodyNode, ...]] = {}
        progress = False
        for change in changes:
            pairs = [(node, new) for node, new in change.replacements() if new != (node,)]
            if any(node in replaced for node, _ in pairs):
                continue  # Another change of this transform got there first: next round.
            files = [f for f in change.files if self.project.pending.get(f.path, f.old) != f.new]
            spans = [span for span in change.spans if span not in self.spans]
            if not pairs and not files and not spans:
                continue
            progress = True
            for node, new in pairs:
                replaced[node] = new
                for fresh in new:
                    self.lines.setdefault(fresh, self.line_of(node))
                    named = _image(fresh)
                    if named and (node in self.chosen or named != _image(node)):
                        self.chosen.add(fresh)
            for file in files:
                self._add_file(file)
            self.spans.update(dict.fromkeys(spans))
            self.declared |= change.declares
            key = (transform.name, self.line_of(change.node), change.message)
            self.applied.setdefault(
                key, _report(transform, change, self.line_of(change.node), True)
            )
        if replaced:
            self.touched |= {self.origin[node] for node in replaced if node in self.origin}
            last = self.tree.body[-1]
            self.tree = self.tree.deep_replace(replaced)
            for node in self.tree.body:
                if node not in self.lines:  # The old last node, given its newline.
                    self.lines[node] = self.line_of(last)
                    if last in self.origin:
                        self.origin[node] = self.origin[last]
            self._renew()
        # Files of the plan change nothing that is known of the Dockerfile.
        for facts in self.readings.every:
            facts.project = self.project
        return progress

    def _add_file(self, file: FileChange) -> None:
        first = self.files.get(file.path)
        self.files[file.path] = file._replace(old=first.old) if first else file
        self.project = replace(self.project, pending={**self.project.pending, file.path: file.new})

    def reparse(self) -> None:
        """Goes on with what a second run would read, keeping the lines of the input.

        Where that is what is there already, all that is known of it stays known.
        """
        read = read_again(self.tree, self.origin, self.escape)
        pairs = [(old, new) for old, new in read if _parts(old) != _parts(new)]
        if pairs:
            self.lines |= {new: self.line_of(old) for old, new in pairs}
            self.chosen |= {new for old, new in pairs if old in self.chosen}
            self.origin |= {new: self.origin[old] for old, new in pairs if old in self.origin}
            self.tree = self.tree.deep_replace({old: (new,) for old, new in pairs})
            self._renew()

    def close(self) -> None:
        """Frees what is known. The session and its facts refer to each other."""
        self.readings.close()
        del self.readings

    def _renew(self) -> None:
        self.readings = self.readings.renewed(self.tree, self.project, self.line_of)


def _image(node: BodyNode) -> str | None:
    """The image that a FROM names, None for any other node."""
    if isinstance(node, Instruction) and node.keyword == "FROM":
        return from_parts(node).image.text
    return None


def _parts(node: BodyNode) -> object:
    """A node as parsing takes it apart."""
    if isinstance(node, Instruction):
        return [(type(part), part.text) for part in node.parts], node.heredocs, node.escape
    return node.text, node.newline


def _proposals(transform: Transform, facts: Facts) -> Sequence[Proposal]:
    """What a transform yields."""
    with _blaming(transform):
        return tuple(transform.propose(facts))


@contextmanager
def _blaming(transform: Transform) -> Iterator[None]:
    """Whatever a transform raises, a user's own too, is said to be its fault."""
    try:
        yield
    except MemoryError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        problem = f"the transform {transform.name} failed with {what}"
        raise InternalError(problem) from error


def _report(transform: Transform, change: Change, line: int, applied: bool) -> Applied:
    return Applied(transform.name, change.safety, line, change.message, change.because, applied)


def by_name(transforms: Sequence[Transform]) -> Mapping[str, Transform]:
    """name -> transform."""
    return {transform.name: transform for transform in transforms}
