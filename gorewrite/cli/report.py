"""`gorewrite report FILE…`: makes reports of what a run said."""

from __future__ import annotations

from pathlib import Path

import click

from gorewrite.cli.help import Sectioned
from gorewrite.cli.planning import Output
from gorewrite.formats import FORMATS

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


def _template(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """A template of links. Raises click.BadParameter for one that browsers should not follow."""
    if value is not None and not value.startswith(("https://", "http://")):
        raise click.BadParameter("begins with https:// or http://")
    if value is not None and "{path}" not in value:
        raise click.BadParameter("names the file with {path}, and the line with {line}")
    return value


@click.command(cls=Sectioned, short_help="Make a report (HTML, SARIF, …) of JSON results.")
@click.argument("reports", nargs=-1, required=True, metavar="FILE...", type=_FILE)
@click.option(
    "--verified",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="The JSON of `gorewrite verify`: sizes and times that were measured.",
)
@click.option(
    "--output-format",
    type=click.Choice(list(FORMATS)),
    metavar="FORMAT",
    default="markdown",
    show_default=True,
    help=f"{', '.join(FORMATS)} (docs/reports.md).",
)
@click.option(
    "--output-file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it there instead of to stdout.",
)
@click.option("--title", metavar="TEXT", help="Heading of the HTML report.")
@click.option(
    "--source-url",
    metavar="URL",
    callback=_template,
    help="What it links to, as 'https://git.example.com/x/{path}#L{line}'.",
)
def report(
    reports: tuple[Path, ...],
    verified: tuple[Path, ...],
    output_format: str,
    output_file: Path | None,
    title: str | None,
    source_url: str | None,
) -> None:
    """Make a report of the JSON that a run has printed, of several runs, and of `verify`.

    FILE is what `gorewrite --output-format json` or `gorewrite verify --output-format json` has
    printed, - for standard input. Several, such as the shards of a run, become one report.

    \b
      gorewrite --dry-run --output-format json --output-file run.json
      gorewrite report run.json --output-format html --output-file report.html
    """
    from gorewrite.formats import render
    from gorewrite.formats.join import joined

    told = {"title": title, "source_url": source_url}
    told = {name: value for name, value in told.items() if value is not None}
    if told and output_format != "html":
        raise click.UsageError("--title and --source-url are for --output-format html")
    document = {**joined(map(_read, reports), map(_read, verified)), **told}
    Output(output_file).emit(render(output_format, document))


def _read(path: Path) -> dict[str, object]:
    from gorewrite.formats.join import ReportError, loaded

    try:
        with click.open_file(path, "rb") as file:
            return loaded(str(path), file.read())
    except OSError as error:
        raise click.UsageError(f"{path}: {error.strerror}; name a JSON report") from None
    except ReportError as error:
        raise click.UsageError(str(error)) from None
