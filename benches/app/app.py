"""Answers every request with the value of ROUND, over connections that stay open."""

import asyncio
import os
import signal
import sys


def database_answers():
    """True without a database; with one, after a query on it."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return True
    import psycopg2

    with psycopg2.connect(url, connect_timeout=5) as connection, connection.cursor() as cursor:
        cursor.execute("select 1")
        return cursor.fetchone() == (1,)


class Answer(asyncio.Protocol):
    """Requests have no bodies here, so a blank line is the end of one."""

    body = os.environ.get("ROUND", "none").encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def connection_made(self, transport):
        self.transport = transport
        self.pending = b""

    def data_received(self, data):
        *requests, self.pending = (self.pending + data).split(b"\r\n\r\n")
        self.transport.write(self.response * len(requests))


async def main():
    # Process 1 of a container has no default action for the signal that stops it.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, os._exit, 0)
    if not database_answers():
        sys.exit("the database does not answer")
    server = await asyncio.get_running_loop().create_server(Answer, "0.0.0.0", int(os.environ.get("PORT", "8000")))
    await server.serve_forever()


asyncio.run(main())
