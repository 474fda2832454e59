"""Which token goes to which forge, and how git gets it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gorewrite.forge.address import address_of
from gorewrite.forge.model import Address
from gorewrite.forge.secrets import Secret
from gorewrite.forge.tokens import git_environment, missing, token_for, warning

GITHUB = address_of("https://github.com/acme/shop", environ={})
ENTERPRISE = address_of("https://github.corp.example/acme/shop", environ={})
GITLAB = address_of("https://gitlab.com/acme/shop", environ={})
OWN_GITLAB = address_of("https://gitlab.corp.example/acme/shop", environ={})
CODEBERG = address_of("https://codeberg.org/acme/shop", environ={})
GITEA = address_of("https://gitea.corp.example:3000/acme/shop", environ={})


def told(address: Address, environ: dict[str, str], named: str = "") -> str | None:
    """The token, without asking git."""
    secret = token_for(address, environ, named=named, git="no-such-command")
    return None if secret is None else secret.reveal()


@pytest.mark.parametrize(
    ("address", "environ"),
    [
        (GITHUB, {"GH_TOKEN": "right"}),
        (GITHUB, {"GITHUB_TOKEN": "right", "GITHUB_SERVER_URL": "https://github.com"}),
        (GITHUB, {"GH_TOKEN": "right", "GITHUB_TOKEN": "other"}),
        (GITHUB, {"GH_TOKEN": " ", "GITHUB_TOKEN": "right\n"}),
        (GITHUB, {"GOREWRITE_TOKEN": "right", "GH_TOKEN": "other"}),
        (ENTERPRISE, {"GH_ENTERPRISE_TOKEN": "right", "GH_HOST": "github.corp.example"}),
        (ENTERPRISE, {"GITHUB_TOKEN": "right", "GITHUB_SERVER_URL": "https://github.corp.example"}),
        (GITLAB, {"GITLAB_TOKEN": "right"}),
        (OWN_GITLAB, {"GITLAB_TOKEN": "right", "GITLAB_HOST": "https://gitlab.corp.example"}),
        (OWN_GITLAB, {"GITLAB_TOKEN": "right", "CI_SERVER_URL": "https://gitlab.corp.example"}),
        (CODEBERG, {"FORGEJO_TOKEN": "right"}),
        (GITEA, {"GITEA_TOKEN": "right", "GITEA_SERVER_URL": "https://gitea.corp.example:3000/"}),
        (GITEA, {"GITEA_TOKEN": "right", "GITEA_HOST": "gitea.corp.example"}),
    ],
)
def test_tokens_that_are_for_a_forge(address: Address, environ: dict[str, str]) -> None:
    assert told(address, environ) == "right"


@pytest.mark.parametrize(
    ("address", "environ"),
    [
        (GITHUB, {}),
        (GITHUB, {"GITLAB_TOKEN": "wrong", "GITEA_TOKEN": "wrong", "CI_JOB_TOKEN": "wrong"}),
        (GITHUB, {"GH_ENTERPRISE_TOKEN": "wrong"}),
        (GITHUB, {"GITHUB_TOKEN": "wrong", "GITHUB_SERVER_URL": "https://github.corp.example"}),
        (ENTERPRISE, {"GH_TOKEN": "wrong", "GITHUB_TOKEN": "wrong"}),
        (ENTERPRISE, {"GH_ENTERPRISE_TOKEN": "wrong"}),
        (ENTERPRISE, {"GH_ENTERPRISE_TOKEN": "wrong", "GH_HOST": "other.corp.example"}),
        (OWN_GITLAB, {"GITLAB_TOKEN": "wrong"}),
        (GITLAB, {"GITLAB_TOKEN": "wrong", "GITLAB_HOST": "gitlab.corp.example"}),
        # It may not open merge requests ("CI/CD job token": job token access).
        (GITLAB, {"CI_JOB_TOKEN": "wrong", "CI_SERVER_URL": "https://gitlab.com"}),
        (GITEA, {"GITEA_TOKEN": "wrong"}),
        (GITEA, {"GITEA_TOKEN": "wrong", "GITEA_SERVER_URL": "https://gitea.corp.example:4000"}),
        (Address("none", "", "", ""), {"GOREWRITE_TOKEN": "wrong"}),
    ],
)
def test_tokens_that_are_for_another_forge(address: Address, environ: dict[str, str]) -> None:
    assert told(address, environ) is None


def test_a_forge_that_the_user_names_gets_their_token() -> None:
    assert told(GITEA, {"GITEA_TOKEN": "right"}, named="https://gitea.corp.example:3000") == "right"
    assert told(GITEA, {"GITEA_TOKEN": "wrong"}, named="https://git.example.com") is None


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (GITHUB, "no token for github.com: set GH_TOKEN, or"),
        (ENTERPRISE, "set GH_ENTERPRISE_TOKEN and GH_HOST=github.corp.example, or"),
        (OWN_GITLAB, "set GITLAB_TOKEN and GITLAB_HOST=gitlab.corp.example, or"),
        (CODEBERG, "set GITEA_TOKEN, or"),
    ],
)
def test_what_to_set_is_what_is_read(address: Address, said: str) -> None:
    line = missing(address)
    assert said in line
    words = line.partition("set ")[2].partition(",")[0].split(" and ")
    name, *hosts = words
    assert told(address, {name: "right", **dict(each.split("=", 1) for each in hosts)}) == "right"


# --- git ---------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of a user without any configuration of git."""
    kept = {name: os.environ[name] for name in ("PATH",) if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}


def stored(home: dict[str, str], text: str) -> None:
    """Makes the user's helper know a credential."""
    known = Path(home["HOME"]) / "known"
    known.write_text(text)
    config = Path(home["HOME"]) / ".gitconfig"
    config.write_text(f'[credential]\n\thelper = "!f() {{ cat {known}; }}; f"\n')


def test_what_git_knows_is_used(home: dict[str, str], tmp_path: Path) -> None:
    stored(home, "username=alice\npassword=right=one\n")
    secret = token_for(GITEA, home, directory=tmp_path)
    assert secret is not None
    assert (secret.user, secret.reveal()) == ("alice", "right=one")


def test_git_asks_nobody(home: dict[str, str], tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    (tmp_path / "ask").write_text(f"#!/bin/sh\ntouch {asked}\necho wrong\n")
    (tmp_path / "ask").chmod(0o755)
    programs = dict.fromkeys(("GIT_ASKPASS", "SSH_ASKPASS"), str(tmp_path / "ask"))
    assert token_for(GITHUB, home | programs, directory=tmp_path) is None
    assert not asked.exists()


def fill(environ: dict[str, str], host: str) -> str:
    """What git would log in with."""
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"protocol=https\nhost={host}\npath=acme/shop.git\n\n",
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )
    return done.stdout


def test_git_gets_the_token_for_one_host_only(home: dict[str, str]) -> None:
    added = git_environment(Secret("right-token", "oauth2"), GITLAB.web, home)
    answer = fill(home | added, "gitlab.com")
    assert "username=oauth2\npassword=right-token\n" in answer
    for other in ("github.com", "gitlab.com.example.com", "gitlab.com:8443"):
        assert "right-token" not in fill(home | added, other)


def test_git_does_not_store_the_token_nor_use_another(home: dict[str, str]) -> None:
    stored(home, "username=alice\npassword=another\n")
    added = git_environment(Secret("right-token"), GITHUB.web, home)
    assert "password=right-token\n" in fill(home | added, "github.com")
    assert "password=another\n" in fill(home | added, "gitlab.com")


def test_the_token_is_in_no_configuration(home: dict[str, str]) -> None:
    """`git config --list` and tracing show that."""
    added = git_environment(Secret("right-token"), GITHUB.web, home)
    assert [name for name, text in added.items() if "right-token" in text] == [
        "GOREWRITE_GIT_TOKEN"
    ]


def test_configuration_in_the_environment_is_kept(home: dict[str, str]) -> None:
    theirs = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.proxy",
        "GIT_CONFIG_VALUE_0": "http://proxy.example.com",
    }
    ca_file = Path("/etc/corp.pem")
    added = git_environment(Secret("right-token"), GITHUB.web, home | theirs, ca_file=ca_file)
    listed = subprocess.run(
        ["git", "config", "--list"],
        capture_output=True,
        text=True,
        env=home | theirs | added,
        check=True,
    ).stdout
    assert "http.proxy=http://proxy.example.com\n" in listed
    assert "http.https://github.com.sslcainfo=/etc/corp.pem\n" in listed


@pytest.mark.parametrize(
    "url",
    [
        "https://mirror.example.com/acme/shop.git",
        "http://github.com/acme/shop.git",
        "https://github.com:8443/acme/shop.git",
        "https://github.com:80/acme/shop.git",
    ],
)
def test_a_remote_elsewhere_gets_no_token(url: str) -> None:
    """As where --forge-url names another host than the remote."""
    secret = token_for(GITHUB, {"GH_TOKEN": "right-token"})
    assert "right-token" not in git_environment(secret, url, {}).values()
    for same in ("https://me@GitHub.com/acme/shop", "https://github.com:443/acme/shop"):
        assert "right-token" in git_environment(secret, same, {}).values()


@pytest.mark.parametrize("url", ["git@github.com:acme/shop.git", "", "/srv/shop.git"])
def test_remotes_without_http_get_no_token(url: str) -> None:
    added = git_environment(Secret("right-token"), url, {})
    assert set(added) == {"GIT_TERMINAL_PROMPT", "GIT_ASKPASS", "GCM_INTERACTIVE"}


# --- the token of a workflow -------------------------------------------------------------

ACTIONS = {"GITHUB_ACTIONS": "true"}


@pytest.mark.parametrize("text", ["ghs_abcdefghij", "ghs_15368_eyJhbGci.eyJpc3Mi.c2ln"])
def test_the_token_of_a_workflow_is_told_of(text: str) -> None:
    assert "start no workflows" in warning(Secret(text), ACTIONS)


@pytest.mark.parametrize(
    ("secret", "environ"),
    [
        (None, ACTIONS),
        (Secret("ghp_abcdefghij"), ACTIONS),
        (Secret("ghs_4711_eyJhbGci.eyJpc3Mi.c2ln"), ACTIONS),
        (Secret("ghs_abcdefghij"), {}),
        (Secret("ghs_abcdefghij"), ACTIONS | {"GITHUB_APP_ID": "7"}),
    ],
)
def test_other_tokens_are_not(secret: Secret | None, environ: dict[str, str]) -> None:
    assert warning(secret, environ) == ""
