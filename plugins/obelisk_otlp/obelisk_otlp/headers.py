"""Names and values that are sent with each request, and lists of them as the environment has them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

TAKEN: Final = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "te", "transfer-encoding", "user-agent"}
)
"""Headers that belong to the protocol."""
_NAME = re.compile(r"[0-9a-z_.!#$%&'*+^`|~-]+")
_GRPC_NAME = re.compile(r"[0-9a-z_.-]+")
_VALUE = re.compile(r"[\x20-\x7e]*")


def check_header(name: str, value: str) -> None:
    """Check that a header can be sent. Raises ``ValueError``; it names the header, and never shows its value."""
    lower = name.lower()
    if not _NAME.fullmatch(lower):
        raise ValueError(f"{name[:60]!a} cannot be the name of a header, expected letters, digits and `-`")
    if lower in TAKEN:
        raise ValueError(f"the header `{name}` is set by the protocol, expected another one")
    if not _VALUE.fullmatch(value):
        position = next(i for i, letter in enumerate(value) if not "\x20" <= letter <= "\x7e")
        raise ValueError(
            f"the value of `{name}` has the character {value[position]!a} at position {position + 1}, expected "
            "printable ASCII; is there a line break at its end?"
        )


def check_grpc_header(name: str) -> None:
    """Check that gRPC can send a header of this name. Raises ``ValueError``."""
    lower = name.lower()
    if not _GRPC_NAME.fullmatch(lower) or lower.startswith("grpc-") or lower.endswith("-bin"):
        raise ValueError(
            f"gRPC cannot send the header `{name}`, expected letters, digits, `_`, `-` and `.`, no `grpc-` at the beginning "
            "and no `-bin` at the end"
        )


def parse_pairs(text: str) -> dict[str, str]:
    """Read ``name=value,name=value`` with ``%`` escapes, as in ``OTEL_EXPORTER_OTLP_HEADERS``.

    Raises ``ValueError`` for a part without ``=``; it tells the position and not the text, which may be a secret.
    """
    found = {}
    for index, part in enumerate(text.split(",")):
        if not part.strip():
            continue
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"expected `name=value,name=value`, entry {index + 1} has no name before a `=`")
        found[unquote(name.strip())] = unquote(value.strip())
    return found
