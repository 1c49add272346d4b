"""What entries of a list of tables are called in messages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, TypeGuard

_PLAIN: Final = re.compile(r"[^\[\]`\x00-\x1f\x7f]+")


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


def _is_label(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and _PLAIN.fullmatch(name) is not None and not name.isdecimal()
