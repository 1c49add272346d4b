"""WIT text as tokens."""

from __future__ import annotations

import pytest

from obelisk.errors import ComponentError
from obelisk.wit.lexer import MAX_TEXT_LENGTH, Source, TokenKind, tokenize


def tokens(text: str) -> list[tuple[TokenKind, str]]:
    return [(token.kind, token.text) for token in tokenize(Source(text))[:-1]]


def test_names_keywords_and_symbols_are_told_apart() -> None:
    assert tokens("f-1: func() -> u8;") == [
        (TokenKind.NAME, "f-1"),
        (TokenKind.SYMBOL, ":"),
        (TokenKind.KEYWORD, "func"),
        (TokenKind.SYMBOL, "("),
        (TokenKind.SYMBOL, ")"),
        (TokenKind.SYMBOL, "->"),
        (TokenKind.KEYWORD, "u8"),
        (TokenKind.SYMBOL, ";"),
    ]


def test_an_escaped_keyword_is_a_name() -> None:
    assert tokens("%type") == [(TokenKind.NAME, "type")]


@pytest.mark.parametrize("version", ["1.2.3", "0.2.0-rc.1", "1.0.0+b-1.2", "1.0.0-a+b"])
def test_a_version_ends_before_the_dot_of_a_use(version: str) -> None:
    assert tokens(f"@{version}.{{") == [
        (TokenKind.SYMBOL, "@"),
        (TokenKind.VERSION, version),
        (TokenKind.SYMBOL, "."),
        (TokenKind.SYMBOL, "{"),
    ]


@pytest.mark.parametrize("text", ["// x", "/// doc\n", "/* a /* b */ c */", "/**/", " \t\r\n", "/* // */"])
def test_comments_and_white_space_are_dropped(text: str) -> None:
    assert tokens(f"a{text}\nb") == [(TokenKind.NAME, "a"), (TokenKind.NAME, "b")]


@pytest.mark.parametrize("text", ["ä", "a_b!", "#", "1", "1.2", "%", "%1", "'", "\x00", "-"])
def test_a_character_that_wit_lacks_is_refused(text: str) -> None:
    with pytest.raises(ComponentError, match="expected WIT"):
        tokenize(Source(text))


def test_a_comment_has_an_end() -> None:
    with pytest.raises(ComponentError, match="line 2, column 3: a comment that starts here has no end"):
        tokenize(Source("a\n  /* b /* c */"))


def test_a_text_is_at_most_four_mebibytes_long() -> None:
    with pytest.raises(ComponentError, match="expected at most 4194304"):
        tokenize(Source(" " * (MAX_TEXT_LENGTH + 1)))
