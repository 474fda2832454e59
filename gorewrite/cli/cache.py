"""`gorewrite cache`: what is kept from earlier runs."""

from __future__ import annotations

import click

from gorewrite.cli.help import Sectioned


@click.command(cls=Sectioned, short_help="Show or clear what is kept from earlier runs.")
@click.argument("action", type=click.Choice(["info", "clear"]), default="info")
def cache(action: str) -> None:
    """Show what is kept of earlier runs, or remove it.

    Runs over 50 Dockerfiles and more keep what they planned, and take from it what would be
    planned the same: docs/scale.md tells when. Nothing has to be cleared for a correct result.

    \b
      gorewrite cache info
      GOREWRITE_CACHE_DIR=.cache/gorewrite gorewrite --check
    """
    from gorewrite.fleet.cache import clear, info

    if action == "clear":
        try:
            removed = clear()
        except OSError as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}") from None
        click.echo(f"{removed} cache file{'' if removed == 1 else 's'} removed")
        return
    found = info()
    click.echo(f"directory  {found.directory}")
    click.echo(f"files      {found.files} (one for a repository and a set of options)")
    click.echo(f"size       {found.bytes / 1e6:.1f} MB")
    click.echo(f"entries    {found.entries}")
    if found.unread:
        click.echo(f"of no use  {found.unread} of the files (damaged, or of another version)")
