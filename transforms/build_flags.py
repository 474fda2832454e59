"""build-flags: CGO_ENABLED=0, -trimpath and -ldflags '-s -w' on each go build."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from gorewrite.evidence import Evidence, Unknown
from gorewrite.facts import Facts, StageFacts
from gorewrite.gobuild import edits as goedits
from gorewrite.gobuild import rules
from gorewrite.gobuild.cgooff import Decision, context_doubt, decide, needlessly_on, why
from gorewrite.gobuild.indirect import IndirectBuild, indirect_builds
from gorewrite.gobuild.toolchain import at, c_compiler, cgo_setting, go_version
from gorewrite.golang.ldflags import Declined
from gorewrite.golang.needs import ProgramNeeds
from gorewrite.golang.versions import supports
from gorewrite.memo import cached_property
from gorewrite.runtime.linkage import library_mode
from gorewrite.runtime.programs import Needs, main_packages, package_needs
from gorewrite.stage.runs import Edit, Invocation, Run
from gorewrite.transform import Change, Proposal, Refusal, Safety, Transform

_STRIP = '-ldflags="-s -w"'


class BuildFlags(Transform):
    """Builds small, static, reproducible binaries.

    *What it does*

    Each `go build` and `go install` of own code gets, on the command itself, `CGO_ENABLED=0
    GOOS=linux` (GOOS for `go build` only), `-trimpath` and `-ldflags="-s -w"`. What is there
    stays: `-s -w` goes into an existing `-ldflags`. `-a -installsuffix cgo` is dropped where cgo is
    off. What is compiled ahead (`go build std`) gets the -trimpath of what it is for. Shell, exec
    and heredoc forms and loops are understood; layout and comments survive.

    *Why*

    Without cgo the binary is static and runs on any base. Without symbol table and debug
    information it is about a third smaller; panics keep their stack traces. Without file system
    paths the same source gives the same binary in every directory. `-a` builds everything again
    although the build cache has it.

    *When it does nothing*

    - `cgo-required`: the program uses cgo, or what it imports does.
    - `cgo-explicit`: CGO_ENABLED is 1 or the caller's, though nothing needs cgo.
    - `cgo-resolver`: names are resolved through the C library (NSS, netdns=cgo).
    - `race-build`: `-race`, `-msan` and `-asan` need cgo.
    - `pie-build`: `-buildmode=pie` is not static without cgo either.
    - `external-linking`: `-linkmode external` needs a C compiler.
    - `plugin`: plugins, their hosts and shared libraries are left alone.
    - `fips`: the toolchain's certified cryptography needs cgo.
    - `runtime-caller-paths`: the program finds files by its source path; no -trimpath.
    - `build-settings`: the program reads build settings that -trimpath leaves out.
    - `tz-from-goroot`: time zones come from GOROOT, which -trimpath hides; no -trimpath.
    - `debug-symbols`: a debugger or agent reads the symbols; no -s -w.
    - `goflags`: GOFLAGS may hold linker flags, which -ldflags would replace.
    - `ldflags-unreadable`: the -ldflags cannot be edited without changing them.
    - `unreadable-command`: some word of the command may be a flag that decides.
    - `indirect-build`: a Makefile or script runs go build.

    Tests, `go run`, tools (`go install tool@version`, stages that are only mounted), images that
    run `air`, `go run` or `go test` and builds that write nothing are not touched, nor are flags
    that were decided explicitly (`-trimpath=false`, `-w=0`).

    *Safety*

    Safe where the sources show that no package needs cgo (or cgo is off anyway), and that no
    file is found by its source path. Where some module cannot be shown to be free of cgo, or the
    build context is only assumed, the part that rests on it is a change to be reviewed.

    *References*

    `go help build`, `go tool link -help`, https://go.dev/doc/go1.10#build (-a),
    https://go.dev/doc/go1.20#cgo, https://pkg.go.dev/net#hdr-Name_Resolution.
    """

    name = "build-flags"
    order = 10
    summary = "CGO_ENABLED=0, -trimpath and -ldflags '-s -w' on each go build"
    before = "RUN go build -o app ."
    after = 'RUN CGO_ENABLED=0 GOOS=linux go build -trimpath -ldflags="-s -w" -o app .'

    def propose(self, facts: Facts) -> Iterator[Proposal]:
        for stage in facts.stages:
            for run in stage.runs if rules.may_ship(stage) else ():
                yield from _Instruction(stage, run).proposals()


@dataclass
class _Claim:
    """The edits of one RUN at one safety, what they do in words, and why they may be made."""

    edits: list[Edit] = field(default_factory=list)
    adds: dict[str, None] = field(default_factory=dict)
    merges: dict[str, None] = field(default_factory=dict)
    drops: dict[str, None] = field(default_factory=dict)
    because: dict[Evidence, None] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)

    def doubt(self, because: tuple[Evidence, ...]) -> None:
        texts = list(dict.fromkeys(evidence.text for evidence in because))
        self.doubts |= dict.fromkeys(texts[:3])
        if len(texts) > 3:
            self.doubts[f"and {len(texts) - 3} more"] = None

    @property
    def message(self) -> str:
        parts = [f"add {goedits.listed(self.adds)}"] if self.adds else []
        parts += [f"add {' '.join(self.merges)} to -ldflags"] if self.merges else []
        parts += [f"drop {' '.join(self.drops)}, of no use without cgo"] if self.drops else []
        text = "; ".join(parts)
        return f"{text}; to be reviewed: {'; '.join(self.doubts)}" if self.doubts else text


class _Instruction:
    """The proposals for one RUN: at most one safe and one review change, and refusals."""

    def __init__(self, stage: StageFacts, run: Run) -> None:
        self.stage = stage
        self.run = run
        self.claims: dict[Safety, _Claim] = defaultdict(_Claim)
        self.refusals: dict[str, Refusal] = {}

    def proposals(self) -> Iterator[Proposal]:
        for invocation in self.run.invocations:
            if rules.builds_own_code(self.stage, invocation):
                _Build(self, invocation).read()
            elif later := rules.compiled_for(self.stage, invocation):
                claim = self.claims[Safety.SAFE]
                claim.edits.append(goedits.add_flags(invocation, ["-trimpath"]))
                claim.adds["-trimpath"] = None
                claim.because |= dict.fromkeys((at(self.stage, invocation), later))
        for indirect in indirect_builds(self.stage, self.run):
            self.refuse_indirect(indirect)
            self.switch_off_for(indirect)
        for safety, claim in sorted(self.claims.items(), reverse=True):
            if claim.edits:
                yield Change(
                    self.run.instruction,
                    (self.run.rewrite(claim.edits),),
                    safety,
                    claim.message,
                    tuple(claim.because),
                )
        yield from self.refusals.values()

    def refuse(self, code: str, message: str, *because: Evidence) -> None:
        self.refusals.setdefault(code, Refusal(self.run.instruction, code, message, because))

    def refuse_indirect(self, indirect: IndirectBuild) -> None:
        missing = indirect.missing
        if missing:
            message = f"{indirect.path} runs go build; put {goedits.listed(missing)} there"
            self.refuse("indirect-build", message, *indirect.builds[:3])

    def switch_off_for(self, indirect: IndirectBuild) -> None:
        """Offers the one flag that reaches a go command through the environment."""
        if indirect.decides or {"CGO_ENABLED", "GOOS"} & set(indirect.step.env):
            return
        found = indirect.needs(self.stage, self.run)
        pure = [n for n in found if isinstance(n, ProgramNeeds) and n.cgo.verdict == "pure"]
        edit = goedits.assign(self.run, indirect.step, "CGO_ENABLED=0")
        if edit is None or not pure or len(pure) < len(found) or any(n.plugins for n in pure):
            return
        claim = self.claims[Safety.REVIEW]
        claim.edits.append(edit)
        claim.adds["CGO_ENABLED=0"] = None
        claim.because |= dict.fromkeys((*indirect.builds[:3], *pure[0].cgo.evidence))
        claim.doubts[f"what else {indirect.path} runs is not followed"] = None


class _Build:
    """What is proposed for one `go build` or `go install`."""

    def __init__(self, parent: _Instruction, invocation: Invocation) -> None:
        self.parent = parent
        self.stage = parent.stage
        self.config = parent.stage.facts.project.config
        self.invocation = invocation
        self.go = invocation.go
        self.place = at(self.stage, invocation)
        self.version = go_version(self.stage, invocation)
        self.setting = cgo_setting(self.stage, invocation)
        self.flags: dict[Safety, list[str]] = {Safety.SAFE: [], Safety.REVIEW: []}

    def read(self) -> None:
        cgo, trimpath, strip = self._may_add_cgo(), self._wants_trimpath(), self._wants_strip()
        decided = self.setting.explicit and self.setting.value is not False
        off = self.setting.explicit and self.setting.value is False
        if not (cgo or decided or trimpath or strip or (off and self._obsolete_or_asked())):
            return
        if self.go.uncertain:
            message = "write the flags out: some words are known only when it runs"
            self._refuse("unreadable-command", message)
            return
        if self._left_alone(trimpath or strip):
            return
        if cgo:
            off = self._cgo()
        elif decided:
            self._refuse_for(needlessly_on(self.stage, self.invocation, self.setting, self.needs))
        if off:
            self._legacy()
        debugger = rules.debug_build(self.stage, self.invocation)
        if debugger is not None and (trimpath or strip):
            message = "no -trimpath and no -s -w: a debugger reads paths and symbols"
            self._refuse("debug-symbols", message, debugger)
        else:
            if trimpath:
                self._trimpath(off)
            if strip:
                self._strip()
        for safety, flags in self.flags.items():
            if flags:
                self._claim(safety).edits.append(goedits.add_flags(self.invocation, flags))

    @cached_property
    def needs(self) -> Needs:
        """What the programs need, judged as if cgo were still to be decided."""
        directories = main_packages(self.stage, self.invocation)
        if isinstance(directories, Unknown):
            return (directories,)
        cgo = False if self.setting.explicit and self.setting.value is False else None
        return tuple(
            package_needs(self.stage, self.invocation, directory, cgo) for directory in directories
        )

    # --- what is missing ----------------------------------------------------------------------

    def _may_add_cgo(self) -> bool:
        # A value that is neither 0 nor 1 would stand behind what is put in front.
        free = "CGO_ENABLED" not in self.go.env and not self.setting.explicit
        return free and self.go.env.get("GOOS", "linux") in ("linux", "", None)

    def _wants_trimpath(self) -> bool:
        undecided = self.config.trimpath and self.go.setting("trimpath") == ""
        return undecided and supports(self.version, "trimpath") is True

    def _wants_strip(self) -> bool:
        if not self.config.strip:
            return False
        if self.go.flag("ldflags") is None:
            return not goedits.strips(self.go.setting("ldflags"))
        decided = ("already-stripped", "symbols-wanted")
        return not (isinstance(self._merged, Declined) and self._merged.code in decided)

    @cached_property
    def _merged(self) -> tuple[Edit, ...] | Declined:
        """The edits that put -s -w into the -ldflags of the command line."""
        return goedits.merge_strip(self.invocation, supports(self.version, "s-implies-w") is True)

    def _obsolete_or_asked(self) -> bool:
        if self.config.legacy_static_flags:
            return self.go.flag("a") is None or self.go.flag("installsuffix") is None
        return bool(self._obsolete())

    def _obsolete(self) -> tuple[str, ...]:
        """The flags of the command that do nothing useful when cgo is off."""
        modules = self.stage.module_of(self.invocation) is not None
        if not modules and not supports(self.version, "content-staleness"):
            return ()
        return goedits.obsolete(self.invocation)

    # --- what is done -------------------------------------------------------------------------

    def _left_alone(self, wanted: bool) -> bool:
        """Builds of which no flag may change, with a refusal where one could."""
        if self.go.goflags is None:
            message = "GOFLAGS is known only when it runs; put -trimpath and -ldflags=-s into it"
            self._refuse(
                "goflags", message, rules.env_place(self.stage, self.invocation, "GOFLAGS")
            )
            return True
        if self.go.setting("cover") not in ("", "false") or self.go.setting("compiler") == "gccgo":
            return True
        fips = rules.fips(self.stage, self.invocation)
        if fips is not None and not (self.setting.explicit and self.setting.value is False):
            message = "its certified cryptography is linked through cgo; the flags are left alone"
            self._refuse("fips", message, fips)
            return True
        plugins = [e for n in self.needs if isinstance(n, ProgramNeeds) for e in n.plugins]
        library = library_mode(self.invocation)
        if library is None and not plugins:
            return False
        message = "a program and its plugins need the same flags; change both by hand"
        if library is not None and "plugin" not in library:
            message = f"{library} makes a library; its flags are left alone"
        if wanted:
            self._refuse("plugin", message, *([self.place] if library else plugins[:1]))
        return True

    def _cgo(self) -> bool:
        """Proposes CGO_ENABLED=0; tells whether cgo is off with the safe change."""
        decision = decide(self.stage, self.invocation, self.setting, self.needs)
        text = "CGO_ENABLED=0"
        if self.go.kind == "build" and "GOOS" not in self.go.env:
            text += " GOOS=linux"
        edit = goedits.assign(self.parent.run, self.invocation.step, text)
        if decision.kind == "refused" or edit is None:
            self._refuse_for(decision)
            return False
        safe = decision.kind == "safe"
        claim = self._claim(Safety.SAFE if safe else Safety.REVIEW, *decision.because)
        claim.edits.append(edit)
        claim.adds[text] = None
        if not safe:
            claim.doubt(decision.because)
        return safe

    def _trimpath(self, off: bool) -> None:
        against = rules.against_trimpath(self.stage, self.needs)
        if against is not None:
            self._refuse(*against)
        elif off or not self._needs_compiler():
            unknowns = [
                n for n in (*self.needs, context_doubt(self.stage)) if isinstance(n, Unknown)
            ]
            doubts = tuple(e for unknown in unknowns for e in why(unknown, self.place))
            safety = Safety.REVIEW if doubts else Safety.SAFE
            self.flags[safety].append("-trimpath")
            claim = self._claim(safety, *doubts)
            claim.adds["-trimpath"] = None
            claim.doubt(doubts)

    def _needs_compiler(self) -> bool:
        """Whether -trimpath would need a C compiler that is not there.

        Up to Go 1.19 the image's own net and os/user were built with cgo; other flags build them
        anew, and gcc is missing on alpine.
        """
        compiler, _ = c_compiler(self.stage, self.invocation)
        return compiler is False and supports(self.version, "cgo-auto") is not True

    def _strip(self) -> None:
        reader = rules.symbol_reader(self.stage, self.needs)
        if reader is not None:
            message = "no -s -w: something reads the symbols of the binary"
            self._refuse("debug-symbols", message, reader)
        elif self.go.flag("ldflags") is not None:
            edits = self._merged
            if isinstance(edits, Declined):
                self._refuse("ldflags-unreadable", f"add -s -w by hand: {edits.why}")
                return
            claim = self._claim(Safety.SAFE)
            claim.edits += edits
            claim.merges |= dict.fromkeys(
                flag for _, _, text in edits for flag in re.findall(r"-[sw]\b", text)
            )
        elif self.go.setting("ldflags") != "":
            message = "add -s -w to the linker flags of GOFLAGS; -ldflags here would replace them"
            place = rules.env_place(self.stage, self.invocation, "GOFLAGS")
            self._refuse("goflags", message, place)
        else:
            self.flags[Safety.SAFE].append(_STRIP)
            self._claim(Safety.SAFE).adds[_STRIP] = None

    def _legacy(self) -> None:
        """With cgo off: drops `-a -installsuffix cgo`, or adds it for who asks for it."""
        if self.config.legacy_static_flags:
            wanted = {"a": "-a", "installsuffix": "-installsuffix cgo"}
            missing = [text for name, text in wanted.items() if self.go.flag(name) is None]
            self.flags[Safety.SAFE] += missing
            if missing:
                self._claim(Safety.SAFE).adds |= dict.fromkeys([" ".join(missing)])
            return
        names = self._obsolete()
        if names:
            claim = self._claim(Safety.SAFE, self.setting.because)
            claim.edits += goedits.drop_flags(self.invocation, names)
            claim.drops |= dict.fromkeys(goedits.shown(self.invocation, names))

    # --- saying it ----------------------------------------------------------------------------

    def _claim(self, safety: Safety, *because: Evidence) -> _Claim:
        claim = self.parent.claims[safety]
        claim.because |= dict.fromkeys((self.place, *because))
        return claim

    def _refuse(self, code: str, message: str, *because: Evidence) -> None:
        self.parent.refuse(code, message, *(because or (self.place,)))

    def _refuse_for(self, decision: Decision | None) -> None:
        if decision is not None and decision.kind == "refused":
            self._refuse(decision.code, decision.message, *decision.because)
