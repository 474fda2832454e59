"""A campaign that is planned by the workers of a Dask cluster."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from gorewrite.campaign.cluster import ClusterPlanners
from gorewrite.campaign.planning import Job
from tests.campaign.tools import SERVICE, WORDS, Campaign
from tests.fleet.test_cluster import Cluster
from tests.forgery import GitHubForge


def test_workers_plan_and_this_process_publishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GitHubForge(tmp_path / "forge") as forge:
        for name in ("api", "shop", "web"):
            forge.add_repository(f"acme/{name}", SERVICE)
        forge.add_repository("acme/words", WORDS)
        monkeypatch.setenv("GOREWRITE_TOKEN", forge.token)
        cluster = Cluster(tmp_path, {"GOREWRITE_TOKEN": forge.token})
        try:
            cluster.wait()
            campaign = Campaign(forge, tmp_path)
            campaign.elsewhere = True
            sent: list[Job] = []

            class Spy(ClusterPlanners):
                def results(self, jobs):  # type: ignore[no-untyped-def]
                    return super().results(sent.append(job) or job for job in jobs)

            with Spy(cluster.url) as planners:
                ended, watched = campaign.run(planners=planners)
        finally:
            cluster.close()
        assert (ended.failed, ended.why) == (0, "")
        assert watched.states["acme/words"] == "clean"
        assert campaign.states() == dict.fromkeys(("acme/api", "acme/shop", "acme/web"), "open")
        assert forge.token.encode() not in pickle.dumps(sent)
