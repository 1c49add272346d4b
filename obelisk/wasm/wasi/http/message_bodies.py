"""What messages have in common, whichever way they go: a body that the guest may take once."""

from __future__ import annotations

from obelisk.wasm.wasi.http.bodies import IncomingBody, OutgoingBody
from obelisk.wasm.wasi.http.fields import Entries, content_length
from obelisk.wasm.wasi.http.incoming_content import IncomingContent
from obelisk.wasm.wasi.http.outgoing_content import OutgoingContent
from obelisk.wasm.wasi.unsent import UnsentBytes


class HasIncomingBody:
    """A message that the guest got."""

    def __init__(self, content: IncomingContent) -> None:
        self.content = content
        self._was_consumed = False

    def consume(self) -> IncomingBody | None:
        """Return the body, ``None`` after the first call."""
        if self._was_consumed:
            return None
        self._was_consumed = True
        return IncomingBody(self.content)

    def close(self) -> None:
        """Abandon a body that was not consumed."""
        if not self._was_consumed:
            self.content.abandon()


class HasOutgoingBody:
    """A message that the guest puts together. ``content`` is ``None`` until it asks for the body."""

    def __init__(self, fields: Entries, unsent: UnsentBytes) -> None:
        self.fields = fields
        self.content: OutgoingContent | None = None
        self._unsent = unsent

    def body(self) -> OutgoingBody | None:
        """Return the body, ``None`` after the first call and for headers with differing lengths."""
        if self.content is not None:
            return None
        try:
            self.content = OutgoingContent(content_length(self.fields), self._unsent)
        except ValueError:
            return None
        return OutgoingBody(self.content)

    def close(self) -> None:
        """Give back what the body holds."""
        if self.content is not None:
            self.content.stop()
