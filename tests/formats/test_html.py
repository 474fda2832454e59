"""The HTML report as text: it needs nothing else, and nothing in it can end what it stands in."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from gorewrite.formats import html
from tests.formats.documents import MIXED, change, document, file


class Parts(HTMLParser):
    """The elements of a page, and the text of those that hold data, style or scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[dict[str, str | None], str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("script", "style") and data.strip():
            self.texts.append((self.tags[-1][1], data))


def data_of(page: str) -> Any:
    """The report that a page shows."""
    ((attributes, text),) = [each for each in Parts(page).texts if each[0].get("id") == "data"]
    if attributes["data-encoding"] == "gzip":
        text = gzip.decompress(base64.b64decode(text, validate=True)).decode()
    return json.loads(text)


def test_policy_allows_this_style_and_script_alone() -> None:
    parts = Parts(html.render(MIXED))
    (policy,) = [
        attributes["content"] or ""
        for tag, attributes in parts.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    (style,) = [text for attributes, text in parts.texts if not attributes and ":root" in text]
    (script,) = [text for attributes, text in parts.texts if not attributes and "=>" in text]
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_page_is_one_file() -> None:
    page = html.render(MIXED)
    for tag, attributes in Parts(page).tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "base")
        assert attributes.keys().isdisjoint({"src", "style"})
        assert not any(name.startswith("on") for name in attributes)
    addresses = set(re.findall(r"https?://[\w./-]+", page))
    assert addresses == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("count", [1, 3000])
def test_data_is_the_report(count: int) -> None:
    files = [file(f"{n}/Dockerfile", change(), new=b"b\n") for n in range(count)]
    page = html.render({**document(*files), "title": "Ours", "source_url": "https://x/{path}"})
    found = data_of(page)
    assert ('data-encoding="gzip"' in page) == (count > 1)
    assert (found["title"], found["source_url"]) == ("Ours", "https://x/{path}")
    assert [each["path"] for each in found["files"]] == [each["path"] for each in files]
    assert found["files"][0]["diff"] == files[0]["diff"]
    (said,) = found["files"][0]["changes"]
    assert said["because"][0]["file"] == "0/main.go" and said["because"][1]["file"] == ""
    assert page == html.render(
        {**document(*files), "title": "Ours", "source_url": "https://x/{path}"}
    )


def test_data_has_a_status_of_each_file() -> None:
    found = data_of(html.render(MIXED))["files"]
    assert [each["status"] for each in found] == [
        "changed",
        "failed",
        "left alone",
        "nothing to do",
        "held back",
    ]


@pytest.mark.parametrize(
    "text", ["</script><script>", "<!--<script>", "@SCRIPT@ @STYLE@", "\u2028\udcff", "]]>"]
)
def test_no_text_leaves_the_data(text: str) -> None:
    plain = Parts(html.render({**document(file("x", change(message="m"))), "title": "t"}))
    page = html.render({**document(file(f"x{text}", change(message=text))), "title": text})
    assert Parts(page).tags == plain.tags
    found = data_of(page)
    shown = text.replace("\udcff", "?")
    assert found["title"] == shown and found["files"][0]["path"] == f"x{shown}"
