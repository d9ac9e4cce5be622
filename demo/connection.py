"""HTTP as the programs of the demo speak it: a connection that is kept open, JSON both ways."""
import http.client
import json
import random
import select
import time
from urllib.parse import urlsplit

PATIENCE = 60  # seconds for one answer: far more than any takes


class Broken(Exception):
    """The request was sent, no answer came: nobody knows what became of it."""


class Answer:
    """`value` is the JSON of the body."""

    def __init__(self, answer):
        self.status, self.headers = answer.status, answer.headers
        self.value = json.loads(answer.read() or b"null")


class Connection:
    """To one server, which may be away for a while. For one thread."""

    def __init__(self, url):
        self.http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        self.sent = 0.0  # when the last request was

    def ask(self, method, target, body=None, **headers):
        """One exchange. `Broken`: only the caller knows whether it may be sent again."""
        self.open()
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.sent = time.monotonic()
        try:
            self.http.request(method, target, data, named)
            return Answer(self.http.getresponse())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.http.close()
            raise Broken(f"{method} {target}: {error!r}") from None

    def ask_until_answered(self, method, target, body=None, **headers):
        """For what does no harm when it is sent twice."""
        while True:
            try:
                return self.ask(method, target, body, **headers)
            except Broken:
                pass

    def open(self):
        """Connects, again and again: nothing is sent yet, so that this does no harm."""
        if self.http.sock and select.select([self.http.sock], [], [], 0)[0]:
            self.http.close()  # nothing was asked, so what can be read is the end
        while self.http.sock is None:
            try:
                self.http.connect()
            except OSError:
                time.sleep(random.uniform(0.02, 0.08))  # a hundred of us leave the machine to it
