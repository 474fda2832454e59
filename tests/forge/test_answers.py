"""What was answered before: found again, never a reason to fail."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from gorewrite.forge import answers
from gorewrite.forge.answers import Answer, Answers

ANSWER = Answer('W/"1"', '<https://x.example.com?page=2>; rel="next"', b"[1]")


def test_answers_are_kept_between_runs(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "answers.db"
    first = Answers(path)
    first.put("u", ANSWER)
    first.close()
    second = Answers(path)
    assert second.get("u") == ANSWER
    assert second.get("v") is None
    second.close()
    assert path.stat().st_mode & 0o77 == 0


def test_without_a_file_nothing_is_left(tmp_path: Path) -> None:
    first = Answers()
    first.put("u", ANSWER)
    assert first.get("u") == ANSWER
    first.close()
    second = Answers()
    assert second.get("u") is None
    second.close()


@pytest.mark.parametrize("content", [b"no database at all, but long enough to look like one" * 99])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "answers.db"
    path.write_bytes(content)
    store = Answers(path)
    store.put("u", ANSWER)
    assert store.get("u") == ANSWER
    store.close()
    assert path.read_bytes() == content


def test_what_was_used_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    size = len(zlib.compress(ANSWER.body, 1))
    monkeypatch.setattr(answers, "_MOST_IN_MEMORY", 100 * size)
    store = Answers()
    for number in range(100):
        store.put(str(number), ANSWER)
    store.used("3")
    store.put("one too many", ANSWER)
    left = [number for number in range(100) if store.get(str(number))]
    assert left == [3, *range(12, 100)]
    assert store.get("one too many") == ANSWER
    store.close()
