"""What a guest may write of a body, while its sending begins."""

from __future__ import annotations

from obelisk.wasm.wasi.http.outgoing_content import CAPACITY, OutgoingContent
from obelisk.wasm.wasi.streams import CHUNK
from obelisk.wasm.wasi.unsent import UnsentBytes


def content_of(size: int) -> OutgoingContent:
    """Return content that a guest wrote ``size`` bytes of before it was sent."""
    content = OutgoingContent(None, UnsentBytes())
    content.write(bytes(size))
    return content


def test_what_was_permitted_may_be_written_after_the_sending_has_begun() -> None:
    content = content_of(CAPACITY)
    permitted = content.permit()
    content.start()
    assert permitted == CHUNK
    assert content.permit() == permitted


def test_no_more_is_permitted_once_that_was_written() -> None:
    content = content_of(CAPACITY)
    content.permit()
    content.start()
    content.write(b"x")
    assert content.permit() == 0
    assert not content.is_ready()
