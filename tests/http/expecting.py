"""Holds one answer, or one request that a service got, against what a scenario says of it."""
from matching import JsonPattern, Mismatch, match_text, strict_json
from scenario_text import unescaped
from wire import shortened


def described(expect):
    """What is expected, for people."""
    lines = [expect.line.text]
    lines += [f"{name}: {pattern}" if pattern is not None else f"! {name}"
              for name, pattern in expect.headers]
    for kind, argument in expect.bodies:
        said = argument.text if isinstance(argument, JsonPattern) else argument
        lines.append(str(said) if kind == "json" else f"{kind} {said}")
    return "\n".join(lines)


def events_shown(answer):
    return "".join(f"\nevent {event}" for event in answer.events)


def expect_head(expect, answer, wanted, took, bindings):
    """Status, time and headers."""
    fits = any(each == "*" or each == str(answer.status) or each == f"{answer.status // 100}xx"
               for each in wanted)
    if not fits:
        raise Mismatch(f"the status is {answer.status}, not {expect.status}")
    if took < expect.after:
        raise Mismatch(f"it came after {took:.3f} s, too early")
    if expect.within and took > expect.within:
        raise Mismatch(f"it came after {took:.3f} s, too late")
    for name, pattern in expect.headers:
        value = answer.header(name)
        if pattern is None:
            if value is not None:
                raise Mismatch(f"the header {name} is there: {value}")
        elif value is None:
            raise Mismatch(f"the header {name} is missing")
        else:
            match_text(pattern, value, bindings, f"header {name}")


def expect_body(kind, argument, answer, bindings, fill):
    """One line that a scenario says of the body."""
    if kind == "lines":
        lines = answer.body.decode("utf-8", "replace").splitlines()
        items = [(None, None, strict_json(line)) for line in lines]
        expect_sequence(argument, iter(items), bindings)
        return
    match_bytes(kind, argument, answer.body, bindings, fill)


def match_bytes(kind, argument, body, bindings, fill):
    """A body against `exactly`, `contains`, `lacks`, `bytes`, `empty` or a JSON pattern."""
    if kind == "json":
        try:
            value = strict_json(body)
        except (ValueError, RecursionError) as error:
            raise Mismatch(f"the body is not JSON: {error}") from None
        argument.match(value, bindings)
        return
    said = unescaped(fill(argument))
    holds = {"exactly": body == said, "contains": said in body, "lacks": said not in body,
             "empty": not body, "bytes": argument == str(len(body))}[kind]
    if not holds:
        raise Mismatch(f"the body is {shortened(body, 300)!r}, not: {kind} {argument}")


def expect_events(expect, connection, answer, bindings):
    """The events of a stream, as they come."""
    def read():
        for event in connection.events(answer):
            answer.events.append(event)
            yield (event.get("event"), event.get("id"), strict_json(event.get("data", "null")))
    for kind, rows in expect.bodies:
        if kind != "events":
            raise Mismatch("a stream is matched by `events:`")
        expect_sequence(rows, read(), bindings)


def expect_sequence(rows, items, bindings):
    """Each row in turn matches the next item; after ... the next that it matches."""
    skipping = False
    for name, number, pattern in rows:
        if name == "...":
            skipping = True
            continue
        if name == "closed":
            rest = next(items, None)
            while rest is not None and skipping:
                rest = next(items, None)
            if rest is not None:
                raise Mismatch(f"not the end: {rest}")
            return
        expect_item(name, number, pattern, items, skipping, bindings)
        skipping = False
    if rows and rows[0][0] == "json" and not skipping:
        rest = next(items, None)
        if rest is not None:
            raise Mismatch(f"a line more: {rest[2]}")


def expect_item(name, number, pattern, items, skipping, bindings):
    """One row against the next item, or against the next that it fits when `skipping`."""
    while True:
        item = next(items, None)
        if item is None:
            raise Mismatch(f"it ended before {pattern.text}")
        trial = dict(bindings)
        try:
            if name != "json" and item[0] != name:
                raise Mismatch(f"the event is {item[0]}, not {name}")
            if number is not None:
                match_text(number, item[1] or "", trial, "the event's id")
            pattern.match(item[2], trial, "the data" if name != "json" else "the line")
        except Mismatch:
            if skipping:
                continue
            raise
        bindings.update(trial)
        return
