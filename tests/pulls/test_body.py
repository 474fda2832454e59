"""The text of a pull request."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from gorewrite.forge.model import Address
from gorewrite.outcome import Edit
from gorewrite.pulls.body import MOST, Told, body
from gorewrite.pulls.links import Links, links_for
from gorewrite.pulls.markup import read_marker
from gorewrite.pulls.measured import Measured, Side
from gorewrite.pulls.model import Group, Planned
from tests.pulls.groups_made import (
    HOSTILE,
    MOUNTS,
    change,
    document,
    group,
    planned,
    refusal,
    split,
)
from tests.pulls.test_markup import CLOSES

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEB = "https://git.example.com/acme/shop"
BASE = f"{WEB}/blob/{COMMIT}/"
LINKS = Links(BASE)
TOLD = Told("spring", COMMIT, "--select cache-mounts", "1.2.3", {}, LINKS)
OWN_HTML = re.compile(
    r"((</?(details|summary|sub)>|<details><summary>[^<>&]*(<code>--review</code>[^<>&]*)?</summary>"
    r"|<!-- gorewrite:v1 [^<>]* -->)\n*)+"
)


def tokens(text: str) -> list[Token]:
    """All tokens of a text as a forge reads it, those within lines too."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        found += [token, *(token.children or ())]
    return found


def side(size: int, seconds: float | None) -> Side:
    times = {"cold": seconds, "unchanged": None, "source_edit": seconds, "dependency_edit": None}
    return Side(size, 3, 4000, times)


def found(before: int = 900_000_000, after: int = 9_000_000, *seconds: float | None) -> Measured:
    first, second = seconds or (40.0, 4.0)
    return Measured(side(before, first), side(after, second), ("ran",), "docker 28")


def hostile() -> Group:
    path = HOSTILE.replace("/", "")
    said = change(
        "our-own", HOSTILE, because=((f"{path}/Dockerfile", 3, HOSTILE), ("", 0, HOSTILE))
    )
    offer = change("slim-base", HOSTILE, applied=False, because=((HOSTILE, 1, HOSTILE),))
    no = refusal("merge-runs", "opted-out", HOSTILE)
    also = Edit(HOSTILE, HOSTILE, None, b"")
    members = [planned(f"{n}{path}/Dockerfile", said, offer, no, also=(also,)) for n in "abcdef"]
    broken = {"path": HOSTILE, "changed": False, "error": {"line": 4, "message": HOSTILE}}
    return group(*members, others=(broken,), key=HOSTILE, name=HOSTILE, owners=("@alice", HOSTILE))


@pytest.mark.parametrize("number", [1, 6])
@pytest.mark.parametrize("links", [LINKS, Links()], ids=["linked", "bare"])
def test_nothing_of_a_repository_is_more_than_text(number: int, links: Links) -> None:
    of = hostile()
    of = of._replace(planned=of.planned[:number])
    every = {each.path: found()._replace(engine=HOSTILE) for each in of.planned}
    text = body(of, TOLD._replace(campaign=HOSTILE, options=HOSTILE, measured=every, links=links))
    for token in tokens(text):
        if token.type == "text":
            assert not re.search(r"@|#\d|https?:|www\.|evil|script", token.content)
        elif token.type == "link_open":
            assert str(token.attrs["href"]).startswith(BASE)
        elif token.type in ("html_block", "html_inline"):
            assert OWN_HTML.fullmatch(token.content), token.content
        else:
            assert token.type != "image"
    assert not re.search(r"^\s*/", text, re.MULTILINE)  # Quick actions of GitLab.
    assert not CLOSES.search(text)
    assert not re.search("[\u202e\0\r]", text)
    assert text.encode()  # No surrogates.


def test_the_first_lines_of_one() -> None:
    lines = body(group(split("services/shop/Dockerfile")), TOLD).splitlines()
    assert lines[0] == "This gives `services/shop` a **smaller image** and **faster rebuilds**."
    assert lines[2].startswith("Expected: an image without the Go toolchain (some")
    assert lines[2].endswith("Not measured yet: see *Try it yourself*.")


def test_what_the_patch_does_not_do_is_not_promised() -> None:
    text = body(group(planned("a/Dockerfile", change("cache-mounts", MOUNTS))), TOLD)
    assert text.startswith("This gives `a` **faster rebuilds**.\n")
    assert "smaller" not in text and "no shell" not in text and "symbol table" not in text


def test_each_change_has_its_reason_and_its_place() -> None:
    text = body(group(split("services/shop/Dockerfile", "/app/shop")), TOLD)
    link = f"{BASE}services/shop/Dockerfile"
    assert f"**[`services/shop/Dockerfile`]({link})**" in text
    assert (
        "* **The image is split off from the build.** The Go toolchain and its caches stay behind "
        "in the build stage.\n"
        f"  * [line 1]({link}#L1): split off a runtime stage on "
        "`gcr.io/distroless/static-debian13` that takes `/app/shop` from the builder\n"
        f"  * because: `go build -o main` ([line 3]({link}#L3)); `a` "
        f"([`services/shop/main.go:9`]({BASE}services/shop/main.go#L9))\n"
    ) in text


def test_changes_of_one_kind_have_one_heading() -> None:
    one, other = (change("build-flags", f"add -{name}", 3) for name in ("trimpath", "v"))
    text = body(group(planned("a/Dockerfile", one, change("x", "do it"), other)), TOLD)
    assert text.count("**Leaner flags for `go build`.**") == 1
    assert text.index("add `-trimpath`") < text.index("add `-v`") < text.index("do it")


def test_what_asks_for_a_review_is_said_first() -> None:
    asks = change("slim-base", "put it on scratch", safety="review")
    text = body(group(planned("a/Dockerfile", asks)), TOLD)
    assert "\n**1 change asks for your judgement**, as marked below" in text
    assert "does not need it" not in text and "The container keeps" not in text
    assert f"  * [line 3]({BASE}a/Dockerfile#L3): **asks for your judgement:** put it on" in text
    safe = body(group(split("a/Dockerfile")), TOLD)
    assert "judgement" not in safe and "The container keeps its entry point" in safe


def test_what_was_left_alone_and_what_is_offered() -> None:
    offer = change("slim-base", "put it on scratch; to be reviewed: x", 7, applied=False)
    no = refusal("hoist-modules", "vendored", "modules are vendored", 5)
    one = planned("a/Dockerfile", change("cache-mounts", MOUNTS), offer, no)
    other = document("b/Dockerfile", refusal("file", "template", "it is a template", 0))
    text = body(group(one, others=(other,)), TOLD)
    assert "<summary>What was left alone, and why (2)</summary>" in text
    assert f"* `file/template`: it is a template: [`b/Dockerfile`]({BASE}b/Dockerfile)" in text
    assert "* `hoist-modules/vendored`: modules are vendored: [`a/Dockerfile:5`](" in text
    assert "<code>--review</code> would change, too, for a person to judge (1)</summary>" in text
    assert "* `slim-base`: put it on scratch; to be reviewed: x: [`a/Dockerfile:7`](" in text
    assert "left alone, and why" not in body(group(split("a/Dockerfile")), TOLD)


def test_the_same_change_is_told_once() -> None:
    names = [f"services/svc{n:02}" for n in range(40)]
    members = [split(f"{name}/Dockerfile", f"/app/{name[-5:]}") for name in names]
    text = body(group(*members), TOLD)
    assert text.startswith("This gives 40 Dockerfiles in `services` **smaller images** and")
    assert text.count("The image is split off") == 1
    assert text.count("split off a runtime stage on") == 1
    assert "`gcr.io/distroless/static-debian13` that takes `…` from the builder (40)" in text
    assert text.count(f"[`svc07`]({BASE}services/svc07/Dockerfile)") == 1
    assert f"[L3]({BASE}services/svc07/Dockerfile#L3)" in text
    assert f"[`main.go:9`]({BASE}services/svc07/main.go#L9)" in text


@pytest.mark.parametrize("number", [200, 2000])
def test_a_large_group_is_cut_to_what_a_forge_takes(number: int) -> None:
    long = "a-team-with-a-long-name/" * 3
    members = [split(f"{long}svc{n:04}/Dockerfile") for n in range(number)]
    text = body(group(*members), TOLD)
    assert len(text) <= MOST
    assert f"| {number:,} |" in text and "**Not wanted?**" in text
    assert read_marker(text) is not None


def test_messages_without_end_are_cut_with_everything_closed() -> None:
    said = [change(f"own-{n}", f"do {n} {'x' * 3000}") for n in range(40)]
    text = body(group(planned("a/Dockerfile", *said)), TOLD)
    assert len(text) <= MOST
    assert text.count("<details>") == text.count("</details>")
    assert sum(line.startswith("```") for line in text.splitlines()) % 2 == 0
    assert "**Not wanted?**" in text and read_marker(text) is not None


def test_one_measured() -> None:
    of = group(split("a/Dockerfile"))
    text = body(of, TOLD._replace(measured={"a/Dockerfile": found()}))
    assert text.splitlines()[2] == (
        "**Measured:** image 900.0 MB → 9.0 MB (−99.0 %), rebuild after an edit of the sources "
        "40.0 s → 4.0 s."
    )
    assert "\n  after  ▍ 9.0 MB\n" in text
    assert "| build without any cache | 40.0 s | 4.0 s | 10.0 times as fast |" in text
    assert "rebuild, nothing changed" not in text and "Not measured" not in text


def test_what_was_not_measured_is_not_claimed() -> None:
    of = group(*(split(f"{name}/Dockerfile") for name in "abcde"))
    text = body(of, TOLD._replace(measured={"a/Dockerfile": found(), "b/Dockerfile": found()}))
    assert "**Measured of 2 Dockerfiles together:** images 1.80 GB → 18.0 MB" in text
    assert "The other 3 Dockerfiles were not measured." in text
    assert "| `a/Dockerfile` | 900.0 MB → 9.0 MB (−99.0 %) | 40.0 s → 4.0 s | – |" in text
    assert "| `c/Dockerfile`" not in text


def test_what_the_measurement_refutes_is_not_promised() -> None:
    of = group(split("a/Dockerfile"))
    text = body(of, TOLD._replace(measured={"a/Dockerfile": found(900, 901, 4.0, 3.0)}))
    assert text.startswith("This gives `a` **faster rebuilds**.\n")
    text = body(of, TOLD._replace(measured={"a/Dockerfile": found(900, 9, 4.0, 4.5)}))
    assert text.startswith("This gives `a` a **smaller image**.\n")


def test_sizes_alone() -> None:
    of = group(split("a/Dockerfile"))
    text = body(of, TOLD._replace(measured={"a/Dockerfile": found(9, 1, None, None)}))
    assert "**Measured:** image 9 B → 1 B (−88.9 %).\n" in text
    assert "rebuild after an edit of the sources" not in text


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        ((True, True), "and the containers behaved the same."),
        ((True, False), "and the containers that were run behaved the same."),
        ((False, False), "and the containers were not run."),
    ],
)
def test_what_was_not_run_did_not_behave(runs: tuple[bool, bool], said: str) -> None:
    of = group(split("a/Dockerfile"), split("b/Dockerfile"))
    every = {
        each.path: found()._replace(runs=("ran",) if ran else ())
        for each, ran in zip(of.planned, runs, strict=True)
    }
    assert said in body(of, TOLD._replace(measured=every))


def test_the_builds_did_not_have_a_shared_ignore_file() -> None:
    of = group(split("a/Dockerfile"))
    one = found()._replace(besides=("a/.dockerignore",))
    text = body(of, TOLD._replace(measured={"a/Dockerfile": one}))
    assert "These builds were without the new `a/.dockerignore`." in text


def test_how_to_reproduce() -> None:
    text = body(group(split("my shop/Dockerfile")), TOLD)
    assert f"$ git switch --detach {COMMIT}\n" in text
    assert "$ gorewrite --dry-run --select cache-mounts 'my shop/Dockerfile'\n" in text
    many = body(group(*(split(f"s/{n}/Dockerfile") for n in range(9))), TOLD)
    assert "$ gorewrite verify --select cache-mounts s\n" in many
    here = body(group(split("a/Dockerfile")), TOLD._replace(options=""))
    assert "$ gorewrite --dry-run a/Dockerfile\n" in here


def test_the_marker_says_what_it_is() -> None:
    fields = read_marker(body(group(split("a/Dockerfile"), key="a"), TOLD))
    assert fields == {"base": COMMIT, "campaign": "spring", "key": "a", "version": "1.2.3"}


def test_the_same_group_gives_the_same_text() -> None:
    members = [split(f"{name}/Dockerfile") for name in "abcdef"]
    again: list[Planned] = [
        each._replace(document=json.loads(json.dumps(each.document, sort_keys=True)))
        for each in members
    ]
    assert body(group(*members), TOLD) == body(group(*again), TOLD)


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("github", f"{WEB}/blob/{COMMIT}/a%20b/%23%3F.go#L3"),
        ("gitlab", f"{WEB}/-/blob/{COMMIT}/a%20b/%23%3F.go#L3"),
        ("gitea", f"{WEB}/src/commit/{COMMIT}/a%20b/%23%3F.go#L3"),
        ("none", ""),
    ],
)
def test_links(kind: str, place: str) -> None:
    links = links_for(Address(kind, "", f"{WEB}/", "acme/shop"), COMMIT)
    assert links.url("a b/#?.go", 3) == place


@pytest.mark.parametrize("path", ["", "/etc/passwd", "../x"])
def test_what_is_not_in_the_repository_is_not_linked(path: str) -> None:
    assert LINKS.url(path) == ""


def test_links_to_lines_of_markdown_and_to_other_bytes() -> None:
    assert LINKS.url("README.md", 3) == f"{BASE}README.md?plain=1#L3"
    assert LINKS.url("README.md") == f"{BASE}README.md"
    assert LINKS.url("\udcff(").endswith("/%FF%28")


@pytest.mark.parametrize("web", ["", "ssh://git@example.com/a", "https://u:p@example.com/a"])
def test_an_address_for_browsers_or_none(web: str) -> None:
    address: Any = Address("github", "", web, "acme/shop")
    assert links_for(address, COMMIT) == Links()


def test_a_whole_text(request: pytest.FixtureRequest) -> None:
    """Read body.md as the maintainer would; `pytest --update-golden` writes it anew."""
    offer = change(
        "slim-base",
        "put the runtime stage on scratch; to be reviewed: it has no certificates",
        1,
        applied=False,
    )
    no = refusal("hoist-modules", "vendored", "modules are vendored; nothing is downloaded", 3)
    shop = split("services/shop/Dockerfile", "/app/shop")
    shop = shop._replace(
        document=document(shop.path, *shop.document["changes"], offer, no, directory=".")
    )
    text = body(group(shop), TOLD._replace(measured={shop.path: found()}))
    expected = Path(__file__).with_name("body.md")
    if request.config.getoption("--update-golden"):
        expected.write_text(text)
    assert text == expected.read_text()
