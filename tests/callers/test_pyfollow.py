"""What Python and Starlark files are understood to call, and with which values."""

from __future__ import annotations

import pytest

from gorewrite.callers.places import ROOT
from gorewrite.callers.pyfollow import follow
from gorewrite.callers.pyvalues import Value


def told(text: str) -> list[Value]:
    """The first arguments of the calls of `told`, in order."""
    names: dict[str, Value] = {"__file__": f"{ROOT}/tools/build.py"}
    found = follow(text.encode(), names)
    return [called.given[0] for called in found if called.name == "told"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1", 1),
        ("None", None),
        ("b'ab'", "ab"),
        ("'a' 'b' + 'c'", "abc"),
        ("['a', *['b'], 'c']", ["a", "b", "c"]),
        ("('a', *args)", ["a", "${args[@]}"]),
        ("['a'] + args", ["a", "${args[@]}"]),
        ("['a'] + 'b'", "${['a'] + 'b'}"),
        ("{'a': 1, **{'b': 2}}", {"a": 1, "b": 2}),
        ("{'a': 1} | {'a': 2}", {"a": 2}),
        ("dict({'a': 1}, b=2)", {"a": 1, "b": 2}),
        ("{'a': ['b', 'c']}['a'][-1]", "c"),
        ("['a', 'b', 'c'][1:]", ["b", "c"]),
        ("'abc'[:2]", "ab"),
        ("['a'][3]", "${['a'][3]}"),
        ("{'a': 1}['b']", "${{'a': 1}['b']}".replace("${{", "${").replace("}[", "[")),
        ("f'a{1 + x}b{\"c\"}'", "a${1 + x}bc"),
        ("f'{None}'", "${None}"),
        ("'%s-%d%%' % ('a', 1)", "a-1%"),
        ("'%s' % x", "${x}"),
        ("'%(a)s' % {'a': 1}", "${'%(a)s' % 'a': 1}"),
        ("'{}/{1}/{a}'.format('x', 'y', a='z')", "x/y/z"),
        ("'{a}'.format()", "${a}"),
        ("'{'.format()", "${'\\'.format()}".replace("\\", "")),
        ("'/'.join(['a', 'b'])", "a/b"),
        ("' '.join(words)", "${' '.join()}"),
        ("'a b'.split()", ["a", "b"]),
        ("'a,b'.split(',')", ["a", "b"]),
        ("' a '.strip().upper().replace('A', 'b')", "b"),
        ("str(1)", "1"),
        ("list(('a',))", ["a"]),
        ("sorted({'b', 'a'})", ["a", "b"]),
        ("[f'{x}!' for x in ['a', 'b']]", ["a!", "b!"]),
        ("[x for x in y]", "${[x for x in y]}"),
        ("[n + v for n, v in {'a': 'b'}.items()]", ["ab"]),
        ("[v for _, v in enumerate(['a'])]", ["a"]),
        ("list(zip(['a'], ['b']))", [["a", "b"]]),
        ("list({'a': 1}.keys()) + list({'a': 1}.values())", ["a", 1]),
        ("'a' if 1 == 1 else 'b'", "a"),
        ("'a' if x else 'b'", "${'a' if x else 'b'}"),
        ("'a' if x else 'a'", "a"),
        ("not ''", True),
        ("not x", "${not x}"),
        ("'' or 'a'", "a"),
        ("'a' and 'b'", "b"),
        ("x or 'a'", "${x or 'a'}"),
        ("'a' in ['a'] and 'b' not in 'cd'", True),
        ("1 is not None and 1 != 2", True),
        ("'a' in x", "${'a' in x}"),
        ("'PATH' in os.environ", "${'PATH' in os.environ}"),
        ("1 < 2", "${1 < 2}"),
        ("(y := 'a') + y", "aa"),
        ("{'a': 1}.get('b', 'c')", "c"),
        ("os.environ.get('A', 'b') + os.getenv('C', 'd')", "bd"),
        ("os.environ['HOME']", "${os.environ['HOME']}"),
        ("os.path.join('a', 'b', '../c')", "a/b/../c"),
        ("os.path.dirname('a/b') + os.path.basename('c/d')", "ad"),
        ("os.path.normpath('a/../b')", "b"),
        ("os.path.abspath(__file__)", f"{ROOT}/tools/build.py"),
        ("pathlib.Path(__file__).resolve().parents[1] / 'a'", f"{ROOT}/a"),
        ("pathlib.Path('a', 'b').parent.name", "a"),
        ("str(pathlib.Path.cwd() / 'a')", "./a"),
        ("pathlib.Path(x).parent", "${pathlib.Path().parent}"),
        ("shlex.split('a \"b c\"')", ["a", "b c"]),
        ("shlex.join(['a', 'b'])", "a b"),
        ("shlex.split(f'a {x}')", "${shlex.split()}"),
        ("lambda: 1", "${lambda: 1}"),
        ("-x", "${-x}"),
    ],
)
def test_expressions(expression: str, value: Value) -> None:
    found = told(f"import os, pathlib, shlex\ntold({expression})")
    if isinstance(value, str) and value.startswith("${"):
        # Named after what is written, or after what made it.
        assert isinstance(found[0], str)
        assert found[0].startswith("${")
        assert found[0].endswith("}")
    else:
        assert found == [value]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("x = y = 'a'\nx += 'b'\ntold(x + y)", ["aba"]),
        ("x: str = 'a'\nx: str\ntold(x)", ["a"]),
        ("a, (b, c) = 'a', ('b', 'c')\ntold(a + b + c)", ["abc"]),
        ("a, b = f()\ntold(a)", ["${a}"]),
        (
            "d = {}\nd['a'] = 'b'\nd.update({'c': 'd'})\nd.setdefault('a', 'x')\ntold(d)",
            [{"a": "b", "c": "d"}],
        ),
        ("w = []\nw.append('a')\nw.extend(['b'])\ntold(w)\nw.pop()\ntold(w)", [["a", "b"], "${w}"]),
        ("if x:\n    told('a')\nelif y:\n    told('b')\nelse:\n    told('c')", ["a", "b", "c"]),
        ("if 'a':\n    told('a')\nelse:\n    told('b')", ["a"]),
        ("x = 'a'\nif y:\n    x = 'b'\ntold(x)", ["${x}"]),
        ("if y:\n    x = 'b'\ntold(x)", ["${x}"]),
        ("x = {'a': 1, 'b': 2}\nif y:\n    x['a'] = 3\ntold(x)", [{"a": "${x.a}", "b": 2}]),
        ("x = ['a', 'b']\nif y:\n    x = ['a', 'c']\ntold(x)", [["a", "${x[@]}"]]),
        ("x = 'a'\ntry:\n    x = 'b'\nexcept E:\n    raise\nfinally:\n    told(x)", ["b"]),
        ("try:\n    x = 'b'\nexcept E:\n    x = 'c'\ntold(x)", ["${x}"]),
        ("for x in []:\n    told('a')\nelse:\n    told('b')", ["b"]),
        ("for x in ['a', 'b']:\n    if x == 'a':\n        continue\n    told(x)", ["b"]),
        ("for x in y:\n    told(x)\n    break", ["${x}"]),
        ("x = 'a'\nwhile y:\n    x = 'b'\n    told(x)\ntold(x)", ["b", "${x}"]),
        ("match x:\n    case 1:\n        told('a')\n    case _:\n        told('b')", ["a", "b"]),
        ("with open('a') as f:\n    told(f)", ["${open()}"]),
        (
            "def f(a, b='B', *c, d='D', **e):\n    told([a, b, c, d, e])\nf('1', '2', '3', x='y')",
            [["1", "2", ["3"], "D", {"x": "y"}]],
        ),
        (
            "def f(a, b='B', *c, d, **e):\n    told([a, b, c, d, e])",
            [["${a}", "B", "${c}", "${d}", "${e}"]],
        ),
        (
            "def f(x):\n    if x:\n        return 'a'\n    return 'b'\ntold(f(1))\ntold(f(y))",
            ["a", "${f()}"],
        ),
        ("def f():\n    return f()\ntold(f())", ["${f()}"]),
        ("def f():\n    x = 'a'\n    def g():\n        told(x)\n    g()\nf()", ["a"]),
        ("async def f():\n    told(await g())", ["${g()}"]),
        ("def f(): pass\ntold(f())", [None]),
        (
            "class A:\n    x = 'a'\n    def f(self):\n        told(self.x)\n        self.g('b')\n"
            "    def g(self, y):\n        told(y)",
            ["a", "b"],
        ),
        (
            "class A:\n    x = 'a'\nclass B:\n    x = 'b'\n    def f(self):\n        told(self.x)",
            ["b"],
        ),
        (
            "class A:\n    def __init__(self, x='a'):\n        self.x = x\n"
            "    def f(self, y='y'):\n        told(self.x + y)\n"
            "b = A('b')\nA().f()\nb.f('z')\nfor a in [b, A(x='c')]:\n    a.f()",
            ["ay", "bz", "by", "cy"],
        ),
        (
            "class A:\n    def f(self):\n        told(self.x)\nclass B(A):\n    x = 'b'\nB().f()",
            ["b"],
        ),
        ("class A(Other):\n    def f(self):\n        told(self.x)\nA(1).f()", ["${self.x}"]),
        (
            "@dataclass\nclass A:\n    x: str\n    y: str = 'y'\n"
            "for a in [A('a'), A('b', y='z')]:\n    told(a.x + a.y)",
            ["ay", "bz"],
        ),
        (
            "class A:\n    @staticmethod\n    def f(x):\n        told(x)\nA.f('a')\nA().f('b')",
            ["a", "b"],
        ),
        (
            "class A:\n    def __init__(self):\n        self.b = B()\n"
            "    def f(self):\n        self.b.g('a')\n"
            "class B:\n    def g(self, x):\n        told(x)",
            ["a"],
        ),
        ("s = struct(a='b', c=struct(d='e'))\ntold(s.a + s.c.d)", ["be"]),
        ("import sys\nif bad:\n    sys.exit(1)\ntold('a')", ["a"]),
        ("raise E\ntold('a')", []),
        ("# coding: utf-8\ntold('ü')", ["ü"]),
        ("told('a'", []),
    ],
)
def test_statements(text: str, values: list[Value]) -> None:
    assert told(text) == values


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import subprocess as sp\nsp.run()", "subprocess.run"),
        ("from subprocess import run as r\nr()", "subprocess.run"),
        ("import docker\ndocker.from_env().images.build()", "docker.from_env().images.build"),
        (
            "import docker\nc = docker.from_env()\nc.images.build()",
            "docker.from_env().images.build",
        ),
        ("def f(c):\n    c.run()", "c.run"),
        (
            "import docker\nclass A:\n    def __init__(self):\n        self.c = docker.from_env()\n"
            "    def f(self):\n        self.c.images.build()",
            "docker.from_env().images.build",
        ),
        ("x[0]()", ""),
    ],
)
def test_names(text: str, name: str) -> None:
    assert follow(text.encode(), {})[-1].name == name


def test_what_led_to_a_call() -> None:
    text = "def f(x):\n    told(x)\nf('a')\n"
    (called,) = follow(text.encode(), {})
    assert [node.lineno for node in called.within] == [2, 3]


@pytest.mark.parametrize(
    "step", ["x + x", "x.replace('a', 'aa')", "f'{x}{x}'", "'{0}{0}'.format(x)", "'%s%s' % (x, x)"]
)
def test_a_value_that_grows_is_given_up(step: str) -> None:
    (value,) = told(f"x = 'a'\nfor n in list('{'n ' * 60}'.split()):\n    x = {step}\ntold(x)")
    assert isinstance(value, str)
    assert value.startswith("${")


def test_a_file_is_left_when_it_is_too_long() -> None:
    text = "def f():\n    told('a')\n" + "for a in list('x' * 9):\n    f()\n" * 5000
    assert 0 < len(follow(text.encode(), {})) < 20_000
