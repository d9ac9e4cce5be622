"""A small HTTP service that answers what a scenario says, in turn, and keeps what it received."""
import socket
import struct
import threading

from wire import CHUNK_SIZE


class ScriptedService:
    """Listens on a port of its own. `script` is a list of (kind, status, wait, headers, body)."""

    def __init__(self, script):
        self.script = script
        self.received = []  # (method, target, headers, body), in order of arrival
        self.asserted = 0  # how many of them a scenario has looked at
        self.unexpected = 0  # requests after the last answer
        self.changed = threading.Condition()
        self.released = threading.Semaphore(0)
        self.closing = threading.Event()
        self.connections = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Ends every connection."""
        self.closing.set()
        self.released.release(1000)
        self.listener.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def wait_for(self, count, patience):
        """Whether `count` requests have come in time."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.received) >= count, patience)

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection, connection.makefile("rb") as reader:
            try:
                while (request := read_request(reader)) and self._answer(connection, request):
                    pass
            except (OSError, ValueError):
                pass
            finally:
                self.connections.discard(connection)

    def _next(self, request):
        with self.changed:
            at = len(self.received)
            self.received.append(request)
            self.changed.notify_all()
            if at < len(self.script) and self.script[at][0] != "again":
                return self.script[at]
            if self.script and self.script[-1][0] == "again":
                return self.script[-2]
            self.unexpected += 1
            return ("answer", 500, 0, [], b'"more requests than the scenario has answers"')

    def _answer(self, connection, request):
        """Answers one request; whether the connection goes on."""
        kind, status, wait, headers, body = self._next(request)
        if kind == "hang":
            self.closing.wait()
            return False
        if kind == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if kind == "close":
            return False
        if kind == "held":
            self.released.acquire()
        if kind == "slow":
            self.closing.wait(wait)
        data = response(status, headers, body)
        if kind == "half":
            connection.sendall(data[:len(data) - (len(body) + 1) // 2])
            return False
        connection.sendall(data)
        return True


def read_request(reader):
    """(method, target, headers, body) of the next request, or None at the end."""
    first = reader.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = []
    while line := reader.readline().decode("latin-1").rstrip("\r\n"):
        name, _, value = line.partition(":")
        headers.append((name, value.strip()))
    known = {name.lower(): value for name, value in headers}
    if known.get("transfer-encoding", "").lower() == "chunked":
        return (first[0], first[1], headers, b"".join(chunks(reader)))
    return (first[0], first[1], headers, reader.read(int(known.get("content-length", 0))))


def chunks(reader):
    """The chunks of a body."""
    while True:
        size = CHUNK_SIZE.match(reader.readline().rstrip(b"\r\n"))
        data = reader.read(int(size[1], 16)) if size else b""
        reader.readline()
        if not data:
            return
        yield data


def response(status, headers, body):
    """The bytes of an answer."""
    names = {name.lower() for name, _ in headers}
    lines = [f"HTTP/1.1 {status} Scripted"] + [f"{name}: {value}" for name, value in headers]
    if "content-type" not in names and body:
        lines.append("Content-Type: application/json")
    if "content-length" not in names and status != 204:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
