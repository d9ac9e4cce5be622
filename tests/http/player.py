"""Plays one scenario against a server of its own."""
import re
import shutil
import tempfile
import time
from pathlib import Path

import scenario_text as text
from expecting import described, events_shown, expect_body, expect_events, expect_head, match_bytes
from matching import Mismatch, match_text, substituted
from scripted_service import ScriptedService
from server_process import ServerError, ServerProcess
from wire import Closed, Connection, WireError, shortened

REQUEST_LINE = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.[01]\r\n")
POLL = 0.02  # seconds between two looks of `until`
PATIENCE = 20  # seconds until an answer is given up


class Failure(Exception):
    """A scenario does not hold: where, and what was expected and got."""

    def __init__(self, line, why, request="", expected="", got=""):
        parts = [f"{line.place}: {why}"]
        for name, value in (("request", request), ("expected", expected), ("got", got)):
            if value:
                parts.append(f"  {name}:\n" + "\n".join(f"    {x}" for x in value.split("\n")))
        super().__init__("\n".join(parts))

    def with_log(self, said):
        """The same failure, with what the server wrote."""
        self.args = (self.args[0] + (f"\n  the server's log:\n{said}" if said else ""),)
        return self


class Player:
    """The state of one scenario while it is played."""

    def __init__(self, scenario, command, document, environment=None):
        self.scenario = scenario
        self.document = document
        self.dir = Path(tempfile.mkdtemp(prefix="nowthen-scenario-"))
        data_dir = ":memory:" if scenario.memory else self.dir / "data"
        self.bindings = {"dir": str(self.dir)}
        self.server = ServerProcess(command, data_dir, self.dir / "log", scenario.arguments,
                                    environment)
        self.services = {}
        self.waiting = {}  # name -> (connection, request, time it was sent)
        self.key = ""
        self.conversation = None  # (connection, method, target) of the last raw block

    def play(self, keep=False):
        """Raises Failure where the scenario does not hold."""
        try:
            self.start()
            for step in self.scenario.steps:
                self.step(step)
            self.end()
        except Failure as failure:
            raise failure.with_log(self.server.tail()) from None
        except ServerError as error:
            raise Failure(self.scenario.line, f"the server: {error}") from None
        finally:
            self.close(keep)

    def start(self):
        self.server.start()
        host = f"{self.server.host}:{self.server.port}"
        self.bindings |= {"host": host, "port": self.server.port, "url": f"http://{host}"}

    def end(self):
        for name, service in self.services.items():
            if service.unexpected:
                raise Failure(self.scenario.line,
                              f"service {name} got {service.unexpected} requests too many")
        self.server.stop()

    def close(self, keep):
        self.server.kill()
        open_ones = [each[0] for each in self.waiting.values()]
        for connection in open_ones + ([self.conversation[0]] if self.conversation else []):
            connection.close()
        for service in self.services.values():
            service.close()
        if keep:
            print(f"kept: {self.dir}")
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def fill(self, template):
        return substituted(template, self.bindings)

    def step(self, step):
        kinds = {text.Request: self.request, text.Raw: self.raw, text.Await: self.await_answer,
                 text.Service: self.service, text.Got: self.got, text.Do: self.do}
        try:
            kinds[type(step)](step)
        except (WireError, OSError) as error:
            raise Failure(step.line, f"{type(error).__name__}: {error}",
                          getattr(step, "method", "")) from None

    # ---- requests ------------------------------------------------------------------------------

    def connect(self):
        return Connection(self.server.host, self.server.port)

    def bytes_of(self, request):
        """The request as it is sent."""
        body = text.body_bytes(request.body, self.fill)
        headers = [(name, self.fill(value)) for name, value in request.headers]
        names = {name.lower() for name, _ in headers}
        if "host" not in names:
            headers.insert(0, ("Host", self.bindings["host"]))
        if self.key and "authorization" not in names:
            headers.append(("Authorization", f"Bearer {self.key}"))
        framed = names & {"content-length", "transfer-encoding"}
        if not framed and (body or request.method in ("POST", "PUT", "PATCH")):
            headers.append(("Content-Length", str(len(body))))
        head = f"{request.method} {self.fill(request.target)} HTTP/1.1\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        return head.encode("utf-8") + body

    def request(self, request):
        if request.parallel:
            connection = self.connect()
            connection.send(self.bytes_of(request))
            self.waiting[request.parallel] = (connection, request, time.monotonic())
            return
        deadline = time.monotonic() + request.until
        while True:
            try:
                return self.once(request)
            except NotYet as failure:
                if time.monotonic() >= deadline:
                    raise failure.failure from None
            time.sleep(POLL)

    def once(self, request):
        """Sends it and holds the answer against what is expected."""
        connection = self.connect()
        try:
            began = time.monotonic()
            data = self.bytes_of(request)
            connection.send(data)
            target = self.fill(request.target)
            for expect in request.expects or [text.Expect(request.line, "*")]:
                self.answer(connection, request.method, target, expect, began, data)
        finally:
            connection.close()

    def await_answer(self, step):
        connection, request, began = self.waiting.pop(step.name, (None, None, 0))
        if connection is None:
            raise Failure(step.line, f"nothing was sent in parallel as {step.name!r}")
        try:
            for expect in step.expects:
                self.answer(connection, request.method, self.fill(request.target), expect, began,
                            self.bytes_of(request))
        except NotYet as failure:
            raise failure.failure from None
        finally:
            connection.close()

    def raw(self, step):
        if step.more:
            connection, method, target = self.conversation
        else:
            if self.conversation:
                self.conversation[0].close()
            connection, method, target = self.connect(), "GET", "*"
        began, sent = time.monotonic(), b""
        for part in step.parts:
            if part.text == "@shutdown":
                connection.shutdown()
            elif part.text == "@close":
                connection.close()
            else:
                data = raw_bytes(part, self.fill)
                sent += data
                connection.send(data)
        if line := REQUEST_LINE.match(sent):
            method, target = line[1].decode(), line[2].decode("latin-1")
        self.conversation = (connection, method, target)
        try:
            for expect in step.expects:
                for _ in range(expect.times):
                    self.answer(connection, method, target, expect, began, sent)
        except NotYet as failure:
            raise failure.failure from None

    # ---- answers -------------------------------------------------------------------------------

    def answer(self, connection, method, target, expect, began, sent):
        """Reads one answer and holds it against the document and the scenario."""
        shown = shortened(sent, 800)
        wanted = expect.status.split("|")
        connection.patience = expect.within or PATIENCE
        try:
            answer = connection.answer(method, interim=expect.status.startswith("1"))
        except Closed as error:
            if "closed" in wanted:
                return
            raise Failure(expect.line, str(error), shown, expect.line.text) from None
        if wanted == ["closed"]:
            raise Failure(expect.line, "not closed", shown, "closed", str(answer))
        bindings = dict(self.bindings)
        took = time.monotonic() - began
        try:
            expect_head(expect, answer, wanted, took, bindings)
            if answer.media_type() == "text/event-stream":
                expect_events(expect, connection, answer, bindings)
            else:
                for kind, argument in expect.bodies:
                    expect_body(kind, argument, answer, bindings, self.fill)
            mismatch = None
        except Mismatch as error:
            mismatch = error
        if answer.status >= 200 and (found := self.document.violations(method, target, answer)):
            raise Failure(expect.line, "not what openapi.json describes: " + "; ".join(found),
                          shown, expect.line.text, str(answer))
        if mismatch:
            raise NotYet(Failure(expect.line, str(mismatch), shown, described(expect),
                                 str(answer) + events_shown(answer)))
        self.bindings = bindings

    # ---- services and words --------------------------------------------------------------------

    def service(self, step):
        script = []
        for answer in step.answers:
            headers = [(name, self.fill(value)) for name, value in answer.headers]
            body = text.body_bytes(answer.body, self.fill)
            script.append((answer.kind, answer.status, answer.wait, headers, body))
        service = ScriptedService(script)
        self.services[step.name] = service
        self.bindings[step.name] = f"http://127.0.0.1:{service.port}"

    def got(self, step):
        service = self.services[step.name]
        if step.request is None:
            count = service.asserted if step.count < 0 else step.count
            service.wait_for(count, PATIENCE)
            if len(service.received) != count:
                raise Failure(step.line, f"it got {len(service.received)} requests, not {count}")
            return
        if not service.wait_for(service.asserted + 1, PATIENCE):
            raise Failure(step.line, f"it got no request {service.asserted + 1} in time")
        method, target, headers, body = service.received[service.asserted]
        service.asserted += 1
        bindings = dict(self.bindings)
        known = {name.lower(): value for name, value in headers}
        try:
            match_text(f"{step.request.method} {step.request.target}", f"{method} {target}",
                       bindings, "the request")
            for name, pattern in step.request.headers:
                if name.lower() not in known:
                    raise Mismatch(f"the header {name} is missing")
                match_text(pattern, known[name.lower()], bindings, f"header {name}")
            for kind, argument in text.bodies_of(step.request.body):
                match_bytes(kind, argument, body, bindings, self.fill)
        except Mismatch as error:
            got = "\n".join([f"{method} {target}"] + [f"{k}: {v}" for k, v in headers])
            raise Failure(step.line, str(error), got=got + "\n" + shortened(body)) from None
        self.bindings = bindings

    def do(self, step):
        if step.word == "let":
            self.bindings[step.arguments[0]] = self.fill(step.arguments[1])
        elif step.word == "key":
            self.key = self.fill(step.arguments[0])
        elif step.word == "release":
            self.services[step.arguments[0]].released.release()
        elif step.word == "stopping":
            self.server.ask_to_stop()
        else:
            self.server.kill() if step.word == "kill -9" else self.server.stop()
            self.start()


class NotYet(Exception):
    """An answer that does not match; `until` may look again."""

    def __init__(self, failure):
        super().__init__(str(failure))
        self.failure = failure


def raw_bytes(line, fill):
    """A line of a raw block: \\r and \\n are written out, nothing is added."""
    if found := re.fullmatch(r"@times (\d+) (.*)", line.text, re.S):
        return int(found[1]) * text.unescaped(fill(found[2]))
    return text.unescaped(fill(line.text))
