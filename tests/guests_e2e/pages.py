"""A real HTTP server on a free loopback port, with the pages that the example guests get."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PAGES = {
    "/hello": (200, "hello"),
    "/search?q=what": (200, "found it"),
    "/held": (200, "released"),
    "/flaky": (200, "at last"),
}
MISSING = (404, "nothing here")
HELD = "/held"
FLAKY = "/flaky"
OVERLOADED = (503, "later")
WAIT_SECONDS = 60


class Pages(ThreadingHTTPServer):
    """Serves ``PAGES``, ``HELD`` once it is released, ``FLAKY`` from the second time on; remembers which requests came."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests: list[str] = []
        self.released = threading.Event()
        self._came = threading.Condition()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def url(self, path: str) -> str:
        return self.origin + path

    def came(self, path: str) -> None:
        """Remember a request."""
        with self._came:
            self.requests.append(path)
            self._came.notify_all()

    def wait_for(self, path: str) -> None:
        """Wait until a request came."""
        with self._came:
            assert self._came.wait_for(lambda: path in self.requests, WAIT_SECONDS), f"nobody asked for {path}"


class _Handler(BaseHTTPRequestHandler):
    server: Pages

    def do_GET(self) -> None:
        self.server.came(self.path)
        if self.path == HELD:
            self.server.released.wait(WAIT_SECONDS)
        if self.path == FLAKY and self.server.requests.count(FLAKY) == 1:
            self._answer(*OVERLOADED)
        else:
            self._answer(*PAGES.get(self.path, MISSING))

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass  # who asked was killed meanwhile

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served_pages() -> Iterator[Pages]:
    """Serve until the block is left."""
    with Pages() as pages:
        thread = threading.Thread(target=pages.serve_forever)
        thread.start()
        try:
            yield pages
        finally:
            pages.released.set()
            pages.shutdown()
            thread.join()
