"""A server that is h11 and nothing else, to compare webhooks with: ``python -m benchmarks.bare_http``."""

from __future__ import annotations

import asyncio

import h11

CONTENT = b"hello\n"


async def main() -> None:
    """Serve until the process ends; the first line printed says where."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"listens at 127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer each request of a connection with the same few bytes."""
    http = h11.Connection(h11.SERVER)
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await reader.read(65536))
        elif isinstance(event, h11.EndOfMessage):
            writer.write(_answer(http))
            await writer.drain()
            http.start_next_cycle()
        elif isinstance(event, h11.ConnectionClosed):
            writer.close()
            return


def _answer(http: h11.Connection) -> bytes:
    head = h11.Response(status_code=200, headers=[("content-length", str(len(CONTENT)))], reason="OK")
    return b"".join(http.send(event) or b"" for event in (head, h11.Data(CONTENT), h11.EndOfMessage()))


if __name__ == "__main__":
    asyncio.run(main())
