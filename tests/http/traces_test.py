#!/usr/bin/python3
"""Traces of a server, as a collector gets them (OTLP over HTTP, JSON), through kills and failures.

Everything that comes is read by the codec of the OpenTelemetry project, where pip can install it
(into build/pip/otlp). $NOWTHEN_BUILD_DIR is the tree whose server is tested.
"""
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from openapi_check import ROOT  # noqa: E402
from scripted_service import ScriptedService  # noqa: E402
from server_process import ServerProcess, binary  # noqa: E402
from wire import Connection  # noqa: E402

CODEC = ("opentelemetry-proto-json==0.66b1", "typing-extensions==4.15.0")
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"
TRACEPARENT = f"00-{TRACE}-{CALLER}-01"
PULLED = {"executor": {"pull": {"lease": "30s"}}, "policy": {"mode": "later"}}
PATIENCE = 30


def codec():
    """The class that reads a request to a collector, or None without pip."""
    folder = ROOT / "build" / "pip" / "otlp"
    if not (folder / "opentelemetry").is_dir():
        said = subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                               "--target", str(folder), *CODEC],
                              stderr=subprocess.DEVNULL, check=False)
        if said.returncode != 0:
            return None
    sys.path.append(str(folder))
    from opentelemetry.proto_json.collector.trace.v1 import trace_service
    return trace_service.ExportTraceServiceRequest


CODEC_CLASS = codec()


class Collector:
    """Takes spans; the first requests are answered by `statuses`, the others by 200."""

    def __init__(self, statuses=()):
        self.bodies, self.statuses = [], list(statuses)
        self.changed = threading.Condition()
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces", self.path
                with collector.changed:
                    status = collector.statuses.pop(0) if collector.statuses else 200
                    if status == 200:
                        collector.bodies.append(body)
                        collector.changed.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def spans(self):
        """All that came, as {span id: span}, with attributes by name; twice the same is once."""
        found = {}
        for body in map(json.loads, list(self.bodies)):
            if CODEC_CLASS is not None:  # nothing that it does not know, nothing in another form
                assert CODEC_CLASS.from_dict(body).to_dict() == body, body
            for span in body["resourceSpans"][0]["scopeSpans"][0]["spans"]:
                span["attributes"] = {each["key"]: next(iter(each["value"].values()))
                                      for each in span["attributes"]}
                assert found.setdefault(span["spanId"], span) == span, f"two of one name: {span}"
        return found

    def ended(self):
        """How many invocations have ended."""
        return sum("nowthen.state" in span["attributes"] for span in self.spans().values())

    def wait_for(self, ended):
        """The spans, once that many invocations have ended."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.ended() >= ended, PATIENCE), self.bodies
        return self.spans()


class Traces(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="nowthen-traces-")
        self.addCleanup(shutil.rmtree, self.dir, True)
        self.collector = Collector()
        self.addCleanup(self.collector.close)

    def start(self, *arguments, url=None, **environment):
        self.server = ServerProcess(
            [binary()], Path(self.dir, "data"), Path(self.dir, "log"),
            ["--otlp-url", url or self.collector.url, *arguments], environment)
        self.addCleanup(self.server.kill)
        self.server.start()

    def send(self, method, path, body=None, **headers):
        """(status, JSON) of one request."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        connection = Connection("127.0.0.1", self.server.port)
        try:
            connection.send(head.encode() + b"\r\n" + data)
            answer = connection.answer(method)
            return answer.status, json.loads(answer.body) if answer.body else None
        finally:
            connection.close()

    def lease(self, operation):
        _, leased = self.send("POST", f"/v1/operations/{operation}/lease?wait=20s")
        return leased["attempts"][0]

    def complete(self, attempt):
        return self.send("POST", f"/v1/attempts/{attempt['token']}/complete", 1)[0]

    def check_tree(self, spans, roots):
        """Every span is of the trace, below one that came too or one of `roots`, and lasts."""
        for span in spans.values():
            self.assertEqual(span["traceId"], TRACE)
            self.assertIn(span.get("parentSpanId"), set(spans) | set(roots), span)
            self.assertLessEqual(int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"]))

    def only(self, spans, name, **wanted):
        """The one span of that name with these attributes."""
        (found,) = [span for span in spans.values() if span["name"] == name and
                    all(span["attributes"][f"nowthen.{key}"] == wanted[key] for key in wanted)]
        return found

    def test_from_a_caller_through_a_service_to_a_worker(self):
        service = ScriptedService([("answer", 200, 0, [], b"1")])
        self.addCleanup(service.close)
        self.start()
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("PUT", "/v1/operations/charge",
                  {"executor": {"http": {"url": f"http://127.0.0.1:{service.port}/"}},
                   "policy": {"mode": "now", "answer_within": "20s"}})
        status, _ = self.send("POST", "/v1/operations/charge", 1, traceparent=TRACEPARENT)
        self.assertEqual(status, 200)
        told = dict(service.received[0][2])["traceparent"]
        # What the service does in turn, as its own instrumentation would pass it on.
        self.send("POST", "/v1/operations/resize", 2, traceparent=told)
        attempt = self.lease("resize")
        self.send("PUT", f"/v1/attempts/{attempt['token']}/steps/read", 5)
        self.complete(attempt)
        spans = self.collector.wait_for(ended=2)
        self.check_tree(spans, [CALLER])
        charge = self.only(spans, "charge")
        self.assertEqual(charge["parentSpanId"], CALLER)
        self.assertEqual(charge["kind"], 2)
        self.assertEqual(charge["attributes"]["nowthen.state"], "succeeded")
        self.assertEqual(charge["attributes"]["nowthen.decision"], "answered")
        asked = self.only(spans, "attempt", operation="charge")
        self.assertEqual(asked["parentSpanId"], charge["spanId"])
        self.assertEqual(told, f"00-{TRACE}-{asked['spanId']}-01")
        resize = self.only(spans, "resize")
        self.assertEqual(resize["parentSpanId"], asked["spanId"])
        worked = self.only(spans, "attempt", operation="resize")
        self.assertEqual(worked["parentSpanId"], resize["spanId"])
        self.assertEqual(attempt["traceparent"], f"00-{TRACE}-{worked['spanId']}-01")
        self.assertEqual(self.only(spans, "read")["parentSpanId"], worked["spanId"])
        for of in (charge, resize):
            id = of["attributes"]["nowthen.invocation"]
            queue = self.only(spans, "queue", invocation=id)
            self.assertEqual(queue["parentSpanId"], of["spanId"])
        self.assertEqual(len(spans), 7)
        self.server.stop()

    def test_a_killed_server_goes_on_in_the_same_trace(self):
        self.start()
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("POST", "/v1/operations/resize", 1, traceparent=TRACEPARENT)
        attempt = self.lease("resize")
        self.send("PUT", f"/v1/attempts/{attempt['token']}/steps/read", 5)
        self.server.kill()
        self.server.start()
        again = self.lease("resize")
        self.assertEqual(again["attempt"], 2)
        self.complete(again)
        spans = self.collector.wait_for(ended=1)
        self.check_tree(spans, [CALLER])
        lost, taken = [span for span in sorted(spans.values(),
                                               key=lambda span: int(span["startTimeUnixNano"]))
                       if span["name"] == "attempt"]
        self.assertEqual(attempt["traceparent"], f"00-{TRACE}-{lost['spanId']}-01")
        self.assertEqual(lost["status"]["code"], 2)
        self.assertEqual(again["traceparent"], f"00-{TRACE}-{taken['spanId']}-01")
        self.assertNotIn("status", taken)
        self.server.stop()

    def test_what_is_not_sampled_costs_nothing_and_is_passed_on_as_it_came(self):
        self.start()
        self.send("PUT", "/v1/operations/resize", PULLED)
        for given in (TRACEPARENT[:-1] + "0", None):
            headers = {"traceparent": given} if given else {}
            self.send("POST", "/v1/operations/resize", 1, **headers)
            attempt = self.lease("resize")
            self.assertEqual(attempt.get("traceparent"), given)
            self.complete(attempt)
        self.server.stop()
        self.assertEqual(self.collector.bodies, [])

    def test_calls_begin_traces_of_their_own_where_that_is_wanted(self):
        self.start("--trace-sample", "1")
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("POST", "/v1/operations/resize", 1)
        attempt = self.lease("resize")
        self.complete(attempt)
        self.server.stop()  # which sends what is left
        spans = self.collector.spans()
        (root,) = [span for span in spans.values() if "parentSpanId" not in span]
        self.assertEqual(root["name"], "resize")
        self.assertEqual({span["traceId"] for span in spans.values()}, {root["traceId"]})
        self.assertIn(root["traceId"], attempt["traceparent"])

    def test_a_collector_that_fails_is_tried_again_and_one_that_is_not_there_does_no_harm(self):
        self.collector.statuses = [503, 500, 429]
        self.start()
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("POST", "/v1/operations/resize", 1, traceparent=TRACEPARENT)
        self.complete(self.lease("resize"))
        self.assertEqual(len(self.collector.wait_for(ended=1)), 3)
        self.assertEqual(len(self.collector.bodies), 1)
        self.server.stop()
        self.collector.close()
        self.server.start()
        self.send("POST", "/v1/operations/resize", 1, traceparent=TRACEPARENT)
        self.assertEqual(self.complete(self.lease("resize")), 200)
        self.server.stop()  # in time
        self.assertIn("3 spans of traces are lost", Path(self.dir, "log").read_text())

    def test_the_name_that_every_program_has_for_a_collector(self):
        self.server = ServerProcess([binary()], ":memory:", Path(self.dir, "log"), (),
                                    {"OTEL_EXPORTER_OTLP_ENDPOINT": self.collector.url})
        self.addCleanup(self.server.kill)
        self.server.start()
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("POST", "/v1/operations/resize", 1, traceparent=TRACEPARENT)
        self.complete(self.lease("resize"))
        self.server.stop()
        self.check_tree(self.collector.spans(), [CALLER])

    def test_every_span_and_attribute_is_documented(self):
        self.start("--trace-sample", "1")
        self.send("PUT", "/v1/operations/resize", PULLED)
        self.send("POST", "/v1/operations/resize", 1)
        attempt = self.lease("resize")
        self.send("PUT", f"/v1/attempts/{attempt['token']}/steps/read", 5)
        self.complete(attempt)
        self.server.stop()
        docs = (ROOT / "docs" / "observability.md").read_text()
        for span in self.collector.spans().values():
            for name in span["attributes"]:
                self.assertIn(f"`{name}`", docs)


if __name__ == "__main__":
    os.chdir(ROOT)
    if CODEC_CLASS is None:
        print("traces_test: without pip the codec of OpenTelemetry is not asked")
    unittest.main()
