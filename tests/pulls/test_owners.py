"""CODEOWNERS as each forge reads it; the examples are those of their documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.pulls.owners import Owners, read_owners

GITHUB = """\
# These owners are the default.
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/*  docs@example.org
apps/ @octocat
/docs/ @doctocat
/scripts/ @doctocat @octocat
**/logs @octocat
/apps/ @octocat
/apps/github
/apps/github/doc @doctocat
!*.go @nobody
file[1-3] @nobody
/with\\ space/ @space
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README", "@global-owner1 @global-owner2"),
        ("a/b/c.js", "@js-owner"),
        ("main.go", "docs@example.com"),
        ("x/notes.txt", "@octo-org/octocats"),
        ("build/logs/a/b", "@octocat"),
        ("other/build/logs2/a", "@global-owner1 @global-owner2"),
        ("deep/logs/x", "@octocat"),
        ("docs/a/b.md", "@doctocat"),
        ("sub/docs/a.md", "@global-owner1 @global-owner2"),
        ("apps/shop/Dockerfile", "@octocat"),
        ("my/apps/shop/Dockerfile", "@octocat"),
        ("apps/github/x", ""),
        ("apps/github/doc/x", "@doctocat"),
        ("file1", "@global-owner1 @global-owner2"),
        ("with space/x", "@space"),
    ],
)
def test_github(path: str, owners: str) -> None:
    assert Owners(GITHUB, "github").of(path) == tuple(owners.split())


def test_a_star_below_a_directory_is_not_for_what_lies_deeper() -> None:
    owners = Owners("docs/* docs@example.org\n", "github")
    assert owners.of("docs/getting-started.md") == ("docs@example.org",)
    assert owners.of("docs/build-app/troubleshooting.md") == ()
    assert Owners("/a/b @x\n", "github").of("a/bc") == ()


GITLAB = """\
* @admin
\\#odd @odd
path\\ with\\ spaces/ @space

[README Owners]
README.md @user1 @user2
internal/README.md @user4

[README other owners]
README.md @user3

^[Database][2] @database-team @agarcia
model/db/
config/db/database-setup.md @docs-team

[Ruby]
*.rb @ruby-team
!/config/**/*.rb
/config/routes.rb @ops

[database]
/late/ @@maintainer
lib/*.c
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", "@admin @user1 @user2 @user3"),
        ("internal/README.md", "@admin @user4 @user3"),
        ("app/model/db/x/y", "@admin @database-team @agarcia"),
        ("config/db/database-setup.md", "@admin @docs-team"),
        ("a/b.rb", "@admin @ruby-team"),
        ("config/routes.rb", "@admin"),
        ("late/x", "@admin @@maintainer"),
        ("lib/a.c", "@admin @database-team @agarcia"),
        ("lib/a/b.c", "@admin"),
        ("#odd", "@odd"),
        ("path with spaces/x", "@space"),
        ("docs", "@admin"),
    ],
)
def test_gitlab(path: str, owners: str) -> None:
    assert Owners(GITLAB, "gitlab").of(path) == tuple(owners.split())


def test_gitlab_excludes_for_good_within_a_section() -> None:
    owners = Owners("* @all\n!*.rb\n/special/*.rb @ruby\n", "gitlab")
    assert owners.of("special/x.rb") == ()
    assert owners.of("special/x.py") == ("@all",)


GITEA = r"""
.*\\.go @user1 @user2 # This is comment
frontend/src/.*\\.js @org1/team1
!frontend/src/.* @org1/team3
docs/(aws|google)/[^/]*\\.(md|txt) @user8
dir/with\#hashtag @user4
path\ with\ space @user5
broken( @user6
alone
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("cmd/main.go", "@user1 @user2 @org1/team3"),
        ("frontend/src/a/b.js", "@org1/team1"),
        ("docs/aws/x.md", "@org1/team3 @user8"),
        ("docs/aws/y/x.md", "@org1/team3"),
        ("dir/with#hashtag", "@org1/team3 @user4"),
        ("path with space", "@org1/team3 @user5"),
        ("alone", "@org1/team3"),
    ],
)
def test_gitea(path: str, owners: str) -> None:
    assert Owners(GITEA, "gitea").of(path) == tuple(owners.split())


# --- where it lies -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("github", ".github/CODEOWNERS", "CODEOWNERS"),
        ("github", "CODEOWNERS", "docs/CODEOWNERS"),
        ("gitlab", "CODEOWNERS", ".gitlab/CODEOWNERS"),
        ("gitlab", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
        ("gitea", "docs/CODEOWNERS", ".gitea/CODEOWNERS"),
    ],
)
def test_the_first_file_counts(kind: str, first: str, second: str, tmp_path: Path) -> None:
    for name, owner in ((first, "@first"), (second, "@second")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f".* {owner}\n" if kind == "gitea" else f"* {owner}\n")
    owners = read_owners(tmp_path, kind)
    assert owners is not None and owners.of("x") == ("@first",)


@pytest.mark.parametrize(
    ("kind", "name"),
    [("github", ".gitlab/CODEOWNERS"), ("gitlab", ".github/CODEOWNERS"), ("gitea", "x/CODEOWNERS")],
)
def test_elsewhere_it_is_not_looked_for(kind: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text("* @somebody\n")
    assert read_owners(tmp_path, kind) is None


def test_a_link_out_of_the_repository_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("* @somebody\n")
    (tmp_path / "r").mkdir()
    (tmp_path / "r/CODEOWNERS").symlink_to("../secret")
    assert read_owners(tmp_path / "r", "github") is None


def test_without_a_forge_the_file_tells(tmp_path: Path) -> None:
    (tmp_path / "CODEOWNERS").write_text("[Go] @gophers\n*.go\n")
    owners = read_owners(tmp_path, "none")
    assert owners is not None and owners.of("main.go") == ("@gophers",)
