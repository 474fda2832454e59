"""The go command line as other layers use it: reading it and what it writes."""

from gorewrite.golang.commandline import GoCommand, GoFlag, Role, names_go, parse_go
from gorewrite.golang.outputs import (
    BuildOutput,
    InstalledTool,
    build_outputs,
    installed_tools,
)
from gorewrite.golang.targets import Places

__all__ = [
    "BuildOutput",
    "GoCommand",
    "GoFlag",
    "InstalledTool",
    "Places",
    "Role",
    "build_outputs",
    "installed_tools",
    "names_go",
    "parse_go",
]
