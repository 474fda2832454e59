"""Makefiles: the images that their recipes build.

Each line of a recipe is a shell of its own (GNU make manual, "Recipe Execution"), in the directory
of the Makefile unless it changes it. Targets that are a list, and pattern rules whose targets are
named somewhere in the file, run once for each.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from gorewrite.callers import places
from gorewrite.callers.excerpt import Document, Excerpt
from gorewrite.callers.makevariables import Value, Variables, references, stem_of
from gorewrite.callers.model import BuildCall, Source
from gorewrite.callers.shellscript import Setting, commands

_MOST_TARGETS: Final = 60
_ASSIGNED: Final = re.compile(
    r"[ ]*(?P<export>export[ ]+)?(?:override[ ]+)?(?P<name>[\w.-]+)[ \t]*"
    r"(?P<how>:{0,3}|\?|\+|!)=[ \t]*(?P<value>.*)"
)
_DEFINED: Final = re.compile(r"[ ]*define[ ]+([\w.-]+)")
_EXPORTED: Final = re.compile(r"[ ]*(export|unexport)(?:[ ]+([\w .-]+))?[ ]*")
_INCLUDED: Final = re.compile(r"[ ]*[-s]?include[ ]+(.*)")
_CONDITION: Final = re.compile(r"[ ]*(ifeq|ifneq|ifdef|ifndef|else|endif)\b")
_RULE: Final = re.compile(r"(?P<targets>[^\s#:=][^#:=]*?)[ ]*::?(?!=)(?P<rest>.*)")
#: A command that builds may stand in a variable, which is named for it.
_BUILDS: Final = re.compile(r"build|bud|submit|kaniko|\$[({](call|MAKE)\b", re.IGNORECASE)
#: make for other targets of the same file, with variables of its own.
_AGAIN: Final = re.compile(r"(?:^|[\s;&(])make\s+(?!-[Cf])([^;&|\n]*\w=[^;&|\n]*)")
_SIMPLE: Final = re.compile(r"\$[({](\w+)[)}]")
_PREFIX: Final = re.compile(r"[\t ]*(?:[@+-][\t ]*)*")

_PREFIXES: Final = re.compile(r"(?m)^[\t ]*[@+-][\t @+-]*")


@dataclass
class _Rule:
    """document: where it stands; targets, needs: as written; lines: (start, end) of the recipe's
    lines, joined ones whole."""

    document: Document
    targets: str
    needs: str
    lines: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class _Makefile:
    defined: dict[str, Value] = field(default_factory=dict)
    exported: set[str] = field(default_factory=set)
    rules: list[_Rule] = field(default_factory=list)


def calls(source: Source) -> Iterator[BuildCall]:
    """The builds of the recipes of a Makefile."""
    document = Document(source.path, source.data)
    read = _Makefile()
    _read(document, read, source, 0)
    variables = Variables(read.defined, source.start, source.path)
    reader = _Reader(source, read, _named(read, variables))
    for rule in read.rules:
        yield from reader.calls(rule, variables, 0)


def plainly(source: Source) -> Callable[[str], str]:
    """Puts the values of a Makefile's variables, as far as they are known, into a text of it."""
    read = _Makefile()
    _read(Document(source.path, source.data), read, source, 0)
    variables = Variables(read.defined, source.start, source.path)
    return lambda text: _SIMPLE.sub(lambda found: variables.for_shell(found[1], {}), text)


class _Reader:
    """Reads the recipes of a Makefile. named: all words that may be targets."""

    def __init__(self, source: Source, makefile: _Makefile, named: list[str]) -> None:
        self.source, self.makefile, self.named = source, makefile, named
        self.one_shell = any(rule.targets == ".ONESHELL" for rule in makefile.rules)

    def calls(self, rule: _Rule, variables: Variables, depth: int) -> Iterator[BuildCall]:
        """The builds of a rule, and of those that its recipe makes with variables of their own."""
        text = "".join(rule.document.text[start:end] for start, end in rule.lines)
        if not _BUILDS.search(text):
            return
        exported = {name: variables.reference(name, {}) for name in self.makefile.exported}
        cwd = places.absolute(self.source.start)
        for local in _runs(rule, variables, self.named):
            setting = Setting(cwd, {**exported, **_own(rule)}, self.source.path)
            for start, end in _shells(rule, self.one_shell):
                recipe = _recipe(rule.document.excerpt(start, end), variables, local)
                yield from commands(recipe, setting, self.source)
                text = recipe.text.replace("\\\n", " ")
                for found in _AGAIN.finditer(text) if depth < 3 else ():
                    yield from self._again(found[1], variables, depth)

    def _again(self, arguments: str, variables: Variables, depth: int) -> Iterator[BuildCall]:
        try:
            words = shlex.split(arguments)
        except ValueError:
            return
        pairs = [word.partition("=") for word in words]
        given = {
            n: None if "$" in v else v for n, equals, v in pairs if equals and n.isidentifier()
        }
        goals = {name for name, equals, _ in pairs if not equals}
        for rule in self.makefile.rules:
            if given and not goals.isdisjoint(rule.targets.split()):
                yield from self.calls(rule, variables.overridden(given), depth + 1)


def _shells(rule: _Rule, one_shell: bool) -> list[tuple[int, int]]:
    if one_shell:
        return [(rule.lines[0][0], rule.lines[-1][1])] if rule.lines else []
    return rule.lines


def _own(rule: _Rule) -> dict[str, Value]:
    """Variables of the target alone (`image: export X = 1`) that the recipe's shells see."""
    found = _ASSIGNED.match(rule.needs.strip())
    if found is None or not found["export"]:
        return {}
    return {found["name"]: found["value"].strip()}


def _read(document: Document, into: _Makefile, source: Source, depth: int) -> None:
    """Reads a Makefile and what it includes, whose recipes run in the same directory."""
    rule: _Rule | None = None
    conditions, macro = 0, None
    body: list[str] = []
    for start, end, line in _logical(document.text):
        if macro is not None:
            if line.strip() == "endef":
                into.defined[macro], macro = "\n".join(body), None
            else:
                body.append(line)
        elif line.startswith("\t") and rule is not None:
            rule.lines.append((start, end))
        elif found := _DEFINED.match(line):
            macro, body = found[1], []
        elif found := _CONDITION.match(line):
            conditions += {"endif": -1, "else": 0}.get(found[1], 1)
        elif found := _ASSIGNED.fullmatch(line):
            rule = None
            _assign(found, into, conditions > 0)
        elif found := _EXPORTED.fullmatch(line):
            names = (found[2] or " ".join(into.defined)).split()
            into.exported = (
                into.exported | set(names) if found[1] == "export" else (into.exported - set(names))
            )
        elif found := _INCLUDED.fullmatch(line):
            _include(found[1], into, source, depth)
        elif not line.startswith((" ", "#")) and (found := _RULE.fullmatch(line)):
            needs, _, first = found["rest"].partition(";")
            rule = _Rule(document, found["targets"], needs)
            if first:
                rule.lines.append((end - len(first), end))
            into.rules.append(rule)
        elif line.strip() and not line.lstrip().startswith("#"):
            rule = None


def _logical(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, text without comment) of each line, continued ones joined by blanks."""
    start = 0
    while start < len(text):
        end = start
        while True:
            newline = text.find("\n", end)
            end = len(text) if newline < 0 else newline
            if newline < 0 or not text[:end].endswith("\\"):
                break
            end += 1
        raw = text[start:end]
        line = re.sub(r"\\\n[ \t]*", " ", raw).rstrip("\r") if "\\\n" in raw else raw.rstrip("\r")
        yield start, end, line if line.startswith("\t") else re.sub(r"(^|\s)#.*", "", line)
        start = end + 1


def _assign(found: re.Match[str], into: _Makefile, conditional: bool) -> None:
    name, how, value = found["name"], found["how"], found["value"].strip()
    if found["export"]:
        into.exported.add(name)
    old = into.defined.get(name)
    if how == "!":
        into.defined[name] = None
    elif how == "+" and name in into.defined:
        into.defined[name] = None if old is None else f"{old} {value}"
    elif name not in into.defined:
        into.defined[name] = value
    elif how != "?" and value != old:
        into.defined[name] = None if conditional or f"$({name})" in value else value


def _include(names: str, into: _Makefile, source: Source, depth: int) -> None:
    expanded = Variables(into.defined, source.start, source.path).expand(names, {})
    for name in (expanded or "").split() if depth < 4 else ():
        path = places.join(source.start, name)
        data = source.read(path) if path is not None else None
        if path is not None and data is not None:
            _read(Document(path, data), into, source, depth + 1)


def _named(read: _Makefile, variables: Variables) -> list[str]:
    """All words that may be targets: what rules name or need."""
    found: list[str] = []
    for rule in read.rules:
        for text in (rule.targets, rule.needs):
            found += (variables.expand(text, {}) or "").split()
    return list(dict.fromkeys(found))


def _runs(rule: _Rule, variables: Variables, named: list[str]) -> Iterator[Mapping[str, Value]]:
    """The automatic variables of each time that a rule may run."""
    targets = (variables.expand(rule.targets, {}) or "").split()[:_MOST_TARGETS]
    pattern = next((target for target in targets if "%" in target), None)
    needs = variables.expand(rule.needs.partition("|")[0], {})
    own = re.fullmatch(r"\s*([\w./-]*%[\w./-]*)\s*:\s*(.*)", rule.needs)
    if own is not None:  # A static pattern rule: `a b: %: x`.
        pattern = own[1]
    elif pattern is not None:
        targets = [name for name in named if "%" not in name and stem_of(pattern, name)]
        targets = targets[:_MOST_TARGETS]
    every: list[str | None] = [*targets]
    for target in every or [None]:
        first = (needs or "").split()[:1]
        local: dict[str, Value] = {"@": target, "<": first[0] if first else None, "^": None}
        if pattern is not None:
            stem = stem_of(pattern, target) if target is not None else None
            local["*"] = stem
            if stem is not None and first:
                local["<"] = first[0].replace("%", stem)
        if target is not None:
            local["@D"] = target.rpartition("/")[0] or "."
            local["@F"] = target.rpartition("/")[2]
        yield local


def _recipe(excerpt: Excerpt, variables: Variables, local: Mapping[str, Value]) -> Excerpt:
    """The shell text that make hands over: variables put in, prefixes and indentation off."""
    text = excerpt.text
    edits: list[tuple[int, int, str]] = [(0, _PREFIX.match(text).end(), "")]  # type: ignore[union-attr]
    for start, end, inner in references(text):
        value = variables.for_shell(inner, local)
        # Lines of a recipe may come from a variable, prefixes and all.
        edits.append((start, end, _PREFIXES.sub("", value) if start == edits[0][1] else value))
    for found in re.finditer(r"\n\t(?:[@+-]+)?", text):
        edits.append((found.start() + 1, found.end(), ""))
    # What stands inside of another reference went with it.
    kept: list[tuple[int, int, str]] = []
    for edit in sorted(edits):
        if not kept or edit[0] >= kept[-1][1]:
            kept.append(edit)
    return excerpt.replaced(kept)
