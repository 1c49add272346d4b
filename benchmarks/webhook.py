"""Requests per second of a webhook that does nothing, beside a server that is h11 and nothing else.

    python -m benchmarks.webhook [--requests N] [--clients C]

Both servers are processes of their own, and h2load (Debian package ``nghttp2-client``) asks them over HTTP/1.1 with
connections that stay open. Each request of the webhook is a new instance of ``examples/wat/hello_webhook.wat``, with an
execution id of its own. The target is 1,500 requests per second on two cores, of which the client has one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = 1500
READY = re.compile(r"listens at \S+:(\d+)")
CONFIG = f"""\
storage.use = "memory"
api.listening_addr = "127.0.0.1:0"
[[http_server]]
name = "external"
listening_addr = "127.0.0.1:0"
[[webhook_endpoint_wasm]]
name = "hello"
location = "{ROOT}/examples/wat/hello_webhook.wat"
"""


def main() -> int:
    """Measure both and print what was found; return 1 when the target is missed, 2 when there is no client."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--bare", action="store_true", help="be the server that is h11 and nothing else")
    arguments = parser.parse_args()
    if arguments.bare:
        asyncio.run(_serve_bare())
        return 0
    if shutil.which("h2load") is None:
        print("h2load is missing: install the Debian package nghttp2-client")
        return 2
    with tempfile.TemporaryDirectory() as directory:
        bare = _measure([sys.executable, "-m", "benchmarks.webhook", "--bare"], Path(directory), arguments)
        config = Path(directory) / "obelisk.toml"
        config.write_text(CONFIG)
        server = [sys.executable, "-m", "obelisk", "server", "run", "--config", str(config)]
        webhook = _measure(server, Path(directory), arguments)
    print(f"h11 alone  {bare:8.0f} requests/s")
    print(f"webhook    {webhook:8.0f} requests/s, {webhook / bare:.2f} of h11 alone, target {TARGET}")
    return 0 if webhook >= TARGET else 1


def _measure(command: list[str], directory: Path, arguments: argparse.Namespace) -> float:
    variables = {"OBELISK_DATA_DIR": f"{directory}/data", "OBELISK_CACHE_DIR": f"{directory}/cache"}
    log = directory / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **variables}, stdout=subprocess.DEVNULL, stderr=file
        )
    try:
        url = f"http://127.0.0.1:{_port(server, log)}/"
        _load(url, arguments.requests // 10, arguments.clients)
        return _load(url, arguments.requests, arguments.clients)
    finally:
        server.terminate()
        server.wait()


def _port(server: subprocess.Popen[bytes], log: Path) -> int:
    with log.open() as file:
        seen = ""
        while (found := READY.search(seen)) is None:
            if server.poll() is not None:
                raise SystemExit(f"a server did not start:\n{log.read_text()}")
            seen += file.read()
    return int(found[1])


def _load(url: str, requests: int, clients: int) -> float:
    done = subprocess.run(
        ["h2load", "--h1", "-n", str(requests), "-c", str(clients), url], capture_output=True, text=True, check=True
    )
    rate = re.search(r"finished in [^,]+, ([\d.]+) req/s", done.stdout)
    status = re.search(r"status codes: (\d+) 2xx", done.stdout)
    if rate is None or status is None or int(status[1]) != requests:
        raise SystemExit(f"not all requests were answered with 200:\n{done.stdout}")
    return float(rate[1])


async def _serve_bare() -> None:
    import h11

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        http = h11.Connection(h11.SERVER)
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                http.receive_data(await reader.read(65536))
            elif isinstance(event, h11.EndOfMessage):
                content = (
                    http.send(h11.Response(status_code=200, headers=[("content-length", "6")], reason="OK")) or b""
                )
                content += (http.send(h11.Data(b"hello\n")) or b"") + (http.send(h11.EndOfMessage()) or b"")
                writer.write(content)
                await writer.drain()
                http.start_next_cycle()
            elif isinstance(event, h11.ConnectionClosed):
                writer.close()
                return

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"listens at 127.0.0.1:{server.sockets[0].getsockname()[1]}", file=sys.stderr, flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
