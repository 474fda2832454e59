"""What commands create or change."""

from __future__ import annotations

import pytest

from gorewrite.shell import Script, parse, steps, writes


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        *(
            ("echo a", ()),
            ("cd /x", ()),
            ("A=b", ()),
            ("[ -f a ]", ()),
            ("echo a > /dev/null 2>&1", ()),
        ),
        *(
            ("cat < a", ()),
            ("tar -tf a.tar", ()),
            ("curl -fsSL https://example.com/x", ()),
            ("sed s/a/b/ c", ()),
        ),
        *(("wget -qO- https://example.com/x", ()), ("unzip -l a.zip", ()), ("tar xOf a.tar", ())),
        *(("make", (None,)), ("$X a", (None,)), (". ./env", (None,)), ("sh -c 'a'", (None,))),
        *(("mkdir -p a /b", ("/w/a", "/b")), ("mkdir -m 755 a", ("/w/a",)), ("mkdir $NO", (None,))),
        *(("mkdir ~/x", (None,)), ("mkdir -p /x/{a,b}", (None,)), ("sudo mkdir a", ("/w/a",))),
        *(("touch -d now a", ("/w/a",)), ("echo a > b", ("/w/b",)), ("echo a >> $NO", (None,))),
        *(("make > log", (None, "/w/log")), ("> x", ("/w/x",)), ("echo a &> x", ("/w/x",))),
        *(("cp a b", ("/w/b",)), ("cp a/x b/", ("/w/b/x",)), ("cp a b /c", ("/c/a", "/c/b"))),
        *(
            ("cp -t /c a", ("/c/a",)),
            ("cp -r . /c", ("/c",)),
            ("cp a .", ("/w/a",)),
            ("cp a", (None,)),
        ),
        *(
            ("cp a /usr/local/bin", ("/usr/local/bin/a",)),
            ("cp -T a /opt", ("/opt",)),
            ("cp a $NO", (None,)),
        ),
        *(
            ("mv a /b", ("/b",)),
            ("ln -s /a/b", ("/w/b",)),
            ("ln -sf /a /b", ("/b",)),
            ("cp $NO /x/", (None,)),
        ),
        *(
            ("install -m 755 -o root a /usr/bin/b", ("/usr/bin/b",)),
            ("install -d /a /b", ("/a", "/b")),
        ),
        *(
            ("chmod +x a b", ("/w/a", "/w/b")),
            ("chmod -R 755 /a", ("/a",)),
            ("chmod -x a", ("/w/a",)),
        ),
        *(
            ("chown -R 1:1 /a", ("/a",)),
            ("chown --reference=x /a", ("/a",)),
            ("rm -rf /a", ("/a",)),
        ),
        *(("curl -o a https://example.com/x", ("/w/a",)), ("curl -fsSLo /a u", ("/a",))),
        *(("curl -LO 'https://example.com/d/x.tgz?y=1'", ("/w/x.tgz",)), ("curl -O $NO", (None,))),
        *(("curl -H 'A: b' -o- u", ()), ("curl --output a --retry 3 u", ("/w/a",))),
        *(
            ("curl --output-dir /d -O https://example.com/x", ("/d/x",)),
            ("curl -sSL u | tee /a", None),
        ),
        *(
            ("wget https://example.com/d/x", ("/w/x",)),
            ("wget -q -O /a u", ("/a",)),
            ("wget -qO /a u", ("/a",)),
        ),
        *(
            ("wget -P /d https://example.com/x", ("/d/x",)),
            ("wget --output-document=/a u", ("/a",)),
        ),
        *(
            ("tar -C /opt -xzf a.tgz", ("/opt",)),
            ("tar xzf a.tgz", ("/w",)),
            ("tar xzfC a.tgz /opt", ("/opt",)),
        ),
        *(("tar czf /a.tgz b", ("/a.tgz",)), ("tar -xz --directory=/opt", ("/opt",))),
        *(("unzip -q a.zip -d /opt", ("/opt",)), ("unzip a.zip", ("/w",)), ("tee -a /a", ("/a",))),
        *(
            ("sed -i s/a/b/ c", ("/w/c",)),
            ("sed -i -e s/a/b/ c", ("/w/c",)),
            ("env A=b touch x", ("/w/x",)),
        ),
        ("openssl req -x509 -keyout k.pem -out /c.pem", ("/w/k.pem", "/c.pem")),
        ("openssl genrsa 2048 > k", (None, "/w/k")),
        ("openssl version", ()),
        ("ssh-keygen -t rsa -N '' -f /k", ("/k", "/k.pub")),
        ("ssh-keygen -A", (None,)),
        ("git clone https://example.com/a/b.git", ("/w/b",)),
        ("git clone --depth 1 -b v1 https://example.com/b /opt/b", ("/opt/b",)),
        *(("git clone $NO", (None,)), ("git clone", (None,)), ("git checkout x", (None,))),
        *(("sqlite3 a.db < s.sql", ("/w/a.db",)), ("sqlite3 -cmd .x a.db", ("/w/a.db",))),
        ("sqlite3 :memory: 'select 1'", ()),
    ],
)
def test_writes(text: str, paths: tuple[str | None, ...] | None) -> None:
    script = parse(text)
    assert isinstance(script, Script)
    found = [writes(step) for step in steps(script, "/w", {})]
    assert found == ([(), ("/a",)] if paths is None else [paths])


def test_nothing_relative_is_known_in_an_unknown_directory() -> None:
    script = parse("mkdir a /b")
    assert isinstance(script, Script)
    assert [writes(step) for step in steps(script, None, {})] == [(None, "/b")]
