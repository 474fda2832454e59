"""May a command be built with CGO_ENABLED=0, and how sure is that?

Weighs the analysis of the sources, the toolchain and what the Dockerfile says of C code. A wrong
yes is an outage (go-sqlite3 compiles without cgo and fails at run time); a wrong no costs some
megabytes.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import StageFacts
from gorewrite.gobuild import rules
from gorewrite.gobuild.toolchain import CgoSetting, at, c_compiler
from gorewrite.golang.needs import ProgramNeeds, Verdict
from gorewrite.runtime.linkage import external_linking, sanitizer
from gorewrite.runtime.programs import Needs
from gorewrite.stage.runs import Invocation


class Decision(NamedTuple):
    """kind: "safe", "review" or "refused" with `code` and `message`. because is never empty."""

    kind: Literal["safe", "review", "refused"]
    because: tuple[Evidence, ...]
    code: str = ""
    message: str = ""


def decide(
    stage: StageFacts, invocation: Invocation, setting: CgoSetting, needs: Needs
) -> Decision:
    """Whether CGO_ENABLED=0 may be added to a command on which nobody sets it.

    setting: that of the command. needs: what its programs need, judged with cgo undecided.
    """
    needed = _evidence(needs, "cgo")
    if needed:
        first = needed[0]
        what = f'{first.path} has import "C"' if first.text == 'import "C"' else first.text
        stub = ", but the image has no C compiler" if setting.value is False else ""
        return Decision("refused", needed[:3], "cgo-required", f"cgo stays on: {what}{stub}")
    refused = _refused(stage, invocation, needs)
    if refused is not None:
        return refused
    if setting.value is False:
        return Decision("safe", (setting.because,))
    compiler, where = c_compiler(stage, invocation)
    if compiler is False:
        # Go before 1.20 would call gcc for any C code but that of its own packages.
        return Decision("safe", (where,))
    doubts = list(_evidence(needs, "unknown"))
    for unknown in (*(n for n in needs if isinstance(n, Unknown)), context_doubt(stage)):
        doubts += why(unknown, at(stage, invocation)) if unknown is not None else ()
    hint = rules.cgo_hint(stage, invocation)
    if hint is not None:
        doubts.append(hint)
    if doubts:
        return Decision("review", tuple(doubts))
    return Decision("safe", _evidence(needs, "pure"))


def needlessly_on(
    stage: StageFacts, invocation: Invocation, setting: CgoSetting, needs: Needs
) -> Decision | None:
    """The refusal for a CGO_ENABLED that is on, or the caller's, though nothing needs it."""
    pure = all(isinstance(n, ProgramNeeds) and n.cgo.verdict == "pure" for n in needs)
    if not pure or _refused(stage, invocation, needs) or rules.cgo_hint(stage, invocation):
        return None
    who = "CGO_ENABLED=1 is set" if setting.value else "CGO_ENABLED is left to the caller"
    message = f"{who}, but no package needs cgo; set it to 0 for a static binary"
    return Decision("refused", (setting.because,), "cgo-explicit", message)


def context_doubt(stage: StageFacts) -> Unknown | None:
    """Why what the sources say may be of other sources."""
    return stage.facts.project.context_why


def why(unknown: Unknown, place: Evidence) -> tuple[Evidence, ...]:
    """An unknown fact as evidence: its reason, where it comes from or else at `place`."""
    where = unknown.evidence[0] if unknown.evidence else place
    return (Evidence(where.path, where.line, unknown.why),)


def _refused(stage: StageFacts, invocation: Invocation, needs: Needs) -> Decision | None:
    place = at(stage, invocation)
    flag = sanitizer(invocation)
    if flag is not None:
        message = f"{flag} needs cgo; it is for tests, not for a release"
        return Decision("refused", (place,), "race-build", message)
    if invocation.go.setting("buildmode") not in ("", "default", "exe"):
        message = "a position-independent executable needs a loader; drop -buildmode=pie first"
        return Decision("refused", (place,), "pie-build", message)
    if external_linking(invocation):
        message = "-linkmode external needs a C compiler; drop it first"
        return Decision("refused", (place,), "external-linking", message)
    resolver = rules.resolver(stage, invocation, needs)
    if resolver is not None:
        message = "host or user names come through the C library, which needs cgo"
        return Decision("refused", (resolver,), "cgo-resolver", message)
    return None


def _evidence(needs: Needs, verdict: Verdict) -> tuple[Evidence, ...]:
    found = (n.cgo.evidence for n in needs if isinstance(n, ProgramNeeds))
    wanted = (n.cgo.verdict == verdict for n in needs if isinstance(n, ProgramNeeds))
    return tuple(e for group, fits in zip(found, wanted, strict=True) if fits for e in group)
