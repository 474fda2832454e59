"""BuildKit in programs that start docker: codemods of Python, and of Starlark, which reads as it.

Imported where such a file is to be edited: libcst takes longer to load than all the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import libcst as cst
from libcst.codemod import CodemodContext, VisitorBasedCodemodCommand
from libcst.codemod.visitors import AddImportsVisitor
from libcst.metadata import (
    Assignment,
    ByteSpanPositionProvider,
    MetadataWrapper,
    ParentNodeProvider,
    QualifiedNameProvider,
    QualifiedNameSource,
    ScopeProvider,
)

from gorewrite.buildkit import commandline
from gorewrite.buildkit.model import VARIABLE, changed_regions
from gorewrite.callers.model import BuildCall, Source
from gorewrite.evidence import Unknown
from gorewrite.transform import SpanEdit

#: Functions that take words or, with `shell`, a text for a shell; and `env`.
_STARTERS = frozenset(
    f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")
)
#: Functions that give a text to a shell.
_SHELLS = frozenset(
    "os.system os.popen subprocess.getoutput subprocess.getstatusoutput "
    "asyncio.create_subprocess_shell".split()
)
#: Modules whose `x.run("…")` and `x.local("…")` are for a shell, too.
_TASKS = re.compile(rb"^\s*(?:import|from)\s+(?:invoke|fabric)\b", re.MULTILINE)
#: What lines may have anyway: black's limit.
_LINE = 88
_DOCKER = re.compile(r"[^\n;&|]*?\bdocker[ -][^\n]*")


def setting(source: Source, call: BuildCall) -> tuple[SpanEdit, ...] | Unknown:
    """`env={**os.environ, "DOCKER_BUILDKIT": "1"}` for a call of `subprocess` with a list of words,
    the setting in front of docker for a command line that is given to a shell.

    An `env` that is there is kept: a dict gets the entry, a variable that is a dict is merged. A
    function of the program's own may do anything with what it gets, so it gets nothing new.
    """
    return _edited(_InProgram, source, call)


def starlark(source: Source, call: BuildCall) -> tuple[SpanEdit, ...] | Unknown:
    """The setting in front of docker in the command line that `local` and its like are given."""
    return _edited(_InString, source, call)


def _edited(
    codemod: type[_InString], source: Source, call: BuildCall
) -> tuple[SpanEdit, ...] | Unknown:
    try:
        module = cst.parse_module(source.data)
    except (cst.ParserSyntaxError, UnicodeDecodeError, RecursionError):
        return Unknown("the program is not understood")
    if module.bytes != source.data:
        return Unknown("the program has an encoding of its own")
    wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
    command = codemod(CodemodContext(wrapper=wrapper), source, call)
    new = command.transform_module(wrapper.module)
    return changed_regions(source, new.bytes) if command.why is None else command.why


class _InString(VisitorBasedCodemodCommand):
    """Puts the setting in front of docker in the one string of a call that holds it.

    why: the reason when nothing was changed; it is true of a call that is not found, too.
    """

    METADATA_DEPENDENCIES = (
        ByteSpanPositionProvider,
        ParentNodeProvider,
        QualifiedNameProvider,
        ScopeProvider,
    )

    def __init__(self, context: CodemodContext, source: Source, call: BuildCall) -> None:
        super().__init__(context)
        self.source, self.call = source, call
        self.why: Unknown | None = Unknown("the call is not understood")
        self.needs_os = False

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:
        span = self.get_metadata(ByteSpanPositionProvider, original_node)
        if (span.start, span.start + span.length) != self.call.span:
            return updated_node
        edited = self.edited(original_node, updated_node)
        self.why = edited if isinstance(edited, Unknown) else None
        return updated_node if isinstance(edited, Unknown) else edited

    def edited(self, original: cst.Call, updated: cst.Call) -> cst.Call | Unknown:
        strings = _Strings(self.call)
        new = updated.visit(strings)
        assert isinstance(new, cst.Call)
        return new if strings.changed == 1 else Unknown("the command line is not understood")

    def leave_Module(self, original_node: cst.Module, updated_node: cst.Module) -> cst.Module:
        if not self.needs_os:
            return updated_node
        plain = [(n, s, name) for n, s in enumerate(updated_node.body) if (name := _imported(s))]
        if not plain or any(name == "os" for _, _, name in plain):
            AddImportsVisitor.add_needed_import(self.context, "os")
            return updated_node
        # In its place by the alphabet, as import sorters want it: before `from x import y`.
        end = max((n + 1 for n, _, name in plain if name < "os"), default=plain[0][0])
        at, next_ = next(((n, s) for n, s, name in plain if n >= end), (end, None))
        new = cst.parse_statement("import os")
        body = list(updated_node.body)
        if isinstance(next_, cst.SimpleStatementLine):
            above = next_.leading_lines
            blank = next((n for n, line in enumerate(above) if line.comment), len(above))
            new = new.with_changes(leading_lines=above[:blank])
            body[at] = next_.with_changes(leading_lines=above[blank:])
        return updated_node.with_changes(body=[*body[:at], new, *body[at:]])


def _imported(statement: cst.CSTNode) -> str:
    """`x` of a statement that is `import x`, "~" of `from x import y`, "" of another one."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return ""
    inner = statement.body[0]
    if isinstance(inner, cst.ImportFrom):
        future = isinstance(inner.module, cst.Name) and inner.module.value == "__future__"
        return "" if future else "~"
    return inner.names[0].evaluated_name if isinstance(inner, cst.Import) else ""


class _Strings(cst.CSTTransformer):
    """Counts the strings with a command line of docker, and puts the setting into them."""

    def __init__(self, call: BuildCall) -> None:
        super().__init__()
        self.call = call
        self.changed = 0

    def leave_SimpleString(
        self, original_node: cst.SimpleString, updated_node: cst.SimpleString
    ) -> cst.SimpleString:
        return updated_node.with_changes(value=self._prefixed(updated_node.value))

    def leave_FormattedStringText(
        self, original_node: cst.FormattedStringText, updated_node: cst.FormattedStringText
    ) -> cst.FormattedStringText:
        return updated_node.with_changes(value=self._prefixed(updated_node.value))

    def _prefixed(self, text: str) -> str:
        opening = re.match(r"[rbfRBF]{0,2}(?:\"\"\"|'''|\"|')?", text)
        found = _DOCKER.search(text, opening.end() if opening else 0)
        if found is None:
            return text
        command = found[0].lstrip()
        data = command.encode()
        made = commandline.prefix(Source("", data), self.call, (0, len(data)))
        if isinstance(made, Unknown):
            return text
        self.changed += 1
        new = (data[: made.offset] + made.text.encode() + data[made.offset :]).decode()
        return text[: found.end() - len(command)] + new + text[found.end() :]


class _InProgram(_InString):
    """Gives the environment to the docker that a call starts."""

    def edited(self, original: cst.Call, updated: cst.Call) -> cst.Call | Unknown:
        if any(arg.star == "**" for arg in updated.args):
            return Unknown("its arguments come from elsewhere")
        text = self.source.data[slice(*self.call.span)]
        if self.call.tool != "docker build" or re.search(rb"[\"']sudo[\"']", text):
            return Unknown("what it starts is more than docker")
        names = self.get_metadata(QualifiedNameProvider, original.func, set())
        name = next((n.name for n in names if n.source is QualifiedNameSource.IMPORT), "")
        shell = _argument(updated, "shell")
        if name in _STARTERS and (shell is None or _is(shell.value, "False")):
            return self._with_environment(original, updated)
        tasks = isinstance(updated.func, cst.Attribute) and _TASKS.search(self.source.data)
        if name in _STARTERS | _SHELLS or (tasks and _last(updated.func) in ("run", "local")):
            return super().edited(original, updated)
        return Unknown(f"what {_last(updated.func)} does with it is not known")

    def _with_environment(self, original: cst.Call, updated: cst.Call) -> cst.Call | Unknown:
        given = _argument(updated, "env")
        if given is None and _has_comment(updated.args[-1].whitespace_after_arg):
            return Unknown("a comment stands where the setting would go")
        if given is None or _is(given.value, "None"):
            self.needs_os = True
            value = _merged(cst.parse_expression("os.environ"))
            if given is not None:
                return updated.with_deep_changes(given, value=value)
            equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
            new = cst.Arg(value, cst.Name("env"), equal)
            return updated.with_changes(args=self._appended(updated, new))
        if isinstance(given.value, cst.Dict) and given.value.elements:
            if _has_comment(given.value.rbrace.whitespace_before):
                return Unknown("a comment stands where the setting would go")
            entry = cst.DictElement(cst.SimpleString(f'"{VARIABLE}"'), cst.SimpleString('"1"'))
            opening = given.value.lbrace.whitespace_after
            elements = _appended(given.value.elements, entry, opening)
            return updated.with_deep_changes(given.value, elements=elements)
        if not self._is_mapping(given.value, original):
            return Unknown("its env may be anything")
        return updated.with_deep_changes(given, value=_merged(given.value))

    def _appended(self, updated: cst.Call, new: cst.Arg) -> Sequence[cst.Arg]:
        """The arguments and a further one; on a line of its own where the line would be longer
        than any of the file."""
        args = _appended(updated.args, new, updated.whitespace_before_args)
        text = self.source.data.decode()
        lines = text.splitlines()
        start, end = (len(self.source.data[:at].decode()) for at in self.call.span)
        first = text.rfind("\n", 0, start) + 1
        line = text[first : text.find("\n", end) if "\n" in text[end:] else None]
        longer = len(line.rstrip()) + len(cst.Module([]).code_for_node(new)) + 2
        if "\n" in line or longer <= max(_LINE, *map(len, lines)):
            return args
        column = start - first + len(cst.Module([]).code_for_node(updated.func)) + 1
        broken = cst.ParenthesizedWhitespace(last_line=cst.SimpleWhitespace(" " * column))
        return [
            *args[:-2],
            args[-2].with_changes(comma=cst.Comma(whitespace_after=broken)),
            args[-1],
        ]

    def _is_mapping(self, value: cst.BaseExpression, where: cst.CSTNode) -> bool:
        """`{…}`, `dict(…)`, `os.environ`, a copy of it, or a variable that is always one."""
        code = cst.Module([]).code_for_node(value)
        if isinstance(value, cst.Dict) or code.startswith("dict("):
            return True
        if isinstance(value, cst.Name):
            scope = self.get_metadata(ScopeProvider, where, None)
            bound = scope[value.value] if scope is not None else ()
            values = [self._assigned(each) for each in bound]
            return bool(values) and all(v is not None and self._is_mapping(v, v) for v in values)
        return re.fullmatch(r"(?:os\.)?environ(?:\.copy\(\))?", code) is not None

    def _assigned(self, bound: object) -> cst.BaseExpression | None:
        """What `name = value` binds a name to; None for another way to bind one."""
        if not isinstance(bound, Assignment) or not isinstance(bound.node, cst.Name):
            return None
        target = self.get_metadata(ParentNodeProvider, bound.node, None)
        if isinstance(target, cst.AnnAssign):
            return target.value
        if not isinstance(target, cst.AssignTarget):
            return None
        parent = self.get_metadata(ParentNodeProvider, target, None)
        return parent.value if isinstance(parent, cst.Assign) else None


def _argument(call: cst.Call, name: str) -> cst.Arg | None:
    named = (arg for arg in call.args if arg.keyword is not None)
    return next((arg for arg in named if arg.keyword and arg.keyword.value == name), None)


def _is(value: cst.BaseExpression, name: str) -> bool:
    return isinstance(value, cst.Name) and value.value == name


def _last(function: cst.BaseExpression) -> str:
    """The last name of a function: `run` of `c.run`."""
    code = cst.Module([]).code_for_node(function)
    return code.rpartition(".")[2]


def _has_comment(space: cst.BaseParenthesizableWhitespace) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace) and space.first_line.comment is not None


def _merged(value: cst.BaseExpression) -> cst.BaseExpression:
    code = cst.Module([]).code_for_node(value)
    if code == "{}":
        return cst.parse_expression(f'{{"{VARIABLE}": "1"}}')
    return cst.parse_expression(f'{{**{code}, "{VARIABLE}": "1"}}')


def _appended(
    items: Sequence[cst.Arg | cst.BaseDictElement],
    new: cst.Arg | cst.DictElement,
    opening: cst.BaseParenthesizableWhitespace,
) -> list[Any]:
    """The items and a further one, set apart as they are; a comment stays with its item."""
    *front, last = items
    spread = isinstance(opening, cst.ParenthesizedWhitespace)
    apart: cst.BaseParenthesizableWhitespace = cst.SimpleWhitespace(" ")
    if front and isinstance(front[-1].comma, cst.Comma):
        apart = front[-1].comma.whitespace_after
    elif spread:
        apart = opening
    behind = last.comma
    if isinstance(apart, cst.ParenthesizedWhitespace):
        apart = apart.with_deep_changes(apart.first_line, comment=None)
    if isinstance(behind, cst.Comma):
        end = behind.whitespace_after
        if isinstance(end, cst.ParenthesizedWhitespace) and _has_comment(end):
            if isinstance(apart, cst.ParenthesizedWhitespace):
                apart = apart.with_changes(first_line=end.first_line)
            plain = cst.TrailingWhitespace(newline=end.first_line.newline)
            behind = behind.with_changes(whitespace_after=end.with_changes(first_line=plain))
    changed = last.with_changes(comma=cst.Comma(whitespace_after=apart))
    new = new.with_changes(comma=behind)
    if isinstance(last, cst.Arg):
        new = new.with_changes(whitespace_after_arg=last.whitespace_after_arg)
        changed = changed.with_changes(whitespace_after_arg=cst.SimpleWhitespace(""))
    return [*front, changed, new]
