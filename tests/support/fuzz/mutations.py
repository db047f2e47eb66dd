"""Mutations of one value of an event: of its structure, and of its bytes."""

from __future__ import annotations

import copy
import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from tensorboard.compat.proto import event_pb2, summary_pb2, types_pb2

Value = summary_pb2.Summary.Value
Mutation = Callable[[event_pb2.Event, Value, random.Random], None]

#: JSON texts that no Python value is written as. ``raw(i)`` stands for one in a document.
RAW = [
    *("1e400", "-1e400", "1" + "0" * 400, "NaN", "Infinity", "-0.0", "1e-400", "1,", '"\\ud800"'),
    *("[" * 60 + "]" * 60, "[" * 3000 + "]" * 3000, '{"a":' * 950 + "1" + "}" * 950, '{"a":1,"a":2}'),
]


def raw(number: int) -> str:
    """Return the text that stands for a raw JSON text."""
    return f"\0raw {number}"


#: Values in place of a value of a JSON document.
ODD_VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.5, 2**31, 2**53 + 1, 2**63, -(2**63), 2**64, 10**30),
    *map(raw, range(len(RAW))),
    *("", "a", "0", "a" * 3000, "\ud800", "x\udfffy", "__proto__", "constructor", "\0", "\r\n", "=1+1", "<b>", "ü 🙂"),
    *([], [[]], [None], [1, "a"], {}, {"": None}, {"a": {"b": [1]}}),
    {"dtype": "float32", "shape": [10**9], "offset": 0},
    {"dtype": "uint8", "shape": [-1], "offset": 4},
    {"$dtype": "float32", "$shape": [1], "$offset": 0},
    {"__proto__": 1, "toString": 2},
    [0] * 3000,
]
ODD_KEYS = [
    *("dtype", "shape", "offset", "run", "wall_time", "version", "name", "rows"),
    *("__proto__", "", "$", "$a", "\ud800"),
]
ODD_STEPS = [-(2**63), 2**63 - 1, -1, 0, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 3, 10**6]
ODD_WALL_TIMES = [float("inf"), float("-inf"), float("nan"), 0.0, -1.0, 1e300, -1e300, 8.64e12, 1e13, 5e-324]
DTYPES = list(types_pb2.DataType.values())


def put(value: Value, data: bytes) -> None:
    """Make bytes the content of a value."""
    value.tensor.tensor_content = data
    value.tensor.tensor_shape.Clear()
    value.tensor.tensor_shape.dim.add(size=len(data))


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return bytes with a few of them changed, removed, repeated or inserted."""
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(made) + 1)
        how = rng.randrange(5)
        if how == 0 and at < len(made):
            made[at] ^= 1 << rng.randrange(8)
        elif how == 1 and at < len(made):
            made[at] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
        elif how == 2:
            del made[at : at + rng.choice((1, 4, 100))]
        elif how == 3:
            made[at:at] = made[at : at + rng.choice((1, 8, 64))]
        else:
            made[at:at] = rng.randbytes(rng.choice((1, 4, 16)))
    return bytes(made)


def mutate_json(document: Any, rng: random.Random) -> Any:
    """Return a JSON document with a value replaced, or with a key or an item removed or added."""
    parents: list[tuple[Any, Any]] = []
    stack = [document]
    while stack:
        one = stack.pop()
        for key, inner in one.items() if isinstance(one, dict) else enumerate(one):
            parents.append((one, key))
            if isinstance(inner, (dict, list)):
                stack.append(inner)

    def odd(*more: Any) -> Any:
        return copy.deepcopy(rng.choice((*ODD_VALUES, *more)))

    if not parents or rng.random() < 0.02:
        return odd()
    parent, key = rng.choice(parents)
    how = rng.random()
    if how < 0.6:
        parent[key] = odd()
    elif how < 0.75:
        del parent[key]
    elif isinstance(parent, dict):
        parent[rng.choice(ODD_KEYS)] = odd()
        if how > 0.95:
            parent.update(dtype=rng.choice(("float32", 7)), shape=[1], offset=0)
    else:
        parent.insert(key, odd(parent[key]))
    return document


def dump(document: Any, rng: random.Random) -> bytes:
    """Return JSON with its raw texts, ASCII or not."""
    text = json.dumps(document, ensure_ascii=rng.random() < 0.5)
    for i, one in enumerate(RAW):
        text = text.replace(json.dumps(raw(i)), one)
    return text.encode("utf-8", "surrogatepass")


def _content(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    data = value.tensor.tensor_content
    made = rng.choice((b"", data[:-1], data + b"\0", data[: len(data) // 2], mutate_bytes(data, rng)))
    if rng.random() < 0.5:
        put(value, made)
    else:
        value.tensor.tensor_content = made


def _document(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    """Mutate the JSON of a document or of a map's header. Other values are mutated as bytes."""
    data = value.tensor.tensor_content
    at = 4 if value.metadata.plugin_data.plugin_name == "nnviz_maps" else 0
    end = 4 + struct.unpack_from("<I", data)[0] if at else len(data)
    try:
        document = json.loads(data[at:end])
    except ValueError:
        _content(event, value, rng)
        return
    for _ in range(rng.choice((1, 1, 2))):
        if isinstance(document, (dict, list)):
            document = mutate_json(document, rng)
    text = dump(document, rng)
    put(value, (struct.pack("<I", len(text)) if at else b"") + text + data[end:])


def _header_length(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    data = value.tensor.tensor_content
    put(value, struct.pack("<I", rng.choice((0, 1, len(data), 2**31, 2**32 - 1))) + data[4:])


def _shape(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    shape = value.tensor.tensor_shape
    shape.Clear()
    sizes = [[], [0], [1], [5], [3, 1], [-1], [2**62, 2**62], [0, 2**62], [10**13], [1] * 40, [2**63 - 1]]
    for size in rng.choice(sizes):
        shape.dim.add(size=size)
    shape.unknown_rank = rng.random() < 0.1


def _dtype(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    value.tensor.dtype = rng.choice(DTYPES)


def _claim(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    """Store one value for a shape of many."""
    tensor = value.tensor
    tensor.Clear()
    field, dtype = rng.choice(
        [("float_val", 1), ("double_val", 2), ("int_val", 4), ("int64_val", 9), ("bool_val", 10), ("half_val", 19)]
    )
    tensor.dtype = dtype
    getattr(tensor, field).append(1)
    for size in rng.choice([[10**13], [10**9], [10**5, 10**5], [4096], [3], [1], []]):
        tensor.tensor_shape.dim.add(size=size)


def _strings(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    value.tensor.Clear()
    value.tensor.dtype = types_pb2.DT_STRING
    value.tensor.string_val.extend([b"abc", b"\xff"][: rng.randint(1, 2)])
    if rng.random() < 0.5:
        value.tensor.tensor_shape.dim.add(size=len(value.tensor.string_val))


def _complex(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    value.tensor.Clear()
    value.tensor.dtype = types_pb2.DT_COMPLEX64
    value.tensor.scomplex_val.extend([1, 2])


def _numbers(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    """Put numbers of another type, shape or size in place of the value."""
    shape = rng.choice([(), (0,), (1,), (2,), (7,), (2, 3), (4, 3), (1, 1)])
    dtype = rng.choice(("<f4", "<f8", "<i4", "<i8", "u1", "<f2"))
    numbers = rng.choice(([np.nan], [np.inf, -np.inf], [0], [-1], [1e300], [2.0**40, 3], [1, -1, np.nan]))
    with np.errstate(all="ignore"):
        made = np.resize(np.array(numbers), shape).astype(dtype)
    value.tensor.Clear()
    value.tensor.dtype = {"<f4": 1, "<f8": 2, "<i4": 3, "<i8": 9, "u1": 4, "<f2": 19}[dtype]
    value.tensor.tensor_content = made.tobytes()
    for size in shape:
        value.tensor.tensor_shape.dim.add(size=size)


def _compressed(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    """Compress something else than the right number of counts."""
    row = 520 * 4
    data = rng.choice(
        (b"", bytes(7), bytes(row), bytes(100 * row), b"\xff" * 4 * row, rng.randbytes(4 * row), bytes(20_000 * row))
    )
    made = zlib.compress(data)
    put(value, rng.choice((made, made[:-3], made + b"more", made[:20])))


def _step(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    event.step = rng.choice(ODD_STEPS)


def _wall_time(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    event.wall_time = rng.choice(ODD_WALL_TIMES)


def _scalar(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    """Make the value a number without metadata."""
    value.ClearField("tensor")
    value.simple_value = rng.choice((0.0, float("nan"), float("inf"), 1e38))


def _removed(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    event.summary.value.remove(value)


def _repeated(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    event.summary.value.add().CopyFrom(value)


def _plugin(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    plugins = ("", "nnviz", "nnviz_maps", "nnviz_histograms", "nnviz_findings", "scalars", "histograms")
    value.metadata.plugin_data.plugin_name = rng.choice(plugins)
    value.metadata.data_class = rng.choice((0, 1, 2, 3))


def _buckets(event: event_pb2.Event, value: Value, rng: random.Random) -> None:
    """Write a histogram of TensorBoard's with odd edges and counts."""
    shape = rng.choice([(0, 3), (1, 3), (5, 3), (30, 3), (3, 5), (9,), (2, 2), (4000, 3)])
    odd = [0.0, 1.0, -1.0, np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 3.0]
    made = np.array([rng.choice(odd) for _ in range(int(np.prod(shape)))], "<f8")
    value.tensor.Clear()
    value.tensor.dtype = types_pb2.DT_DOUBLE
    value.tensor.tensor_content = made.tobytes()
    for size in shape:
        value.tensor.tensor_shape.dim.add(size=size)


#: The mutations by name. Documents are mutated more often than other things.
MUTATIONS: dict[str, Mutation] = {
    "document": _document,
    "document, again": _document,
    "document, once more": _document,
    "content": _content,
    "header length": _header_length,
    "shape": _shape,
    "dtype": _dtype,
    "claim": _claim,
    "strings": _strings,
    "complex": _complex,
    "numbers": _numbers,
    "compressed": _compressed,
    "step": _step,
    "wall time": _wall_time,
    "scalar": _scalar,
    "removed": _removed,
    "repeated": _repeated,
    "plugin": _plugin,
    "buckets": _buckets,
}
