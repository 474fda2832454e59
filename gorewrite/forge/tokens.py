"""Where tokens come from: the environment, `git credential`, the key of a GitHub App.

A token is sent to the host it was made for. GITHUB_TOKEN and the like name no host: they are for
the public one, for the one that the same environment names (GITHUB_SERVER_URL, GITLAB_HOST …), or
for the one that was given as `--forge-url`. GOREWRITE_TOKEN is for whatever forge a run works with.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from gorewrite.forge.address import without_user
from gorewrite.forge.model import Address
from gorewrite.forge.secrets import Secret, hide, one_line, redacted

__all__ = [
    "Secret",
    "git_environment",
    "hide",
    "missing",
    "one_line",
    "redacted",
    "token_for",
    "warning",
]


class _Variables(NamedTuple):
    """names: of tokens, the first that is set counts; hosts: where they are good unless one of
    `naming` says another host, or a URL of it; user: what git gives with the token."""

    names: tuple[str, ...]
    hosts: tuple[str, ...]
    naming: tuple[str, ...]
    user: str = "x-access-token"


#: As the tools of each forge read them: `gh help environment`, `glab` (GITLAB_HOST), `tea`.
_VARIABLES: Final = {
    "github": (
        _Variables(
            ("GH_TOKEN", "GITHUB_TOKEN"), ("github.com", ".ghe.com"), ("GITHUB_SERVER_URL",)
        ),
        _Variables(
            ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"), (), ("GH_HOST", "GITHUB_SERVER_URL")
        ),
    ),
    "gitlab": (
        _Variables(
            ("GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN"),
            ("gitlab.com",),
            ("GITLAB_HOST", "GITLAB_URI", "CI_SERVER_URL"),
            "oauth2",
        ),
    ),
    "gitea": (
        _Variables(
            ("GITEA_TOKEN", "FORGEJO_TOKEN"),
            ("gitea.com", "codeberg.org"),
            ("GITEA_SERVER_URL", "FORGEJO_SERVER_URL", "GITEA_HOST", "GITHUB_SERVER_URL"),
        ),
    ),
}

#: The app whose tokens workflows have, as GitHub numbers it (`gh api /apps/github-actions`).
_ACTIONS_APP: Final = "15368"
#: Seconds that a credential helper may take; it must not ask anybody.
_HELPER_SECONDS: Final = 15


def token_for(
    address: Address,
    environ: Mapping[str, str] = os.environ,
    *,
    directory: Path | None = None,
    named: str = "",
    git: str = "git",
) -> Secret | None:
    """The token for a forge, None where there is none.

    directory: where `git credential` is asked, for the configuration of that repository; named:
    the URL that the user gave for the forge, whose host is then theirs; git: the command.
    Raises ForgeError where the key of a GitHub App is given and does not work.
    """
    if address.kind == "none":
        return None
    origin = _origin(address.web)
    if text := environ.get("GOREWRITE_TOKEN", "").strip():
        return Secret(text, _user(address.kind), origin)
    host, rows = _host(address.web), _VARIABLES[address.kind]
    good = [row for row in rows if _good(row, host, environ, _host(named))]
    if good and address.kind == "github" and environ.get("GITHUB_APP_ID"):
        from gorewrite.forge.app import app_token

        return app_token(address, environ)
    for variables in good:
        for name in variables.names:
            if text := environ.get(name, "").strip():
                return Secret(text, variables.user, origin)
    return _from_git(address, environ, directory, git)


def missing(address: Address) -> str:
    """What to do where `token_for` finds nothing, one line."""
    host = _host(address.web)
    *_, last = rows = _VARIABLES[address.kind]
    for row in rows:
        if _good(row, host, {}, ""):
            asked = row.names[0]
            break
    else:
        asked = f"{last.names[0]} and {last.naming[0]}={host}"
    return (
        f"there is no token for {host}: set {asked}, or GOREWRITE_TOKEN,"
        " or store one with `git credential`"
    )


def warning(secret: Secret | None, environ: Mapping[str, str] = os.environ) -> str:
    """What is to be said about a token, one line; "" for nothing.

    GitHub starts no workflow for what the token of a workflow did ("Automatic token
    authentication"). The tokens of other apps look like it, but for those of 2026 and later, which
    begin with the number of their app.
    """
    ours = environ.get("GITHUB_ACTIONS") == "true" and not environ.get("GITHUB_APP_ID")
    if secret is None or not ours:
        return ""
    match = re.match(r"ghs_(?:([0-9]+)_)?", secret.reveal())
    if match is None or match[1] not in (None, _ACTIONS_APP):
        return ""
    return (
        "if this token is the GITHUB_TOKEN of the workflow, pull requests opened with it start no"
        " workflows; use the token of an app or of a person"
    )


def git_environment(
    secret: Secret | None,
    url: str,
    environ: Mapping[str, str] = os.environ,
    *,
    ca_file: Path | None = None,
) -> dict[str, str]:
    """What is added to the environment of git so that it reaches `url` with a token, and never
    asks anybody.

    Where the token is for that origin, a credential helper for it alone gives it, which reads it
    from the environment: not http.extraHeader, as git sends that on when a server redirects it to
    another host (gitcredentials(7), git-config(1)). Variables GIT_CONFIG_* of `environ` are kept.
    Make it anew for every command: the tokens of apps are good for an hour.
    """
    added = {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "GCM_INTERACTIVE": "never"}
    origin = _origin(url)
    pairs: list[tuple[str, str]] = []
    if secret is not None and origin and secret.origin in ("", origin):
        helper = (
            '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n"'
            ' "$GOREWRITE_GIT_USER" "$GOREWRITE_GIT_TOKEN"; }; f'
        )
        # An empty value takes out the helpers configured before, which would store the token.
        pairs += [(f"credential.{origin}.helper", ""), (f"credential.{origin}.helper", helper)]
        # A token that a checkout left as a header (actions/checkout), or in the remote or in a rule
        # for its host (GitLab's runner, whose own may not push), would go before this one. Of
        # several rules git takes the one for the longest beginning.
        plain = without_user(url)
        pairs.append((f"http.{plain}.extraHeader", ""))
        if plain != url:
            pairs += [(f"url.{plain}.insteadOf", each) for each in (url, plain)]
        added |= {"GOREWRITE_GIT_USER": secret.user, "GOREWRITE_GIT_TOKEN": secret.reveal()}
    if ca_file is not None and origin:
        pairs.append((f"http.{origin}.sslCAInfo", str(ca_file)))
    start = environ.get("GIT_CONFIG_COUNT", "")
    count = int(start) if start.isdecimal() else 0
    for number, (key, value) in enumerate(pairs, count):
        added |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    if pairs:
        added["GIT_CONFIG_COUNT"] = str(count + len(pairs))
    return added


def _good(variables: _Variables, host: str, environ: Mapping[str, str], named: str) -> bool:
    """Whether the tokens of these variables are for a host."""
    says = {_host(environ[name]) for name in variables.naming if environ.get(name)}
    if says or host == named:
        return host in (named, *says) or host.partition(":")[0] in says
    return any(host == each or (each[0] == "." and host.endswith(each)) for each in variables.hosts)


def _from_git(
    address: Address, environ: Mapping[str, str], directory: Path | None, git: str
) -> Secret | None:
    """What the user's credential helpers know; nobody is asked."""
    parts = urlsplit(address.web)
    query = f"protocol={parts.scheme}\nhost={parts.netloc}\npath={address.path}.git\n\n"
    with suppress(OSError, subprocess.SubprocessError, UnicodeDecodeError):
        answer = subprocess.run(
            [git, "credential", "fill"],
            input=query.encode(),
            capture_output=True,
            cwd=directory,
            env={**environ, **git_environment(None, address.web, environ)},
            timeout=_HELPER_SECONDS,
            check=True,
        ).stdout.decode()
        found = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
        if found.get("password") and found.get("host", parts.netloc) == parts.netloc:
            user = found.get("username") or _user(address.kind)
            return Secret(found["password"], user, f"{parts.scheme}://{parts.netloc}")
    return None


def _user(kind: str) -> str:
    return _VARIABLES[kind][0].user


def _host(text: str) -> str:
    """The host, with its port, of a URL or of a bare host; "" for none."""
    netloc = urlsplit(text if "://" in text else f"//{text}").netloc
    return netloc.rpartition("@")[2].lower()


def _origin(url: str) -> str:
    """`https://host:port` of a URL, without a port that says nothing; "" for none of HTTP."""
    scheme = urlsplit(url).scheme
    if scheme not in ("http", "https"):
        return ""
    return f"{scheme}://{_host(url).removesuffix(':443' if scheme == 'https' else ':80')}"
