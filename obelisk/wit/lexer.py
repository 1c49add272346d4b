"""WIT text as tokens. Comments and white space are dropped, doc comments too."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from msgspec import Struct

from obelisk.errors import ComponentError
from obelisk.wit.keywords import KEYWORDS

MAX_TEXT_LENGTH: Final = 4 * 1024 * 1024


class TokenKind(Enum):
    """What a token is."""

    NAME = "a name"
    KEYWORD = "a keyword"
    VERSION = "a version"
    SYMBOL = "a symbol"
    END = "the end of the text"


class Token(Struct, frozen=True):
    """A piece of text at an offset; the ``text`` of an escaped name lacks its ``%``."""

    kind: TokenKind
    text: str
    at: int


class Source(Struct, frozen=True):
    """A WIT text and what it is called in messages."""

    text: str
    name: str = "WIT text"

    def fail(self, at: int, message: str) -> ComponentError:
        """Return an error that says where in the text something is wrong."""
        line = self.text.count("\n", 0, at) + 1
        column = at - self.text.rfind("\n", 0, at)
        return ComponentError(f"{self.name}, line {line}, column {column}: {message}")

    def unexpected(self, token: Token, expected: str) -> ComponentError:
        """Return an error for a token that does not belong where it is."""
        found = token.kind.value if token.kind is TokenKind.END else f"`{token.text[:80]}`"
        hint = ""
        if token.kind is TokenKind.KEYWORD and expected.startswith("a name"):
            hint = f"; `{token.text}` is a keyword, write `%{token.text}` to use it as a name"
        return self.fail(token.at, f"found {found}, expected {expected}{hint}")


_NAME = r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*"
_DOTTED = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_TOKEN: Final = re.compile(
    rf"""
      (?P<blank>\s+|//[^\n]*)
    | (?P<comment>/\*)
    | (?P<escaped>%{_NAME})
    | (?P<name>{_NAME})
    | (?P<version>[0-9]+\.[0-9]+\.[0-9]+(?:-{_DOTTED})?(?:\+{_DOTTED})?)
    | (?P<symbol>->|[{{}}()<>,:;=./@*_])
    """,
    re.VERBOSE | re.ASCII,
)
_COMMENT_EDGE: Final = re.compile(r"/\*|\*/")


def tokenize(source: Source) -> list[Token]:
    """Return the tokens of a text, an ``END`` token last. Raises ``ComponentError`` for a character that WIT lacks."""
    if len(source.text) > MAX_TEXT_LENGTH:
        raise ComponentError(
            f"{source.name} has {len(source.text)} characters, expected at most {MAX_TEXT_LENGTH}"
        )  # fmt: skip
    tokens: list[Token] = []
    at = 0
    while at < len(source.text):
        match = _TOKEN.match(source.text, at)
        if match is None:
            raise source.fail(at, f"found the character {source.text[at]!a}, expected WIT")
        if match.lastgroup == "comment":
            at = _comment_end(source, at)
            continue
        if match.lastgroup != "blank":
            tokens.append(_token(match))
        at = match.end()
    tokens.append(Token(TokenKind.END, "", len(source.text)))
    return tokens


def _token(match: re.Match[str]) -> Token:
    text = match.group()
    match match.lastgroup:
        case "escaped":
            return Token(TokenKind.NAME, text[1:], match.start())
        case "name":
            return Token(TokenKind.KEYWORD if text in KEYWORDS else TokenKind.NAME, text, match.start())
        case "version":
            return Token(TokenKind.VERSION, text, match.start())
        case _:
            return Token(TokenKind.SYMBOL, text, match.start())


def _comment_end(source: Source, start: int) -> int:
    depth = 0
    for edge in _COMMENT_EDGE.finditer(source.text, start):
        depth += 1 if edge.group() == "/*" else -1
        if depth == 0:
            return edge.end()
    raise source.fail(start, "a comment that starts here has no end, expected `*/`")
