"""What all test forges share: repositories, tokens, faults, limits, and the way of a request."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import math
import threading
import time
import traceback
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from gorewrite.forge.model import Address
from tests.forgery import githttp
from tests.forgery.bare import Bare
from tests.forgery.faults import Fault, Faults
from tests.forgery.limits import UNLIMITED, Limit, Limiter, Refused
from tests.forgery.people import Human
from tests.forgery.server import Answer, Request, Server
from tests.forgery.state import Push, Repository, User
from tests.forgery.tls import certificate, context

#: Every token that a forge of this process gave to anybody: none may get out (tests/conftest.py).
ISSUED: set[str] = set()


class Answered(Exception):
    """Ends a request with an answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class ForgeServer:
    """A forge in a thread. Use it as a context manager; at its end `check()` is called.

    kind: as gorewrite.forge.model.KINDS; root: a directory for the repositories; clock: seconds
    since 1970, for limits and timestamps; writes, points, hourly: see limits.Limiter (requests);
    tls: https, with the certificate in `ca_file`, which nobody trusts.

    api: base URL of the API; token: of the bot, who may write everywhere; requests: the log.
    """

    kind = ""
    api_path = ""
    token_prefix = "token-"
    #: What pull requests do when branches move, see state.Repository.
    closes_empty = True
    sees_merges = True

    def __init__(
        self,
        root: Path,
        *,
        clock: Callable[[], float] = time.time,
        writes: Iterable[Limit] = (),
        points: Iterable[Limit] = (),
        hourly: Limit = UNLIMITED,
        tls: bool = False,
    ) -> None:
        self.clock = clock
        self.limiter = Limiter(clock, writes=tuple(writes), points=tuple(points), requests=hourly)
        self.faults = Faults()
        self.requests: list[Request] = []
        self.repositories: dict[str, Repository] = {}
        self.users: dict[str, User] = {}
        self.teams: set[str] = set()
        self.tokens: dict[str, tuple[User, float]] = {}
        self.moved: dict[str, str] = {}
        self._root = root / f"{self.kind}-repositories"
        self._numbers = itertools.count(1001)
        self._idle = threading.Condition()
        self._busy = 0
        self.bot = self.add_user("gorewrite-bot")
        self.token = self.add_token("gorewrite-bot")
        for name in ("alice", "bob"):
            self.add_user(name)
        self.ca_file = certificate(self._root) if tls else None
        trust = context(self.ca_file) if self.ca_file else None
        self._server = Server(self._answer, clock, trust)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.port}"
        self.api = self.url + self.api_path

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        if error is None:
            self.check()

    def close(self) -> None:
        """Stops serving; the repositories stay."""
        self._server.close()

    def check(self) -> None:
        """Raises AssertionError with every violation of the API's description, in both
        directions."""
        if found := self.violations:
            raise AssertionError("\n".join(["the API's description was violated:", *found]))

    @property
    def violations(self) -> list[str]:
        """All of them so far."""
        return [each for request in self.requests for each in request.violations]

    def forgive(self) -> list[str]:
        """The violations so far, which are forgotten: for tests that are about them."""
        found = self.violations
        for request in self.requests:
            request.violations.clear()
        return found

    @property
    def writes(self) -> list[Request]:
        """The requests of the API that were carried out, whether the client learnt of it or not,
        and may have changed something."""
        requests = list(self.requests)
        return [each for each in requests if each.kind == "api" and each.write and each.done]

    @property
    def pushes(self) -> list[Push]:
        """The branches that were moved with git over HTTP, in all repositories."""
        repositories = list(self.repositories.values())
        return [push for each in repositories for push in each.pushes if push.by == "git"]

    def busiest(self, seconds: float) -> int:
        """The most writes within any time of that length, by the forge's clock as they arrived."""
        times = sorted(each.at for each in self.writes)
        return max(
            (bisect_left(times, begun + seconds) - index for index, begun in enumerate(times)),
            default=0,
        )

    def settle(self) -> None:
        """Waits until everything that arrived was carried out, also what nobody waits for."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy)

    def add_user(self, login: str, *, writes: bool = True) -> User:
        """Somebody with an account, who may be asked for a review."""
        self.users[login] = User(next(self._numbers), login, writes)
        return self.users[login]

    def add_team(self, path: str) -> None:
        """A team of an organisation: `acme/platform`."""
        self.teams.add(path)

    def add_token(self, login: str, text: str = "", *, until: float = math.inf) -> str:
        """A token of a user, good until a time of the forge's clock."""
        text = text or f"{self.token_prefix}{hashlib.sha256(login.encode()).hexdigest()[:36]}"
        self.tokens[text] = self.users[login], until
        ISSUED.add(text)
        return text

    def holder(self, token: str) -> User | None:
        """Whose token it is; None: nobody's, or it is not good any more."""
        user, until = self.tokens.get(token, (None, 0.0))
        return user if self.clock() < until else None

    def add_repository(
        self,
        path: str,
        files: Mapping[str, str | bytes] | None = None,
        *,
        default_branch: str = "main",
        archived: bool = False,
        fork: bool = False,
        private: bool = True,
        drafts: bool = True,
        topics: Iterable[str] = (),
    ) -> Repository:
        """A repository at owner/name with one commit of `files`; without files it is empty."""
        files = {"README.md": f"# {path}\n"} if files is None else files
        bare = Bare.create(self._root / f"{path}.git", files, default_branch)
        repository = Repository(
            number=next(self._numbers),
            path=path,
            bare=bare,
            default_branch=default_branch,
            clock=self.clock,
            numbers=lambda: next(self._numbers),
            archived=archived,
            fork=fork,
            private=private,
            drafts=drafts,
            topics=tuple(topics),
            closes_empty=self.closes_empty,
            sees_merges=self.sees_merges,
            heads=bare.heads(),
        )
        self.repositories[path.casefold()] = repository
        return repository

    def move_repository(self, before: str, after: str) -> None:
        """Renames it or gives it to another owner; the old path leads to the new one."""
        repository = self.repositories.pop(before.casefold())
        repository.path = after
        self.repositories[after.casefold()] = repository
        self.moved[before.casefold()] = after

    def repository(self, path: str) -> Repository:
        """The repository at a path. Raises KeyError."""
        return self.repositories[path.casefold()]

    def human(self, path: str, login: str = "alice") -> Human:
        """A person at work in a repository."""
        return Human(self.repository(path), self.users[login])

    def owned(self, owner: str, *, organisation: bool | None = None) -> list[Repository] | None:
        """All repositories of an owner, and, below a group, of its subgroups; None: there is no
        such owner, or it is a person where an organisation is asked for, or the reverse."""
        name = owner.casefold()
        inside = [each for path, each in self.repositories.items() if path.startswith(name + "/")]
        person = name in (login.casefold() for login in self.users)
        if not (inside or person) or organisation is person:
            return None
        return inside

    def clone_url(self, path: str) -> str:
        """Of a repository, for git, without credentials."""
        return f"{self.url}/{path}.git"

    def address(self, path: str = "") -> Address:
        """Of a repository, or of the forge, as the adapters of gorewrite take it."""
        return Address(self.kind, self.api, f"{self.url}/{path}".rstrip("/"), path)

    # From here on: the way of a request, in the threads of the server.

    def _answer(self, request: Request) -> Answer:
        request.at = self.clock()
        request.kind = "git" if githttp.PATHS.fullmatch(request.path) else "api"
        with self._idle:
            self.requests.append(request)
            self._busy += 1
        try:
            return self._carry_out(request)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()

    def _carry_out(self, request: Request) -> Answer:
        fault = self.faults.meet(request.method, request.target)
        try:
            if request.kind == "api":
                self._read(request)
            answer = self._faulty(request, fault) if fault else self._plain(request)
        except Exception:  # a defect of the test forge itself: `check` shows it
            request.violations.append(f"{request.method} {request.target} {traceback.format_exc()}")
            answer = Answer(500, {"message": "the test forge failed"})
        request.status = 0 if answer.silent or answer.dropped else answer.status
        request.data = b""  # packs would fill the log
        return answer

    def _read(self, request: Request) -> None:
        """Parses and inspects a request of the API, also one that meets a fault."""
        where = f"{request.method} {request.target}"
        try:
            request.body = json.loads(request.data) if request.data else None
        except ValueError:
            request.violations.append(f"{where}: the body is no JSON")
            return
        if not request.raw_path.startswith(self.api_path + "/"):
            request.violations.append(f"{where}: not below {self.api_path}")
            return
        request.violations += self.inspect(request, request.raw_path.removeprefix(self.api_path))

    def _faulty(self, request: Request, fault: Fault) -> Answer:
        request.fault = fault.kind
        if fault.kind == "act":
            assert fault.act is not None
            fault.act()
            return self._plain(request)
        if fault.kind == "lag":
            request.lag = fault.seconds
            return self._plain(request)
        if fault.kind == "slow":
            self._server.stopping.wait(fault.seconds)
            return self._plain(request)
        if fault.after:
            self._plain(request)
        if fault.kind == "silence":
            return Answer(silent=True)
        if fault.kind == "drop":
            return Answer(dropped=True)
        return self.failing(fault)

    def _plain(self, request: Request) -> Answer:
        try:
            if match := githttp.PATHS.fullmatch(request.path):
                answer = self._git(request, match["path"], match["service"])
            else:
                answer = self._api(request)
        except Answered as answered:
            answer = answered.answer
        request.done = answer.status < 300
        return answer

    def _git(self, request: Request, path: str, service: str) -> Answer:
        if path.casefold() in self.moved and service == "info/refs":
            _, _, query = request.raw_path.partition("?")
            location = f"{self.clone_url(self.moved[path.casefold()])}/{service}?{query}"
            return Answer(301, None, {"Location": location})
        repository = self.repositories.get(path.casefold())
        user, known = self._git_user(request)
        request.user = user.login if user else ""
        if not known or (user is None and (repository is None or repository.private)):
            challenge = {"WWW-Authenticate": f'Basic realm="{self.kind}"'}
            return Answer(401, b"Bad credentials\n", challenge)
        if repository is None:
            return Answer(404, b"Repository not found.\n")
        pushing = githttp.pushes(request)
        if pushing and (user is None or not user.writes or repository.archived):
            return Answer(403, b"Write access to repository not granted.\n")
        answer = githttp.backend(request, repository.bare.directory, service, request.user)
        if pushing and service != "info/refs":
            with repository.lock:
                repository.follow()
        return answer

    def _git_user(self, request: Request) -> tuple[User | None, bool]:
        """Who it is, and whether the credentials are fine; none are fine, too."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None, True
        if scheme.lower() != "basic":
            return None, False
        try:
            name, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError:
            return None, False
        user = self.holder(password) or self.holder(name)
        return user, user is not None

    def _api(self, request: Request) -> Answer:
        user = self.authenticated(request)
        request.user = user.login if user else ""
        if refused := self.limiter.take(request.user, write=request.write):
            return self.limited(refused, request.user)
        answer = self.respond(request, request.raw_path.removeprefix(self.api_path), user)
        answer.headers |= self.headers(request.user)
        return self._conditional(request, answer)

    def _conditional(self, request: Request, answer: Answer) -> Answer:
        """Answers with 304 when the client has what it would get."""
        if request.method != "GET" or answer.status != 200:
            return answer
        text = json.dumps([answer.body, answer.headers.get("Link")]).encode()
        tag = f'W/"{hashlib.sha256(text).hexdigest()}"'
        answer.headers["ETag"] = tag
        if tag in request.headers.get("If-None-Match", ""):
            self.limiter.give_back(request.user)
            return Answer(304, None, answer.headers)
        return answer

    # What each forge does in its own way.

    def authenticated(self, request: Request) -> User | None:
        """Who asks; None: nobody. Raises Answered for credentials that are wrong."""
        raise NotImplementedError

    def inspect(self, request: Request, target: str) -> list[str]:
        """What of a request is against the API's description. target: raw path and query, from
        the API's root."""
        raise NotImplementedError

    def respond(self, request: Request, target: str, user: User | None) -> Answer:
        """The answer of the API. target: as for `inspect`, which found what `violations` has."""
        raise NotImplementedError

    def headers(self, user: str) -> dict[str, str]:
        """Of every answer of the API."""
        return {}

    def failing(self, fault: Fault) -> Answer:
        """How the forge words a fault of the kinds that have an answer."""
        raise NotImplementedError

    def limited(self, refused: Refused, user: str) -> Answer:
        """How it words that it is asked too fast."""
        raise NotImplementedError
