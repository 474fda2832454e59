"""From the URL of a remote to the forge it lies on.

Git takes URLs and the form of scp: git-clone(1), "GIT URLS". Which forge a host runs cannot be told
from its name, but for the public ones and for those that CI or the user names.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

from gorewrite.forge.model import KINDS, Address, ForgeError
from gorewrite.forge.secrets import redacted

#: Public forges; names of hosts.
_PUBLIC: Final = {
    "github.com": "github",
    "gitlab.com": "gitlab",
    "codeberg.org": "gitea",
    "gitea.com": "gitea",
}
#: Hosts that take SSH on the port of HTTPS for another one.
_SSH_HOSTS: Final = {"ssh.github.com": "github.com", "altssh.gitlab.com": "gitlab.com"}
#: First labels of the names of hosts that say what runs there.
_LABELS: Final = {
    "github": "github",
    "gitlab": "gitlab",
    "gitea": "gitea",
    "forgejo": "gitea",
}
_API_PATHS: Final = {"github": "/api/v3", "gitlab": "/api/v4", "gitea": "/api/v1"}
#: Variables by which CI names the API of the forge it runs for. Gitea and Forgejo set those of
#: GitHub, too, with their own paths.
_CI: Final = ("FORGEJO_API_URL", "GITEA_API_URL", "CI_API_V4_URL", "GITHUB_API_URL")


class _Remote(NamedTuple):
    """scheme: of the web, http or https; host: with its port, if that is one of HTTP."""

    scheme: str
    host: str
    path: str


def address_of(
    remote_url: str,
    *,
    kind: str = "auto",
    api: str = "",
    environ: Mapping[str, str] = os.environ,
    hostname: Callable[[str], str] | None = None,
) -> Address:
    """The forge that a remote lies on.

    kind: of KINDS, or "auto"; api: the URL of the API, or of the forge as browsers know it;
    hostname: says what an alias in the configuration of SSH stands for.
    Raises ForgeError where the forge cannot be told.
    """
    remote = _remote(remote_url, hostname or _ssh_hostname)
    if kind == "none":
        if remote is None:
            return Address("none", "", "", "")
        return Address("none", "", f"{remote.scheme}://{remote.host}/{remote.path}", remote.path)
    if remote is None:
        raise ForgeError(
            f"{redacted(remote_url)} is on no forge; `--forge none` pushes without pull requests"
        )
    base = _api_base(kind, api, environ, remote)
    kind = _kind(kind, base, remote.host)
    web, base = _web_and_api(kind, base or f"{remote.scheme}://{remote.host}")
    path = _inside(remote.path, web)
    _check(kind, path, remote_url)
    return Address(kind, base, f"{web}/{path}", path)


def hub_address(
    owner: str,
    *,
    kind: str = "auto",
    api: str = "",
    environ: Mapping[str, str] = os.environ,
) -> Address:
    """The forge where an organisation, group or user is, without any remote.

    owner: as acme, or group/subgroup; api: as for `address_of`. Without both kind and api it is
    github.com, or what CI names. Raises ForgeError.
    """
    if kind == "none":
        raise ForgeError("`--forge none` has no list of repositories; give one by --repos")
    base = api or next((base for base in _of_ci(environ) if kind in ("auto", _said(base))), "")
    if not base:
        public = {"github": "github.com", "auto": "github.com", "gitlab": "gitlab.com"}
        if kind not in public:
            raise ForgeError(f"which {kind} is meant is not known; give its URL by --forge-url")
        base = f"https://{public[kind]}"
    host = urlsplit(base).netloc.lower()
    kind = _kind(kind, base, host)
    web, base = _web_and_api(kind, base)
    owner = owner.strip("/")
    return Address(kind, base, f"{web}/{owner}" if owner else web, owner)


def guess(host: str) -> str:
    """Of KINDS but "none": what a host runs by its name, "" where that does not say."""
    name = host.partition(":")[0].lower()
    if name.endswith(".ghe.com"):
        return "github"
    return _PUBLIC.get(name) or _LABELS.get(name.partition(".")[0], "")


def compare_url(kind: str, web: str, base: str, head: str) -> str:
    """Where a person opens a pull request in a browser. kind: of KINDS; web: of the repository."""
    host = urlsplit(web).netloc
    style = kind if kind != "none" else guess(host)
    if style == "gitlab":
        query = (
            f"merge_request[source_branch]={quote(head)}&merge_request[target_branch]={quote(base)}"
        )
        return f"{web}/-/merge_requests/new?{query.replace('[', '%5B').replace(']', '%5D')}"
    if style in ("github", "gitea"):
        end = "?expand=1" if style == "github" else ""
        return f"{web}/compare/{quote(base)}...{quote(head)}{end}"
    return web


def without_user(url: str) -> str:
    """A URL of HTTP without the name and password in it; any other text as it is."""
    parts = urlsplit(url)
    user, at, _ = parts.netloc.rpartition("@")
    return url.replace(f"//{user}{at}", "//", 1) if parts.scheme in ("http", "https") else url


# --- the remote --------------------------------------------------------------------------


def _remote(url: str, hostname: Callable[[str], str]) -> _Remote | None:
    """The parts of a remote's URL, None where it names no host."""
    scheme, split, rest = url.strip().partition("://")
    if split:
        if scheme not in ("https", "http", "ssh", "git", "git+ssh", "ssh+git"):
            return None
        parts = urlsplit(f"{scheme}://{rest}")
        host, path = parts.netloc.rpartition("@")[2].lower(), parts.path
        # A port of SSH, or one that says nothing.
        ports = {"https": ":443", "http": ":80"}
        host = re.sub(ports.get(scheme, ":[0-9]*") + "$", "", host)
    else:
        # The form of scp: no slash before the first colon, which tells it from a path.
        match = re.fullmatch(r"(?:[^@/:]+@)?(\[[^\]]+\]|[^:/\[\]]+):(.*)", url.strip())
        if match is None:
            return None
        scheme, host, path = "ssh", match[1].lower(), match[2]
    if not host:
        return None
    if scheme not in ("https", "http"):
        if "." not in host or not guess(host):
            host = hostname(host).lower()
        scheme, host = "https", _SSH_HOSTS.get(host, host)
    if host in _PUBLIC:
        scheme = "https"  # A token is not sent in the clear for a remote that is.
    names = [name for name in path.split("/") if name]
    if names and names[-1].endswith(".git"):
        names[-1] = names[-1][: -len(".git")]
    if not all(names) or any(name in (".", "..") for name in names) or not names:
        return None
    return _Remote(scheme, host, "/".join(names))


def _ssh_hostname(alias: str) -> str:
    """What the user's configuration of SSH calls a host: many have an alias for each account."""
    if not re.fullmatch(r"[a-z0-9_][a-z0-9._-]*", alias):
        return alias  # It might be taken for an option, or for shell text by `Match exec`.
    with suppress(OSError, subprocess.SubprocessError, UnicodeDecodeError):
        answer = subprocess.run(
            ["ssh", "-G", alias], capture_output=True, timeout=5, check=True
        ).stdout.decode()
        for line in answer.splitlines():
            if line.startswith("hostname "):
                return line.removeprefix("hostname ").strip()
    return alias


# --- the API -----------------------------------------------------------------------------


def _api_base(kind: str, api: str, environ: Mapping[str, str], remote: _Remote) -> str:
    """The URL that the user gives, or CI for the host of the remote; "" where nobody does."""
    if api:
        return api
    for base in _of_ci(environ):
        named = urlsplit(base).netloc.lower()
        ours = remote.host in (named, named.removeprefix("api."))
        if ours and kind in ("auto", _said(base)):
            return base
    return ""


def _of_ci(environ: Mapping[str, str]) -> Iterator[str]:
    """The URLs of APIs that CI names, of those whose kind they say."""
    given = (environ.get(name, "") for name in _CI)
    return (base for base in given if _said(base))


def _said(base: str) -> str:
    """The kind that the URL of an API says, "" where it does not."""
    parts = urlsplit(base)
    host = parts.netloc.lower()
    if host == "api.github.com" or (host.startswith("api.") and host.endswith(".ghe.com")):
        return "github"
    path = parts.path.rstrip("/")
    return next((kind for kind, end in _API_PATHS.items() if path.endswith(end)), "")


def _kind(kind: str, base: str, host: str) -> str:
    if kind == "auto":
        kind = _said(base) or guess(urlsplit(base).netloc if base else host)
    if not kind:
        raise ForgeError(
            f"what {host} runs is not known; say --forge github, gitlab, gitea or none"
            " (and --forge-url, where its API is not below that host)"
        )
    if kind not in KINDS:
        raise ForgeError(f"{kind!r} is no forge; say --forge {', '.join(KINDS)}")
    if base and _said(base) not in ("", kind):
        raise ForgeError(f"{redacted(base)} is the API of {_said(base)}, not of {kind}")
    return kind


def _web_and_api(kind: str, base: str) -> tuple[str, str]:
    """The URL of a forge for browsers and of its API, from either. Raises ForgeError."""
    base = base.rstrip("/")
    parts = urlsplit(base)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ForgeError(
            f"{redacted(base)!r} is no URL of a forge; give it as https://git.example.com"
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise ForgeError("the URL of a forge has no credentials and no query; a token is set apart")
    host = parts.netloc.lower()
    if kind == "github" and (host == "github.com" or host.endswith(".ghe.com")):
        host = host.removeprefix("api.")
        return f"https://{host}", f"https://api.{host}"
    if kind == "github" and host == "api.github.com":
        return "https://github.com", base
    end = _API_PATHS[kind]
    web = base.removesuffix(end)
    return web, web + end


def _inside(path: str, web: str) -> str:
    """The path of a repository on a forge that lies below a path itself, as HTTPS shows it."""
    below = urlsplit(web).path.strip("/")
    return path.removeprefix(f"{below}/") if below else path


def _check(kind: str, path: str, url: str) -> None:
    count = path.count("/") + 1
    if count < 2 or (kind != "gitlab" and count != 2):
        raise ForgeError(
            f"{redacted(url)} names no repository as owner/name; give the URL of the forge by"
            " --forge-url, where it lies below a path"
        )
