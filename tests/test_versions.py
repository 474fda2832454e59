"""The mapping behind ENV and ARG: every version stays what it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gorewrite.versions import Versions

CHANGES = st.dictionaries(st.sampled_from("abcd"), st.integers(), max_size=3)


@given(CHANGES, st.lists(st.tuples(st.integers(0, 9), CHANGES), max_size=10))
def test_like_copies(start: dict[str, int], steps: list[tuple[int, dict[str, int]]]) -> None:
    copies, versions = [start], [Versions(start)]
    for parent, changes in steps:
        parent %= len(copies)  # Lines may branch anywhere.
        copies.append({**copies[parent], **changes})
        versions.append(versions[parent].updated(changes))
    for copy, version in zip(copies, versions, strict=True):
        assert dict(version) == copy
        assert len(version) == len(copy)
        assert version.among({"a", "c", "x"}) == {k: v for k, v in copy.items() if k in "ac"}


def test_a_later_key_is_not_there_before() -> None:
    first = Versions({"a": 1})
    second = first.updated({"b": 2})
    assert "b" in second
    with pytest.raises(KeyError):
        first["b"]
