"""Gitea and Forgejo alone: labels by number, lists of people."""

from __future__ import annotations

from pathlib import Path

import pytest

from gorewrite.forge.connect import connect, connect_hub
from gorewrite.forge.model import Wanted
from gorewrite.forge.pacing import Pacer
from gorewrite.forge.secrets import Secret
from tests.forgery import GiteaForge

WANTED = Wanted("gorewrite/api-0", "main", "t", "b")


def test_the_repositories_of_a_person(tmp_path: Path) -> None:
    with GiteaForge(tmp_path) as server:
        server.add_repository("alice/own", {"a": "b"})
        hub = server.address("alice")
        with connect_hub(hub, token=Secret(server.token), pacer=Pacer((), None)) as found:
            assert [each.path for each in found.repositories("alice")] == ["alice/own"]


@pytest.mark.parametrize("owner", ["acme", "alice"], ids=["organisation", "person"])
def test_labels_are_made_once_and_looked_up_once(tmp_path: Path, owner: str) -> None:
    with GiteaForge(tmp_path) as server:
        path = f"{owner}/shop"
        server.add_repository(path, {"a": "b"})
        human = server.human(path)
        with connect(
            server.address(path), token=Secret(server.token), pacer=Pacer((), None)
        ) as forge:
            for head in ("a", "b", "c"):
                human.commit(head)
                forge.add_labels(forge.create(WANTED._replace(head=head)), ["docker"])
            assert [pull.labels for pull in forge.pulls(["a", "b", "c"]).values()] == [
                ("docker",)
            ] * 3
        labels = [
            request.method for request in server.requests if request.path.endswith(f"{path}/labels")
        ]
        assert labels == ["GET", "POST"]
