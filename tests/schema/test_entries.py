"""Entries of events."""

import numpy as np

from tb_nnviz import schema


def test_vector_is_little_endian_float32():
    entry = schema.vector("gradient", "norm", np.array([1.0, np.nan]))
    assert entry.plugin == "nnviz" and entry.value.dtype == np.dtype("<f4")
