"""Text that guests write, made fit for keeping and for showing."""

from __future__ import annotations

LINE_BYTES = 64 * 1024
"""The longest line that is kept, in bytes of UTF-8; the rest is cut."""

_WIDEST = 4
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != ord("\t")}
_TURNING = {code: f"\\u{code:04x}" for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Characters after which text is shown in another order than it was written (UAX 9, explicit directional formatting)."""
_ACTING = _CONTROL | _TURNING


def cut_text(text: str) -> str:
    """Return a text that is valid Unicode and, but for the mark of a cut, no longer than ``LINE_BYTES``."""
    if len(text) * _WIDEST <= LINE_BYTES and text.isascii():
        return text
    encoded = text.encode(errors="replace")
    if len(encoded) <= LINE_BYTES:
        return encoded.decode()
    return encoded[:LINE_BYTES].decode(errors="ignore") + _mark(len(encoded))


def cut_bytes(payload: bytes) -> bytes:
    """Return bytes that, but for the mark of a cut, are no longer than ``LINE_BYTES``."""
    if len(payload) <= LINE_BYTES:
        return payload
    head = payload[:LINE_BYTES]
    # Text is cut between two letters, other bytes wherever it may be.
    for end in range(LINE_BYTES, LINE_BYTES - _WIDEST, -1):
        if payload[end] & 0xC0 != 0x80:
            head = payload[:end]
            break
    return head + _mark(len(payload)).encode()


def readable(text: str) -> str:
    """Return text without control characters but tabs: they are escaped, so that they cannot act on a terminal.

    So are those that would show what follows in another order.
    """
    return text.translate(_ACTING)


def _mark(length: int) -> str:
    return f" [cut: the line has {length} bytes]"
