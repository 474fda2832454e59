"""`gorewrite list` and `gorewrite explain`: what transforms there are, and why one did nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gorewrite.cli.help import Sectioned

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from gorewrite.refusals import Page
    from gorewrite.transform import Transform


@click.command(name="list", short_help="List the transforms, one line each.")
def list_() -> None:
    """List the transforms, one line each."""
    from gorewrite.engine import available

    for transform in available():
        click.echo(f"{transform.name:<16}  {transform.summary}")


def _complete_names(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from gorewrite.cli.completion import codes, transforms

    return [*transforms(incomplete), *codes(incomplete)]


def _complete_codes(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from gorewrite.cli.completion import codes

    return codes(incomplete)


@click.command(cls=Sectioned, short_help="Explain a transform, or why one did nothing.")
@click.argument("name", required=False, shell_complete=_complete_names)
@click.option(
    "--refusal",
    metavar="CODE",
    shell_complete=_complete_codes,
    help="Explain a refusal: what it means, an example, what you can do.",
)
def explain(name: str | None, refusal: str | None) -> None:
    """Explain a transform (what it does, when it does nothing, why it is safe), or a refusal
    by its code. Without NAME, list all of both.

    \b
    For example:
      gorewrite explain split-stages
      gorewrite explain --refusal cgo-required
    """
    from gorewrite.engine import available
    from gorewrite.refusals import pages

    transforms = {transform.name: transform for transform in available()}
    found = pages(available())
    if refusal is not None:
        if name is not None:
            raise click.UsageError(f"NAME or --refusal, not both; as --refusal {name}/{refusal}")
        click.echo(_refusal(refusal, found))
    elif name is None:
        click.echo(_everything(transforms, found))
    elif name in transforms:
        click.echo(_transform(transforms[name]))
    elif any(page.code == name for page in found):
        click.echo(_refusal(name, found))
    else:
        raise _unknown("transform and no refusal is named", name, [*transforms, *_codes(found)])


def _unknown(what: str, name: str, known: list[str]) -> click.UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name.rpartition("/")[2], known, 1)
    hint = f"did you mean {near[0]}?" if near else "`gorewrite explain` lists all"
    return click.UsageError(f"no {what} {name}; {hint}")


def _transform(transform: Transform) -> str:
    import inspect

    parts = [f"{transform.name}: {transform.summary}\n", inspect.getdoc(type(transform)) or ""]
    for title, text in (("Before", transform.before), ("After", transform.after)):
        parts.append(f"\n{title}\n")
        parts.append(_indented(text.strip("\n")))
    return "\n".join(parts)


def _refusal(code: str, found: tuple[Page, ...]) -> str:
    """The pages of a code, as `transform/code` only that of the transform."""
    transform, _, bare = code.rpartition("/")
    chosen = [p for p in found if p.code == bare and transform in ("", p.transform)]
    if not chosen:
        raise _unknown("refusal has the code", code, _codes(found))
    return "\n\n".join(map(_page, chosen))


def _page(page: Page) -> str:
    parts = [click.style(page.code, bold=True) + f"  ({page.transform})", _wrapped(page.means)]
    if page.example:
        parts += ["For example", _indented(page.example)]
    if page.advice:
        parts += ["What you can do", _wrapped(page.advice)]
    return "\n\n".join(parts)


def _everything(transforms: dict[str, Any], found: tuple[Page, ...]) -> str:
    lines = ["Transforms (gorewrite explain NAME)", ""]
    lines += [f"  {name:<16}  {each.summary}" for name, each in transforms.items()]
    lines += ["", "Refusals (gorewrite explain --refusal CODE)"]
    for owner in dict.fromkeys(page.transform for page in found):
        codes = ", ".join(page.code for page in found if page.transform == owner)
        lines += ["", f"  {owner}", _wrapped(codes)]
    return "\n".join(lines)


def _codes(found: tuple[Page, ...]) -> list[str]:
    return list(dict.fromkeys(page.code for page in found))


def _wrapped(text: str) -> str:
    from textwrap import fill

    # Codes and options are copied from here: they stay in one piece.
    return fill(
        " ".join(text.split()),
        78,
        initial_indent="    ",
        subsequent_indent="    ",
        break_on_hyphens=False,
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.split("\n"))
