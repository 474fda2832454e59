"""Terraform and Ansible as callers."""

from __future__ import annotations

import pytest

from gorewrite.callers import provisioning
from gorewrite.callers.formats import format_of
from gorewrite.callers.model import Builder, Source


def built(path: str, text: str) -> list[tuple[int, str | None, str | None]]:
    start = path.rpartition("/")[0] or "."
    found = list(provisioning.calls(Source(path, text.encode(), start)))
    assert all(call.builder is Builder.NEVER for call in found)
    return [(call.line, call.context, call.dockerfile) for call in found]


def resource(build: str, kind: str = "docker_image") -> str:
    return f'# images\nresource "{kind}" "shop" {{\n  name = "shop"\n{build}\n}}\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (resource('build {\n  context = "."\n}'), [(2, "infra", "infra/Dockerfile")]),
        (
            resource('build { context = "${path.module}/.."\n dockerfile = "build/Dockerfile" }'),
            [(2, ".", "build/Dockerfile")],
        ),
        (
            resource('build {\n context = ".."\n}', "docker_registry_image"),
            [(2, ".", "Dockerfile")],
        ),
        (resource("build {\n  context = var.context\n}"), [(2, None, None)]),
        (resource('build {\n  context = "${var.top}"\n}'), [(2, None, None)]),
        # BuildKit, no build, another resource.
        (resource('build {\n  context = "."\n  builder = "default"\n}'), []),
        (resource('keep_locally = true\n'), []),
        ('resource "docker_container" "x" {\n  build {}\n}\n', []),
    ],
)  # fmt: skip
def test_terraform(text: str, expected: list[tuple[int, str | None, str | None]]) -> None:
    found = built("infra/main.tf", text)
    assert [(line, context) for line, context, _ in found] == [e[:2] for e in expected]
    assert all(e[2] is None or f == e for f, e in zip(found, expected, strict=True))


def test_target_and_arguments() -> None:
    text = resource(
        'build {\n context = "."\n target = "run"\n build_args = { A = "1", B = var.b }\n}'
    )
    (call,) = provisioning.calls(Source("main.tf", text.encode()))
    assert call.target == "run"
    assert call.args == (("A", "1"), ("B", None))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "- community.docker.docker_image:\n    name: shop\n    source: build\n"
            "    build:\n      path: '{{ playbook_dir }}/..'\n      dockerfile: build/Dockerfile\n",
            [(1, ".", "build/Dockerfile")],
        ),
        (
            "- hosts: all\n  tasks:\n    - name: image\n      docker_image:\n        name: shop\n"
            "        build: {path: .}\n    - name: next\n      file:\n        path: /x\n",
            [(4, "ansible", "ansible/Dockerfile")],
        ),
        ("- docker_image:\n    name: shop\n    source: build\n    path: '{{ x }}'\n",
         [(1, None, None)]),
        # One that is pulled, and the module that uses buildx.
        ("- docker_image:\n    name: postgres\n    source: pull\n", []),
        ("- community.docker.docker_image_build:\n    name: shop\n    path: .\n", []),
    ],
)  # fmt: skip
def test_ansible(text: str, expected: list[tuple[int, str | None, str | None]]) -> None:
    assert built("ansible/site.yml", text) == expected


@pytest.mark.parametrize(
    "path", ["main.tf", "roles/shop/tasks/main.yml", "ansible/shop.yaml", "deploy/playbook.yml"]
)
def test_names(path: str) -> None:
    form = format_of(path)
    assert form is not None
    assert form.reader == "provisioning"
