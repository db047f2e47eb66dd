"""``assemble`` on a step that was never on a device: arrays in, entries out."""

import numpy as np
import pytest
import torch

from tb_nnviz import schema
from tb_nnviz.record.assemble import assemble
from tb_nnviz.record.measure.stats import FIELDS, measure
from tb_nnviz.record.pending_step import PendingStep
from tb_nnviz.record.row_table import RowTable
from tb_nnviz.record.step_plan import StepPlan


def table(kind, *names):
    rows = RowTable(kind)
    for name in names:
        rows.put(schema.Row(name, name, 0, "Linear", (2,), 2, "float32", "weight", True))
    return rows


class Arrays:
    """Host arrays by slot. Here a slot is a plain number, because nothing is copied."""

    def __init__(self):
        self._arrays = []

    def put(self, *values):
        self._arrays.append(np.array(values, np.float64))
        return len(self._arrays) - 1

    def __call__(self, slot):
        return self._arrays[slot]


def values_of(*elements):
    return measure(torch.tensor(elements)).values.tolist()


@pytest.fixture
def step():
    """A step of two rows, one of which is absent, and of a gradient without a row."""
    arrays = Arrays()
    pending = PendingStep(StepPlan(7, statistics=True))
    pending.add_layout(table("gradient", "a", "b"))
    pending.parts["gradient"] = {
        "a": [(2, arrays.put(*values_of(3.0, 4.0)), None)],
        99: [(1, arrays.put(*values_of(12.0)), None)],
    }
    pending.scalars = {"learning_rate/0": 0.5, "loss_scale": arrays.put(8.0)}
    pending.skipped = [False, arrays.put(0.0)]
    return pending, arrays


def by_tag(entries):
    return {entry.tag: np.asarray(entry.value).tolist() for entry in entries}


def test_assemble_rows_gives_vectors_of_the_layout(step):
    found = by_tag(assemble(*step).entries)
    assert found["nnviz/gradient/count"] == [2, 0]
    assert found["nnviz/gradient/norm"][0] == 5 and np.isnan(found["nnviz/gradient/norm"][1])
    assert found["nnviz/layout_id/gradient"] == [step[0].layouts["gradient"].id]


def test_assemble_gradient_without_row_counts_in_global_norm(step):
    assembled = assemble(*step)
    assert assembled.gradients.norm == assembled.scalars["gradient_norm"] == 13
    assert by_tag(assembled.entries)["nnviz/global/gradient_norm"] == 13


def test_assemble_scalars_come_from_numbers_and_slots(step):
    assembled = assemble(*step)
    names = ("learning_rate/0", "loss_scale", "skipped", "gradient_norm")
    assert tuple(assembled.scalars.items()) == tuple(zip(names, (0.5, 8, 0, 13), strict=True))
    assert not assembled.skipped


def test_assemble_scaled_gradient_is_unscaled(step):
    pending, arrays = step
    numel, values, _ = pending.parts["gradient"]["a"][0]
    pending.parts["gradient"]["a"] = [(numel, values, arrays.put(2.0))]
    found = assemble(pending, arrays).statistics["gradient"]
    assert (found["norm"][0], found["max"][0], found["mean"][0], found["zero_fraction"][0]) == (2.5, 2, 1.75, 0)


def test_assemble_called_twice_gives_the_same(step):
    pending, arrays = step
    before = repr(pending)
    first, second = assemble(pending, arrays), assemble(pending, arrays)
    assert repr(first) == repr(second) and first.entries
    assert repr(pending) == before


def test_assemble_discarded_kind_is_absent(step):
    pending, arrays = step
    pending.discard(["gradient"])
    assembled = assemble(pending, arrays)
    assert not assembled.statistics and assembled.gradients is None
    assert not pending.new_layouts and "nnviz/gradient/norm" not in by_tag(assembled.entries)


def test_assemble_kind_that_is_not_written_gives_the_ratio_only():
    arrays, pending = Arrays(), PendingStep(StepPlan(0, statistics=True))
    pending.add_layout(table("parameter", "a"), written=False)
    pending.add_layout(table("update", "a"))
    pending.parts = {
        "parameter": {"a": [(2, arrays.put(*values_of(3.0, 4.0)), None)]},
        "update": {"a": [(2, arrays.put(*values_of(0.0, 1.0)), None)]},
    }
    assembled = assemble(pending, arrays)
    assert list(assembled.statistics) == list(pending.new_layouts) == ["update"]
    assert assembled.statistics["update"]["ratio"].tolist() == [0.2]


def test_assemble_unlogged_step_has_no_entries():
    assert assemble(PendingStep(StepPlan(3)), Arrays()).entries == []


def test_assemble_fields_are_those_of_a_measurement():
    assert len(values_of(1.0)) == len(FIELDS)
