"""Words that WIT reserves, and how a name that is one of them is written."""

from __future__ import annotations

from typing import Final

_TYPES = ("bool", "char", "error-context", "f32", "f64", "s16", "s32", "s64", "s8", "string", "u16", "u32", "u64", "u8")
_GENERICS = ("borrow", "future", "list", "option", "own", "result", "stream", "tuple")
_DEFINITIONS = ("async", "constructor", "enum", "flags", "func", "record", "resource", "static", "type", "variant")
_STATEMENTS = ("as", "export", "from", "import", "include", "interface", "package", "use", "with", "world")

KEYWORDS: Final = frozenset((*_TYPES, *_GENERICS, *_DEFINITIONS, *_STATEMENTS))
"""Words that cannot be names."""
NEWER_KEYWORDS: Final = frozenset({"map"})
"""Words that some tools reserve; they are escaped in what is written and accepted in what is read."""


def identifier(name: str) -> str:
    """Return ``name`` as WIT text has it: with a ``%`` before it when it is a keyword."""
    return f"%{name}" if name in KEYWORDS or name in NEWER_KEYWORDS else name
