"""Blocks of HCL as the nodes of YAML."""

from __future__ import annotations

from gorewrite.callers import hclnodes
from gorewrite.callers.yamlnodes import Mapping, Scalar

TEXT = b"""
variable "image" { default = "example/shop" }
variable "open" {}
locals { words = ["serve", "--name=${var.image}"] }
resource "x" "y" {
  image      = var.image
  args       = local.words
  entrypoint = [var.open, "-v"]
  some_probe { port_name = "a" }
  some_probe { port_name = "b" }
  json = <<END
{"cpu": ${var.cpu}, "name": "${var.image}"}
END
}
"""


def test_what_stands_in_a_block() -> None:
    ((_, node),) = [(b, node) for b, node in hclnodes.read(TEXT) if b.labels == ("x", "y")]
    assert node.text("image") == "example/shop"
    words = [item.text for item in node.sequence("args") if isinstance(item, Scalar)]
    assert words == ["serve", "--name=example/shop"]
    first = node.sequence("entrypoint")[0]
    assert isinstance(first, Scalar)
    assert first.text == "⟨template⟩"
    probes = [
        each.text("portName") for each in node.sequence("someProbe") if isinstance(each, Mapping)
    ]
    assert probes == ["a", "b"]
    assert node.mapping("json").text("name") == "example/shop"
    assert node.mapping("json").line_of("name") == node.line_of("json") == 11


def test_inner_blocks_come_behind_their_own() -> None:
    kinds = [block.kind for block, _ in hclnodes.read(b"a {\n b {\n }\n}\nc {\n}\n")]
    assert kinds == ["a", "b", "c"]
