"""A Dockerfile read once for each build that its callers ask for, and what holds in all of them.

Callers set build arguments (gorewrite.callers.arguments). Each transform is asked about every such
build, and what it proposes is safe where it comes out the same in all. Where it does not, it is
asked what it would do if nobody knew the values, which is right for whatever they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace

from gorewrite.callers.arguments import Given, builds, together
from gorewrite.dockerfile import BodyNode, Dockerfile, from_parts, variables
from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts
from gorewrite.memo import cached_property
from gorewrite.surroundings import Project
from gorewrite.transform import Change, Proposal, Refusal, Safety, to_review


@dataclass(frozen=True)
class Readings:
    """The facts of each build of a Dockerfile. first: of the one that is rewritten."""

    first: Facts
    others: tuple[Facts, ...] = ()
    _made: list[Facts] = field(default_factory=list)

    @classmethod
    def of(cls, dockerfile: Dockerfile, project: Project) -> Readings:
        """Those of a Dockerfile as its callers build it."""
        given, *others = builds(dockerfile, project.callers.building)
        first = Facts(dockerfile, project, given=given)
        return cls(first, tuple(_alike(first, each) for each in others))

    @property
    def every(self) -> tuple[Facts, ...]:
        return (self.first, *self.others)

    @cached_property
    def unknown(self) -> Facts | None:
        """As if nobody knew what callers set; None where they choose base images, for which the
        default would be taken then."""
        given = together([facts.given for facts in self.every])
        images = (from_parts(s.stage.from_).image.text for s in self.first.stages)
        if any(variables(image) & given.values.keys() for image in images):
            return None
        self._made.append(_alike(self.first, given))
        return self._made[0]

    def renewed(
        self, tree: Dockerfile, project: Project, line_of: Callable[[BodyNode, int], int]
    ) -> Readings:
        """The same builds after a change."""
        self.forget()
        lasting = self.first.lasting
        first, *others = (Facts(tree, project, line_of, lasting, f.given) for f in self.every)
        return Readings(first, tuple(others))

    def forget(self) -> None:
        """See Facts.forget."""
        for facts in (*self.every, *self._made):
            facts.forget()

    def close(self) -> None:
        """See Facts.close."""
        self.forget()
        self.first.close()


def _alike(facts: Facts, given: Given) -> Facts:
    return Facts(facts.dockerfile, facts.project, facts.line_of, facts.lasting, given)


def agreed(ask: Callable[[Facts], Sequence[Proposal]], read: Readings) -> Sequence[Proposal]:
    """What a transform proposes for all builds.

    A change that comes out otherwise in another build gives way to what is right for all. Where
    there is no such change, it is for review, or refused as it is in the other build.
    """
    first = ask(read.first)
    if not read.others or not any(isinstance(each, Change) for each in first):
        return first
    builds = [_Build(facts.given, ask(facts), first) for facts in read.others]
    held = [_held(each, builds) if isinstance(each, Change) else each for each in first]
    sound = [now for was, now in zip(first, held, strict=True) if was is now]
    if len(sound) < len(first) and read.unknown is not None:
        dropped = {_key(each) for each in first if isinstance(each, Change)}
        for weaker in ask(read.unknown):
            known = not isinstance(weaker, Change) or _key(weaker) in dropped
            if not known and _apart(weaker, sound):
                sound.append(replace(weaker, because=_joined(read.unknown.given, weaker)))
    return [*sound, *(each for each in held if each not in sound and _apart(each, sound))]


class _Build:
    """What a transform proposes for another build. first: what it does for the first one."""

    def __init__(self, given: Given, found: Sequence[Proposal], first: Sequence[Proposal]) -> None:
        self.given = given
        self.changes = {_key(each): each for each in found if isinstance(each, Change)}
        told = {(each.code, each.node) for each in first if isinstance(each, Refusal)}
        refusals = (each for each in found if isinstance(each, Refusal))
        self.refusals = [each for each in refusals if (each.code, each.node) not in told]


def _held(change: Change, builds: Sequence[_Build]) -> Change | Refusal:
    """A change as the other builds bear it: itself where it comes out the same."""
    for build in builds:
        given, same = build.given, build.changes.get(_key(change))
        if same is not None:
            if same.safety < change.safety:
                change = replace(same, because=_joined(given, same))
            continue
        nodes = _nodes(change)
        for refusal in build.refusals:
            if refusal.node in nodes:
                message = f"{refusal.message} (with {given})"
                return replace(refusal, message=message, because=_joined(given, refusal))
        doubt = Unknown(f"with {given} it comes out otherwise")
        doubted = change.safety is Safety.REVIEW
        message = change.message + (f"; {doubt.why}" if doubted else to_review((doubt,)))
        because = _joined(given, change)
        change = replace(change, safety=Safety.REVIEW, message=message, because=because)
    return change


def _joined(given: Given, said: Proposal) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys((*given.because, *said.because)))


def _apart(proposal: Proposal, others: Sequence[Proposal]) -> bool:
    """Whether none of the changes among others is about the same nodes."""
    nodes = _nodes(proposal)
    return all(nodes.isdisjoint(_nodes(o)) for o in others if isinstance(o, Change))


def _nodes(proposal: Proposal) -> set[BodyNode]:
    if isinstance(proposal, Refusal):
        return {proposal.node}
    return {node for node, _ in proposal.replacements()}


def _key(change: Change) -> Hashable:
    """What a change does."""
    pairs = ((node, "".join(each.source for each in new)) for node, new in change.replacements())
    return tuple(pairs), change.files, change.spans
