"""A server that gives prepared answers, and a client of it, whose clock moves when it sleeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from gorewrite.forge.client import Client
from gorewrite.forge.model import Address
from gorewrite.forge.pacing import Pacer, Rate
from gorewrite.forge.secrets import Secret
from tests.forge.clocks import Clock

ADDRESS = Address("github", "https://git.example.com/api/v3", "https://git.example.com/a/b", "a/b")
TOKEN = "token-that-must-not-show"

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Script:
    """A server that gives prepared answers, and keeps what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    @property
    def methods(self) -> str:
        return " ".join(request.method for request in self.asked)


class Setting:
    """A client of a script, with a clock of its own."""

    def __init__(self, script: Script, rate: str = "9/s", **more: Any) -> None:
        self.clock = Clock()
        self.said: list[str] = []
        longest = more.pop("longest", 1e9)
        self.pacer = Pacer(Rate.parse(rate), None, self.clock, self.clock.sleep, longest)
        self.client = Client(
            more.pop("address", ADDRESS),
            token=more.pop("token", Secret(TOKEN)),
            pacer=self.pacer,
            log=self.said.append,
            transport=httpx.MockTransport(script),
            jitter=lambda low, high: high,
            **more,
        )

    def __enter__(self) -> Setting:
        return self

    def __exit__(self, *error: object) -> None:
        self.client.__exit__(None, None, None)


def answer(status: int = 200, body: Any = None, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return httpx.Response(status, headers=named, json={} if body is None else body)


#: An answer that is read.
OK = {"number": 1}
