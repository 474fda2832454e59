"""The options of `gorewrite pr` that say where pull requests are opened, and how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from gorewrite.forge.model import KINDS

_Command = TypeVar("_Command", bound=Callable[..., Any])

#: What `--forge` may say.
FORGES = click.Choice(["auto", *KINDS])


def _named(_: click.Context, __: click.Parameter, value: str) -> str:
    """The name of a campaign. Raises click.BadParameter for none, which would be one more."""
    if not value.strip():
        raise click.BadParameter("is empty")
    return value


#: Those that a campaign has, too.
SHARED = (
    click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Certificates of the forge, besides those that are trusted anyway.",
    ),
    click.option(
        "--group-by",
        type=click.Choice(["service", "owner", "repo"]),
        help="What makes one pull request; by default owner where CODEOWNERS says, else repo.",
    ),
    click.option("--label", multiple=True, metavar="LABEL", help="Give them a label (repeatable)."),
    click.option("--rate", metavar="RATE", help="Writes to the forge, as 20/min,400/h."),
    click.option("--sign", is_flag=True, help="Sign commits as the configuration of git says."),
)
_PULLS = (
    click.option(
        "--forge",
        type=FORGES,
        default="auto",
        show_default=True,
        help="What the remote is; none pushes branches and prints where to open them.",
    ),
    click.option(
        "--forge-url",
        metavar="URL",
        default="",
        help="The forge, or its API, where it is your own.",
    ),
    click.option(
        "--remote", metavar="NAME", default="origin", show_default=True, help="The remote."
    ),
    click.option("--base", metavar="BRANCH", default="", help="Not for the default branch."),
    click.option("--draft", is_flag=True, help="Open them as drafts."),
    click.option(
        "--reviewers",
        metavar="WHOM",
        default="none",
        show_default=True,
        help="Ask for a review: codeowners, none, or NAME,…; once, when one is opened.",
    ),
    click.option(
        "--max-open",
        type=click.IntRange(min=1),
        metavar="N",
        help="Have at most so many open at a time; the others wait.",
    ),
    click.option(
        "--campaign",
        metavar="NAME",
        callback=_named,
        default="default",
        show_default=True,
        help="Keeps apart what different schedules propose.",
    ),
    click.option(
        "--verified",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Results of `gorewrite verify --output-format json`, for the texts.",
    ),
    click.option(
        "--dry-run", is_flag=True, help="Show branches, patches and texts; touch nothing."
    ),
)


def pull_options(command: _Command) -> _Command:
    """Gives a command these options."""
    for option in reversed((*_PULLS, *SHARED)):
        command = option(command)
    return command
