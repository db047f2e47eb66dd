"""Oracle of activation maps, computed from whole outputs in float64 numpy. It shares no code with the package."""

import copy
import json
import math

import numpy as np
import torch

import tb_nnviz
from tests.support.event_reader import Run

CHANNELS, FEATURES = ("sample", "channel", "height", "width"), ("sample", "token", "feature")
HEADS, UNITS, LENGTH = ("sample", "head", "query", "key"), ("sample", "unit"), ("sample", "channel", "length")


def decode(payload):
    """Return the header and the codes of a map."""
    data = bytes(payload)
    length = int.from_bytes(data[:4], "little")
    header = json.loads(data[4 : 4 + length])
    codes = np.frombuffer(data[4 + length :], np.uint8)
    assert codes.size == math.prod(header["shape"]), "one byte per value"
    return header, codes.reshape(header["shape"])


def read(logdir):
    """Return {tag without nnviz/: {step: (header, codes)}} of a run."""
    tensors = Run(logdir).tensors
    wanted = [tag for tag in tensors if tag.startswith(("nnviz/map/", "nnviz/map_input"))]
    return {
        tag.removeprefix("nnviz/"): {step: decode(payload) for step, payload in tensors[tag].items()} for tag in wanted
    }


def outputs(model, *args, **kwargs):
    """Return the output of each module's first call in evaluation, recorded on a copy of the model."""
    model = copy.deepcopy(model).eval()
    found = {}

    def keep(name, output):
        parts = output if isinstance(output, tuple) else (output,)
        found.setdefault(name, [part.detach().clone() for part in parts if isinstance(part, torch.Tensor)])

    for name, module in model.named_modules():
        module.register_forward_hook(lambda module, args, output, name=name: keep(name, output))
    with torch.no_grad():
        model(*args, **kwargs)
    return found


def assert_map(header, codes, whole, axes):
    """Compare a map with the whole output, shortened as in the header. They may differ by half of ``scale``.

    The values of units are compared in float32.

    Args:
        header: header of the map.
        codes: one byte per value of the map.
        whole: the output, with one axis per name in ``axes``.
        axes: names of the axes of the output. The map has only the middle slice of an axis "depth".
    """
    whole = np.asarray(whole, np.float64)
    assert whole.ndim == len(axes)
    assert header["axes"] == [axis for axis in axes if axis != "depth"]
    assert header["shape"] == list(codes.shape)
    assert header["mode"] == "eval"
    cut = header["downsampled"] or {}
    units = next(axis for axis in axes if axis in ("channel", "feature", "unit", "head"))
    at = axes.index(units)
    order = header["unit_order"]
    assert (order is None) == (units not in cut)
    if order is not None:
        assert order == sorted(set(order)) and len(order) == cut[units][1]
        whole = whole.take(order, at)
    _assert_units(header["units"], whole, at)

    for i, axis in enumerate(axes):
        if axis == units or axis not in cut:
            continue
        size, kept, how = cut[axis]
        assert whole.shape[i] == size
        if axis == "depth":
            assert (kept, how) == (1, "slice")
            whole = whole.take([size // 2], i)
        elif how == "slice":
            whole = whole.take(range(kept), i)
        else:
            assert how == "mean" and axis in ("height", "width", "length")
    if "depth" in axes:
        whole = whole.squeeze(axes.index("depth"))
    places = [axis for axis in header["axes"] if cut.get(axis, [0, 0, ""])[2] == "mean"]
    if places:
        side = max(math.ceil(cut[axis][0] / cut[axis][1]) for axis in places)
        for axis in [axis for axis in header["axes"] if axis in ("height", "width", "length")]:
            whole = _tiles(whole, header["axes"].index(axis), side)
    assert whole.shape == codes.shape

    finite = np.isfinite(whole)
    assert header["nonfinite"] == (~finite).sum()
    if header["nonfinite"]:
        assert ((codes == 255) == ~finite).all()
    value = header["offset"] + header["scale"] * codes.astype(np.float64)
    error = np.abs(value - whole)[finite]
    scale = np.abs(whole[finite]).max(initial=0)
    assert (error <= header["scale"] * 0.5 + 1e-6 * scale).all(), error.max()
    if finite.any():  # the scale is as narrow as possible
        levels = 254 if header["nonfinite"] else 255
        assert header["scale"] == np.float64((whole[finite].max() - whole[finite].min()) / levels) or np.isclose(
            header["scale"], (whole[finite].max() - whole[finite].min()) / levels, rtol=1e-5, atol=1e-7 * scale
        )


def _assert_units(units, whole, at):
    others = tuple(i for i in range(whole.ndim) if i != at)
    with np.errstate(all="ignore"):
        expected = {"min": whole.min(others), "max": whole.max(others), "mean": whole.mean(others)}
    for name, values in expected.items():
        found = np.array([np.nan if value is None else value for value in units[name]])
        finite = np.isfinite(values)
        assert np.isfinite(found).tolist() == finite.tolist(), name
        if name == "mean":
            size = np.abs(whole[np.isfinite(whole)]).max(initial=0)
            np.testing.assert_allclose(found[finite], values[finite], rtol=1e-6, atol=1e-9 * size)
        else:
            assert found[finite].tolist() == [float(f"{value:.9g}") for value in values[finite]], name


def _tiles(whole, axis, side):
    """Return the means of tiles along an axis. The last tile may be smaller, as in pooling."""
    parts = [whole.take(range(i, min(i + side, whole.shape[axis])), axis) for i in range(0, whole.shape[axis], side)]
    return np.stack([part.mean(axis) for part in parts], axis)


def train(model, logdir, x, steps=2, optimizer=None, every=1, copies=None, **more):
    """Train for some steps on one batch. A copy of the model before each update is appended to ``copies``."""
    optimizer = optimizer or torch.optim.Adam(model.parameters(), 0.02)
    options = {"probe": x, "maps_every": 1, "kinds": ["gradient"], "histograms_every": None, "on_finding": None, **more}
    with tb_nnviz.watch(model, optimizer, logdir=logdir, every=every, **options):
        for _ in range(steps):
            optimizer.zero_grad()
            model(x).square().mean().backward()
            if copies is not None:
                copies.append(copy.deepcopy(model))
            optimizer.step()
