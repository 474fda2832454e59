"""Each fault, and each turn it may take."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.forgery import GitHubForge
from tests.forgery.faults import Faults
from tests.forgery.github import http_date

LABELS = {"labels": ["a"]}


@pytest.fixture
def comments(forge: GitHubForge, api: httpx.Client) -> list[Any]:
    """Those of pull request 1, which is open."""
    forge.human("acme/shop").commit("bot")
    api.post("/pulls", json={"title": "Rewrite", "head": "bot", "base": "main"})
    return forge.repository("acme/shop").pulls[1].comments


def comment(api: httpx.Client) -> httpx.Response:
    return api.post("/issues/1/comments", json={"body": "x"})


def test_whose_turn_it_is() -> None:
    faults = Faults()
    second = faults.add("drop", "POST", r"/pulls$", nth=2, times=2)
    turns = [faults.meet("POST", "/repos/a/b/pulls") is second for _ in range(5)]
    assert turns == [False, True, True, False, False] and second.hits == 2
    assert faults.meet("GET", "/repos/a/b/pulls") is None
    always = faults.add("drop", path="page=2", times=-1)
    assert all(faults.meet("GET", "/x?page=2") is always for _ in range(5))
    faults.clear()
    assert faults.meet("GET", "/x?page=2") is None


def test_a_secondary_limit(forge: GitHubForge, api: httpx.Client, comments: list[Any]) -> None:
    forge.faults.add("secondary-limit", "POST", seconds=7)
    answer = comment(api)
    assert (answer.status_code, answer.headers["Retry-After"]) == (403, "7")
    assert "secondary rate limit" in answer.json()["message"] and not comments
    assert comment(api).status_code == 201


def test_retry_after_as_a_date_or_not_at_all(
    forge: GitHubForge, api: httpx.Client, comments: list[Any]
) -> None:
    forge.faults.add("secondary-limit", "POST", retry_after=http_date(0))
    forge.faults.add("secondary-limit", "POST", retry_after="", nth=2)
    assert comment(api).headers["Retry-After"] == "Thu, 01 Jan 1970 00:00:00 GMT"
    assert "Retry-After" not in comment(api).headers


def test_the_primary_limit(forge: GitHubForge, api: httpx.Client) -> None:
    forge.faults.add("primary-limit", seconds=60)
    answer = api.get("/pulls")
    assert answer.status_code == 403 and answer.headers["x-ratelimit-remaining"] == "0"
    assert 0 <= int(answer.headers["x-ratelimit-reset"]) - time.time() <= 60


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_other_answers(
    forge: GitHubForge, api: httpx.Client, comments: list[Any], status: int
) -> None:
    forge.faults.add("too-many" if status == 429 else "status", "POST", status=status)
    assert comment(api).status_code == status and not comments
    assert comment(api).status_code == 201


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("kind", ["drop", "silence", "status"])
def test_the_client_does_not_know(
    forge: GitHubForge, api: httpx.Client, comments: list[Any], kind: Any, after: bool
) -> None:
    done = len(forge.writes)
    fault = forge.faults.add(kind, "POST", "/comments", after=after, status=502)
    if kind == "status":
        assert comment(api).status_code == 502
    else:
        with pytest.raises(httpx.ReadTimeout if kind == "silence" else httpx.RemoteProtocolError):
            api.post("/issues/1/comments", json={"body": "x"}, timeout=0.05)
        while not fault.hits:  # the client may have given up before it was read
            time.sleep(0.001)
        forge.settle()
        assert forge.requests[-1].status == 0
    assert len(comments) == len(forge.writes) - done == int(after)


def test_a_duplicate_that_is_not_there(forge: GitHubForge, api: httpx.Client) -> None:
    forge.faults.add("duplicate", "POST", "/pulls$")
    forge.human("acme/shop").commit("bot")
    wanted = {"title": "Rewrite", "head": "bot", "base": "main"}
    answer = api.post("/pulls", json=wanted)
    assert answer.status_code == 422 and "already exists" in answer.text
    assert not forge.repository("acme/shop").pulls
    assert api.post("/pulls", json=wanted).status_code == 201


def test_somebody_is_faster(forge: GitHubForge, api: httpx.Client, comments: list[Any]) -> None:
    human = forge.human("acme/shop")
    forge.faults.add("act", "PATCH", act=lambda: human.rename(1, "Mine"))
    assert api.patch("/pulls/1", json={"body": "x"}).json()["title"] == "Mine"


def test_a_slow_answer_is_an_answer(forge: GitHubForge, api: httpx.Client) -> None:
    forge.faults.add("slow", seconds=0.05)
    begun = time.monotonic()
    assert api.get("/pulls").status_code == 200
    assert time.monotonic() - begun >= 0.05


def test_a_list_from_a_replica_is_old(
    forge: GitHubForge, api: httpx.Client, comments: list[Any]
) -> None:
    forge.faults.add("lag", "GET", "/pulls$", seconds=60)
    assert api.get("/pulls").json() == []
    assert len(api.get("/pulls").json()) == 1


def test_a_silent_forge_can_be_closed(tmp_path: Path) -> None:
    with GitHubForge(tmp_path) as forge, httpx.Client(verify=False) as client:
        forge.faults.add("silence", times=-1)
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{forge.api}/rate_limit", timeout=0.02)
        forge.close()
        with pytest.raises(httpx.ConnectError):
            client.get(f"{forge.api}/rate_limit")


@pytest.mark.parametrize(
    ("path", "half"),
    [
        ("/api/v3/repos/acme/shop/issues/1/comments", 'Content-Length: 99\r\n\r\n{"b'),
        ("/acme/shop.git/git-receive-pack", "Transfer-Encoding: chunked\r\n\r\n4\r\n00"),
    ],
)
def test_half_a_request_of_a_killed_client_is_none(
    forge: GitHubForge, comments: list[Any], path: str, half: str
) -> None:
    seen = len(forge.requests)
    port = int(forge.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\n{half}".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1000) == b""
    assert len(forge.requests) == seen and not comments


def test_the_log(forge: GitHubForge, api: httpx.Client, comments: list[Any]) -> None:
    forge.requests.clear()
    api.get("/pulls", params={"state": "all"})
    comment(api)
    read, write = forge.requests
    assert (read.method, read.path) == ("GET", "/api/v3/repos/acme/shop/pulls")
    assert (read.query, read.status, read.user) == ({"state": ["all"]}, 200, "gorewrite-bot")
    assert write.body == {"body": "x"} and write.arrived > read.arrived
    assert forge.writes == [write]
    assert forge.token not in repr(forge.requests)
