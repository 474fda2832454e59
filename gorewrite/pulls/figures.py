"""What was measured, as a table and as bars that need no hosting.

The bars are text. Mermaid's `xychart` draws the bars of several series on top of each other
(mermaid-js/mermaid#7392) and has no legend, and in notifications it is source code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from gorewrite.pulls.markup import barless, code
from gorewrite.pulls.measured import Measured, Side
from gorewrite.pulls.model import Group
from gorewrite.pulls.phrases import Gain, expected

#: Rows of the table of several Dockerfiles.
_ROWS: Final = 50
#: Columns of the longest bar, and its parts, an eighth of a column each.
_WIDTH: Final = 36
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_MINUS: Final = "−"

#: Seconds as docs/verify.md names them -> words.
_TIMES: Final = (
    ("cold", "build without any cache"),
    ("unchanged", "rebuild, nothing changed"),
    ("source_edit", "rebuild after an edit of the sources"),
    ("dependency_edit", "rebuild after an edit of go.mod"),
)


class _Row(NamedTuple):
    """One quantity. factor: what became of it, "" where that is not said."""

    name: str
    before: str
    after: str
    factor: str


def figures(group: Group, measured: Mapping[str, Measured]) -> Iterator[str]:
    """What was measured of a group, as Markdown; one line where nothing was."""
    found = {each.path: measured[each.path] for each in group.planned if each.path in measured}
    if not found:
        hope = expected([each.document for each in group.planned])
        yield f"{f'Expected: {hope}. ' if hope else ''}Not measured yet: see *Try it yourself*."
        yield ""
        return
    every = list(found.values())
    yield _headline(every)
    yield ""
    yield from _bars(every)
    yield "<details><summary>All that was measured, and how</summary>"
    yield ""
    yield from _single(every[0]) if len(group.planned) == 1 else _several(found)
    yield from _how(every, len(group.planned))
    yield "</details>"
    yield ""


def without_refuted(
    found: Sequence[Gain], group: Group, measured: Mapping[str, Measured]
) -> tuple[Gain, ...]:
    """The gains that the measurements do not contradict."""
    every = [measured[each.path] for each in group.planned if each.path in measured]
    refuted: set[Gain] = set()
    if every:
        sizes = _sum(every, _size)
        times = _sum(every, _source_edit)
        if sizes and sizes[1] >= sizes[0]:
            refuted |= {"image", "binary"}
        if times and times[1] >= times[0]:
            refuted |= {"rebuild"}
    return tuple(gain for gain in found if gain not in refuted)


# --- the first line, and the bars -------------------------------------------------------


def _headline(every: Sequence[Measured]) -> str:
    parts = []
    sizes, times = _sum(every, _size), _sum(every, _source_edit)
    all_of = "" if len(every) == 1 else f" of {len(every):,} Dockerfiles together"
    if sizes:
        noun = "image" if len(every) == 1 else "images"
        parts.append(f"{noun} {size(sizes[0])} → {size(sizes[1])} ({_percent(*sizes)})")
    if times:
        told = f"{_seconds(times[0])} → {_seconds(times[1])}"
        parts.append(f"rebuild after an edit of the sources {told}")
    return f"**Measured{all_of}:** {', '.join(parts)}."


def _bars(every: Sequence[Measured]) -> Iterator[str]:
    """Two bars for the size, and two for the rebuild that happens most."""
    yield "```text"
    for name, show, pair in (
        ("image size", size, _sum(every, _size)),
        ("rebuild after an edit of the sources", _seconds, _sum(every, _source_edit)),
    ):
        if pair:
            yield name
            for label, value in zip(("before", "after"), pair, strict=True):
                yield f"  {label:<6} {bar(value / (max(pair) or 1))} {show(value)}"
    yield "```"
    yield ""


def bar(share: float) -> str:
    """A bar of the width that is a share of the longest one (0 to 1); never empty."""
    eighths = max(round(share * _WIDTH * 8), 1)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


# --- tables -----------------------------------------------------------------------------


def _single(one: Measured) -> Iterator[str]:
    yield "| | before | after | |"
    yield "|---|--:|--:|--:|"
    for row in _rows(one.before, one.after):
        yield f"| {row.name} | {row.before} | {row.after} | {row.factor} |"
    yield ""


def _rows(before: Side, after: Side) -> Iterator[_Row]:
    yield _Row("image size", size(before.size), size(after.size), _percent(before.size, after.size))
    yield _Row("layers", str(before.layers), str(after.layers), "")
    if before.context_sent is not None and after.context_sent is not None:
        sent = size(before.context_sent), size(after.context_sent)
        yield _Row("sent to the builder", *sent, "")
    for key, name in _TIMES:
        first, second = before.seconds[key], after.seconds[key]
        if first is not None and second is not None:
            yield _Row(name, _seconds(first), _seconds(second), _factor(first, second))


def _several(found: Mapping[str, Measured]) -> Iterator[str]:
    """A row for each of the Dockerfiles with the largest images, as many as find room."""
    yield "| Dockerfile | image size | rebuild, sources | rebuild, go.mod |"
    yield "|---|--:|--:|--:|"
    largest = sorted(found.items(), key=lambda item: (-item[1].before.size, item[0]))
    for path, one in largest[:_ROWS]:
        yield f"| {barless(code(path))} | {_cells(one)} |"
    yield ""
    if largest[_ROWS:]:
        yield f"The other {len(largest) - _ROWS:,} had smaller images."
        yield ""


def _cells(one: Measured) -> str:
    sizes = one.before.size, one.after.size
    cells = [f"{size(sizes[0])} → {size(sizes[1])} ({_percent(*sizes)})"]
    for key in ("source_edit", "dependency_edit"):
        first, second = one.before.seconds[key], one.after.seconds[key]
        if first is None or second is None:
            cells.append("–")
        else:
            cells.append(f"{_seconds(first)} → {_seconds(second)}")
    return " | ".join(cells)


def _how(every: Sequence[Measured], planned: int) -> Iterator[str]:
    """How it was measured, and what was not."""
    engines = sorted({one.engine for one in every if one.engine})
    by = f" with {', '.join(map(code, engines))}" if engines else ""
    run = [bool(one.runs) for one in every]
    behaved = "the containers were not run"
    if any(run):
        behaved = f"the containers{'' if all(run) else ' that were run'} behaved the same"
    said = (
        f"Built before and after by `gorewrite verify`{by}: the images promise the same, and "
        f"{behaved}. One build each, so the ratios say more than the seconds."
    )
    if len(every) < planned:
        said += f" The other {planned - len(every):,} Dockerfiles were not measured."
    shared = sorted({name for one in every for name in one.besides})
    if shared:
        names = ", ".join(code(name) for name in shared[:3])
        more = f" and {len(shared) - 3:,} more" if shared[3:] else ""
        which = "Not all of these builds had" if len(every) > 1 else "These builds were without"
        said += f" {which} the new {names}{more}."
    yield said
    yield ""


# --- numbers ----------------------------------------------------------------------------


def _size(side: Side) -> float:
    return side.size


def _source_edit(side: Side) -> float | None:
    return side.seconds["source_edit"]


def _sum(
    every: Sequence[Measured], value: Callable[[Side], float | None]
) -> tuple[float, float] | None:
    """(before, after) of a quantity, of those that have it on both sides; None for none."""
    pairs = [(value(one.before), value(one.after)) for one in every]
    known = [(a, b) for a, b in pairs if a is not None and b is not None]
    if not known or not any(a for a, _ in known):
        return None
    return sum(a for a, _ in known), sum(b for _, b in known)


def size(number: float) -> str:
    """Bytes in decimal units, as docker shows them."""
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} B" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.2f} GB"


def _seconds(number: float) -> str:
    return f"{number:.1f} s"


def _percent(before: float, after: float) -> str:
    if not before:
        return ""
    change = (after / before - 1) * 100
    return f"{_MINUS if change < 0 else '+'}{abs(change):.1f} %"


def _factor(before: float, after: float) -> str:
    return f"{before / after:.1f} times as fast" if after and before >= after * 1.05 else ""
