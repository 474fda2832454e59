"""Builds in Bake files."""

from __future__ import annotations

import pytest

from gorewrite.callers import bake
from gorewrite.callers.model import BuildCall, Builder, Source

HCL = """\
variable "REGISTRY" { default = "example.com" }
variable "STAGE" { default = "prod" }
variable "FROM_CALLER" {}

function "image" {
  params = [name]
  result = "${REGISTRY}/${name}"
}

group "default" { targets = ["api", "jobs"] }

target "_common" {
  args = { GO = "1.24", DEBUG = false, NONE = null, WHO = FROM_CALLER }
  platforms = ["linux/amd64"]
}

target "api" {
  inherits = ["_common"]
  context = "services/api"
  dockerfile = "build/Dockerfile"
  target = STAGE
  args = { GO = "1.25" }
  tags = [image("api")]
  cache-to = ["type=gha,mode=max"]
}

target "jobs" {
  name = "jobs-${svc}"
  matrix = { svc = ["mail", "bill"] }
  context = "jobs/${svc}"
}
"""


def read(
    text: str, path: str = "docker-bake.hcl", start: str = "."
) -> dict[tuple[str | None, str | None], BuildCall]:
    """The calls by context and Dockerfile."""
    found = bake.calls(Source(path, text.encode(), start))
    return {(call.context, call.dockerfile): call for call in found}


def one(text: str) -> BuildCall:
    (call,) = bake.calls(Source("docker-bake.hcl", text.encode()))
    return call


def test_a_whole_file() -> None:
    calls = read(HCL)
    assert list(calls) == [
        ("services/api", "services/api/build/Dockerfile"),
        ("jobs/mail", "jobs/mail/Dockerfile"),
        ("jobs/bill", "jobs/bill/Dockerfile"),
    ]
    api = calls["services/api", "services/api/build/Dockerfile"]
    assert api.target == "prod"
    assert api.args == (("GO", "1.25"), ("DEBUG", "false"), ("WHO", None))
    assert api.platforms == ("linux/amd64",)
    assert api.exports_layers
    assert api.tags == ("example.com/api",)
    assert [because and because.line for because in (api.target_because, api.exports_because)] == [
        21,
        24,
    ]
    assert api.builder is Builder.BUILDKIT
    assert (api.line, api.text) == (17, 'target "api" {')
    start, end = api.span
    assert HCL[start:end].startswith('target "api" {')
    assert HCL[start:end].endswith('mode=max"]\n}')


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ("", None),
        ('target = "dev"', "dev"),
        ('target = X == "1" ? "a" : "b"', "b"),
        ('target = notequal("", X) ? "a" : "b"', "b"),
        ('target = !(X == "" && Y != "") ? "a" : lower("B")', "b"),
        ('target = join("-", concat(["a"], [Y]))', "a-y"),
        ('target = {a = ["b"]}.a[0]', "b"),
        ('target = M.k["l"]', "m"),
        ('target = UNSET == "" ? "a" : "b"', None),
        ("target = timestamp()", None),
        ('target = "%{ if X }a%{ endif }"', None),
        ('target = "x-${UNSET}"', None),
        ("target = LOOP", None),
    ],
)
def test_expressions(body: str, target: str | None) -> None:
    names = """
    variable "X" { default = "" }
    variable "Y" { default = "y" }
    variable "M" { default = { k = { l = "m" } } }
    variable "LOOP" { default = LOOP }
    variable "UNSET" {}
    """
    assert (
        one(f'{names}target "t" {{ {body} }}'.replace("{ ", "{\n").replace(" }", "\n}")).target
        == target
    )


@pytest.mark.parametrize(
    ("path", "context", "dockerfile"),
    [
        ('context = "."', ".", "Dockerfile"),
        ('context = "./a/"', "a", "a/Dockerfile"),
        ('dockerfile = "../Dockerfile"', ".", None),
        ('context = "../up"', None, None),
        ('context = "https://example.com/r.git"', None, None),
        ('context = "cwd://a"', "a", "a/Dockerfile"),
        ("context = BAKE_CMD_CONTEXT", None, None),
        ('context = "a"\ndockerfile = "${X}"', "a", None),
    ],
)
def test_paths(path: str, context: str | None, dockerfile: str | None) -> None:
    call = one(f'target "t" {{\n{path}\n}}')
    assert (call.context, call.dockerfile) == (context, dockerfile)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'target "t" {\n dockerfile-inline = "FROM a"\n}',
        'target "t" {\n context = \n}\n',
        'group "g" {\n targets = ["a"]\n}',
        'job "x" {\n group "y" {}\n}',
        'target "_hidden" {\n context = "a"\n}',
        'target "t" {',
        "\x00\xff{{{",
    ],
)
def test_nothing_is_built(text: str) -> None:
    assert not read(text)


def test_what_is_only_inherited_is_not_built() -> None:
    text = 'target "base" {\n context = "a"\n}\ntarget "x" {\n inherits = ["base"]\n}\n'
    assert [(call.context, call.line) for call in read(text).values()] == [("a", 4)]
    grouped = 'group "default" {\n targets = ["base"]\n}\n' + text
    assert {call.line for call in bake.calls(Source("x.hcl", grouped.encode()))} == {4, 7}


def test_a_parent_of_another_file_leaves_all_open() -> None:
    call = one('target "t" {\n inherits = ["elsewhere"]\n args = { A = "1" }\n}')
    assert (call.context, call.dockerfile, call.target) == (None, None, None)
    assert call.args == (("A", "1"),)


def test_targets_that_inherit_each_other() -> None:
    text = "".join(
        f'target "{name}" {{\n inherits = ["{other}"]\n target = "x"\n}}\n'
        for name, other in ("ab", "ba")
    )
    assert {call.context for call in bake.calls(Source("x.hcl", text.encode()))} == {None}


def test_an_override_is_put_over_the_default_file() -> None:
    base = (
        b'target "a" {\n context = "svc"\n args = { A = "1" }\n}\ntarget "b" {\n context = "b"\n}'
    )
    override = b'target "a" {\n args = { B = "2" }\n target = "dev"\n}\ntarget "c" {\n}'
    there = {"x/docker-bake.hcl": base}
    source = Source("x/docker-bake.override.hcl", override, "x", there.get)
    first, second = bake.calls(source)
    assert (first.context, first.target, first.args) == ("x/svc", "dev", (("A", "1"), ("B", "2")))
    assert (first.line, second.line, second.context) == (1, 5, "x")
    assert str(first.target_because) == 'x/docker-bake.override.hcl:3: target = "dev"'


def test_what_the_default_file_says_stands_there() -> None:
    base = b'\n\n\n\ntarget "a" {\n target = "dev"\n}'
    source = Source("docker-bake.ci.hcl", b'target "a" {}', ".", {"docker-bake.hcl": base}.get)
    (call,) = bake.calls(source)
    assert str(call.target_because) == 'docker-bake.hcl:6: target = "dev"'


def test_where_it_runs_is_up_to_the_caller() -> None:
    text = 'target "t" {\n dockerfile = "Dockerfile"\n}'
    assert list(read(text, "build/docker-bake.hcl", "build")) == [("build", "build/Dockerfile")]
    assert list(read(text, "build/docker-bake.hcl")) == [(".", "Dockerfile")]


def test_json() -> None:
    text = """{
  "variable": {"DIR": {"default": "svc"}},
  "group": {"default": {"targets": ["web"]}},
  "target": {
    "web": {"context": "${DIR}", "args": {"Ü": "1"}, "target": "${OTHER}"}
  }
}"""
    (call,) = bake.calls(Source("docker-bake.json", text.encode()))
    assert (call.context, call.dockerfile, call.target) == ("svc", "svc/Dockerfile", None)
    assert call.line == 5
    written = text.encode()[slice(*call.span)].decode()
    assert written == '"web": {"context": "${DIR}", "args": {"Ü": "1"}, "target": "${OTHER}"}'


@pytest.mark.parametrize("text", ["", "[]", "{", '{"target": 3}', '{"target": {"t": 4}}', "null"])
def test_odd_json(text: str) -> None:
    assert not read(text, "docker-bake.json")
