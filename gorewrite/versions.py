"""A mapping that grows without being copied, for what changes a little at each instruction."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Set
from typing import TypeVar

V = TypeVar("V")


class Versions(Mapping[str, V]):
    """One version of a mapping. `updated` gives the next one and costs only what it adds.

    All versions of a line share one history: key -> the versions in which it was set, and to
    what. So ten thousand ENVs need memory for ten thousand values, not for their squares.
    """

    __slots__ = ("_at", "_history", "_newest")

    def __init__(self, values: Mapping[str, V]) -> None:
        self._history: dict[str, tuple[list[int], list[V]]] = {
            key: ([0], [value]) for key, value in values.items()
        }
        self._at = 0
        self._newest = [0]

    def updated(self, changes: Mapping[str, V]) -> Versions[V]:
        """The version in which `changes` are set, too."""
        if self._newest[0] != self._at:  # Another line grew from here already.
            return Versions({**self, **changes})
        new: Versions[V] = Versions.__new__(Versions)
        new._history, new._newest, new._at = self._history, self._newest, self._at + 1
        self._newest[0] = new._at
        for key, value in changes.items():
            numbers, values = self._history.setdefault(key, ([], []))
            numbers.append(new._at)
            values.append(value)
        return new

    def __getitem__(self, key: str) -> V:
        numbers, values = self._history[key]
        index = bisect_right(numbers, self._at) - 1
        if index < 0:
            raise KeyError(key)
        return values[index]

    def among(self, names: Set[str]) -> dict[str, V]:
        """Those of `names` that are set, with their values."""
        found: dict[str, V] = {}
        for name in self._history.keys() & names:
            numbers, values = self._history[name]
            if numbers[-1] <= self._at:  # As nearly all are.
                found[name] = values[-1]
            elif numbers[0] <= self._at:
                found[name] = self[name]
        return found

    def __contains__(self, key: object) -> bool:
        entry = self._history.get(key)  # type: ignore[call-overload]
        return entry is not None and entry[0][0] <= self._at

    def __iter__(self) -> Iterator[str]:
        return (key for key, (numbers, _) in self._history.items() if numbers[0] <= self._at)

    def __len__(self) -> int:
        return sum(1 for _ in self)
