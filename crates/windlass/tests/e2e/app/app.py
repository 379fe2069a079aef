"""The application of the tests: says its version, its variables and who it is in its databases."""

import json
import os
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

VERSION = open(os.path.join(os.path.dirname(__file__), "version")).read().strip()


def ask(url):
    connection = psycopg2.connect(url, connect_timeout=5)
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT current_user, current_database(), to_regclass('notes') IS NOT NULL")
        user, database, has_notes = cursor.fetchone()
        notes = []
        if has_notes:
            cursor.execute("SELECT text FROM notes ORDER BY text")
            notes = [row[0] for row in cursor.fetchall()]
        return {"user": user, "database": database, "notes": notes}
    finally:
        connection.close()


def everything():
    urls = {name: value for name, value in os.environ.items() if name.endswith("_DATABASE_DSN")}
    return {
        "version": VERSION,
        "environment": {
            name: value for name, value in os.environ.items() if name.startswith("E2E_") or name == "STAGE"
        },
        "databases": {name: ask(url) for name, url in urls.items()},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        status, value = 200, {}
        if "FAIL_HEALTH" in os.environ:
            status, value = 500, {"error": "FAIL_HEALTH is set"}
        elif self.path.startswith("/ping"):
            value = {"version": VERSION}
        elif self.path.startswith("/slow"):
            time.sleep(2)
            value = {"version": VERSION}
        else:
            try:
                value = everything()
            except Exception as error:
                status, value = 500, {"error": str(error)}
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *arguments):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
if "CRASH" in os.environ:
    print("CRASH is set, good-bye", flush=True)
    sys.exit(3)
if "NO_PORT" in os.environ:
    while True:
        time.sleep(1)
print("serving version", VERSION, "on", socket.gethostname(), flush=True)
Server(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
