"""Comparison of two runs: row by row, statistic by statistic, bit for bit."""

import zlib

import numpy as np

from tb_nnviz import schema
from tests.support.event_reader import Run


def assert_same(found, expected, parts=False):
    """Compare all nnviz data in two run folders, except for the overhead.

    If ``parts``, the parts of the model were called, not the model: the log has no inputs, no result and no look at its
    passes.
    """
    kinds = [kind for kind in schema.KINDS if not (parts and kind in ("input", "output"))]
    without = ("overhead_seconds", "stale_gradient") if parts else ("overhead_seconds",)
    found, expected = Run(found), Run(expected)
    steps = {kind: sorted(expected.tensors.get(f"nnviz/layout_id/{kind}", ())) for kind in kinds}
    assert any(steps.values())
    for kind in kinds:
        assert sorted(found.tensors.get(f"nnviz/layout_id/{kind}", ())) == steps[kind], kind
        for step in steps[kind]:
            mine, theirs = found.statistics(kind, step), expected.statistics(kind, step)
            assert mine.keys() == theirs.keys(), f"{kind} at {step}"
            for name, statistics in theirs.items():
                assert mine[name].keys() == statistics.keys(), f"{kind} of {name} at {step}"
                for statistic, value in statistics.items():
                    message = f"{kind} {statistic} of {name} at {step}"
                    np.testing.assert_array_equal(mine[name][statistic], value, message)
            assert found.rows(kind, step) == expected.rows(kind, step), f"{kind} at {step}"
    tags = [tag for tag in expected.scalars if tag.startswith("nnviz/") and not tag.endswith(without)]
    for tag in tags:
        assert found.scalars[tag].keys() == expected.scalars[tag].keys(), tag
        for step, value in expected.scalars[tag].items():
            np.testing.assert_array_equal(found.scalars[tag][step], value, f"{tag} at {step}")
    for kind in kinds:
        for step in expected.tensors.get(f"nnviz/{kind}/histogram", ()):
            mine, theirs = histograms(found, kind, step), histograms(expected, kind, step)
            assert mine.keys() == theirs.keys(), f"{kind} at {step}"
            for name, counts in theirs.items():
                np.testing.assert_array_equal(mine[name], counts, f"histogram of {kind} of {name} at {step}")


def histograms(run, kind, step):
    """Return {row name: counts} of a step."""
    layout = int(run.tensors[f"nnviz/histogram_layout_id/{kind}"][step][0])
    counts = np.frombuffer(zlib.decompress(run.tensors[f"nnviz/{kind}/histogram"][step].tobytes()), "<i4")
    names = [row["name"] for row in run.layouts(kind)[layout]["rows"]]
    return dict(zip(names, counts.reshape(len(names), 520), strict=True))
