"""Patterns of scenarios: text with {captures} and *, and JSON with ... and * in it."""
import json
import re
from decimal import Decimal

NAME = r"[a-z][a-z0-9_]*"
VARIABLE = re.compile(r"\{(" + NAME + r")\}")
TOKEN = re.compile(r"\\[*{\\]|\*|\{(" + NAME + r")\}")
KINDS = {"string": str, "number": (int, Decimal), "object": dict, "array": list, "boolean": bool}


class Mismatch(Exception):
    """What came is not what the pattern says."""


def substituted(text, bindings):
    """`text` with each known {name} replaced; an unknown one is left as it is."""
    return VARIABLE.sub(lambda m: str(bindings.get(m[1], m[0])), text)


def strict_json(data):
    """JSON bytes or text; numbers are exact, and no name may come twice in an object."""
    def unique(pairs):
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            raise ValueError(f"a name comes twice: {names}")
        return dict(pairs)

    def refuse(word):
        raise ValueError(f"{word} is not JSON")
    text = data.decode("utf-8") if isinstance(data, bytes) else data
    return json.loads(text, object_pairs_hook=unique, parse_float=Decimal, parse_constant=refuse)


def match_text(pattern, text, bindings, where):
    """Matches the whole of `text`; captures go into `bindings`."""
    expression, at, captured = "", 0, set()
    for token in TOKEN.finditer(pattern):
        expression += re.escape(pattern[at:token.start()])
        at = token.end()
        name = token[1]
        if token[0] == "*":
            expression += ".*"
        elif name is None:
            expression += re.escape(token[0][1:])
        elif name in bindings:
            expression += re.escape(str(bindings[name]))
        elif name in captured:
            expression += f"(?P={name})"
        else:
            expression += f"(?P<{name}>.+?)"
            captured.add(name)
    found = re.fullmatch(expression + re.escape(pattern[at:]), text, re.S)
    if not found:
        raise Mismatch(f"{where} is {text!r:.300}, not {substituted(pattern, bindings)!r:.300}")
    bindings.update(found.groupdict())


class JsonPattern:
    """JSON, and in it: * any value, ... more fields or items, {name} captures, !x anything but x,
    `unordered` before an array, and the words string, number, object, array, boolean."""

    def __init__(self, text):
        self.text = text
        self.at = 0
        self.tree = self._value()
        self._space()
        if self.at != len(text):
            raise ValueError(f"unexpected {text[self.at:self.at + 20]!r} in the pattern")

    def _space(self):
        while self.at < len(self.text) and self.text[self.at] in " \t\r\n":
            self.at += 1

    def _take(self, token):
        self._space()
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _need(self, token):
        if not self._take(token):
            raise ValueError(f"expected {token!r} at {self.text[self.at:self.at + 20]!r}")

    def _value(self):
        self._space()
        if self._take("!"):
            return ("not", self._value())
        if self._take("*"):
            return ("any",)
        if capture := VARIABLE.match(self.text, self.at):
            self.at = capture.end()
            return ("capture", capture[1])
        if self._take("{"):
            return self._members("}", self._field)
        if self._take("unordered"):
            self._need("[")
            return ("bag",) + self._members("]", self._value)[1:]
        if self._take("["):
            return self._members("]", self._value)
        for word in KINDS:
            if self._take(word):
                return ("kind", word)
        decoder = json.JSONDecoder(parse_float=Decimal)
        value, self.at = decoder.raw_decode(self.text, self.at)
        return ("text", value) if isinstance(value, str) else ("literal", value)

    def _field(self):
        self._space()
        name, self.at = json.JSONDecoder().raw_decode(self.text, self.at)
        self._need(":")
        return name, self._value()

    def _members(self, end, one):
        members, is_open = [], False
        while not self._take(end):
            if members or is_open:
                self._need(",")
            if self._take("..."):
                is_open = True
            else:
                members.append(one())
        return ("object" if end == "}" else "array", members, is_open)

    def match(self, value, bindings, where="the body"):
        """Raises Mismatch; captures go into `bindings`."""
        match_tree(self.tree, value, bindings, where)


def match_tree(tree, value, bindings, where):
    """One node of a pattern against one value."""
    kind = tree[0]
    if kind == "any":
        return
    if kind == "not":
        match_not(tree[1], value, bindings, where)
    elif kind == "capture":
        match_capture(tree[1], value, bindings, where)
    elif kind == "kind":
        wanted = KINDS[tree[1]]
        if not isinstance(value, wanted) or isinstance(value, bool) != (wanted is bool):
            raise Mismatch(f"{where} is {shown(value)}, not a {tree[1]}")
    elif kind == "text":
        if not isinstance(value, str):
            raise Mismatch(f"{where} is {shown(value)}, not the text {tree[1]!r}")
        match_text(tree[1], value, bindings, where)
    elif kind == "object":
        match_object(tree, value, bindings, where)
    elif kind in ("array", "bag"):
        match_array(tree, value, bindings, where)
    elif type(value) is not type(tree[1]) or value != tree[1]:
        raise Mismatch(f"{where} is {shown(value)}, not {shown(tree[1])}")


def match_not(tree, value, bindings, where):
    try:
        match_tree(tree, value, dict(bindings), where)
    except Mismatch:
        return
    raise Mismatch(f"{where} is {shown(value)}, which it must not be")


def match_capture(name, value, bindings, where):
    """A bare {name} stands for any value, and keeps its JSON text."""
    text = shown(value)
    if name in bindings and str(bindings[name]) != text:
        raise Mismatch(f"{where} is {text}, not {bindings[name]} as {{{name}}}")
    bindings[name] = text


def match_object(tree, value, bindings, where):
    _, fields, is_open = tree
    if not isinstance(value, dict):
        raise Mismatch(f"{where} is {shown(value)}, not an object")
    for name, part in fields:
        if name not in value:
            raise Mismatch(f"{where} has no field {name!r}")
        match_tree(part, value[name], bindings, f"{where}.{name}")
    if extra := sorted(set(value) - {name for name, _ in fields}):
        if not is_open:
            raise Mismatch(f"{where} has more fields: {', '.join(extra)}")


def match_array(tree, value, bindings, where):
    _, items, is_open = tree
    if not isinstance(value, list):
        raise Mismatch(f"{where} is {shown(value)}, not an array")
    if len(value) < len(items) or (len(value) > len(items) and not is_open):
        raise Mismatch(f"{where} has {len(value)} items, not {len(items)}")
    if tree[0] == "bag":
        match_bag(items, list(value), bindings, where)
        return
    for at, (part, item) in enumerate(zip(items, value)):
        match_tree(part, item, bindings, f"{where}[{at}]")


def match_bag(parts, left, bindings, where):
    """Each part matches an item of its own, whatever their order."""
    if not parts:
        return
    for at, item in enumerate(left):
        trial = dict(bindings)
        try:
            match_tree(parts[0], item, trial, where)
            match_bag(parts[1:], left[:at] + left[at + 1:], trial, where)
        except Mismatch:
            continue
        bindings.update(trial)
        return
    raise Mismatch(f"{where} is {shown(left):.300}, where one item is missing")


def shown(value):
    """A value as JSON; exact numbers as they are."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{shown(k)}: {shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)
