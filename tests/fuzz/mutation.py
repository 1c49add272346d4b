"""Damage to bytes and texts."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

Sequence = TypeVar("Sequence", bytes, str)
BYTES = (b"", b"\0", b"\x7f", b"\x80", b"\xff", b"\xff\xff\xff\xff\x0f", b"\x80\x80\x80\x80\x80\x00", b"\xff" * 10)


@st.composite
def damaged_bytes(draw: st.DrawFn, original: bytes, *, most: int = 6) -> bytes:
    """Bytes in which a few places were changed, cut out, or copied from elsewhere."""
    content = bytearray(original)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, max(len(content) - 1, 0)))
        match draw(st.integers(0, 4)):
            case 0 if content:
                content[at] = draw(st.integers(0, 255))
            case 1 if content:
                content[at] = (content[at] + draw(st.sampled_from([-1, 1]))) % 256
            case 2:
                del content[at : at + draw(st.integers(1, 40))]
            case 3:
                content[at:at] = draw(st.sampled_from(BYTES) | st.binary(max_size=8))
            case _:
                start = draw(st.integers(0, max(len(content) - 1, 0)))
                content[at:at] = content[start : start + draw(st.integers(1, 60))]
    return bytes(content)


@st.composite
def damaged_text(draw: st.DrawFn, original: str, pieces: st.SearchStrategy[str], *, most: int = 5) -> str:
    """A text in which a few places were cut out, or have something else in them."""
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(original)))
        end = at + draw(st.integers(0, 30))
        original = original[:at] + draw(pieces) + original[end:]
    return original


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
