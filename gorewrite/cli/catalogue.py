"""`gorewrite list` and `gorewrite explain`: what transforms there are."""

from __future__ import annotations

import click

from gorewrite.cli.planning import unknown_transform


@click.command(name="list")
def list_() -> None:
    """List the transforms, one line each."""
    from gorewrite.engine import available

    for transform in available():
        click.echo(f"{transform.name:<16}  {transform.summary}")


@click.command()
@click.argument("name")
def explain(name: str) -> None:
    """Explain a transform: what it does, when it does nothing, why it is safe."""
    import inspect

    from gorewrite.engine import available

    transforms = {transform.name: transform for transform in available()}
    if name not in transforms:
        raise click.UsageError(unknown_transform(name, list(transforms)))
    transform = transforms[name]
    click.echo(f"{transform.name}: {transform.summary}\n")
    click.echo(inspect.getdoc(type(transform)) or "")
    for title, text in (("Before", transform.before), ("After", transform.after)):
        click.echo(f"\n{title}\n")
        click.echo("\n".join(f"    {line}".rstrip() for line in text.strip("\n").split("\n")))
