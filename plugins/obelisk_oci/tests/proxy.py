"""A proxy in front of a registry that does what a healthy registry cannot be made to do."""

from __future__ import annotations

import http.client
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from plugins.obelisk_oci.tests.serving import Handler, Server

Headers = dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What comes back. ``cut`` ends the connection after the body, whatever ``Content-Length`` says."""

    status: int
    headers: Headers
    body: bytes
    cut: bool = False


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    headers: Headers


Fault = Callable[[Request, Answer], Answer]


@dataclass
class Proxy:
    """Hands requests to ``target`` and lets ``faults`` change the answers.

    Each is used once, on the first path that holds its key; one whose key ends with ``*`` again and again.
    """

    target: str
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    def fault(self, key: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next answers whose path holds ``key`` be changed."""
        self.faults += [(key, fault)] * times

    def paths(self, part: str) -> list[str]:
        """Return the paths that were asked for and hold ``part``."""
        return [request.path for request in self.requests if part in request.path]

    def answer(self, request: Request, body: bytes) -> Answer:
        self.requests.append(request)
        answer = self._forwarded(request, body)
        for entry in self.faults:
            key, fault = entry
            if key.rstrip("*") in request.path:
                if not key.endswith("*"):
                    self.faults.remove(entry)
                return fault(request, answer)
        return answer

    def _forwarded(self, request: Request, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.target, timeout=30)
        try:
            connection.request(request.method, request.path, body or None, request.headers)
            response = connection.getresponse()
            headers = {name: value for name, value in response.getheaders() if name != "Transfer-Encoding"}
            return Answer(response.status, headers, response.read())
        finally:
            connection.close()


class _Handler(Handler):
    proxy: Proxy

    def handle_method(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, self.path, dict(self.headers.items()))
        answer = self.proxy.answer(request, self.rfile.read(length))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if "Content-Length" not in answer.headers:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        if answer.cut:
            self.wfile.flush()
            # Without a linger the other side sees a reset, as when a machine goes away.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = handle_method


def proxy_server(proxy: Proxy) -> Server:
    """Return a server that is not started yet."""
    return Server(("127.0.0.1", 0), type("_Bound", (_Handler,), {"proxy": proxy}))


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and nothing else."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, answer: Answer(code, named, b"")


def cut_after(count: int) -> Fault:
    """End the connection in the middle of the body."""
    return lambda request, answer: Answer(
        answer.status, {**answer.headers, "Content-Length": str(len(answer.body))}, answer.body[:count], cut=True
    )


def body(content: bytes, *, drop: tuple[str, ...] = ()) -> Fault:
    """Answer with another body."""

    def change(request: Request, answer: Answer) -> Answer:
        dropped = {"Content-Length", *drop}
        headers = {name: value for name, value in answer.headers.items() if name not in dropped}
        return Answer(answer.status, headers, content)

    return change
