"""The build context of a Dockerfile: which directory it is, and what a build sees of it."""

from gorewrite.context.infer import ContextGuess, infer_context
from gorewrite.context.sourcetree import Context, Kind, SourceTree, Walk, effective_ignore

__all__ = [
    "Context",
    "ContextGuess",
    "Kind",
    "SourceTree",
    "Walk",
    "effective_ignore",
    "infer_context",
]
