"""The picture: image size and rebuild time before and after, a pair of bars for each service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gorewrite.verify.verification import Verification

_BEFORE, _AFTER = "#9aa5b1", "#2f7d4f"
_SUFFIXES: Final = (".svg", ".png")


class PlotError(Exception):
    """A picture that cannot be drawn. The text says why and what to do."""


def check(path: Path) -> None:
    """Raises PlotError when a picture of this name cannot be drawn here."""
    if path.suffix not in _SUFFIXES:
        raise PlotError(f"{path}: the name of a picture ends in {' or '.join(_SUFFIXES)}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise PlotError("a picture needs matplotlib: pip install matplotlib") from None


def plot(verifications: Sequence[Verification], path: Path) -> None:
    """Draws what was measured. Raises PlotError when nothing was, or the file cannot be written."""
    # Without a window system, and without the state of pyplot.
    from matplotlib.figure import Figure

    measured = [each for each in verifications if each.before and each.after]
    if not measured:
        raise PlotError(f"{path}: nothing was measured, there is nothing to draw")
    sizes, times = _sizes(measured), _times(measured)
    panels = [("image size in MB", sizes)]
    if times:
        panels.append(("rebuild after a source edit, in s", times))
    figure = Figure(figsize=(9, 1.4 + 0.55 * len(measured)), layout="constrained")
    for axes, (title, values) in zip(
        figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True
    ):
        axes.set_title(title, fontsize=10, loc="left")
        names = list(values)[::-1]
        for offset, column, colour, label in (
            (0.2, 0, _BEFORE, "before"),
            (-0.2, 1, _AFTER, "after"),
        ):
            bars = axes.barh(
                [n + offset for n in range(len(names))],
                [values[name][column] for name in names],
                height=0.36,
                color=colour,
                label=label,
            )
            axes.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
        axes.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
        axes.margins(x=0.18)
        axes.tick_params(axis="x", labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(fontsize=8, frameon=False, loc="lower right")
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise PlotError(f"{path}: {error.strerror}; choose another file") from None


def _sizes(verifications: Sequence[Verification]) -> dict[str, tuple[float, float]]:
    return {
        each.display: (each.before.image.size / 1e6, each.after.image.size / 1e6)
        for each in verifications
        if each.before and each.after
    }


def _times(verifications: Sequence[Verification]) -> dict[str, tuple[float, float]]:
    found = {}
    for each in verifications:
        before = each.before.times.source if each.before else None
        after = each.after.times.source if each.after else None
        if before is not None and after is not None:
            found[each.display] = (before, after)
    return found
