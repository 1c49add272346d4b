"""The process that sends. ``python -m obelisk_otlp.child`` is started by the server and by nobody else.

Theory of operation
    The main thread reads batches from standard input and puts them, still packed, into the queues of the senders, one
    thread for each kind of signal. Reports go out by what was standard output; whatever else writes there writes to
    standard error.

    The end of input is the order to end: the server closed the pipe, or died. Then the senders have until the
    deadline of the plan, and what they could not send is counted and told. Signals that are meant for the server
    (Ctrl-C, the SIGTERM of a service manager to everything in its group) are ignored, since the server still has
    spans to hand over when it gets them.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time

from obelisk.interfaces.signals import AttributeValue
from obelisk_otlp.batches import Requests
from obelisk_otlp.encoding import Encoder
from obelisk_otlp.ledger import Ledger
from obelisk_otlp.outcome import Client
from obelisk_otlp.plan import Plan, Target
from obelisk_otlp.sampling import Sampling
from obelisk_otlp.sender import Sender
from obelisk_otlp.settings import Protocol
from obelisk_otlp.troubles import Troubles
from obelisk_otlp.wire import Report, read_frame, read_plan, report_frame


class Reports:
    """Writes reports for the server, from all threads. A server that is gone hears nothing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()

    def send(self, report: Report) -> None:
        """Write one report."""
        content = memoryview(report_frame(report))
        with self._lock:
            try:
                while content:
                    content = content[os.write(self._descriptor, content) :]
            except OSError:
                pass  # nobody is there to hear of it


def main() -> None:
    """Send until the end of input; ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.excepthook = die
    logging.getLogger().addHandler(logging.NullHandler())  # what libraries log is told by reports
    reports = Reports(os.dup(1))
    os.dup2(2, 1)
    stream = sys.stdin.buffer
    plan = read_plan(stream)
    if plan is not None:
        troubles = Troubles(reports.send, time.monotonic)
        senders = make_senders(plan, Ledger(reports.send), troubles)
        while (frame := read_frame(stream)) is not None:
            senders[frame.kind].take(frame)
        finish(list(senders.values()), plan.flush_seconds)
        troubles.close()
    os._exit(0)  # a try that hangs in its thread would hold up a normal end


def make_senders(plan: Plan, ledger: Ledger, troubles: Troubles) -> dict[object, Sender]:
    """Return running senders by the kind of signal."""
    encoder = Encoder(full_resource(plan), plan.version)
    sampling = Sampling(plan.sampler, plan.sample_ratio)
    senders: dict[object, Sender] = {}
    for target in plan.targets:
        requests = Requests(target.kind, encoder, sampling, size=target.batching.batch)
        senders[target.kind] = Sender(
            target, make_client(target), requests, ledger=ledger, troubles=troubles, jitter=plan.jitter
        )
    for sender in senders.values():
        sender.start()
    return senders


def finish(senders: list[Sender], seconds: float) -> None:
    """Let senders send what they have, all at the same time, and count what is left after some seconds."""
    deadline = time.monotonic() + seconds
    for sender in senders:
        sender.finish(deadline)
    for sender in senders:
        sender.join(max(deadline - time.monotonic(), 0.0))
        sender.give_up()


def make_client(target: Target) -> Client:
    """Return the client of a target. Only the libraries of its protocol are loaded."""
    if target.protocol is Protocol.GRPC:
        from obelisk_otlp.grpc_client import GrpcClient

        return GrpcClient(target)
    from obelisk_otlp.http_client import HttpClient

    return HttpClient(target)


def die(arguments: threading.ExceptHookArgs) -> None:
    """End the process with what a thread did not expect: the server counts what is lost, and starts another one."""
    sys.__excepthook__(arguments.exc_type, arguments.exc_value or arguments.exc_type(), arguments.exc_traceback)
    os._exit(1)


def full_resource(plan: Plan) -> dict[str, AttributeValue]:
    """Return the attributes of the server, with what the SDK says about itself."""
    from opentelemetry.sdk.resources import Resource

    found = Resource.create(plan.resource).attributes
    return {key: value for key, value in found.items() if isinstance(value, bool | int | float | str)}


if __name__ == "__main__":
    main()
