"""Small events that ask for much memory or time: one entry in `missing`, and little memory."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorboard.compat.proto import event_pb2

from tests.support.fuzz import logs
from tests.support.fuzz.boards import asker, load, write_runs
from tests.support.fuzz.memory import PeakMemory
from tests.support.fuzz.mutations import Value, put
from tests.support.fuzz.questions import Outcome, check, sound_answers
from tests.support.tensorboards import TensorBoard

SOUND = ["good/0"]
#: Largest memory that the answers to all questions about all bombs may take, of which most is TensorBoard's.
MOST_BYTES = 160 << 20
#: Rows without anything else, and the header of a map of them.
ROWS = b'{"version":1,"kind":"gradient","id":7,"rows":['


def claim(*sizes: int) -> Callable[[Value], None]:
    """Return a change of a tensor: one number for a shape of many."""

    def change(value: Value) -> None:
        value.tensor.Clear()
        value.tensor.dtype = 1
        value.tensor.float_val.append(1.0)
        for size in sizes:
            value.tensor.tensor_shape.dim.add(size=size)

    return change


def document(data: bytes) -> Callable[[Value], None]:
    """Return a change of the bytes of a value."""
    return lambda value: put(value, data)


def zeros(size: int) -> bytes:
    """Return compressed zeros."""
    compressor = zlib.compressobj(1)
    block = bytes(1 << 20)
    return b"".join(compressor.compress(block) for _ in range(size >> 20)) + compressor.flush()


def header(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


LAYOUT, HISTOGRAM, MAP = "nnviz/layout/gradient", "nnviz/gradient/histogram", "nnviz/map/conv"
BOMBS: dict[str, tuple[str, Callable[[Value], None]]] = {
    "a tensor of 4 TB": ("nnviz/gradient/norm", claim(10**12)),
    "a tensor of 4 GB": ("nnviz/gradient/norm", claim(10**9)),
    "a tensor of 4 GB with two axes": ("nnviz/layout_id/gradient", claim(10**5, 10**4)),
    "a tensor of 2^63 - 1": ("nnviz/graph", claim(2**63 - 1)),
    "a histogram of 300 MB": (HISTOGRAM, document(zeros(300 << 20))),
    "nested lists": (LAYOUT, document(b'{"version":1,"id":7,"rows":' + b"[" * 500_000 + b"]" * 500_000 + b"}")),
    "nested objects": ("nnviz/graph", document(b'{"version":1,"nodes":' + b'{"":' * 900 + b"1" + b"}" * 901)),
    "many lists": ("nnviz/graph", document(b'{"version":1,"nodes":[' + b"[]," * 2_000_000 + b"[]]}")),
    "many rows": (LAYOUT, document(ROWS + b'{"name":"a"},' * 450_000 + b'{"name":"b"}]}')),
    "a long number": (LAYOUT, document(b'{"version":1,"id":' + b"9" * 4_000_000 + b',"rows":[]}')),
    "a long name": (LAYOUT, document(ROWS + json.dumps({"name": "n" * 5_000_000}).encode() + b"]}")),
    "a header of 4 GB": (MAP, document(b"\xff\xff\xff\xff{}")),
    "a map of 2^80": (MAP, document(header(b'{"version":1,"shape":[1099511627776,1099511627776]}'))),
    "an empty map of 2^62": (MAP, document(header(b'{"version":1,"shape":[0,4611686018427387904]}'))),
}


@pytest.mark.slow
def test_bombs_take_little_memory_and_lose_nothing(loader: str, tmp_path: Path) -> None:
    logs.train(tmp_path / "genuine" / "0")
    genuine = [event_pb2.Event.FromString(data) for data in logs.records(tmp_path / "genuine" / "0")]
    write_runs(tmp_path / "alone", tmp_path / "genuine")
    write_runs(tmp_path / "both", tmp_path / "genuine")
    for name, (tag, change) in BOMBS.items():
        events = []
        for one in genuine:
            event = event_pb2.Event.FromString(one.SerializeToString())
            for value in event.summary.value:
                if value.tag == tag:
                    change(value)
            events.append(event.SerializeToString())
        assert events != [one.SerializeToString() for one in genuine], name
        logs.write(tmp_path / "both" / name, events)
    with TensorBoard(loader, tmp_path / "alone") as board:
        load(board, SOUND)
        expected = sound_answers(asker(board), SOUND)
    outcome = Outcome()
    with TensorBoard(loader, tmp_path / "both") as board:
        load(board, SOUND)
        memory = PeakMemory()
        check(asker(board), list(BOMBS), expected, outcome)
        peak = memory.bytes()
        assert not outcome.wrong, "\n".join(outcome.wrong)
        assert peak < MOST_BYTES, f"{peak >> 20} MiB"
        for name in BOMBS:
            reasons = _reasons(board, name)
            assert reasons, name


def _reasons(board: TensorBoard, run: str) -> list[str]:
    """Return the reasons of all missing items of a run that do not concern absent data."""
    answers = [
        board.series(run, kind="gradient", statistics=("norm", "count")),
        board.maps(run, prefix="nnviz/map/"),
        board._binary("structure", {"runs": [run]}),
        board._binary("histograms", {"runs": [run], "kind": "gradient", "rows": ["fc.weight", "fc.bias"]}),
    ]
    return [item["reason"] for answer in answers for item in answer["missing"]]
