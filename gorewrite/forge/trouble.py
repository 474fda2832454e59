"""What a failed request means: whether to try again, how long to wait, what to tell people."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, NamedTuple, ParamSpec, TypeVar

import httpx

from gorewrite.forge.model import ForgeError
from gorewrite.forge.secrets import one_line

_P = ParamSpec("_P")
_T = TypeVar("_T")

#: Seconds to wait for a limit that says no time ("wait for at least one minute", GitHub).
_MINUTE: Final = 60.0
#: The most seconds that a forge is believed to want, a day.
_DAY: Final = 86_400.0

#: Of an attempt that did not leave this machine, so that it is certain that nothing was done.
_NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Trouble(NamedTuple):
    """again: whether to try again; arrived: whether what was asked may have been done all the
    same; hold: seconds that the forge wants to be left alone, None where it does not say that it
    does; said: whether it gave that time itself."""

    error: ForgeError
    again: bool = False
    arrived: bool = False
    hold: float | None = None
    said: bool = False


def of_connection(error: httpx.HTTPError, where: str) -> Trouble:
    """A request without an answer. where: of it, for the message."""
    why = one_line(str(error)).rstrip(".") or type(error).__name__
    if isinstance(error, httpx.UnsupportedProtocol):
        return Trouble(ForgeError(f"{where}: {why}; check --forge-url"))
    if _untrusted(error):
        hint = "give the certificate of its authority by --ca-file or SSL_CERT_FILE"
        return Trouble(ForgeError(f"{where}: {why}; {hint}"))
    if isinstance(error, httpx.TimeoutException):
        why = "it took too long"
    hint = "check the network, --forge-url and HTTPS_PROXY, or run again later"
    failed = ForgeError(f"{where}: {why}; {hint}", transient=True)
    return Trouble(failed, again=True, arrived=not isinstance(error, _NOT_SENT))


def of_answer(response: httpx.Response, where: str, now: float) -> Trouble:
    """An answer that is no success. now: seconds since the epoch, by our clock."""
    status = response.status_code
    said = _said(response)
    text = f"{where}: {status} {said or one_line(response.reason_phrase, 60)}"
    limited = status == 429 or (status in (403, 422) and _is_limit(response, said))
    # Not implemented, and not this version of HTTP: for good.
    transient = limited or status in (408, 425) or (status >= 500 and status not in (501, 505))
    advice = "; run again later" if transient else _advice(response)
    error = ForgeError(f"{text}{advice}", transient=transient, status=status)
    wait = _asked(response, now)
    if limited:
        return Trouble(
            error, again=True, hold=_MINUTE if wait is None else wait, said=wait is not None
        )
    if not transient:
        return Trouble(error)
    return Trouble(error, again=True, arrived=True, hold=wait, said=wait is not None)


def documented(read: Callable[_P, _T]) -> Callable[_P, _T]:
    """For what reads parsed JSON: makes what is not there, or of another type, a ForgeError."""

    @functools.wraps(read)
    def reading(*arguments: _P.args, **named: _P.kwargs) -> _T:
        try:
            return read(*arguments, **named)
        except (KeyError, TypeError, AttributeError) as error:
            what = one_line(f"{type(error).__name__}: {error}", 80)
            raise ForgeError(
                f"the forge answers something that its API does not document ({what});"
                " check --forge and --forge-url"
            ) from None

    return reading


def _is_limit(response: httpx.Response, said: str) -> bool:
    """Whether a 403 or 422 is a limit: "Rate limits for the REST API", primary and secondary ones;
    one on content that is created, which is called too quick (github.com/cli/cli#4801)."""
    if response.status_code == 422:
        return "submitted too quickly" in said
    if "retry-after" in response.headers or response.headers.get("x-ratelimit-remaining") == "0":
        return True
    return any(word in said.lower() for word in ("rate limit", "abuse detection"))


def _asked(response: httpx.Response, now: float) -> float | None:
    """The seconds that an answer asks to wait: Retry-After as a number or a date (RFC 9110
    §10.2.3), else the reset of a limit that is used up, by the clock of the forge."""
    headers = response.headers
    text = headers.get("retry-after", "").strip()
    if text.isdecimal():
        return min(float(text), _DAY)
    if (until := _date(text)) is not None:
        here = _date(headers.get("date", ""))
        return min(max(0.0, until - (now if here is None else here)), _DAY)
    return used_up(response, now)


def used_up(response: httpx.Response, now: float) -> float | None:
    """The seconds until a limit is reset that an answer says is used up, of whatever status; None
    where there is something left, or nothing is said. now: as above."""
    here = _date(response.headers.get("date", ""))
    for prefix in ("x-ratelimit", "ratelimit"):
        left, reset = (
            response.headers.get(f"{prefix}-{name}", "").strip() for name in ("remaining", "reset")
        )
        if left == "0" and reset.isdecimal():
            # A second more: the reset is a whole one.
            until = float(reset) + 1.0
            return min(max(0.0, until - (now if here is None else here)), _DAY)
    return None


def _date(text: str) -> float | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (date if date.tzinfo is not None else date.replace(tzinfo=UTC)).timestamp()


def _untrusted(error: BaseException | None) -> bool:
    """Whether a certificate is behind an error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


# --- what it says ------------------------------------------------------------------------


def _said(response: httpx.Response) -> str:
    """The words of the forge itself, one line; "" where there are none."""
    try:
        document = response.json()
    except ValueError:
        return ""
    return one_line("; ".join(dict.fromkeys(word.rstrip(".") for word in _words(document))))


def _words(document: Any) -> Iterator[str]:
    """GitHub: message, and errors as {message}, {resource, field, code} or text; GitLab: message
    as text, a list or {field: [text]}, error, error_description; Gitea: message."""
    if not isinstance(document, dict):
        return
    for name in ("message", "error", "error_description", "errors"):
        yield from _flat(document.get(name))


def _flat(value: Any, field: str = "") -> Iterator[str]:
    if isinstance(value, str) and value:
        yield f"{field} {value}".strip()
    elif isinstance(value, list):
        for each in value:
            yield from _flat(each, field)
    elif isinstance(value, dict):
        if isinstance(value.get("message"), str):
            yield value["message"]
        elif "code" in value:
            yield " ".join(
                str(value[name]) for name in ("resource", "field", "code") if name in value
            )
        else:
            for name, each in value.items():
                yield from _flat(each, str(name))


def _advice(response: httpx.Response) -> str:
    """What to do, with "; " before; "" where what the forge says has to do."""
    status, headers = response.status_code, response.headers
    if status == 401:
        return "; the token is missing, wrong or has ended: set a new one"
    if status == 403:
        needed = headers.get("x-accepted-github-permissions") or headers.get(
            "x-accepted-oauth-scopes"
        )
        rights = f" ({one_line(needed, 80)})" if needed else ""
        return f"; the token lacks a right for this{rights}, or the forge forbids it to its owner"
    if status in (404, 410):
        return "; check the name, and that the token may see it"
    if status == 407:
        return "; the proxy wants credentials: set them in HTTPS_PROXY"
    return ""
