"""Templates of Helm charts with their actions taken out."""

from __future__ import annotations

import pytest

from gorewrite.callers.helm import OPEN, rendered
from gorewrite.callers.yamlnodes import Mapping, read


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a: b\n", "a: b\n"),
        ("a: {{ .Values.x.y }}", "a: 1"),
        ("a: {{- .Values.x.y | quote -}}", "a: 1"),
        ("a: {{ .Values.x }}", f"a: {OPEN}"),
        ("a: {{ .Values.none.y }}", f"a: {OPEN}"),
        ("a: {{ .Values.x.y | default 2 }}", f"a: {OPEN}"),
        ('a: "{{ .Release.Name }}-{{ .Values.x.y }}"', f'a: "{OPEN}-1"'),
        ("{{ if a }}\nb\n{{ else }}\nc\n{{ end }}\nd", "\nb\n\n\n\nd"),
        ("{{ range a }}\n{{ if b }}\nc\n{{ end }}\n{{ else }}\nd\n{{ end }}", "\n\nc\n\n\n\n"),
        ("{{ else }}\na\n{{ end }}\nb", "\na\n\nb"),
        ("{{/* a\nb */}}\nc", "\n\nc"),
        ("a: {{ b", "a: {{ b"),
    ],
)
def test_rendered(text: str, plain: str) -> None:
    (values,) = read("x: {y: 1}")
    assert isinstance(values, Mapping)
    assert rendered(text, values) == plain


def test_without_values() -> None:
    assert rendered("a: {{ .Values.x.y }}") == f"a: {OPEN}"
