"""A lossless tree of a Dockerfile.

`parse(data).to_bytes()` gives back `data`, byte for byte, for everything BuildKit's own
parser accepts; what it rejects raises `ParseError`.
"""

from gorewrite.dockerfile.arguments import Flag, Word
from gorewrite.dockerfile.errors import ParseError
from gorewrite.dockerfile.expand import expand, variables
from gorewrite.dockerfile.heredoc import Heredoc
from gorewrite.dockerfile.instructions import (
    CopyParts,
    FromParts,
    command_of,
    copy_parts,
    from_parts,
    pairs,
)
from gorewrite.dockerfile.nodes import (
    Blank,
    BlankLine,
    BodyNode,
    Comment,
    CommentLine,
    Continuation,
    Directive,
    Instruction,
    Newline,
    Node,
    Part,
    Text,
)
from gorewrite.dockerfile.parse import parse
from gorewrite.dockerfile.stages import (
    Stage,
    find_stage,
    global_args,
    global_values,
    image_named,
    stages,
)
from gorewrite.dockerfile.tree import Dockerfile

__all__ = [
    "Blank",
    "BlankLine",
    "BodyNode",
    "Comment",
    "CommentLine",
    "Continuation",
    "CopyParts",
    "Directive",
    "Dockerfile",
    "Flag",
    "FromParts",
    "Heredoc",
    "Instruction",
    "Newline",
    "Node",
    "ParseError",
    "Part",
    "Stage",
    "Text",
    "Word",
    "command_of",
    "copy_parts",
    "expand",
    "find_stage",
    "from_parts",
    "global_args",
    "global_values",
    "image_named",
    "pairs",
    "parse",
    "stages",
    "variables",
]
