"""`gorewrite status`, `retry` and `close`: a campaign that `gorewrite migrate` began."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gorewrite.cli.help import Sectioned
from gorewrite.cli.migrate import Campaigning, campaign_option
from gorewrite.cli.planning import Output, Unusable, stream_options

_QUIET = click.option("--quiet", "-q", is_flag=True, help="Errors only.")


@click.command(cls=Sectioned, short_help="How a campaign stands.")
@campaign_option
@click.option("--list", "listed", is_flag=True, help="A line for each pull request.")
@click.option("--refresh", is_flag=True, help="Ask the forge what became of pull requests first.")
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "html", "markdown"]),
    default="text",
    show_default=True,
    help="text; json; html or markdown, a report of all Dockerfiles.",
)
@stream_options
def status(campaign: Path, **options: Any) -> None:
    """Show what became of the repositories and pull requests of a campaign, and how many
    Dockerfiles would still change.

    \b
      gorewrite status --campaign slim
      gorewrite status --campaign slim --output-format html > slim.html
    """
    from gorewrite.campaign import status as found
    from gorewrite.campaign.journal import JournalError

    run = Campaigning(campaign, options)
    definition, output = run.defined(), Output(options["output_file"])
    try:
        if options["refresh"]:
            _refresh(run)
        match options["output_format"]:
            case "text":
                lines = [found.brief(found.standing(definition, run.home))]
                lines += found.table(run.home) if options["listed"] else ()
                output.emit(_encoded("\n".join(lines) + "\n"))
            case "json":
                document = found.as_json(definition, run.home)
                output.emit(_encoded(json.dumps(document, indent=2, ensure_ascii=False) + "\n"))
            case name:
                from gorewrite.formats import render

                output.emit(render(name, found.report(definition, run.home)))
    except JournalError as error:
        raise Unusable(str(error)) from None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _refresh(run: Campaigning) -> None:
    """Asks the forge what became of all pull requests that may have changed."""
    from gorewrite.campaign.access import Access
    from gorewrite.campaign.closing import refresh
    from gorewrite.campaign.journal import Journal, only_one
    from gorewrite.forge.model import ForgeError

    definition = run.defined()
    try:
        for path in run.home.journals():
            with only_one(path), Journal(path) as journal, Access(definition, _say) as access:
                refresh(definition, journal, access)
    except ForgeError as error:
        raise Unusable(str(error)) from None


def _say(text: str) -> None:
    click.echo(f"gorewrite: {text}", err=True)


@click.command(cls=Sectioned, short_help="Try again what failed in a campaign.")
@campaign_option
@click.option("--jobs", "-j", type=click.IntRange(min=1), metavar="N", help="Processes.")
@_QUIET
@click.pass_context
def retry(ctx: click.Context, /, campaign: Path, **options: Any) -> None:
    """Try at once what failed in the last scan of a campaign, as if it never had been tried.

    `gorewrite migrate` tries what failed for a passing reason (a time-out, a server that does not
    answer) by itself, later and later; what failed for another one waits for this, or for the next
    scan.

    Exit status: as of `gorewrite migrate`.
    """
    from gorewrite.campaign.closing import forgive
    from gorewrite.campaign.driver import Options
    from gorewrite.campaign.journal import JournalError

    run = Campaigning(campaign, {**options, "shard": None})
    definition = run.defined()
    try:
        forgive(run.home)
    except JournalError as error:
        raise Unusable(str(error)) from None
    ctx.exit(run.run(definition, Options(only="failed")))


@click.command(cls=Sectioned, short_help="Close the pull requests of a campaign.")
@campaign_option
@click.option(
    "--reason",
    metavar="TEXT",
    default="the campaign is over",
    show_default=True,
    help="Said in each of them.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Say what would be closed, close nothing.")
@_QUIET
@click.pass_context
def close(ctx: click.Context, /, campaign: Path, reason: str, yes: bool, **options: Any) -> None:
    """End a campaign: close its open pull requests and delete their branches.

    Those that somebody else committed to are left open, with a comment, and so are those with the
    label gorewrite:stop. What is closed may be opened again by hand.

    Exit status: as of `gorewrite migrate`.
    """
    run = Campaigning(campaign, {**options, "shard": None})
    definition = run.defined()
    if not yes and not options["dry_run"]:
        click.confirm(
            f"Close all open pull requests of the campaign {definition.name}?", abort=True
        )
    ctx.exit(run.close(definition, reason, dry_run=options["dry_run"]))
