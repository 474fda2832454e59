"""Shell commands of RUN instructions: read, followed, edited by span.

`parse` gives a `Script` of small immutable nodes (or `Opaque`), `steps` follows it as a shell
would, `apply_edits` puts new text at nodes' spans. The other functions read what a command does.
"""

from gorewrite.shell.calls import (
    ANYTHING,
    Argument,
    Call,
    Some,
    calls,
    calls_behind,
    calls_of,
    command_string,
    executed_by_find,
    is_builtin,
)
from gorewrite.shell.certain import surely_runs
from gorewrite.shell.edit import apply_edits, quote
from gorewrite.shell.interpret import steps
from gorewrite.shell.nodes import (
    Assignment,
    Command,
    Comment,
    Compound,
    Group,
    List,
    Opaque,
    Pipeline,
    Redirect,
    Script,
    Statement,
    Subshell,
    Word,
)
from gorewrite.shell.packages import PackageCommand, package_command
from gorewrite.shell.parse import parse
from gorewrite.shell.step import Step, unwrap, unwrapped, wrappers
from gorewrite.shell.users import UserCommand, user_command
from gorewrite.shell.writes import writes

__all__ = [
    "ANYTHING",
    "Argument",
    "Assignment",
    "Call",
    "Command",
    "Comment",
    "Compound",
    "Group",
    "List",
    "Opaque",
    "PackageCommand",
    "Pipeline",
    "Redirect",
    "Script",
    "Some",
    "Statement",
    "Step",
    "Subshell",
    "UserCommand",
    "Word",
    "apply_edits",
    "calls",
    "calls_behind",
    "calls_of",
    "command_string",
    "executed_by_find",
    "is_builtin",
    "package_command",
    "parse",
    "quote",
    "steps",
    "surely_runs",
    "unwrap",
    "unwrapped",
    "user_command",
    "wrappers",
    "writes",
]
