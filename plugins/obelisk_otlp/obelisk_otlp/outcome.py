"""What became of one request."""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import Struct

MAX_CAUSE: Final = 300
PORTS: Final = "check `protocol` and the port: OTLP over gRPC is usually at 4317, over HTTP at 4318"
TLS: Final = "check `certificate`, `client_certificate` and `client_key`, and whether the endpoint is https:// at all"
HEADERS: Final = "check `headers`"
NOT_TAKEN: Final = "if the collector does not take such signals, set `traces`, `logs` or `metrics` to false"
START: Final = "start the collector, or correct `endpoint`"


class Accepted(Struct, frozen=True):
    """The collector has it, but for ``rejected`` records; ``message`` is what it said to that."""

    rejected: int = 0
    message: str = ""


class Failed(Struct, frozen=True):
    """The collector does not have it. ``hint`` is the next step for people, if there is one.

    ``is_passing`` says that the same request may succeed later, after ``wait`` seconds if the collector said so.
    """

    cause: str
    hint: str = ""
    is_passing: bool = False
    wait: float | None = None


Outcome = Accepted | Failed


class Client(Protocol):
    """Sends requests of one kind of signal to one place."""

    def send(self, body: bytes, timeout: float) -> Outcome:
        """Try once; ``timeout`` is in seconds. Never raises what a collector or a network may cause."""


def one_line(text: str) -> str:
    """Return a text without line breaks, and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_CAUSE else f"{line[: MAX_CAUSE - 1]}…"


def from_response(response: object) -> Accepted:
    """Return what a collector's answer says; the name of the number that it rejected depends on the kind of signal."""
    partial = getattr(response, "partial_success", None)
    names = ("rejected_spans", "rejected_log_records", "rejected_data_points")
    rejected = next((int(getattr(partial, name)) for name in names if hasattr(partial, name)), 0)
    return Accepted(max(rejected, 0), one_line(getattr(partial, "error_message", "")))
