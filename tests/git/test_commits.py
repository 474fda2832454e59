"""Commits without a work tree: what is in them, what they change, who made them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gorewrite.git.commits import Draft, File, Identity, commit, signed
from gorewrite.git.run import Git, GitError
from gorewrite.git.trees import Entry, blob_id, changes, commits, entries
from tests.git.tools import git, repository

BOT = Identity("gorewrite", "bot@example.com")
ODD = ['with space/a "quoted" name', "new\nline", "ünï", "tab\there", "back\\slash", '"begins']


@pytest.fixture
def made(tmp_path: Path) -> tuple[Git, str]:
    """A repository with a commit: two files, of which one may be run."""
    tip = repository(tmp_path / "r", {"a/run": "#!/bin/sh\n", "a/plain": "x\n", "b": "y\n"})
    git(tmp_path / "r", "update-index", "--chmod=+x", "a/run")
    git(tmp_path / "r", "commit", "-q", "--amend", "--no-edit")
    del tip
    return Git(tmp_path / "r"), git(tmp_path / "r", "rev-parse", "HEAD")


def test_the_same_input_gives_the_same_ids_whatever_else_is_made(made: tuple[Git, str]) -> None:
    here, tip = made
    one = Draft(tip, "One\n\nMore.\n", (File("b", "100644", b"1"),))
    two = Draft(tip, "Two\n", (File("a/plain", "100644", b"2"), File("new/file", "100644", b"3")))
    both = commit(here, [one, two], BOT, 1_700_000_000)
    assert commit(here, [two], BOT, 1_700_000_000) == both[1:]
    assert commit(here, [one], BOT, 1_700_000_001) != both[:1]
    assert commit(here, [], BOT, 0) == []
    first, _ = commits(here, both)
    assert first.parents == (tip,) and first.message == "One\n\nMore.\n"
    assert first.author == first.committer == ("gorewrite", "bot@example.com", "1700000000 +0000")


def test_only_the_files_change_and_their_modes_stay(made: tuple[Git, str]) -> None:
    here, tip = made
    assert entries(here, tip, ["a/run", "a/none", "none/at all"]) == {
        "a/run": Entry("100755", blob_id(b"#!/bin/sh\n", tip))
    }
    draft = Draft(tip, "One\n", (File("a/run", "100755", b"#!/bin/bash\n"),))
    (id,) = commit(here, [draft], BOT, 1)
    before = Entry("100755", blob_id(b"#!/bin/sh\n", tip))
    after = Entry("100755", blob_id(b"#!/bin/bash\n", tip))
    assert changes(here, [id]) == {id: {"a/run": (before, after)}}


def test_names_that_need_care(made: tuple[Git, str]) -> None:
    here, tip = made
    names = [*ODD, os.fsdecode(b"not \xff utf-8")]
    draft = Draft(tip, "Odd\n", tuple(File(name, "100644", b"z") for name in names))
    (id,) = commit(here, [draft], BOT, 1)
    assert set(changes(here, [id])[id]) == set(names)
    found = entries(here, id, names)
    assert set(found) == {name for name in names if "\n" not in name}


def test_a_merge_and_a_first_commit_change_nothing_of_one_parent(made: tuple[Git, str]) -> None:
    here, tip = made
    git(here.directory, "switch", "-q", "-c", "side")
    git(here.directory, "commit", "-q", "--allow-empty", "-m", "Side")
    git(here.directory, "switch", "-q", "main")
    git(here.directory, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    merge = git(here.directory, "rev-parse", "HEAD")
    assert changes(here, [merge, tip]) == {merge: {}, tip: {}}


def test_what_is_no_commit(made: tuple[Git, str]) -> None:
    here, _ = made
    with pytest.raises(ValueError, match="is not here"):
        commits(here, ["0" * 40])
    with pytest.raises(GitError):
        commit(here, [Draft("1" * 40, "x\n", ())], BOT, 1)


def test_signatures_are_the_users(made: tuple[Git, str], tmp_path: Path) -> None:
    here, tip = made
    key = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)]
    subprocess.run(command, check=True)
    git(here.directory, "config", "gpg.format", "ssh")
    git(here.directory, "config", "user.signingkey", str(key))
    draft = Draft(tip, "One\n", (File("b", "100644", b"1"),))
    plain = commit(here, [draft], BOT, 1_700_000_000)
    (id,) = signed(here, [draft], plain, BOT, 1_700_000_000)
    text = git(here.directory, "cat-file", "-p", id)
    assert "BEGIN SSH SIGNATURE" in text
    assert changes(here, [id])[id] == changes(here, plain)[plain[0]]
    (read,) = commits(here, [id])
    assert read.author.date == "1700000000 +0000" and read.message == "One\n"


@pytest.mark.parametrize("text", ["", "Name", "<a@b>", "Name <a@b> x", "Na\nme <a@b>", "N <<a@b>>"])
def test_what_is_no_identity(text: str) -> None:
    with pytest.raises(ValueError, match="not as"):
        Identity.parse(text)
