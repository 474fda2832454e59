"""One connection to the API of a forge: what all adapters share.

Requests are paced, repeated where that is safe, answered from what is known by ETag, and every
failure is one line that says what to do. A token goes to the origin of the API and nowhere else.
"""

from __future__ import annotations

import json
import os
import random
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self
from urllib.parse import urlsplit

import httpx

import gorewrite
from gorewrite.forge import trouble
from gorewrite.forge.answers import Answer, Answers
from gorewrite.forge.model import Address, ForgeError
from gorewrite.forge.pacing import Pacer
from gorewrite.forge.secrets import Secret, one_line
from gorewrite.forge.trouble import Trouble

#: Seconds. Forges give up on a request themselves, GitHub after ten.
_CONNECT: Final = 10.0
_READ: Final = 45.0

#: How often something is tried; the wait before grows from _FIRST to _LAST seconds.
_ATTEMPTS: Final = 6
_FIRST: Final = 1.0
_LAST: Final = 60.0
_REDIRECTS: Final = 5

_WRITES: Final = ("POST", "PUT", "PATCH", "DELETE")

_HEADERS: Final = {
    "github": {
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    },
    "gitlab": {"Accept": "application/json"},
    "gitea": {"Accept": "application/json"},
}


class Page(NamedTuple):
    """A page of a list. left: how many pages follow, None where that is not said."""

    items: list[Any]
    left: int | None


class Client:
    """The API of one forge. Use it as a context manager, from any thread."""

    def __init__(
        self,
        address: Address,
        *,
        token: Secret | None,
        pacer: Pacer,
        log: Callable[[str], None] = lambda line: None,
        ca_file: Path | None = None,
        answers: Path | None = None,
        timeout: float = _READ,
        transport: httpx.BaseTransport | None = None,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """log: is told of every wait, one line; ca_file: certificates that are trusted beside
        those of the system; answers: where answers are kept between runs; timeout: seconds to wait
        for an answer; transport, jitter: for tests.

        Raises ForgeError where certificates or proxies are not what they should be.
        """
        self.address = address
        self._api = httpx.URL(address.api)
        self._token = token
        self._pacer = pacer
        self._log = log
        self._jitter = jitter
        self._http = _connection(address, ca_file, timeout, transport)
        self._answers = Answers(answers)
        if token is not None and self._api.scheme == "http" and not _is_local(self._api.host):
            log(f"{self._api.host}: the token is sent without encryption; use https")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._http.close()
        self._answers.close()

    def get(self, path: str, **query: str | int) -> Any:
        """Parsed JSON. path: below the API, quoted. Raises ForgeError."""
        return self._parsed(self._send("GET", self._url(path, query)))

    def pages(self, path: str, **query: str | int) -> Iterator[Page]:
        """The pages of a list, one request each. Raises ForgeError.

        The next one is what the Link header says of the query; never another place (RFC 8288).
        """
        url = self._url(path, query)
        while True:
            response = self._send("GET", url)
            items = self._parsed(response)
            if not isinstance(items, list):
                raise self._unreadable(response)
            following = response.links.get("next", {}).get("url")
            if not following:
                yield Page(items, 0)
                return
            yield Page(items, _left(response))
            after = url.copy_with(query=urlsplit(following).query.encode())
            if after == url:
                raise ForgeError(f"{self._where('GET', url)}: its pages lead in a circle")
            url = after

    def items(self, path: str, **query: str | int) -> Iterator[Any]:
        """What all pages of a list hold. Raises ForgeError."""
        for page in self.pages(path, **query):
            yield from page.items

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        made: Callable[[], Any] | None = None,
    ) -> Any:
        """Changes something; gives parsed JSON, None where there is none. Raises ForgeError.

        made: for what must not happen twice. Where nobody knows whether a request arrived, it is
        asked before that is repeated, and gives what came of it, None for nothing. Without, the
        request is one that may be repeated.
        """
        return self._parsed(self._send(method, self._url(path, {}), body, made))

    def wait(self, seconds: float) -> None:
        """Lets a forge come to terms with what was done."""
        self._pacer.sleep(seconds)

    # --- requests ------------------------------------------------------------------------

    def _url(self, path: str, query: Mapping[str, str | int]) -> httpx.URL:
        url = httpx.URL(f"{self.address.api}{path}")
        return url.copy_with(params=dict(query)) if query else url

    def _send(
        self,
        method: str,
        url: httpx.URL,
        body: Mapping[str, Any] | None = None,
        made: Callable[[], Any] | None = None,
    ) -> Any:
        """The answer to a request, or what `made` gives. Raises ForgeError."""
        for attempt in range(_ATTEMPTS):
            result = self._try(method, url, body)
            if not isinstance(result, Trouble):
                return result
            if not result.again or attempt == _ATTEMPTS - 1:
                raise result.error
            self._wait(attempt, result)
            if result.arrived and made is not None and (found := made()) is not None:
                return found
        raise AssertionError("unreachable")

    def _wait(self, attempt: int, result: Trouble) -> None:
        """Waits before another attempt: as long as the forge says, else with full jitter
        ("Exponential Backoff And Jitter", AWS Architecture Blog)."""
        if result.hold is not None:
            # Doubled where the forge does not say how long, and says so again.
            seconds = result.hold if result.said else result.hold * 2**attempt
            self._log(f"{result.error}: pausing {seconds:.0f} s")
            self._pacer.hold(seconds + self._jitter(0.0, 1.0))
        else:
            seconds = self._jitter(0.0, min(_LAST, _FIRST * 2**attempt))
            self._log(f"{result.error}: trying again in {seconds:.1f} s")
            self._pacer.sleep(seconds)

    def _try(
        self, method: str, url: httpx.URL, body: Mapping[str, Any] | None
    ) -> httpx.Response | Trouble:
        """One attempt, with the redirects it leads to. Raises ForgeError where another is of no
        use from the start."""
        for _ in range(_REDIRECTS):
            self._pacer.write() if method in _WRITES else self._pacer.read()
            known = self._answers.get(str(url)) if method == "GET" else None
            try:
                response = self._http.request(method, url, headers=self._headers(known), json=body)
            except (httpx.TransportError, httpx.DecodingError) as error:
                return trouble.of_connection(error, self._where(method, url))
            if response.is_success and (wait := trouble.used_up(response, self._pacer.now())):
                # The next request would be refused.
                self._pacer.hold(wait)
            if response.status_code == 304 and known is not None:
                self._answers.used(str(url))
                return _as_known(response, known)
            if response.status_code not in (301, 302, 307, 308):
                if response.is_success:
                    self._keep(method, url, response)
                    return response
                return trouble.of_answer(response, self._where(method, url), self._pacer.now())
            # "You should repeat your request to the URL specified by the location header."
            url = self._redirected(url, response)
        raise ForgeError(f"{self._where(method, url)}: redirects without end")

    def _headers(self, known: Answer | None) -> dict[str, str]:
        headers = {}
        if self._token is not None:
            text = self._token.reveal()
            if not re.fullmatch(r"[!-~]+", text):
                # What libraries say of it shows it.
                raise ForgeError("the token has characters that tokens do not have; set it anew")
            headers["Authorization"] = f"Bearer {text}"
        if known is not None:
            headers["If-None-Match"] = known.etag
        return headers

    def _redirected(self, url: httpx.URL, response: httpx.Response) -> httpx.URL:
        """Where a redirect leads. Raises ForgeError where that is another origin."""
        try:
            target = url.join(response.headers.get("location", ""))
        except httpx.InvalidURL:
            target = httpx.URL()
        if _origin(target) != _origin(self._api):
            where = one_line(f"{target.scheme}://{target.host}", 80) if target.host else "nowhere"
            raise ForgeError(
                f"{self._where(response.request.method, url)}: redirects to {where}, which gets no"
                " token; if the API moved there, name it by --forge-url",
                status=response.status_code,
            )
        return target

    def _keep(self, method: str, url: httpx.URL, response: httpx.Response) -> None:
        etag = response.headers.get("etag")
        if method == "GET" and etag and response.status_code == 200:
            answer = Answer(etag, response.headers.get("link", ""), response.content)
            self._answers.put(str(url), answer)

    # --- answers -------------------------------------------------------------------------

    def _parsed(self, response: Any) -> Any:
        if not isinstance(response, httpx.Response):
            return response
        if response.status_code == 204 or not response.content:
            return None
        try:
            return response.json()
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise self._unreadable(response) from None

    def _unreadable(self, response: httpx.Response) -> ForgeError:
        """As from a page for logging in, or of a proxy."""
        what = one_line(response.headers.get("content-type", "something"), 60)
        return ForgeError(
            f"{self._where(response.request.method, response.url)}: answers {what}, not what the"
            " API does; check --forge-url, and whether a proxy or a login is in between",
            status=response.status_code,
        )

    def _where(self, method: str, url: httpx.URL) -> str:
        """A request, for messages: without its query."""
        return one_line(f"{method} {url.copy_with(query=None, userinfo=b'')}", 200)


def _connection(
    address: Address, ca_file: Path | None, timeout: float, transport: httpx.BaseTransport | None
) -> httpx.Client:
    """Proxies are those of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. Raises ForgeError."""
    if transport is None and address.api.startswith("https:"):
        trusted = _certificates(ca_file, *map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
    else:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # No TLS; none is trusted.
    try:
        return httpx.Client(
            headers={"User-Agent": f"gorewrite/{gorewrite.__version__}", **_HEADERS[address.kind]},
            timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT)),
            verify=trusted,
            transport=transport,
            follow_redirects=False,
        )
    except (ImportError, ValueError, httpx.InvalidURL) as error:
        raise ForgeError(
            f"the proxy in the environment cannot be used: {one_line(str(error))}"
        ) from None


@cache
def _certificates(ca_file: Path | None, *_environ: str | None) -> ssl.SSLContext:
    """Those of the system, as git and curl use them, or in SSL_CERT_FILE and SSL_CERT_DIR; those
    of certifi where the system has none; and those in `ca_file`. Read once: it takes tens of ms.

    _environ: these variables, which OpenSSL reads itself. Raises ForgeError.
    """
    try:
        context = ssl.create_default_context()
        paths = ssl.get_default_verify_paths()
        if paths.cafile is None and paths.capath is None:
            import certifi

            context.load_verify_locations(certifi.where())
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except OSError as error:
        why = error.strerror or "it holds no certificate in PEM"
        raise ForgeError(f"--ca-file {ca_file} cannot be used: {one_line(why)}") from None
    return context


def _as_known(response: httpx.Response, known: Answer) -> httpx.Response:
    headers = {"content-type": "application/json", "link": known.link}
    return httpx.Response(200, headers=headers, content=known.body, request=response.request)


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    ports = {"http": 80, "https": 443}
    return url.scheme, url.host, url.port or ports.get(url.scheme)


def _left(response: httpx.Response) -> int | None:
    """The pages that follow, by the numbers of the next and of the last one."""
    numbers = []
    for name in ("next", "last"):
        link = response.links.get(name, {}).get("url", "")
        match = re.search(r"[?&]page=([0-9]+)(?:&|$)", link)
        if match is None:
            return None
        numbers.append(int(match[1]))
    return max(1, numbers[1] - numbers[0] + 1)
