"""One Dockerfile from the plan to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gorewrite.outcome import outcome_of
from gorewrite.pulls.measured import measured, read
from gorewrite.pulls.model import Group, Planned
from gorewrite.verify.show import as_json
from gorewrite.verify.smoke import SmokeOptions
from gorewrite.verify.verification import VerifyOptions, verify
from tests.repositories import GO_MOD, MAIN, SHOP, repository
from tests.verify.tools import CONFIG, FILES, LINKED, NAIVE, Fake, planned, sweeping, verified

SAME = "the contract and the run are the same"


def nothing_left(fake: Fake, tmp_path: Path) -> bool:
    return (fake.left, list((tmp_path / "temporary").iterdir())) == ([], [])


# --- verified --------------------------------------------------------------------------


def test_verified(fake: Fake, shop: Path, tmp_path: Path) -> None:
    found = verified(fake, shop, janitor=True)
    assert (found.display, found.verdict, found.reason) == ("Dockerfile", "verified", SAME)
    assert (found.differences, found.notes, found.log, found.review) == ((), (), "", False)
    assert found.runs == ("ends with 3: no database",)
    assert found.before is not None
    assert found.after is not None
    assert (found.before.image.size, found.after.image.size) == (900_000_000, 9_000_000)
    assert (found.before.times.sent, found.after.times.sent) == (2_250_000, 1500)
    assert found.before.times[1:4] == (None, None, None)
    assert nothing_left(fake, tmp_path)
    bases, before, after = fake.builds
    assert (bases["tag"], before["tag"], after["tag"]) == ("bases", "before", "after")
    assert before["dockerfile"] == NAIVE
    assert after["dockerfile"].encode() == planned(shop).plan.new
    # The ignore file of the plan is in force in the build after, and only there.
    assert before["ignore"] is None
    assert ".git\n" in after["ignore"]


def test_pull_requests_know_what_was_built(fake: Fake, shop: Path, tmp_path: Path) -> None:
    """The files that are told of are those of the plan, byte for byte."""
    result = planned(shop)
    results = tmp_path / "results.json"
    results.write_text(as_json([verified(fake, shop)], None))
    edits = tuple(
        edit._replace(path=edit.name) for edit in outcome_of(result, here=str(shop)).edits
    )
    assert [edit.name for edit in edits] == ["Dockerfile", ".dockerignore"]
    every = Group(".", ".", (), (Planned("Dockerfile", {}, edits),))
    assert list(measured(read(results), every)[0]) == ["Dockerfile"]
    fewer = Group(".", ".", (), (Planned("Dockerfile", {}, edits[:1]),))
    assert measured(read(results), fewer)[0] == {}


def test_everything_is_asked_of_the_run_itself(fake: Fake, shop: Path) -> None:
    """Names of one verification are not those of another one."""
    verified(fake, shop, run=False)
    verified(fake, shop, run=False)
    tags = [call[call.index("--tag") + 1] for call in fake.calls if "--tag" in call]
    names = {tag.partition(":")[0] for tag in tags}
    assert len(names) == 2
    assert all(name.startswith("gorewrite-verify-") for name in names)
    assert {call[0] for call in fake.calls}.isdisjoint({"run", "logs", "port"})


def test_nothing_to_prove(fake: Fake, tmp_path: Path) -> None:
    top = repository(tmp_path / "top", {"Dockerfile": "FROM alpine\n"})
    found = verified(fake, top)
    assert (found.verdict, found.reason) == ("unchanged", "nothing would change")
    assert fake.calls == []


def test_options_reach_the_engine(fake: Fake, shop: Path) -> None:
    smoke = SmokeOptions(("--x",), ("A=1",))
    assert verified(fake, shop, build=("--network=host",), smoke=smoke).verdict == "verified"
    builds = [call for call in fake.calls if "--tag" in call]
    assert all("--network=host" in call for call in builds)
    runs = [call for call in fake.calls if call[0] == "run"]
    assert all(call[-1] == "--x" and "A=1" in call for call in runs)


# --- failed ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        ({"code": 1}, "run: state: ends with 3 -> ends with 1"),
        ({"config": {**CONFIG, "User": "65532"}}, "user: 0 -> 65532"),
        (
            {"files": {"/app/shop": {"content": LINKED, "mode": 0o700}}},
            "/app/shop: file 0755 0:0 ",
        ),
    ],
)
def test_failed(fake: Fake, shop: Path, after: dict[str, Any], reason: str) -> None:
    fake.set("after", **after)
    found = verified(fake, shop, run="code" in after)
    assert found.verdict == "failed"
    assert found.reason.startswith(reason)
    assert found.before is not None
    assert found.after is not None
    assert found.differences


def test_rewritten_dockerfile_does_not_build(fake: Fake, shop: Path, tmp_path: Path) -> None:
    fake.set("after", build_error='"/app/shop": not found')
    found = verified(fake, shop, janitor=True)
    assert found.verdict == "failed"
    assert found.reason == "the rewritten Dockerfile does not build: the build failed"
    assert found.log.splitlines()[-1] == 'failed to solve: "/app/shop": not found'
    assert found.before is not None
    assert found.after is None
    assert nothing_left(fake, tmp_path)


def test_rewritten_dockerfile_builds_for_too_long(fake: Fake, shop: Path, tmp_path: Path) -> None:
    fake.set("after", delay=30)
    found = verified(fake, shop, timeout=1.5, janitor=True)
    assert found.verdict == "failed"
    assert "took longer than" in found.reason
    assert nothing_left(fake, tmp_path)
    assert fake.only(set())


def test_rebuild_that_only_works_before(fake: Fake, shop: Path) -> None:
    """With warm caches the rewritten Dockerfile does not build any more."""
    fake.set("after-edited", build_error="go.sum: permission denied")
    assert verified(fake, shop, rebuilds=True, run=False).verdict == "failed"


# --- unverified ------------------------------------------------------------------------


def test_does_not_build_as_it_is(fake: Fake, shop: Path, tmp_path: Path) -> None:
    fake.set("before", build_error="no such host")
    found = verified(fake, shop, janitor=True)
    assert found.verdict == "unverified"
    assert found.reason == "it does not build as it is: the build failed"
    assert found.log.splitlines()[-1] == "failed to solve: no such host"
    assert (found.before, found.after) == (None, None)
    # Nothing is built that nobody can compare.
    assert [build["tag"] for build in fake.builds] == ["bases", "before"]
    assert nothing_left(fake, tmp_path)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ("history", "history --human=false: gone"),
        ("create", "create --name: gone"),
        ("run", "it cannot be run"),
        ("cp", "/app cannot be read: gone"),
    ],
)
def test_engine_that_fails(fake: Fake, shop: Path, broken: str, reason: str) -> None:
    fake.scenario["broken"] = {broken: "gone"}
    fake.save()
    found = verified(fake, shop, run=bool(reason))
    assert found.verdict == "unverified", found.reason
    assert found.reason.startswith(reason)


def test_container_that_cannot_be_run(fake: Fake, shop: Path, tmp_path: Path) -> None:
    fake.set("before", start_error="Bind for 127.0.0.1:8080 failed: port is already allocated")
    found = verified(fake, shop, janitor=True)
    assert found.verdict == "unverified"
    assert found.reason.startswith("it cannot be run: docker: Error response from daemon: Bind")
    assert found.after is not None
    assert nothing_left(fake, tmp_path)


def test_difference_counts_although_it_cannot_be_run(fake: Fake, shop: Path) -> None:
    """Unverified, and what was found until then is told."""
    fake.set("before", start_error="Bind for 127.0.0.1:8080 failed: port is already allocated")
    fake.configure("after", User="65532")
    found = verified(fake, shop)
    assert found.verdict in ("failed", "unverified")
    assert [difference.what for difference in found.differences] == ["user"]


def test_no_such_target(fake: Fake, shop: Path) -> None:
    found = verified(fake, shop, target="nowhere")
    assert (found.verdict, found.reason) == ("unverified", "there is no stage nowhere")
    assert fake.builds == []


# --- stages that callers build ---------------------------------------------------------

TWO = (
    "FROM golang:1.24 AS dev\nWORKDIR /app\nCOPY . .\n" + 'CMD ["go", "run", "."]\n'
    "FROM golang:1.24 AS prod\nWORKDIR /app\nCOPY . .\nRUN go build -o shop .\nEXPOSE 8080\n"
    'CMD ["./shop"]\n'
)
COMPOSE = (
    "services:\n"
    "  dev:\n    build:\n      context: .\n      target: {}\n"
    "  prod:\n    build:\n      context: .\n      target: prod\n"
)


@pytest.fixture
def two(tmp_path: Path, fake: Fake) -> Path:
    """A service with a stage that a compose file builds for development."""
    for image in ("before-dev", "after-dev"):
        config = {**CONFIG, "Cmd": ["go", "run", "."]}
        fake.set(image, config=config, code=0, out="dev\n", files=FILES)
    files = {**SHOP, "Dockerfile": TWO, "compose.yaml": COMPOSE.format("dev")}
    return repository(tmp_path / "two", files)


def test_target_of_a_compose_file(fake: Fake, two: Path) -> None:
    found = verified(fake, two)
    assert found.verdict == "verified", found
    tags = [build["tag"] for build in fake.builds]
    assert tags == ["bases", "before", "after", "before-dev", "after-dev"]
    targets = [call[call.index("--target") + 1] for call in fake.calls if "--target" in call]
    # The last stage is not built twice.
    assert targets == ["dev", "dev"]
    assert found.runs == ("ends with 3: no database", "ends with 0: dev")


def test_target_that_behaves_differently(fake: Fake, two: Path) -> None:
    fake.configure("after-dev", User="1")
    found = verified(fake, two, run=False)
    assert (found.verdict, found.reason) == ("failed", "user: 0 -> 1")


def test_what_is_declared_is_of_the_last_stage(fake: Fake, two: Path) -> None:
    result = planned(two)
    declaring = result._replace(plan=result.plan._replace(declared=frozenset(["user"])))
    fake.configure("after-dev", User="1")
    with sweeping(fake):
        found = verify(declaring, fake.engine, VerifyOptions(rebuilds=False, run=False))
    assert found.verdict == "failed"


def test_target_that_does_not_build_any_more(fake: Fake, two: Path) -> None:
    fake.set("after-dev", build_error="gone")
    found = verified(fake, two, run=False)
    assert found.verdict == "failed"
    assert found.reason == "target dev: builds -> the build failed: failed to solve: gone"


def test_target_that_did_not_build_before(fake: Fake, two: Path) -> None:
    fake.set("before-dev", build_error="gone")
    found = verified(fake, two, run=False)
    assert found.verdict == "verified"
    assert found.notes == ("target dev does not build as it is: the build failed",)


def test_target_that_is_not_there(fake: Fake, two: Path) -> None:
    (two / "compose.yaml").write_text(COMPOSE.format("nowhere"))
    assert verified(fake, two, run=False).verdict == "verified"
    assert len(fake.builds) == 3


def test_wanted_target_alone(fake: Fake, two: Path) -> None:
    fake.set("before", config={**CONFIG, "Cmd": ["go", "run", "."]})
    fake.set("after", config={**CONFIG, "Cmd": ["go", "run", "."]}, files=FILES)
    assert verified(fake, two, target="DEV", run=False).verdict == "verified"
    assert [build["tag"] for build in fake.builds] == ["bases", "before", "after"]
    assert all("DEV" in call for call in fake.calls if "--no-cache" in call)


def test_dockerfile_outside_of_its_context(fake: Fake, tmp_path: Path) -> None:
    top = repository(
        tmp_path / "top",
        {
            "src/go.mod": GO_MOD,
            "src/main.go": MAIN,
            "docker/shop.Dockerfile": NAIVE,
            "docker/shop.Dockerfile.dockerignore": "*.md\n",
            "compose.yaml": "services:\n  shop:\n    build:\n      context: src\n"
            "      dockerfile: ../docker/shop.Dockerfile\n",
        },
    )
    found = verified(fake, top, "docker/shop.Dockerfile", run=False)
    assert found.verdict == "verified", found
    _, before, after = fake.builds
    assert before["ignore"] == "*.md\n"
    assert before["files"] == ["go.mod", "main.go"]
    assert after["dockerfile"] != NAIVE
    assert after["ignore"].endswith("*.md\n")


def test_what_is_edited_is_put_back_and_told(fake: Fake, shop: Path) -> None:
    found = verified(fake, shop, rebuilds=True, run=False, janitor=True)
    assert found.before is not None
    assert found.after is not None
    assert None not in (*found.before.times[:5], *found.after.times[:5])
    edits = {tuple(build["edited"]) for build in fake.builds}
    (run,) = {call[-1].rpartition("=")[2] for call in fake.calls if "prune" in call}
    number = run.partition("~=")[2] or run.removeprefix("description~=")
    assert edits == {
        (),
        (f"main.go:// gorewrite verify {number}",),
        (f"go.mod:// gorewrite verify {number}",),
    }
