"""Reads *.scenario files; the language is described in README.md."""
import re
from dataclasses import dataclass, field
from pathlib import Path

from matching import NAME, JsonPattern

METHOD = re.compile(r"([A-Z]+) (\S+)\Z")
HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: (.*))?\Z")
EXPECT = re.compile(r"=> (\S+)(?: x(\d+))?(?: after (\S+))?(?: within (\S+))?\Z")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m)\Z")
ANSWER = re.compile(r"(again|hang|reset|close)\Z|(?:(held|half) |slow (\S+) )?(\d{3})\Z")
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.S)
ESCAPES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}
STATEMENT = re.compile(r"(scenario|server): |service |(raw|send):\Z|answer |until |in parallel "
                       r"|let |use |(kill -9|stopping|stop)\Z|[A-Z]+ \S+\Z")
UNITS = {"ms": 0.001, "s": 1, "m": 60}


class ScenarioError(Exception):
    """A scenario that cannot be read; says file and line."""


@dataclass
class Line:
    """A line of a file, or one that `for each` made of it."""
    file: str
    number: int
    text: str

    @property
    def place(self):
        return f"{self.file}:{self.number}"

    def error(self, message):
        return ScenarioError(f"{self.place}: {message}\n    {self.text}")


@dataclass
class Expect:
    """What an answer has to be."""
    line: Line
    status: str
    times: int = 1
    after: float = 0
    within: float = 0  # 0: as long as the runner is patient
    headers: list = field(default_factory=list)  # (name, pattern); pattern None: absent
    bodies: list = field(default_factory=list)  # (kind, argument)


@dataclass
class Request:
    line: Line
    method: str
    target: str
    headers: list = field(default_factory=list)
    body: list = field(default_factory=list)  # parts, see body_bytes
    expects: list = field(default_factory=list)
    until: float = 0
    parallel: str = ""


@dataclass
class Raw:
    """Bytes, then what must come of them; `more` goes on on the same connection."""
    line: Line
    parts: list
    expects: list = field(default_factory=list)
    more: bool = False


@dataclass
class Await:
    line: Line
    name: str
    expects: list = field(default_factory=list)


@dataclass
class Service:
    line: Line
    name: str
    answers: list


@dataclass
class ServiceAnswer:
    kind: str  # answer, held, half, slow, hang, reset, close, again
    status: int = 0
    wait: float = 0
    headers: list = field(default_factory=list)
    body: list = field(default_factory=list)


@dataclass
class Got:
    """What a service must have received: a request, a count, or nothing more."""
    line: Line
    name: str
    count: int = -1
    request: Request = None


@dataclass
class Do:
    """A word for the runner: kill -9, stopping, stop, let, use key, release."""
    line: Line
    word: str
    arguments: list


@dataclass
class Scenario:
    line: Line
    name: str
    memory: bool = False
    arguments: list = field(default_factory=list)
    steps: list = field(default_factory=list)


def seconds(line, text):
    """300ms -> 0.3"""
    found = DURATION.match(text)
    if not found:
        raise line.error(f"{text!r} is no duration")
    return float(found[1]) * UNITS[found[2]]


def unescaped(text):
    r"""Text with \r \n \t \0 \\ \xff as bytes."""
    def one(found):
        code = found[1]
        return bytes.fromhex(code[1:].decode()) if len(code) == 3 else ESCAPES.get(code, found[0])
    return ESCAPE.sub(one, text.encode("utf-8"))


def expanded(lines):
    """The lines, with each `for each` written out."""
    out, at = [], 0
    while at < len(lines):
        if not lines[at].text.startswith("for each "):
            out.append(lines[at])
            at += 1
            continue
        end = next((i for i in range(at, len(lines)) if lines[i].text == "end"), None)
        if end is None:
            raise lines[at].error("for each without end")
        out += table(lines[at:end])
        at = end + 1
    return out


def table(lines):
    """The body of one `for each`, once for each row."""
    head = lines[0].text.removeprefix("for each ")
    if counted := re.fullmatch(rf"({NAME}) in (\d+)\.\.(\d+)", head):
        names, body = [counted[1]], lines[1:]
        rows = [[str(n)] for n in range(int(counted[2]), int(counted[3]) + 1)]
    else:
        names = [name.strip() for name in head.split(",")]
        middle = next((i for i, line in enumerate(lines) if line.text == "do"), None)
        if middle is None:
            raise lines[0].error("for each without do")
        rows = [row_of(line, len(names)) for line in lines[1:middle] if line.text.strip()]
        body = lines[middle + 1:]
    out = []
    for row in rows:
        values = dict(zip(names, row))
        fill = re.compile(r"\{(" + "|".join(map(re.escape, names)) + r")\}")
        for line in body:
            text = fill.sub(lambda found: values[found[1]], line.text)
            out.append(Line(line.file, line.number, text.removeprefix("  ")))
        out.append(Line(lines[0].file, lines[0].number, ""))
    return out


def row_of(line, width):
    cells = [cell.strip() for cell in re.split(r"\s\|(?=\s|\Z)", line.text)]
    if len(cells) != width:
        raise line.error(f"{len(cells)} cells, not {width}")
    return cells


class Reader:
    """Goes through the lines of one file."""

    def __init__(self, path, name):
        text = Path(path).read_text()
        lines = [Line(name, number, line) for number, line in enumerate(text.split("\n"), 1)]
        self.lines = expanded([line for line in lines if not line.text.startswith("#")])
        self.at = 0
        self.scenarios = []

    def peek(self):
        return self.lines[self.at] if self.at < len(self.lines) else None

    def take(self):
        self.at += 1
        return self.lines[self.at - 1]

    def block(self):
        """The indented lines that follow, without their indentation."""
        lines = []
        while self.peek() and (self.peek().text.startswith("  ") or not self.peek().text.strip()):
            lines.append(self.take())
        while lines and not lines[-1].text.strip():
            lines.pop()
        return [Line(line.file, line.number, line.text.removeprefix("  ")) for line in lines]

    def read(self):
        while self.peek():
            line = self.take()
            if line.text.strip():
                self.statement(line)
        return self.scenarios

    def statement(self, line):
        text = line.text
        if text.startswith("scenario: "):
            self.scenarios.append(Scenario(line, text.removeprefix("scenario: ").strip()))
            return
        if not self.scenarios:
            raise line.error("expected a 'scenario: NAME' first")
        scenario = self.scenarios[-1]
        if text.startswith("server: "):
            words = text.removeprefix("server: ").split()
            scenario.memory = "memory" in words
            scenario.arguments = [word for word in words if word != "memory"]
            return
        scenario.steps.append(self.step(line))

    def step(self, line):
        """One step, which begins at `line`."""
        text = line.text
        if found := re.fullmatch(rf"service ({NAME}):", text):
            return Service(line, found[1], answers_of(line, self.block()))
        if found := re.fullmatch(rf"service ({NAME}) got(?: (\d+)| (nothing))?", text):
            return self.got(line, found)
        if found := re.fullmatch(rf"service ({NAME}) release", text):
            return Do(line, "release", [found[1]])
        if text in ("raw:", "send:"):
            return Raw(line, self.block(), self.expects(), more=text == "send:")
        if found := re.fullmatch(rf"answer ({NAME})", text):
            return Await(line, found[1], self.expects())
        if found := re.fullmatch(r"until (\S+)", text):
            request = self.request(self.take())
            request.until = seconds(line, found[1])
            return request
        if found := re.fullmatch(rf"in parallel ({NAME})", text):
            request = self.request(self.take())
            request.parallel = found[1]
            return request
        if found := re.fullmatch(rf"let ({NAME}) = (.*)", text):
            return Do(line, "let", [found[1], found[2]])
        if found := re.fullmatch(r"use (?:key (.+)|no key)", text):
            return Do(line, "key", [found[1] or ""])
        if text in ("kill -9", "stopping", "stop"):
            return Do(line, text, [])
        if METHOD.match(text):
            return self.request(line)
        raise line.error("not a statement")

    def got(self, line, found):
        if found[2] or found[3]:
            return Got(line, found[1], int(found[2] or 0) if found[2] else -2)
        return Got(line, found[1], request=self.request(self.take()))

    def request(self, line):
        found = METHOD.match(line.text)
        if not found:
            raise line.error("expected a request, METHOD TARGET")
        request = Request(line, found[1], found[2])
        while self.goes_on():
            part = self.take()
            header = HEADER.match(part.text)
            if header and not request.body:
                request.headers.append((header[1], header[2] or ""))
            else:
                request.body.append(part)
        request.expects = self.expects()
        return request

    def goes_on(self):
        """Whether the next line still belongs to what was begun."""
        line = self.peek()
        return bool(line and line.text.strip() and not line.text.startswith("=> "))

    def expects(self):
        """All `=>` that follow one another."""
        found = []
        while True:
            at = self.at
            while self.peek() and not self.peek().text.strip():
                self.take()
            if not self.peek() or not self.peek().text.startswith("=> "):
                self.at = at
                return found
            found.append(self.expect(self.take()))

    def expect(self, line):
        head = EXPECT.match(line.text)
        if not head:
            raise line.error("expected => STATUS [xN] [after TIME] [within TIME]")
        expect = Expect(line, head[1], int(head[2] or 1))
        expect.after = seconds(line, head[3]) if head[3] else 0
        expect.within = seconds(line, head[4]) if head[4] else 0
        body = []
        while self.goes_on() and not STATEMENT.match(self.peek().text):
            part = self.take()
            header = HEADER.match(part.text)
            is_head = header or part.text.startswith("! ")
            if body or not is_head or part.text in ("events:", "lines:"):
                body.append(part)
            elif header:
                expect.headers.append((header[1], header[2] or ""))
            else:
                expect.headers.append((part.text.removeprefix("! "), None))
        expect.bodies = bodies_of(body)
        return expect


def bodies_of(lines):
    """What the lines after the headers say of the body: (kind, argument) each."""
    if not lines:
        return []
    first = lines[0].text
    word, _, rest = first.partition(" ")
    if word in ("exactly", "contains", "lacks", "bytes"):
        return [(word, rest)] + bodies_of(lines[1:])
    if first == "empty":
        return [("empty", "")]
    if first in ("lines:", "events:"):
        return [(first[:-1], [row_pattern(first, line) for line in lines[1:]])]
    return [("json", pattern(lines[0], "\n".join(line.text for line in lines)))]


def row_pattern(kind, line):
    """A line of `lines:` is a JSON pattern, one of `events:` a name and one; ... skips some."""
    text = line.text.strip()
    if text in ("...", "closed"):
        return (text, None, None)
    if kind == "lines:":
        return ("json", None, pattern(line, text))
    found = re.match(r"(\w+)(?: #(\S+))? (.*)\Z", text)
    if not found:
        raise line.error("expected: event [#ID] PATTERN")
    return (found[1], found[2], pattern(line, found[3]))


def pattern(line, text):
    try:
        return JsonPattern(text)
    except ValueError as error:
        raise line.error(f"not a pattern: {error}") from error


def answers_of(line, lines):
    """The answers of a service, which lines of --- part."""
    answers, part = [], []
    for each in lines + [Line(line.file, line.number, "---")]:
        if each.text == "---":
            answers.append(service_answer(line, part))
            part = []
        else:
            part.append(each)
    return answers


def service_answer(line, lines):
    if not lines:
        raise line.error("an answer of a service has a first line")
    found = ANSWER.match(lines[0].text)
    if not found:
        raise lines[0].error("expected [held|half|slow TIME] STATUS, hang, reset, close or again")
    kind = found[1] or found[2] or ("slow" if found[3] else "answer")
    answer = ServiceAnswer(kind, int(found[4] or 0))
    answer.wait = seconds(line, found[3]) if found[3] else 0
    for part in lines[1:]:
        header = HEADER.match(part.text)
        if header and not answer.body:
            answer.headers.append((header[1], header[2] or ""))
        else:
            answer.body.append(part)
    return answer


def body_bytes(lines, fill):
    """The bytes of a body. @text and @times N are joined as they are, other lines by newlines."""
    out, joined = b"", True
    for line in lines:
        text = fill(line.text)
        if text.startswith("@text "):
            out, joined = out + unescaped(text.removeprefix("@text ")), True
        elif found := re.fullmatch(r"@times (\d+) (.*)", text, re.S):
            out, joined = out + int(found[1]) * unescaped(found[2]), True
        else:
            out, joined = out + (b"" if joined else b"\n") + text.encode("utf-8"), False
    return out
