"""Markdown: short enough for a comment, and nothing in it marks or mentions."""

from __future__ import annotations

from gorewrite.formats import markdown
from tests.formats.documents import MIXED, change, document, file, result


def test_mixed() -> None:
    text = markdown.render(MIXED)
    assert (
        "**5 Dockerfiles**: 1 changed, 1 failed, 1 left alone, 1 nothing to do, 1 held back."
        in text
    )
    assert "| `split-stages` | 2 |  |" in text and "| `slim-base` |  | 1 |" in text
    assert "| `hoist-modules/no-go-mod` | 3 |" in text
    order = [text.index(f"<code>{name}/") for name in ("cart", "held", "shop", "mail")]
    assert order == sorted(order)
    assert "idle" not in text
    assert "* **Problem** `file/error`, line 4: unknown flag" in text
    assert "```diff\ndiff --git a/shop/Dockerfile" in text


def test_nothing_found() -> None:
    assert markdown.render(document()) == "### gorewrite\n\n**0 Dockerfiles**: none found.\n"


def test_what_was_measured() -> None:
    files = [
        file("a", verification=result("a", sizes=(1000_000_000, 10_000_000))),
        file("b", verification=result("b", sizes=(500_000_000, 10_000_000))),
        file("c", verification=result("c", "unverified")),
        file("d", verification=result("d", "failed", (10**12, 10**9))),
    ]
    said = "Images of 2 verified services: 1.50 GB before, 20.0 MB after, median -98.5%."
    assert said in markdown.render(document(*files))


def test_texts_are_shown_as_they_are() -> None:
    hostile = "@team #12 <img> `x` *y* [a](b) |\n## z"
    text = markdown.render(document(file(f"</code>{hostile}", change(message=hostile))))
    assert "<code>&#60;/code&#62;@team #12 &#60;img&#62;" in text
    assert "&#64;&#8203;team &#35;&#8203;12 &#60;img&#62; &#96;x&#96; &#42;y&#42;" in text
    assert "\n## z" not in text


def test_fence_is_longer_than_those_within() -> None:
    text = markdown.render(document(file("x", change(), new=b"# ````\nb\n")))
    assert "`````diff\n" in text and text.count("`````\n") == 1


def test_room_is_kept() -> None:
    big = [file(f"{n}/Dockerfile", change(), new=b"b\n" * 9_000) for n in range(9)]
    text = markdown.render(document(*big))
    assert len(text) < 60_000 and text.count("```diff") == 2 and text.count("<details>") == 9
    many = [file(f"{n}/Dockerfile", change(message="m" * 500)) for n in range(300)]
    text = markdown.render(document(*many))
    assert 50_000 < len(text) < 60_000
    assert "more Dockerfiles, see the report." in text
