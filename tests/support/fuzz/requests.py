"""Mutated requests to all routes."""

from __future__ import annotations

import json
import random

from tests.support.fuzz.mutations import dump, mutate_bytes, mutate_json
from tests.support.fuzz.questions import QUESTIONS, body_of

ROUTES = sorted({question[0] for question in QUESTIONS})
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
ODD_ROUTES = ("none", "static/../x", "series/", "%00", "a" * 999)
#: Bodies that no mutation of a valid one reaches.
ODD_BODIES = [
    b"",
    b"null",
    b"[]",
    b"0",
    b'"a"',
    b"{",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b'{"runs":["a"]}'.decode().encode("utf-16"),
    b'{"runs":["\xed\xa0\x80"]}',
    b'{"runs":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"runs":["a"],"step":' + b"9" * 5000 + b"}",
    b'{"runs":' + json.dumps(["a"] * 501).encode() + b"}",
    b'{"runs":["' + b"a" * 1_000_000 + b'"]}',
    b" " * (1 << 20) + b"{}",
]


def request(rng: random.Random, runs: list[str]) -> tuple[str, str, bytes]:
    """Return a method, a route and a body. Most bodies are valid ones with one or two values changed."""
    question = rng.choice(QUESTIONS)
    body = body_of(question, rng.choice((runs, runs[:1], ["none"], [*runs, "none", ""])))
    method = "GET" if body is None else "POST"
    if rng.random() < 0.05:
        method = rng.choice(METHODS)
    route = question[0] if rng.random() < 0.95 else rng.choice((*ROUTES, *ODD_ROUTES))
    if body is None:
        return method, route, b""
    how = rng.random()
    if how < 0.06:
        return method, route, rng.choice(ODD_BODIES)
    if how < 0.2:
        return method, route, mutate_bytes(body, rng)
    document = json.loads(body)
    for _ in range(rng.choice((1, 1, 2))):
        if isinstance(document, (dict, list)):
            document = mutate_json(document, rng)
    return method, route, dump(document, rng)
