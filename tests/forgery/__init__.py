"""A test forge: real bare repositories behind the documented APIs of GitHub, GitLab and Gitea.

    with GitHubForge(tmp_path) as forge:
        forge.add_repository("acme/shop", {"Dockerfile": "FROM golang:1.22\\n"})
        …                               # forge.api, forge.token, forge.clone_url("acme/shop")
        forge.faults.add("drop", "POST", "/pulls$", after=True)
        forge.human("acme/shop").close(1)
        assert not forge.writes         # forge.requests is the log of everything

At the end of the `with` every request and answer must have kept to the API's description.
"""

from tests.forgery.faults import Fault, Kind
from tests.forgery.forge import ForgeServer
from tests.forgery.gitea import GiteaForge
from tests.forgery.github import GitHubForge
from tests.forgery.github_app import App
from tests.forgery.gitlab import GitLabForge
from tests.forgery.limits import GITHUB_POINTS, GITHUB_REQUESTS, GITHUB_WRITES, Limit
from tests.forgery.people import Human
from tests.forgery.server import Request
from tests.forgery.state import Pull, Push, Repository

__all__ = [
    "GITHUB_POINTS",
    "GITHUB_REQUESTS",
    "GITHUB_WRITES",
    "App",
    "Fault",
    "ForgeServer",
    "GitHubForge",
    "GitLabForge",
    "GiteaForge",
    "Human",
    "Kind",
    "Limit",
    "Pull",
    "Push",
    "Repository",
    "Request",
]
