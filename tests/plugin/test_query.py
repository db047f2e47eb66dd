"""Invalid queries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tb_nnviz.plugin import query
from tests.support.tensorboards import TensorBoard

SERIES = {"runs": ["plain"], "kind": "gradient", "statistics": ["norm"]}


SCALARS = {"runs": ["plain"], "tags": None, "prefix": "nnviz/log/"}


def assert_refused(board: TensorBoard, path: str, body: Any, message: str, code: int = 400) -> None:
    response = board.post(path, body)
    assert (response.status_code, response.mimetype) == (code, "text/plain")
    assert message in response.text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "foo"}, "unknown kind: 'foo' (expected one of parameter, gradient, update, activation"),
        ({"kind": ["gradient"]}, "unknown kind: ['gradient']"),
        ({"kind": None}, "unknown kind: None"),
        ({"runs": "plain"}, "invalid runs: 'plain' (expected a list of names)"),
        ({"runs": [1]}, "invalid runs: [1] (expected a list of names)"),
        ({"runs": None}, "invalid runs: None"),
        ({"runs": ["r"] * 501}, "too many runs: 501 (at most 500 in a request)"),
        ({"statistics": {"norm": 1}}, "invalid statistics: {'norm': 1}"),
        ({"statistics": ["s"] * 51}, "too many statistics: 51 (at most 50 in a request)"),
        ({"known": ["1x"]}, "invalid known: ['1x'] (expected a list of layout ids)"),
        ({"known": ["-1"]}, "invalid known: ['-1']"),
        ({"known": ["9" * 10_000]}, "invalid known: ['999"),
        ({"known": 1}, "invalid known: 1"),
        ({"known": [True]}, "invalid known: [True]"),
        ({"known": [0] * 5001}, "too many known: 5001 (at most 5000)"),
        ({"width": 0}, "invalid width: 0 (expected 1 to 10000 columns)"),
        ({"percentiles": 0.5}, "invalid percentiles: 0.5 (expected numbers from 0 to 1)"),
        ({"percentiles": [0.5, 2]}, "invalid percentiles: [0.5, 2]"),
        ({"percentiles": [True]}, "invalid percentiles: [True]"),
        ({"percentiles": [0.5] * 10}, "too many percentiles: 10 (at most 9)"),
        ({"width": True}, "invalid width: True"),
        ({"width": 1000.5}, "invalid width: 1000.5"),
        ({"from": "1"}, "invalid from: '1' (expected a step)"),
        ({"from": 10**400}, "invalid from: 1000"),
        ({"runs": ["\ud800"]}, "invalid body: not Unicode"),
        ({"to": True}, "invalid to: True (expected a step)"),
        ({"rows": "a"}, "invalid rows: 'a' (expected names of rows, or lists of names)"),
        ({"rows": [[]]}, "invalid rows: [[]]"),
        ({"rows": [["a", 1]]}, "invalid rows: [['a', 1]]"),
        ({"rows": ["a"] * 20_001}, "too many rows: 20001 (at most 20000 in a request)"),
        (
            {"stats": []},
            "unknown key: 'stats' (expected runs, kind, statistics, known, rows, width, from, to, percentiles)",
        ),
    ],
)
def test_series_invalid_query_answers_400(board: TensorBoard, change: dict[str, Any], message: str) -> None:
    assert_refused(board, "series", {**SERIES, **change}, message)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"runs": 5}, "invalid runs: 5 (expected a list of names)"),
        ({"tags": "nnviz/log/loss"}, "invalid tags: 'nnviz/log/loss'"),
        ({"tags": ["loss"]}, "unknown tag: 'loss' (expected nnviz/...)"),
        ({"prefix": "nn"}, "unknown prefix: 'nn' (expected nnviz/...)"),
        ({"prefix": 3}, "invalid prefix: 3 (expected a string)"),
        ({"last": 1}, "invalid last: 1 (expected true or false)"),
        ({"downsample": 0}, "unknown key: 'downsample'"),
    ],
)
def test_scalars_invalid_query_answers_400(board: TensorBoard, change: dict[str, Any], message: str) -> None:
    assert_refused(board, "scalars", {**SCALARS, **change}, message)


@pytest.mark.parametrize("key", ["runs", "kind", "statistics"])
def test_series_query_without_a_key_answers_400(board: TensorBoard, key: str) -> None:
    assert_refused(board, "series", {name: value for name, value in SERIES.items() if name != key}, f"missing {key}")


@pytest.mark.parametrize("path", ["series", "scalars"])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "invalid body: not JSON"),
        (b"{'runs': []}", "invalid body: not JSON"),
        (b"\xff\xfe\xfa", "invalid body: not JSON"),
        (b"[" * 100_000, "invalid body: not JSON"),
        (b"[]", "invalid body: [] (expected a JSON object)"),
        (b"null", "invalid body: None"),
    ],
)
def test_post_body_not_an_object_answers_400(board: TensorBoard, path: str, body: bytes, message: str) -> None:
    assert_refused(board, path, body, message)


@pytest.mark.parametrize("path", ["series", "scalars"])
def test_post_oversized_body_answers_413(board: TensorBoard, path: str) -> None:
    body = json.dumps({**SERIES, "padding": "x" * query.MAX_BYTES}).encode()
    assert_refused(board, path, body, f"invalid body: {len(body)} bytes (at most {query.MAX_BYTES})", 413)


def test_whole_numbers_with_a_point_are_integers(board: TensorBoard) -> None:
    """JSON has one type of number, and some clients write 2 as 2.0."""
    for path, body in (
        ("histograms", {"runs": ["plain"], "kind": "gradient", "step": 2}),
        (
            "maps",
            {"runs": ["plain"], "prefix": "nnviz/weight/", "tag": "nnviz/weight/x", "steps": [2], "at": {"row": 1}},
        ),
        ("series", {**SERIES, "width": 100, "known": [7], "from": 3, "percentiles": [1]}),
    ):
        text = json.dumps(body)
        floats = json.dumps(json.loads(text, parse_int=float)).encode()
        answer, expected = board.post(path, floats), board.post(path, body)
        assert (answer.status_code, answer.data) == (200, expected.data)
    assert_refused(board, "histograms", {"runs": ["plain"], "kind": "gradient", "step": 2.5}, "invalid step: 2.5")
    assert_refused(board, "histograms", b'{"runs": [], "kind": "gradient", "step": 1e400}', "invalid step: inf")
