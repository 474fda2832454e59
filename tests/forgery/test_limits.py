"""The forge's own limits, on a clock that only the test moves."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.forgery import GITHUB_POINTS, GITHUB_WRITES, GitHubForge, GitLabForge, Limit
from tests.forgery.limits import Limiter


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_writes_are_counted_over_a_sliding_window(clock: Clock) -> None:
    limiter = Limiter(clock, writes=[Limit(2, 60), Limit(3, 3600)])
    assert limiter.take("bot", write=True) is None
    clock.now += 30
    assert limiter.take("bot", write=True) is None
    refused = limiter.take("bot", write=True)
    assert refused and (refused.kind, refused.wait) == ("writes", 30)
    assert limiter.take("bot", write=False) is None, "reading is free"
    assert limiter.take("other", write=True) is None, "each token counts by itself"
    clock.now += 30
    assert limiter.take("bot", write=True) is None
    refused = limiter.take("bot", write=True)
    assert refused and refused.wait == 3600 - 60, "the hour"
    clock.now += 3540
    assert limiter.take("bot", write=True) is None


def test_refused_requests_do_not_count(clock: Clock) -> None:
    limiter = Limiter(clock, writes=[Limit(1, 60)])
    assert limiter.take("bot", write=True) is None
    for _ in range(10):
        clock.now += 5
        assert limiter.take("bot", write=True)
    clock.now += 10
    assert limiter.take("bot", write=True) is None


def test_points(clock: Clock) -> None:
    limiter = Limiter(clock, points=GITHUB_POINTS)
    assert all(limiter.take("bot", write=True) is None for _ in range(180))
    assert limiter.take("bot", write=False)
    clock.now += 60
    assert all(limiter.take("bot", write=False) is None for _ in range(900))
    assert limiter.take("bot", write=False)


def test_the_hourly_requests(clock: Clock) -> None:
    limiter = Limiter(clock, requests=Limit(2, 3600))
    assert limiter.take("bot", write=False) is None
    limiter.give_back("bot")
    assert limiter.left("bot") == (2, 2, 1_003_600)
    assert [limiter.take("bot", write=False) for _ in range(2)] == [None, None]
    refused = limiter.take("bot", write=False)
    assert refused and (refused.kind, refused.wait) == ("requests", 3600)
    clock.now += 3600
    assert limiter.take("bot", write=False) is None


def test_github_says_when(tmp_path: Path, clock: Clock) -> None:
    with GitHubForge(tmp_path, clock=clock, writes=GITHUB_WRITES, hourly=Limit(90, 3600)) as forge:
        forge.add_repository("acme/shop")
        human = forge.human("acme/shop")
        human.commit("bot")
        headers = {"Authorization": f"Bearer {forge.token}"}
        base = f"{forge.api}/repos/acme/shop"
        with httpx.Client(verify=False, base_url=base, headers=headers) as api:
            wanted = {"title": "Rewrite", "head": "bot", "base": "main"}
            assert api.post("/pulls", json=wanted).status_code == 201
            say = {"body": "x"}
            answers = [api.post("/issues/1/comments", json=say) for _ in range(80)]
            assert [each.status_code for each in answers] == [201] * 79 + [403]
            assert answers[-1].headers["Retry-After"] == "60"
            assert answers[-1].headers["Date"] == "Mon, 12 Jan 1970 13:46:40 GMT"
            clock.now += 60
            assert api.post("/issues/1/comments", json=say).status_code == 201
            reads = [api.get("/pulls") for _ in range(10)]
            assert [each.status_code for each in reads] == [200] * 9 + [403]
            assert reads[-1].headers["x-ratelimit-reset"] == "1003600"
            assert "Retry-After" not in reads[-1].headers
        assert len(forge.writes) == 81


def test_gitlab_says_429(tmp_path: Path, clock: Clock) -> None:
    with GitLabForge(tmp_path, clock=clock, points=[Limit(1, 60)]) as forge:
        forge.add_repository("acme/shop")
        url = f"{forge.api}/projects/acme%2Fshop"
        headers = {"PRIVATE-TOKEN": forge.token}
        assert httpx.get(url, headers=headers, verify=False).status_code == 200
        answer = httpx.get(url, headers=headers, verify=False)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
