"""A raw HTTP/1.1 client: sends byte by byte what it is given, and takes answers strictly."""
import re
import select
import socket
import time
from dataclasses import dataclass, field

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\x20-\x7e]*)\Z")
HEADER_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*?)[ \t]*\Z")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]+)\Z")


class WireError(Exception):
    """What came is not an answer of HTTP/1.1, or did not come in time."""


class Closed(WireError):
    """The other side closed the connection instead of answering."""


@dataclass
class Answer:
    """One answer, as it came."""
    method: str
    status: int
    reason: str
    headers: list = field(default_factory=list)
    body: bytes = b""
    events: list = field(default_factory=list)  # of a text/event-stream, as they were read

    def header(self, name):
        """The first header of that name, or None."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    def media_type(self):
        """The content type without its parameters, in lower case."""
        return (self.header("Content-Type") or "").split(";")[0].strip().lower()

    def __str__(self):
        lines = [f"{self.status} {self.reason}"] + [f"{k}: {v}" for k, v in self.headers]
        return "\n".join(lines + ([shortened(self.body)] if self.body else []))


def shortened(body, limit=2000):
    """A body for people: cut, and with escapes where it is not text."""
    text = body[:limit].decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    text = CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
    return text + (f"... ({len(body)} bytes)" if len(body) > limit else "")


class Connection:
    """One connection to the server; reads answers in the order in which they come."""

    def __init__(self, host, port, patience=20.0):
        self.patience = patience
        self.deadline = time.monotonic() + patience
        self.buffer = b""
        self.socket = socket.create_connection((host, port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        """Sends all of it; a server that closes meanwhile may have answered before, so no error."""
        view = memoryview(data)
        try:
            while view:
                # An early answer to a long upload ends the upload, as it should with any client.
                if len(view) > 65536 and select.select([self.socket], [], [], 0)[0]:
                    return
                view = view[self.socket.send(view[:65536]):]
        except (BrokenPipeError, ConnectionResetError):
            pass

    def shutdown(self):
        """No more is sent; answers can still be read."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.socket.close()

    def _more(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise WireError(f"no whole answer in {self.patience:g} s; so far {self.buffer!r:.300}")
        self.socket.settimeout(left)
        try:
            data = self.socket.recv(262144)
        except TimeoutError:
            return self._more()
        except ConnectionError:
            data = b""
        self.buffer += data
        return bool(data)

    def _line(self):
        while b"\n" not in self.buffer:
            if not self._more():
                raise Closed(f"closed in the middle of a line: {self.buffer!r:.300}"
                             if self.buffer else "closed without an answer")
        line, self.buffer = self.buffer.split(b"\n", 1)
        if not line.endswith(b"\r"):
            raise WireError(f"a line that does not end in CR LF: {line!r:.300}")
        return line[:-1]

    def _exactly(self, size):
        while len(self.buffer) < size:
            if not self._more():
                raise WireError(f"closed after {len(self.buffer)} of {size} bytes of the body")
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def _chunk(self):
        """The next chunk; empty at the end."""
        size = CHUNK_SIZE.match(self._line())
        if not size:
            raise WireError("a chunk without a size")
        data = self._exactly(int(size[1], 16))
        if data:
            if self._line() != b"":
                raise WireError("a chunk that is longer than its size")
            return data
        while self._line() != b"":
            pass  # trailers
        return b""

    def head(self, method):
        """Status line and headers of the next answer."""
        self.deadline = time.monotonic() + self.patience
        status = STATUS_LINE.match(self._line())
        if not status:
            raise WireError("the first line is no status line of HTTP/1.1")
        answer = Answer(method, int(status[1]), status[2].decode())
        while line := self._line():
            header = HEADER_LINE.match(line)
            if not header:
                raise WireError(f"not a header: {line!r:.300}")
            answer.headers.append((header[1].decode(), header[2].decode("latin-1")))
        return answer

    def answer(self, method, interim=False):
        """The next answer with its body. 1xx are passed over unless `interim`."""
        while True:
            answer = self.head(method)
            if answer.status >= 200 or interim:
                break
        if method == "HEAD" or answer.status < 200 or answer.status in (204, 304):
            return answer
        if answer.media_type() != "text/event-stream":
            answer.body = b"".join(self._body(answer))
        return answer

    def _body(self, answer):
        length, coding = answer.header("Content-Length"), answer.header("Transfer-Encoding")
        if length is not None and coding is not None:
            raise WireError("an answer with Content-Length and Transfer-Encoding")
        if length is not None:
            yield self._exactly(int(length))
        elif coding is not None:
            if coding.lower() != "chunked":
                raise WireError(f"an answer with Transfer-Encoding: {coding}")
            while chunk := self._chunk():
                yield chunk
        elif (answer.header("Connection") or "").lower() == "close":
            while self._more():
                pass
            data, self.buffer = self.buffer, b""
            yield data
        else:
            raise WireError("an answer with a body whose length it does not say")

    def events(self, answer):
        """The events of a text/event-stream, one dict each, as they come."""
        self.deadline = time.monotonic() + self.patience
        chunks = self._body(answer) if answer.header("Transfer-Encoding") else self._rest()
        text = b""
        for chunk in chunks:
            text += chunk
            while b"\n\n" in text:
                block, text = text.split(b"\n\n", 1)
                if event := parse_event(block):
                    yield event

    def _rest(self):
        while True:
            data, self.buffer = self.buffer, b""
            if data:
                yield data
            if not self.buffer and not self._more():
                return


def parse_event(block):
    """One block of a text/event-stream; None for a comment that keeps the connection alive."""
    event = {}
    for line in block.decode("utf-8").split("\n"):
        if line and not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            event[name] = event[name] + "\n" + value if name in event else value
    return event or None
