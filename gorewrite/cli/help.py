"""How commands show their options: in sections, as a reader looks for them."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, Final

import click

#: Title → the options under it, by name of their parameter; those of no section come last.
_SECTIONS: Final = {
    "What is shown": "show get schema refusal listed refresh",
    "The repositories": ("repos org match exclude deny topics archived forks only rescan"),
    "What is rewritten": (
        "dry_run check review select ignore runtime context changed_since shard force_exclude "
        "target quick no_rebuilds"
    ),
    "Pull requests": (
        "forge forge_url base remote group_by draft label reviewers max_open rate sign campaign "
        "ca_file pr publish canary max_failures max_wait"
    ),
    "Proof": (
        "verify verify_option engine build_arg secret network timeout wait "
        "smoke_args smoke_env smoke_cmd"
    ),
    "Output": "output_format output_file verified title source_url plot quiet verbose color",
    "Scale": (
        "jobs timeout_per_file timeout_per_repository memory_per_worker scheduler cache no_cache "
        "keep_clones"
    ),
}

#: So wide is the column of the options, in every section of every command.
_COLUMN: Final = 26


class Sectioned(click.Command):
    """A command whose `--help` has its options in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        records = {
            param.name: record
            for param in self.get_params(ctx)
            if isinstance(param, click.Option)
            and (record := param.get_help_record(ctx)) is not None
        }
        rest = "Options"
        for title, names in _SECTIONS.items():
            listed = [records.pop(name) for name in names.split() if name in records]
            rest = "Other" if listed else rest
            _write(title, listed, formatter)
        _write(rest, list(records.values()), formatter)


def _write(title: str, listed: list[tuple[str, str]], formatter: click.HelpFormatter) -> None:
    """Writes a section. click would break lines inside of options, at their hyphens."""
    if not listed:
        return
    with formatter.section(title):
        for option, text in listed:
            start = f"{'':{formatter.current_indent}}{option:<{_COLUMN}}  "
            if len(option) > _COLUMN:
                formatter.write(start.rstrip() + "\n")
                start = " " * (formatter.current_indent + _COLUMN + 2)
            width = formatter.width - len(start)
            lines = wrap(text, width, break_on_hyphens=False, break_long_words=False) or [""]
            formatter.write(f"\n{'':{len(start)}}".join([start + lines[0], *lines[1:]]) + "\n")


class Default(Sectioned):
    """The command that `gorewrite` is without the name of another one, and speaks as."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        if parent is not None:
            extra = {"help_option_names": parent.help_option_names, **extra}
            info_name = parent.info_name
        return super().make_context(info_name, args, None, **extra)
