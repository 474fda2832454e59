"""From the URL of a remote to a forge."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.forge.address import address_of, compare_url, hub_address
from gorewrite.forge.model import Address, ForgeError

GITHUB = Address("github", "https://api.github.com", "https://github.com/acme/shop", "acme/shop")


def same(host: str) -> str:
    """A configuration of SSH without aliases."""
    return host


@pytest.mark.parametrize(
    "url",
    [
        "git@github.com:acme/shop.git",
        "git@github.com:/acme/shop.git",
        "github.com:acme/shop",
        "org-1234@github.com:acme/shop.git",
        "ssh://git@github.com/acme/shop.git",
        "ssh://git@github.com:22/acme/shop",
        "ssh://git@ssh.github.com:443/acme/shop.git",
        "https://github.com/acme/shop.git",
        "https://github.com/acme/shop/",
        "https://github.com:443/acme/shop",
        "https://GitHub.com//acme/shop.git",
        "https://me:secret@github.com/acme/shop",
        "http://github.com/acme/shop",
        "git://github.com/acme/shop.git",
        " git+ssh://git@github.com/acme/shop.git\n",
    ],
)
def test_all_ways_to_write_a_remote(url: str) -> None:
    assert address_of(url, environ={}, hostname=same) == GITHUB


@pytest.mark.parametrize(
    ("url", "kind", "api", "web"),
    [
        ("git@gitlab.com:a/b/c/d.git", "gitlab", "gitlab.com/api/v4", "gitlab.com/a/b/c/d"),
        ("http://codeberg.org/a/b.git", "gitea", "codeberg.org/api/v1", "codeberg.org/a/b"),
        ("https://acme.ghe.com/a/b", "github", "api.acme.ghe.com", "acme.ghe.com/a/b"),
        ("git@github.x.org:a/b", "github", "github.x.org/api/v3", "github.x.org/a/b"),
        (
            "https://gitlab.x.org:81/a/b.git",
            "gitlab",
            "gitlab.x.org:81/api/v4",
            "gitlab.x.org:81/a/b",
        ),
        ("ssh://git@gitea.x.org:2222/a/b", "gitea", "gitea.x.org/api/v1", "gitea.x.org/a/b"),
        ("https://github.com/a/b.git.git", "github", "api.github.com", "github.com/a/b.git"),
    ],
)
def test_forges_that_are_known(url: str, kind: str, api: str, web: str) -> None:
    path = web.partition("/")[2]
    found = address_of(url, environ={}, hostname=same)
    assert found == Address(kind, f"https://{api}", f"https://{web}", path)


def test_an_alias_of_ssh_is_looked_up() -> None:
    aliases = {"gh-work": "github.com", "gitlab": "git.example.com"}
    found = address_of("git@gh-work:acme/shop.git", environ={}, hostname=aliases.__getitem__)
    assert found == GITHUB
    with pytest.raises(ForgeError, match=r"git\.example\.com"):
        address_of("git@gitlab:acme/shop.git", environ={}, hostname=aliases.__getitem__)


def test_ssh_is_asked_for_plain_names_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    ssh = tmp_path / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >> {log}\necho user git\necho hostname GitHub.com\n')
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert address_of("git@gh-work:acme/shop.git", environ={}) == GITHUB
    for odd in ("-oProxyCommand=x", "a$(touch x)", "a;b", "a`b`"):
        with pytest.raises(ForgeError):
            address_of(f"{odd}:acme/shop.git", environ={})
    assert log.read_text() == "-G gh-work\n"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://git.example.com/a/b.git", "--forge github, gitlab, gitea or none"),
        ("https://bitbucket.org/a/b.git", "--forge github"),
        ("/srv/git/shop.git", "on no forge"),
        ("../shop", "on no forge"),
        ("file:///srv/git/shop.git", "on no forge"),
        ("./a:b", "on no forge"),
        ("https://github.com/", "on no forge"),
        ("https://github.com/../x", "on no forge"),
        ("", "on no forge"),
        ("https://github.com/acme", "no repository as owner/name"),
        ("https://github.com/acme/shop/tree", "no repository as owner/name"),
        ("https://gitlab.com/acme", "no repository as owner/name"),
        ("https://x:hunter22@github.com/acme", r"https://\*\*\*@github.com/acme"),
    ],
)
def test_what_cannot_be_told_is_an_error(url: str, message: str) -> None:
    with pytest.raises(ForgeError, match=message) as caught:
        address_of(url, environ={}, hostname=same)
    assert "hunter22" not in str(caught.value)


@pytest.mark.parametrize(
    ("kind", "api", "said"),
    [
        ("gitlab", "https://git.example.com", "https://git.example.com/api/v4"),
        ("gitlab", "https://git.example.com/api/v4/", "https://git.example.com/api/v4"),
        ("auto", "https://git.example.com/api/v4", "https://git.example.com/api/v4"),
        ("auto", "https://git.example.com/api/v3", "https://git.example.com/api/v3"),
        ("auto", "https://git.example.com/api/v1", "https://git.example.com/api/v1"),
        ("github", "http://127.0.0.1:8000/api/v3", "http://127.0.0.1:8000/api/v3"),
        ("github", "https://api.github.com", "https://api.github.com"),
        ("github", "https://github.com/", "https://api.github.com"),
        ("auto", "https://api.acme.ghe.com", "https://api.acme.ghe.com"),
    ],
)
def test_the_url_of_a_forge_or_of_its_api(kind: str, api: str, said: str) -> None:
    """Its host need not be that of the remote, as with SSH."""
    found = address_of("git@ssh.example.com:a/b.git", kind=kind, api=api, environ={}, hostname=same)
    assert found.api == said
    assert found.web.startswith(said.partition("/api/")[0].replace("//api.", "//"))


def test_a_forge_below_a_path() -> None:
    api = "https://example.com/gitlab/api/v4"
    found = address_of("https://example.com/gitlab/a/b.git", api=api, environ={})
    assert found == Address("gitlab", api, "https://example.com/gitlab/a/b", "a/b")


@pytest.mark.parametrize(
    "api",
    [
        "git.example.com",
        "ftp://x.example.com",
        "https://u:p@git.example.com",
        "https://x.example.com?a=b",
    ],
)
def test_a_url_that_is_none_of_a_forge(api: str) -> None:
    with pytest.raises(ForgeError, match="URL"):
        address_of("https://x.example.com/a/b", kind="gitea", api=api, environ={})


def test_a_kind_that_contradicts_the_api() -> None:
    with pytest.raises(ForgeError, match="is the API of gitlab, not of gitea"):
        address_of("https://x.example.com/a/b", kind="gitea", api="https://x.example.com/api/v4")


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"GITHUB_API_URL": "https://git.example.com/api/v3"}, "github"),
        ({"CI_API_V4_URL": "https://git.example.com/api/v4"}, "gitlab"),
        ({"GITHUB_API_URL": "https://git.example.com/api/v1"}, "gitea"),
    ],
)
def test_what_ci_says_of_its_own_host(environ: dict[str, str], kind: str) -> None:
    assert address_of("https://git.example.com/a/b", environ=environ).kind == kind


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_API_URL": "https://api.github.com"},
        {"CI_API_V4_URL": "https://other.example.com/api/v4"},
        {"CI_API_V4_URL": ""},
    ],
)
def test_what_ci_says_of_another_host_is_nothing(environ: dict[str, str]) -> None:
    with pytest.raises(ForgeError, match="is not known"):
        address_of("https://git.example.com/a/b", environ=environ)


def test_no_forge() -> None:
    found = address_of("git@git.example.com:a/b.git", kind="none", environ={}, hostname=same)
    assert found == Address("none", "", "https://git.example.com/a/b", "a/b")
    assert address_of("/srv/shop.git", kind="none", environ={}) == Address("none", "", "", "")


def test_hubs() -> None:
    assert hub_address("acme", environ={}) == Address(
        "github", "https://api.github.com", "https://github.com/acme", "acme"
    )
    resident = {"GITHUB_API_URL": "https://api.acme.ghe.com"}
    assert hub_address("a", environ=resident).web == "https://acme.ghe.com/a"
    ci = {"CI_API_V4_URL": "https://git.example.com/api/v4"}
    assert hub_address("a/b", environ=ci).api == ci["CI_API_V4_URL"]
    assert hub_address("a", kind="gitlab", environ={}).api == "https://gitlab.com/api/v4"
    elsewhere = {"GITHUB_API_URL": "https://api.github.com"}
    assert hub_address("a", kind="gitlab", environ=elsewhere).api == "https://gitlab.com/api/v4"
    with pytest.raises(ForgeError, match="--forge-url"):
        hub_address("acme", kind="gitea", environ={})
    with pytest.raises(ForgeError, match="--repos"):
        hub_address("acme", kind="none", api="https://git.example.com", environ={})


@pytest.mark.parametrize(
    ("kind", "web", "rest"),
    [
        ("github", "https://github.com/a/b", "/compare/main...gorewrite/x-1?expand=1"),
        ("gitea", "https://codeberg.org/a/b", "/compare/main...gorewrite/x-1"),
        ("none", "https://github.com/a/b", "/compare/main...gorewrite/x-1?expand=1"),
        ("none", "https://git.example.com/a/b", ""),
        ("none", "", ""),
    ],
)
def test_where_people_open_a_pull_request(kind: str, web: str, rest: str) -> None:
    assert compare_url(kind, web, "main", "gorewrite/x-1") == f"{web}{rest}"


def test_where_people_open_a_merge_request() -> None:
    url = compare_url("gitlab", "https://gitlab.com/a/b", "main", "x&y#1")
    assert url == (
        "https://gitlab.com/a/b/-/merge_requests/new?merge_request%5Bsource_branch%5D=x%26y%231"
        "&merge_request%5Btarget_branch%5D=main"
    )
