"""What the examples' stand-in apps share.

The repositories behind the five stacks are their teams' own, so each example carries the smallest program that really answers
its health path, connects to its database and honours its secrets. It needs Python 3 and psycopg2 and nothing else.
"""
import hmac
import importlib.util
import json
import os
import re
import signal
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

# Where another python3 stands first on the PATH, Debian's own is the one that has psycopg2.
if not importlib.util.find_spec("psycopg2") and os.path.realpath(sys.executable) != os.path.realpath("/usr/bin/python3"):
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])


class Reply(Exception):
    """An answer that a handler gives early: `raise Reply(401, {"error": "…"})`."""

    def __init__(self, status, body):
        super().__init__(status)
        self.status, self.body = status, body


class Request:
    def __init__(self, handler, body):
        self.method, self.path = handler.command, urlsplit(handler.path).path
        self.headers, self.body = handler.headers, body

    def form(self):
        """The fields of a multipart form: {name: (filename or None, bytes)}."""
        kind = self.headers.get("Content-Type", "")
        found = re.search(r'boundary="?([^";]+)"?', kind)
        if not found:
            raise Reply(400, {"error": "expected a multipart form"})
        fields = {}
        for part in self.body.split(b"--" + found.group(1).encode())[1:-1]:
            head, _, data = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]*)"', head)
            file = re.search(rb'filename="([^"]*)"', head)
            if name:
                fields[name.group(1).decode()] = (file and file.group(1).decode(), data[:-2])
        return fields


def require_bearer(request, variable, header="x-cron-secret"):
    """Only who knows the secret in `variable` comes in: `Authorization: Bearer …`, or the header's own."""
    wanted = os.environ[variable]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.headers.get(header, "")
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise Reply(401, {"error": "unauthorized"})


def database(variable="DATABASE_URL", attempts=None):
    """A connection that commits each statement. Lost connections are retried: start-up must not race the database."""
    import psycopg2

    url, _, query = os.environ[variable].partition("?")
    schema = re.search(r"(?:^|&)schema=(\w+)", query)
    attempts = attempts or int(os.environ.get("DB_CONNECT_RETRIES", "10"))
    for attempt in range(1, attempts + 1):
        try:
            connection = psycopg2.connect(url, connect_timeout=5)
            break
        except psycopg2.OperationalError:
            if attempt == attempts:
                raise
            time.sleep(min(0.2 * attempt, 2))
    connection.autocommit = True
    if schema:
        with connection.cursor() as cursor:
            cursor.execute(f'create schema if not exists "{schema.group(1)}"')
            cursor.execute(f'set search_path to "{schema.group(1)}"')
    return connection


def query(statement, *values, variable="DATABASE_URL"):
    connection = database(variable, attempts=3)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


class Redis:
    """Enough of the protocol (RESP2) for a queue: `Redis(url).call("LPUSH", "queue", "x")`."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.file = socket.create_connection((parts.hostname, parts.port or 6379), timeout=10).makefile("rwb")
        if parts.password:
            self.call("AUTH", unquote(parts.password))

    def call(self, *words):
        encoded = [str(word).encode() for word in words]
        self.file.write(b"*%d\r\n" % len(encoded) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in encoded))
        self.file.flush()
        return self.answer()

    def answer(self):
        line = self.file.readline().rstrip(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        if kind == b"$":
            return None if rest == b"-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == b"*":
            return None if rest == b"-1" else [self.answer() for _ in range(int(rest))]
        return int(rest) if kind == b":" else rest.decode()


def serve(routes, port=None):
    """Answers on 127.0.0.1:$PORT until told to stop. `routes`: {"GET /health": handler}; `*` at the end takes any rest."""

    def find(request):
        for pattern, handler in routes.items():
            method, _, path = pattern.partition(" ")
            exact = request.path == path
            if method == request.method and (exact or path.endswith("*") and request.path.startswith(path[:-1])):
                return handler
        raise Reply(404, {"error": "not found"})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            request = Request(self, self.rfile.read(length))
            try:
                status, body = 200, find(request)(request)
            except Reply as early:
                status, body = early.status, early.body
            except Exception as error:  # an app that cannot reach its database says so and stays up
                print(f"{request.method} {request.path}: {type(error).__name__}", file=sys.stderr)
                status, body = 503, {"error": type(error).__name__}
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(body, str) else "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = answer

        def log_message(self, form, *values):
            print(form % values, flush=True)

    server = ThreadingHTTPServer(("127.0.0.1", int(port or os.environ["PORT"])), Handler)
    server.daemon_threads = True
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on {server.server_address[1]}", flush=True)
    server.serve_forever()
