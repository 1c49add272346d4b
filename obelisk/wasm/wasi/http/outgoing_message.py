"""A request on its way from the guest to the connection."""

from __future__ import annotations

from msgspec import Struct

from obelisk.wasm.wasi.http.fields import Entries
from obelisk.wasm.wasi.http.outgoing_content import OutgoingContent
from obelisk.wasm.wasi.http.secrets import BodyReplacer
from obelisk.wasm.wasi.http.target import Target


class OutgoingMessage(Struct, frozen=True):
    """A request as it is sent: secrets are in place. ``fields`` are all but those of the connection and the framing.

    ``content`` is ``None`` when the guest never asked for the body. ``replacer`` changes content on its way, and its length.
    """

    target: Target
    path: str
    fields: Entries
    content: OutgoingContent | None
    replacer: BodyReplacer | None
