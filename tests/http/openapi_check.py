"""Holds every answer against src/http/openapi.json: what it does not describe is a failure."""
import json
import re
import warnings
from pathlib import Path

import jsonschema

from matching import strict_json

ROOT = Path(__file__).resolve().parent.parent.parent
DOCUMENT = ROOT / "src" / "http" / "openapi.json"
PROBLEM = "application/problem+json"
# What may be answered where the document has no such path or method.
NOWHERE = {400: "BadRequest", 401: "Unauthorized", 403: "Forbidden", 404: "NotFound",
           405: "MethodNotAllowed", 429: "Overloaded", 503: "Unavailable"}


class Document:
    """The OpenAPI document, ready for questions."""

    def __init__(self, path=DOCUMENT):
        self.doc = json.loads(Path(path).read_text())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self.resolver = jsonschema.RefResolver.from_schema(self.doc)
        self.paths = sorted(self.doc["paths"], key=lambda path: (path.count("{"), path))
        self.shapes = {path: shape_of(path) for path in self.paths}
        self.used = set()  # (operationId, status) that were answered, for the report

    def resolved(self, node):
        """`node`, or what its $ref names."""
        while "$ref" in node:
            node = self.resolver.resolve(node["$ref"])[1]
        return node

    def operation(self, method, target):
        """The operation of a request, or None; a fixed path goes before one with names in it."""
        path = target.split("?")[0]
        method = "get" if method == "HEAD" else method.lower()
        for template in self.paths:
            item = self.doc["paths"][template]
            if self.shapes[template].fullmatch(path) and method in item:
                return item[method]
        return None

    def violations(self, method, target, answer):
        """What of `answer` the document does not describe; empty if it is in order."""
        operation = self.operation(method, target)
        if operation is None:
            return self._violations_nowhere(answer)
        described = described_response(operation["responses"], answer.status)
        if described is None:
            return [f"{operation['operationId']} does not describe status {answer.status}"]
        self.used.add((operation["operationId"], answer.status))
        found = self._against(self.resolved(described), answer)
        return found + rules(answer)

    def _violations_nowhere(self, answer):
        default = "Refused" if answer.status < 500 else "Failed"
        name = NOWHERE.get(answer.status, default)
        return self._against(self._component("responses", name), answer) + rules(answer)

    def _component(self, kind, name):
        return self.resolved(self.doc["components"][kind][name])

    def _against(self, described, answer):
        found = []
        for name, header in described.get("headers", {}).items():
            found += self._header(name, self.resolved(header), answer.header(name))
        content = described.get("content")
        if answer.method == "HEAD":
            return found
        if not content:
            return found + (["a body where none is described"] if answer.body else [])
        media = answer.media_type()
        described_as = content.get(media) or content.get("*/*")
        if described_as is None:
            return found + [f"Content-Type is {media!r}, not one of {sorted(content)}"]
        return found + self._body(media, described_as["schema"], answer)

    def _header(self, name, header, value):
        if value is None:
            return [f"the header {name} is missing"] if header.get("required") else []
        schema = self.resolved(header["schema"])
        typed = int(value) if schema.get("type") == "integer" and value.isdigit() else value
        return self.errors(schema, typed, f"header {name}")

    def _body(self, media, schema, answer):
        if media == "text/event-stream":
            return [line for event in answer.events for line in self.event_errors(schema, event)]
        try:
            if media == "application/x-ndjson":
                lines = answer.body.decode("utf-8").splitlines()
                return [each for at, line in enumerate(lines, 1)
                        for each in self.errors(schema, strict_json(line), f"line {at}")]
            if media.endswith("json"):
                return self.errors(schema, strict_json(answer.body), "the body")
            answer.body.decode("utf-8" if media.startswith("text/") else "latin-1")
        except (ValueError, RecursionError) as error:
            return [f"the body is not {media}: {error}"]
        return []

    def event_errors(self, schema, event):
        """One event of a stream, its data read as JSON."""
        try:
            data = {"data": strict_json(event.get("data", "null"))}
        except ValueError as error:
            return [f"the data of event {event} is not JSON: {error}"]
        known = {key: event[key] for key in ("event", "id") if key in event}
        return self.errors(schema, known | data, f"event {event.get('event')!r}")

    def errors(self, schema, value, where):
        """What of `value` the schema does not allow."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            validator = jsonschema.Draft202012Validator(schema, resolver=self.resolver)
            found = list(validator.iter_errors(value))
        return [f"{where}{path_of(error)}: {error.message:.300}" for error in map(deepest, found)]


def deepest(error):
    """Of alternatives, the one that was meant says most: its fixed words fit."""
    while error.context:
        branches = {}
        for each in error.context:
            branches.setdefault(each.schema_path[0], []).append(each)
        meant = min(branches.values(), key=lambda found: (
            sum(each.validator == "const" for each in found), len(found)))
        error = max(meant, key=lambda each: len(each.absolute_path))
    return error


def path_of(error):
    return "".join(f"[{at}]" if isinstance(at, int) else f".{at}" for at in error.absolute_path)


def shape_of(template):
    """A pattern of the paths of a template."""
    parts = re.split(r"\{\w+\}", template)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def described_response(responses, status):
    """The exact status goes before its range."""
    return responses.get(str(status)) or responses.get(f"{status // 100}XX")


def rules(answer):
    """What OpenAPI cannot say."""
    found = []
    problem = answer.media_type() == PROBLEM
    if answer.status >= 400 and not problem and not answer.header("Nowthen-Invocation"):
        if answer.method != "HEAD":
            found.append(f"{answer.status} is neither a problem nor about an invocation")
    if not answer.body or answer.media_type() not in (PROBLEM, "application/json"):
        return found
    try:
        body = strict_json(answer.body)
    except (ValueError, RecursionError):
        return found  # said already
    if problem and isinstance(body, dict) and str(body.get("type", "")).startswith("/errors/"):
        if body.get("status") != answer.status:
            found.append(f"the problem says status {body.get('status')}, HTTP {answer.status}")
    if answer.status == 202 and isinstance(body, dict):
        found += ticket_rules(answer, body)
    return found


def ticket_rules(answer, ticket):
    """A ticket, its headers and its links are about one invocation."""
    name = ticket.get("id", "")
    urls = [str(ticket.get(f"{kind}_url", "")) for kind in ("result", "events", "why")]
    urls.append(answer.header("Location") or f"/v1/invocations/{name}/result")
    found = [f"{url} is not about {name}" for url in urls
             if not url.startswith(f"/v1/invocations/{name}/")]
    if answer.header("Nowthen-Invocation") != name:
        found.append("Nowthen-Invocation is not the id of the ticket")
    return found
