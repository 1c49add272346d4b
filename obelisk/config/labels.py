"""What keys, texts and entries of a list of tables are called in messages, each of which is one line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeGuard


def entry_labels(entries: Sequence[Any]) -> tuple[str, ...]:
    """Return what each entry is called: its ``name``, or its index from 0, so that no two are called the same.

    The index is taken for one without a name, of a name that an earlier one has, and of a name that is a number or would be
    hard to read between brackets.
    """
    labels: dict[str, None] = {}
    for index, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, dict) else None
        labels[name if _is_label(name) and name not in labels else str(index)] = None
    return tuple(labels)


def key_path(path: str, key: str) -> str:
    """Return the path of a key below ``path``. A key that would be hard to read is in quotes, as TOML could have it."""
    is_plain = key and key.isprintable() and "`" not in key
    text = key if is_plain else json.dumps(key).replace("`", "\\u0060")
    return f"{path}.{text}" if path else text


def shown_text(text: str) -> str:
    """Return a text without what would break a line or move a terminal's cursor."""
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def _is_label(name: object) -> TypeGuard[str]:
    return (
        isinstance(name, str) and name != "" and name.isprintable() and not (name.isdecimal() or set("[]`") & set(name))
    )
