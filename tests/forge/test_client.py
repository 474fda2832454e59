"""Requests: repeated where that is safe, never led astray, not sent for what is known."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from gorewrite.forge.model import ForgeError
from tests.forge.scripted import OK, TOKEN, Answer, Script, Setting, answer

# --- what is repeated --------------------------------------------------------------------


@pytest.mark.parametrize(
    "trouble",
    [
        answer(500),
        answer(502),
        answer(503),
        answer(504),
        answer(408),
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset by peer"),
        httpx.RemoteProtocolError("Server disconnected without sending a response."),
    ],
    ids=str,
)
def test_passing_trouble_is_waited_out(trouble: Answer) -> None:
    script = Script(trouble, trouble, answer(body=OK))
    with Setting(script) as it:
        assert it.client.get("/x") == OK
    # Full jitter, and its most: twice as long each time.
    assert it.clock.slept == [1.0, 2.0]
    assert len(it.said) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 422, 451, 501])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_what_will_not_pass_is_not_repeated(method: str, status: int) -> None:
    script = Script(answer(status))
    with Setting(script) as it, pytest.raises(ForgeError) as caught:
        it.client.get("/x") if method == "GET" else it.client.write(method, "/x", {})
    assert caught.value.status == status
    assert not caught.value.transient
    assert it.clock.slept == []


def test_lasting_trouble_is_given_up() -> None:
    script = Script(*[answer(502) for _ in range(9)])
    with Setting(script) as it, pytest.raises(ForgeError) as caught:
        it.client.get("/x")
    assert caught.value.transient
    assert len(script.asked) == 6
    assert "run again later" in str(caught.value)


@pytest.mark.parametrize(
    "trouble", [answer(502), httpx.ReadTimeout(""), httpx.ReadError("")], ids=str
)
def test_what_may_have_arrived_is_looked_for_first(trouble: Answer) -> None:
    script = Script(trouble)
    with Setting(script) as it:
        assert it.client.write("POST", "/pulls", {}, made=lambda: "found") == "found"
    assert script.methods == "POST"


def test_what_is_not_found_is_done_again() -> None:
    script = Script(httpx.ReadTimeout(""), answer(200, []), answer(201, OK))
    with Setting(script) as it:
        made = it.client.write("POST", "/pulls", {}, made=lambda: it.client.get("/pulls") or None)
    assert made == OK
    assert script.methods == "POST GET POST"


@pytest.mark.parametrize(
    "trouble",
    [httpx.ConnectError(""), httpx.ConnectTimeout(""), answer(429, retry_after="1")],
    ids=str,
)
def test_what_was_not_done_for_sure_is_not_looked_for(trouble: Answer) -> None:
    script = Script(trouble, answer(201, OK))
    with Setting(script) as it:
        assert it.client.write("POST", "/pulls", {}, made=lambda: pytest.fail("looked")) == OK


# --- conditional requests ----------------------------------------------------------------


def test_what_did_not_change_is_not_sent_again(tmp_path: Path) -> None:
    def unchanged(request: httpx.Request) -> httpx.Response:
        assert request.headers["if-none-match"] == '"1"'
        return httpx.Response(304)

    script = Script(answer(body=OK, etag='"1"'), unchanged)
    for _ in range(2):
        with Setting(script, answers=tmp_path / "answers.db") as it:
            assert it.client.get("/x", page=1) == OK


def test_pages_that_did_not_change_lead_on() -> None:
    following = '<https://git.example.com/api/v3/x?page=2>; rel="next"'
    first = answer(body=[1], etag='"1"', link=following)
    script = Script(first, answer(body=[2]), httpx.Response(304), answer(body=[3]))
    with Setting(script) as it:
        assert list(it.client.items("/x")) == [1, 2]
        assert list(it.client.items("/x")) == [1, 3]


def test_only_answers_are_kept() -> None:
    script = Script(answer(404, etag='"1"'), answer(201, etag='"2"'), answer(body=OK))
    with Setting(script) as it:
        with pytest.raises(ForgeError):
            it.client.get("/x")
        it.client.write("POST", "/x", {})
        it.client.get("/x")
    assert not any("if-none-match" in request.headers for request in script.asked)


# --- other places ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed(status: int) -> None:
    moved = httpx.Response(status, headers={"location": "/api/v3/repositories/7/pulls?page=1"})
    script = Script(moved, answer(201, OK))
    with Setting(script) as it:
        assert it.client.write("POST", "/repos/a/b/pulls", {"title": "t"}) == OK
    assert script.methods == "POST POST"
    assert json.loads(script.asked[1].content) == {"title": "t"}
    assert script.asked[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.example.com/api/v3/x",
        "http://git.example.com/api/v3/x",
        "https://git.example.com:8443/api/v3/x",
        "//elsewhere.example.com/x",
        "https://git.example.com@elsewhere.example.com/x",
        "",
        "http://[",
    ],
)
def test_no_other_origin_is_followed(location: str) -> None:
    script = Script(httpx.Response(301, headers={"location": location}), *[answer()] * 9)
    with Setting(script) as it:
        if location:
            with pytest.raises(ForgeError, match="--forge-url"):
                it.client.get("/x")
        else:
            it.client.get("/x")
    assert {request.url.host for request in script.asked} == {"git.example.com"}


def test_circles_end() -> None:
    moved = httpx.Response(302, headers={"location": "/api/v3/x"})
    with Setting(Script(*[moved] * 9)) as it, pytest.raises(ForgeError, match="without end"):
        it.client.get("/x")
    again = answer(body=[1], link='<https://git.example.com/api/v3/x?page=1>; rel="next"')
    with Setting(Script(*[again] * 9)) as it, pytest.raises(ForgeError, match="in a circle"):
        list(it.client.items("/x", page=1))


@pytest.mark.parametrize(
    "link",
    [
        '<https://git.example.com/api/v3/x?page=2>; rel="next"',
        '<https://elsewhere.example.com/api/v3/x?page=2>; rel="next"',
        '<http://10.0.0.7:8080/y?page=2>; rel="next", <http://10.0.0.7:8080/y?page=9>; rel="last"',
    ],
)
def test_pages_are_asked_for_where_the_first_was(link: str) -> None:
    """A proxy in front often makes a forge name itself wrongly; a token stays where it is."""
    script = Script(answer(body=[1], link=link), answer(body=[2]))
    with Setting(script) as it:
        assert list(it.client.items("/x")) == [1, 2]
    assert [str(each.url) for each in script.asked] == [
        "https://git.example.com/api/v3/x",
        "https://git.example.com/api/v3/x?page=2",
    ]


@pytest.mark.parametrize(
    ("link", "left"),
    [
        ("", 0),
        ('<https://x/y?page=2>; rel="next", <https://x/y?page=9>; rel="last"', 8),
        ('<https://x/y?per_page=5&page=2>; rel="next", <https://x/y?page=2&a=b>; rel="last"', 1),
        ('<https://x/y?page=2>; rel="next"', None),
        ('<https://x/y?after=abc>; rel="next", <https://x/y?page=2>; rel="last"', None),
    ],
)
def test_how_many_pages_are_left(link: str, left: int | None) -> None:
    with Setting(Script(answer(body=[], link=link))) as it:
        assert next(it.client.pages("/x")).left == left
