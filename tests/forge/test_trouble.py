"""What failed requests mean: limits that are waited for, and what people are told, in one line."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gorewrite.forge.client import Client
from gorewrite.forge.connect import connect
from gorewrite.forge.model import ForgeError
from gorewrite.forge.pacing import Pacer, Paused
from gorewrite.forge.secrets import Secret
from tests.forge.clocks import Clock
from tests.forge.scripted import ADDRESS, OK, TOKEN, Answer, Script, Setting, answer

# --- limits ------------------------------------------------------------------------------


def at(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC), usegmt=True)


NOW = Clock().now


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        (answer(429, retry_after="7"), 7),
        (answer(403, retry_after="7"), 7),
        (answer(503, retry_after="7"), 7),
        (answer(429, retry_after=at(NOW + 90)), 90),
        # Their clock is half an hour ahead: what counts is the difference that they mean.
        (answer(429, retry_after=at(NOW + 1890), date=at(NOW + 1800)), 90),
        (answer(429, retry_after=at(NOW - 90)), 0),
        (answer(403, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 50)), 51),
        (answer(429, ratelimit_remaining="0", ratelimit_reset=str(int(NOW) + 50)), 51),
        (answer(403, {"message": "You have exceeded a secondary rate limit"}), 60),
        (answer(403, {"message": "You have triggered an abuse detection mechanism"}), 60),
        (answer(422, {"errors": [{"message": "was submitted too quickly"}]}), 60),
        (answer(429), 60),
        (answer(429, retry_after="soon"), 60),
        # The reset of a limit that is not used up says nothing.
        (answer(429, x_ratelimit_remaining="9", x_ratelimit_reset=str(int(NOW) + 50)), 60),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_limits_are_waited_for(method: str, limit: httpx.Response, seconds: float) -> None:
    script = Script(limit, answer(body=OK))
    with Setting(script) as it:
        done = it.client.get("/x") if method == "GET" else it.client.write("POST", "/x", {})
    assert done == OK
    assert sum(it.clock.slept) == pytest.approx(seconds + 1.0)  # The most of its jitter.


def test_a_limit_that_says_no_time_is_waited_for_longer_each_time() -> None:
    script = Script(answer(429), answer(429), answer(body=OK))
    with Setting(script) as it:
        it.client.get("/x")
    assert sum(it.clock.slept) == pytest.approx(60 + 1 + 120 + 1)


def test_a_limit_stops_a_run_that_would_wait_too_long() -> None:
    script = Script(answer(403, retry_after="3000"))
    with Setting(script, longest=300) as it, pytest.raises(Paused) as caught:
        it.client.write("POST", "/x", {})
    assert caught.value.until == pytest.approx(NOW + 3001)
    assert it.clock.slept == []


def test_a_limit_holds_for_the_next_request_too() -> None:
    script = Script(answer(403, retry_after="3000"))
    with Setting(script, longest=300) as it:
        for _ in range(3):
            with pytest.raises(Paused):
                it.client.get("/x")
    assert len(script.asked) == 1


def test_a_limit_that_is_used_up_is_not_run_into() -> None:
    last = answer(body=OK, x_ratelimit_remaining="0", x_ratelimit_reset=str(int(NOW) + 50))
    script = Script(answer(body=OK, x_ratelimit_remaining="1"), last, answer(body=OK))
    with Setting(script) as it:
        for _ in range(2):
            it.client.get("/x")
        assert it.clock.slept == []
        it.client.get("/x")
    assert it.clock.slept == [51]


def test_writes_are_paced_and_reads_are_not() -> None:
    script = Script(*[answer() for _ in range(6)])
    with Setting(script, "1/min") as it:
        for _ in range(3):
            it.client.write("PATCH", "/x", {})
            it.client.get("/x")
    assert sum(it.clock.slept) == pytest.approx(2 * 60, rel=0.02)


# --- what is said ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            answer(401, {"message": "Bad credentials"}),
            "401 Bad credentials; the token is missing, wrong or has ended",
        ),
        (
            answer(403, {"message": "No."}, x_accepted_github_permissions="contents=write"),
            "403 No; the token lacks a right for this (contents=write)",
        ),
        (
            answer(404, {"message": "Not Found"}),
            "404 Not Found; check the name, and that the token",
        ),
        (
            answer(
                422, {"message": "Failed", "errors": [{"code": "custom", "message": "Exists."}]}
            ),
            "422 Failed; Exists",
        ),
        (
            answer(422, {"errors": [{"resource": "Pull", "field": "head", "code": "invalid"}]}),
            "422 Pull head invalid",
        ),
        (answer(409, {"message": ["Another one exists: !5"]}), "409 Another one exists: !5"),
        (
            answer(400, {"message": {"title": ["can't be blank"], "base": ["a", "b"]}}),
            "400 title can't be blank; base a; base b",
        ),
        (
            answer(403, {"error": "insufficient_scope", "error_description": "more"}),
            "403 insufficient_scope; more",
        ),
        (httpx.Response(407, text="<html>"), "407 Proxy Authentication Required; the proxy wants"),
        (httpx.Response(418, json=[1]), "418 I'm a teapot"),
        (answer(422, {"message": "line\n\x1b[2Jtwo"}), "422 line [2Jtwo"),
    ],
    ids=str,
)
def test_errors_say_what_the_forge_says_and_what_to_do(given: httpx.Response, said: str) -> None:
    with Setting(Script(given)) as it, pytest.raises(ForgeError) as caught:
        it.client.get("/repos/a/b", head="a:secret-branch")
    assert f"GET https://git.example.com/api/v3/repos/a/b: {said}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        answer(422, {"message": f"what is {TOKEN}?"}),
        httpx.ConnectError(f"cannot connect with {TOKEN}"),
        httpx.Response(200, headers={"content-type": f"text/{TOKEN}"}, content=b"<html>"),
        httpx.Response(302, headers={"location": f"https://x:{TOKEN}@elsewhere.example.com/"}),
    ],
    ids=["message", "connection", "html", "redirect"],
)
def test_errors_do_not_show_the_token(given: Answer) -> None:
    with Setting(Script(*[given] * 9)) as it, pytest.raises(ForgeError) as caught:
        it.client.get("/x")
    assert TOKEN not in f"{caught.value} {it.said}"


@pytest.mark.parametrize("bad", ["two words", "line\nbreak", "umläut", "nul\0"])
def test_what_is_no_token_is_not_sent_nor_shown(bad: str) -> None:
    with Setting(Script(), token=Secret(bad)) as it, pytest.raises(ForgeError) as caught:
        it.client.get("/x")
    assert bad not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        httpx.Response(200, headers={"content-type": "text/html"}, content=b"<html>Sign in</html>"),
        httpx.Response(200, content=b"\xff\xfe"),
    ],
)
def test_a_page_for_people_is_no_answer(given: httpx.Response) -> None:
    with Setting(Script(given)) as it, pytest.raises(ForgeError, match="not what the API does"):
        it.client.get("/x")


@pytest.mark.parametrize("kind", ["github", "gitlab", "gitea"])
@pytest.mark.parametrize("body", [{}, 7, "x", [{}], [7], [{"head": None, "base": 1}]], ids=str)
def test_what_is_not_documented_is_an_error_of_the_forge(kind: str, body: Any) -> None:
    """As where a forge is taken for another one."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=body))
    address = ADDRESS._replace(kind=kind)
    with connect(address, token=None, pacer=Pacer((), None), transport=transport) as forge:
        with pytest.raises(ForgeError, match="--forge and --forge-url"):
            forge.repository()
        with pytest.raises(ForgeError, match="--forge-url"):
            forge.pulls(["x"])


def test_an_object_is_no_list() -> None:
    with (
        Setting(Script(answer(body=OK))) as it,
        pytest.raises(ForgeError, match="not what the API"),
    ):
        list(it.client.items("/x"))


def test_nothing_is_an_answer_to_a_write() -> None:
    with Setting(Script(httpx.Response(204), httpx.Response(200))) as it:
        assert it.client.write("DELETE", "/x") is None
        assert it.client.write("PUT", "/x", {}) is None


def test_requests_say_who_asks() -> None:
    script = Script(answer(), answer())
    with Setting(script) as it:
        it.client.get("/x")
    with Setting(script, token=None) as it:
        it.client.get("/x")
    first, second = (request.headers for request in script.asked)
    assert first["user-agent"].startswith("gorewrite/")
    assert first["accept"] == "application/vnd.github+json"
    assert first["x-github-api-version"] == "2022-11-28"
    assert "authorization" not in second


def test_a_token_in_the_clear_is_told_of() -> None:
    plain = ADDRESS._replace(api="http://git.example.com/api/v3")
    with Setting(Script(), address=plain) as it:
        assert it.said == ["git.example.com: the token is sent without encryption; use https"]
    local = ADDRESS._replace(api="http://127.0.0.1:8000/api/v3")
    for address, token in ((ADDRESS, Secret(TOKEN)), (local, Secret(TOKEN)), (plain, None)):
        with Setting(Script(), address=address, token=token) as it:
            assert it.said == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_certificates_that_is_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ForgeError, match="--ca-file"):
        Client(ADDRESS, token=None, pacer=Pacer((), None), ca_file=path)


def test_a_proxy_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://me:secret-of-a-proxy@proxy.example.com")
    with pytest.raises(ForgeError, match="proxy") as caught:
        Client(ADDRESS, token=None, pacer=Pacer((), None))
    assert "secret-of-a-proxy" not in str(caught.value)
