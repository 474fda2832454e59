"""What an instruction sees of the context, and what stays known of it when others change."""

from __future__ import annotations

from pathlib import Path

from gorewrite.dockerfile import BodyNode, Instruction
from gorewrite.facts import Facts
from tests.repositories import facts_of

FILES = {
    "main.go": "package main\n",
    "go.mod": "module example.com/shop\n",
    "conf/a.yml": "a\n",
    "conf/b.yml": "b\n",
}
TEXT = "FROM golang:1.24\nWORKDIR /app\nCOPY . .\nRUN go build -o a .\nRUN go build -o b .\n"


def runs(facts: Facts) -> list[Instruction]:
    return [run.instruction for run in facts.final.runs]


def changed(facts: Facts, old: BodyNode, *new: BodyNode) -> Facts:
    """The facts once a node has given way to others, as the engine makes them."""
    tree = facts.dockerfile.deep_replace({old: new})
    return Facts(tree, facts.project, None, facts.lasting)


def test_a_copy_that_comes_in_changes_what_is_seen(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT + "COPY conf/a.yml /x\nRUN cat /x\n", FILES)
    first, _, last = runs(facts)
    assert facts.final.source_of("/x", last) == "conf/a.yml"
    after = changed(facts, last, *facts.dockerfile.fragment("COPY conf/b.yml /x\nRUN cat /x\n"))
    assert after.final.source_of("/x", runs(after)[-1]) == "conf/b.yml"
    assert after.final.source_of("/x", first) is None


def test_a_copy_that_goes_is_gone(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT, FILES)
    assert facts.final.outputs[0][1], "it builds what was copied"
    (copy,) = (i for i in facts.dockerfile.instructions if i.keyword == "COPY")
    after = changed(facts, copy)
    assert after.final.source_of("/app/main.go", runs(after)[0]) is None
    assert not after.final.outputs[0][1]


def test_a_bind_mount_that_comes_in_changes_what_its_run_sees(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT, FILES)
    first, second = runs(facts)
    new = facts.dockerfile.fragment("RUN --mount=type=bind,target=/src go build -o a .\n")
    after = changed(facts, first, *new)
    mounting = runs(after)[0]
    assert after.final.source_of("/src/main.go", mounting) == "main.go"
    assert after.final.source_of("/src/main.go", second) is None


def test_another_build_is_not_the_one_before(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT, FILES)
    assert set(facts.final.output_paths) == {"/app/a", "/app/b"}
    after = changed(
        facts, runs(facts)[0], *facts.dockerfile.fragment("RUN mkdir b && go build -o c .\n")
    )
    # The second one's directory is there by now, so that it writes into it.
    assert set(after.final.output_paths) == {"/app/c", "/app/b/shop"}


def test_what_did_not_change_is_known(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT, FILES)
    first, second = runs(facts)
    mounted = facts.dockerfile.fragment("RUN --mount=type=cache,target=/c go build -o a .\n")
    after = changed(facts, first, *mounted)
    assert after.final.view(second) is facts.final.view(second)
    assert after.final.runs[0].body is facts.final.runs[0].body, "only its flags are others"
    assert after.final.runs[0].instruction is not facts.final.runs[0].instruction


def test_what_a_copy_places_is_known_when_others_change(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT, FILES)
    after = changed(facts, runs(facts)[0], *facts.dockerfile.fragment("RUN go build -o c .\n"))
    assert after.final.placed[0] is facts.final.placed[0]


def test_a_directory_that_comes_in_changes_where_a_file_lands(tmp_path: Path) -> None:
    text = "FROM alpine\nRUN true\nCOPY main.go /data\n"
    facts = facts_of(tmp_path, text, FILES)
    assert [placed.path for placed in facts.final.placed] == ["/data"]
    after = changed(facts, runs(facts)[0], *facts.dockerfile.fragment("COPY conf /data/\n"))
    assert [placed.path for placed in after.final.placed] == ["/data", "/data/main.go"]


def test_what_another_stage_holds_by_now_is_asked_again(tmp_path: Path) -> None:
    text = f"{TEXT}FROM alpine\nCOPY --from=0 /app/c /c\n"
    facts = facts_of(tmp_path, text, FILES)
    assert [placed.directory for placed in facts.final.placed] == [None]
    (old, _) = (run.instruction for run in facts.stages[0].runs)
    built = changed(facts, old, *facts.dockerfile.fragment("RUN go build -o c .\n"))
    assert [placed.directory for placed in built.final.placed] == [False]
    copied = changed(facts, old, *facts.dockerfile.fragment("COPY conf c/\n"))
    assert [placed.directory for placed in copied.final.placed] == [True]


def test_forgotten_facts_are_worked_out_again(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, TEXT, FILES)
    before, final = facts.final.placed, facts.final
    facts.forget()
    assert facts.final is not final
    assert facts.final.placed == before
    assert final.placed == before
