"""What a RUN body says, as small immutable nodes with spans.

Every node has `start` and `end`, offsets into the parsed text in characters (never bytes), so
that an edit can be written as `(start, end, new text)`. The nodes are plain values: no parent
pointers, no reference to the parser. The rules of quoting and expansion are those of POSIX,
Shell Command Language, sections 2.2, 2.5, 2.6 and 2.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

_BLANKS = " \t\n"
_PATTERN_CHARACTERS = frozenset("*?[")


class Opaque(NamedTuple):
    """A text that was not understood, and why: keep it, never guess."""

    why: str


class Literal(NamedTuple):
    """A part of a word that stands for itself; `value` has quotes and escapes removed."""

    value: str
    quoted: bool = False


class Parameter(NamedTuple):
    """`$name`, `${name}` or, with a default, `${name:-default}`."""

    name: str
    default: str | None
    quoted: bool

    def look_up(self, env: Mapping[str, str | None]) -> str | None:
        """What it stands for; None when the variable is not known (absent is not empty)."""
        value = env.get(self.name)
        if value == "" and self.default is not None:
            return self.default
        return value


class Computed(NamedTuple):
    """A part only a running shell can tell: $(…), $((…)), $1, ${x%y}, ~, {a,b} …"""

    text: str


Part: TypeAlias = Literal | Parameter | Computed


class Word(NamedTuple):
    """One word of a command.

    text: as written, quotes included.
    variables: names it refers to, those inside of $(…) and $((…)) too.
    globs: holds an unquoted `*`, `?` or `[…]`, so it may stand for any number of file names.
    substitutions: the bodies of its $(…), `…`, <(…) and >(…).
    """

    text: str
    start: int
    end: int
    parts: tuple[Part, ...]
    globs: bool = False
    variables: frozenset[str] = frozenset()
    substitutions: tuple[Script, ...] = ()

    @property
    def value(self) -> str | None:
        """The word after quote removal; None if it holds any expansion, pattern, brace or ~."""
        parts = self.parts
        if len(parts) == 1 and not self.globs and isinstance(only := parts[0], Literal):
            return only.value  # As most words are.
        return self.expand({})

    def expand(self, env: Mapping[str, str | None]) -> str | None:
        """The word with the known variables of `env` put in, not split into fields.

        None when it needs anything else: a variable that is None in `env` or absent from it
        (an unknown variable is never taken as empty), a command substitution, a pattern.
        """
        if self.globs:
            return None
        found: list[str] = []
        for part in self.parts:
            if isinstance(part, Computed):
                return None
            value = part.value if isinstance(part, Literal) else part.look_up(env)
            if value is None:
                return None
            found.append(value)
        return "".join(found)

    def fields(self, env: Mapping[str, str | None]) -> tuple[str, ...] | None:
        """The words this one becomes: an unquoted `$X` is split at blanks, and may vanish.

        None as for `expand`, and when a variable brings in a pattern or IFS is changed
        (POSIX 2.6.5, field splitting).
        """
        parts = self.parts
        if len(parts) == 1 and not self.globs and isinstance(only := parts[0], Literal):
            return (only.value,)
        whole = self.expand(env)
        split = [p for p in self.parts if isinstance(p, Parameter) and not p.quoted]
        if whole is None or not split:
            return None if whole is None else (whole,)
        if "IFS" in env or any(_PATTERN_CHARACTERS & set(p.look_up(env) or "") for p in split):
            return None
        found: list[str] = []
        current: str | None = None
        for part in self.parts:
            if isinstance(part, Parameter) and not part.quoted:
                value = part.look_up(env) or ""
                pieces = value.split()
                if current is not None and value[:1] in _BLANKS and value:
                    found.append(current)
                    current = None
                if pieces:
                    pieces[0] = (current or "") + pieces[0]
                    found += pieces[:-1]
                    current = pieces[-1]
                    if value[-1] in _BLANKS:
                        found.append(current)
                        current = None
            else:
                text = part.value if isinstance(part, Literal) else _known(part, env)
                current = (current or "") + text
        return (*found, *(() if current is None else (current,)))


def _known(part: Part, env: Mapping[str, str | None]) -> str:
    """The value of a part that `Word.expand` has already found to be known."""
    return (part.look_up(env) or "") if isinstance(part, Parameter) else ""


class Assignment(NamedTuple):
    """`name=word` in front of a command or alone; `word` is None for `name=`.

    append: written `name+=word`.
    """

    name: str
    word: Word | None
    start: int
    end: int
    append: bool = False


class Redirect(NamedTuple):
    """A redirection: operator ("<", ">", ">>", "2>&1" has ">&", "<<", "<<<", …), fd, target.

    target is the file, the duplicated descriptor or the delimiter; None for `>&-`.
    body: offsets of a here-document's lines, delimiter line not included.
    substitutions: those in the here-document.
    """

    operator: str
    target: Word | None
    start: int
    end: int
    fd: int | None = None
    body: tuple[int, int] | None = None
    substitutions: tuple[Script, ...] = ()

    @property
    def is_output(self) -> bool:
        """True if it opens a file for writing (POSIX 2.7.2, 2.7.3; `&>` of bash)."""
        if self.operator == ">&":
            value = self.target.value if self.target else "-"
            return value is None or not (value.isdigit() or value == "-")
        return self.operator in {">", ">>", ">|", "&>", "&>>", "<>"}


class Command(NamedTuple):
    """A simple command; `export`, `unset`, `[`, `[[`, `test`, `declare` are commands so named."""

    assignments: tuple[Assignment, ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    start: int
    end: int

    @property
    def argv(self) -> tuple[str | None, ...]:
        return tuple(word.value for word in self.words)

    @property
    def name(self) -> str | None:
        """The command's name as written (a path stays a path); None if none or not literal."""
        return self.words[0].value if self.words else None


class Pipeline(NamedTuple):
    """`a | b`, also `! a` alone (one item, negated); operators are "|" or "|&"."""

    items: tuple[Unit, ...]
    negated: bool
    operators: tuple[str, ...]
    start: int
    end: int


class List(NamedTuple):
    """`a && b || c`, flat: both operators bind equally, from the left (POSIX 2.9.3)."""

    items: tuple[Unit | Pipeline, ...]
    operators: tuple[str, ...]
    start: int
    end: int


class Subshell(NamedTuple):
    """`( … )`: changes of directory and variables stay inside."""

    body: Script
    start: int
    end: int
    redirects: tuple[Redirect, ...] = ()


class Group(NamedTuple):
    """`{ …; }`: runs in the current shell."""

    body: Script
    start: int
    end: int
    redirects: tuple[Redirect, ...] = ()


class Compound(NamedTuple):
    """A compound command or a function definition.

    kind: "for", "while", "until", "if", "case" or "function".
    bodies: in source order — for: the loop; while/until: condition, loop; if: condition, then,
            condition, then, …, and the else part if their number is odd; case: one for each
            item; function: the body, one statement.
    variable: the loop variable of `for`; the name of a function.
    items: the words of `for x in …` (empty means "$@" or nothing), the subject and the patterns
           of `case`.
    """

    kind: str
    bodies: tuple[Script, ...]
    variable: str | None
    items: tuple[Word, ...]
    start: int
    end: int
    redirects: tuple[Redirect, ...] = ()


Unit: TypeAlias = Command | Subshell | Group | Compound
Node: TypeAlias = Unit | Pipeline | List


class Comment(NamedTuple):
    """`# …` up to the end of its line."""

    text: str
    start: int
    end: int


class Statement(NamedTuple):
    """What stands between two of `;`, `&` and newline; terminator "" only for the last one."""

    node: Node
    terminator: str
    start: int
    end: int


class Script(NamedTuple):
    """A sequence of statements: a whole body, or the inside of a compound or substitution."""

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    start: int
    end: int

    def units(self) -> Iterator[Unit]:
        """Every command, subshell, group and compound at any depth, outer before inner."""
        for statement in self.statements:
            for unit in _units_of(statement.node):
                yield unit
                for body in bodies_of(unit):
                    yield from body.units()

    def commands(self) -> Iterator[Command]:
        """Every simple command at any depth, in source order; $(…) is not looked into."""
        return (unit for unit in self.units() if isinstance(unit, Command))

    def substitutions(self) -> Iterator[Script]:
        """The bodies of all $(…), `…`, <(…) and >(…), those nested in others too."""
        for unit in self.units():
            for script in _substitutions_of(unit):
                yield script
                yield from script.substitutions()

    def and_list(self) -> tuple[Command, ...] | None:
        """The commands, if the script is one `a && b && c` of simple commands and no more.

        None if it holds anything else: a comment, `;` between commands or at the end, `&`, `||`, a
        pipe, a negation, a subshell, a compound, a here-document.
        """
        if len(self.statements) != 1 or self.comments:
            return None
        statement = self.statements[0]
        node = statement.node
        if statement.terminator in ("&", ";") or (
            isinstance(node, List) and "||" in node.operators
        ):
            return None
        items = node.items if isinstance(node, List) else (node,)
        found = tuple(item for item in items if isinstance(item, Command))
        documents = any(r.body is not None for command in found for r in command.redirects)
        return None if documents or len(found) != len(items) else found


def bodies_of(unit: Unit) -> tuple[Script, ...]:
    """The scripts directly inside a unit, () for a simple command."""
    match unit:
        case Subshell() | Group():
            return (unit.body,)
        case Compound():
            return unit.bodies
        case Command():
            return ()


def _units_of(node: Node) -> Iterator[Unit]:
    match node:
        case List() | Pipeline():
            for item in node.items:
                yield from _units_of(item)
        case _:
            yield node


def _substitutions_of(unit: Unit) -> Iterator[Script]:
    words: list[Word] = []
    match unit:
        case Command():
            words += [a.word for a in unit.assignments if a.word]
            words += unit.words
        case Compound():
            words += unit.items
        case _:
            pass
    words += [r.target for r in unit.redirects if r.target]
    for word in words:
        yield from word.substitutions
    for redirect in unit.redirects:
        yield from redirect.substitutions
