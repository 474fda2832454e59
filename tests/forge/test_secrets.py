"""Secrets stay out of everything that is shown or stored."""

from __future__ import annotations

import pickle
from base64 import b64encode
from urllib.parse import quote

import pytest

from gorewrite.forge.secrets import Secret, one_line, redacted


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret("s3cret/with=odd characters")
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>10}", repr({"token": secret})]
    assert not any("s3cret" in text for text in shown)
    assert secret.reveal() == "s3cret/with=odd characters"


def test_a_secret_does_not_cross_processes() -> None:
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(Secret("s3cret-of-a-process"))


def test_what_is_known_is_taken_out_in_every_spelling() -> None:
    text = "p/ass w?ord"
    Secret(text, "oauth2")
    header = b64encode(f"oauth2:{text}".encode()).decode()
    told = f"{text} {quote(text, safe='')} {header} {b64encode(text.encode()).decode()}"
    assert redacted(told) == "*** *** *** ***"


def test_a_secret_within_another_leaves_nothing_of_the_longer_one() -> None:
    Secret("abcd-inner")
    Secret("abcd-inner-and-outer")
    assert redacted("x abcd-inner-and-outer y") == "x *** y"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ghp_0123456789abcdefABCDEF0123456789abcd", "***"),
        ("bad ghs_12345_eyJhbGciOi.eyJpc3Mi.c2ln-_x.", "bad ***"),
        ("github_pat_11ABCDEFG0abcdefghij_k", "***"),
        ("glpat-xYz0123456789-_abcdef", "***"),
        ("glcbt-64_abcdefghijklmnop", "***"),
        ("https://me:pw@git.example.com/a.git", "https://***@git.example.com/a.git"),
        ("https://token@git.example.com/a.git", "https://***@git.example.com/a.git"),
        ("ssh://git:pw@git.example.com/a", "ssh://git:***@git.example.com/a"),
        ("Authorization: Bearer abc.def", "Authorization: ***"),
        ("{'authorization': 'Basic eDp5'}", "{'authorization': '***'}"),
        ("PRIVATE-TOKEN: abc", "PRIVATE-TOKEN: ***"),
        ("?access_token=abc&page=2", "?access_token=***&page=2"),
        ("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a *** b"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "***"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(text: str, shown: str) -> None:
    assert redacted(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "ssh://git@github.com/acme/shop.git",
        "git@github.com:acme/shop.git",
        "https://git.example.com/acme/shop/pull/7",
        "commit 0123456789abcdef0123456789abcdef01234567",
        "the token is missing, wrong or has ended",
        "see https://docs.example.com/@latest/tokens",
        "requires authorization",
        "a ghost in global-values",
    ],
)
def test_other_text_stays(text: str) -> None:
    assert redacted(text) == text


def test_short_secrets_do_not_hide_words() -> None:
    Secret("a")
    assert redacted("a plan") == "a plan"


def test_what_others_say_is_one_printable_line() -> None:
    assert one_line("a\n\tb\x1b[31m\x00c\r\n") == "a b [31m c"
    assert one_line("x" * 500) == "x" * 299 + "…"


def test_a_secret_is_found_before_a_line_is_cut() -> None:
    Secret("cut-in-the-middle")
    assert "cut" not in one_line("y" * 290 + "cut-in-the-middle")
