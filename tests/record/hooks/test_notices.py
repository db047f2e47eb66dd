"""Notices of a run: one line in the terminal, and the same line in the log."""

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.collect.optimizers.learning_rates import LearningRates
from tb_nnviz.record.collect.optimizers.optimizer_state import OptimizerStateCollector
from tb_nnviz.record.hooks.notices import LONGEST, MOST, Notices
from tests.support.event_reader import Run


def notices(logdir):
    """Return the notices of the last event that has some."""
    events = Run(logdir).tensors.get(schema.TAG_NOTICES, {})
    return schema.decode_notices(list(events.values())[-1]) if events else []


def train(logdir, steps=2, model=None, log=None, **options):
    model = model or nn.Linear(2, 1)
    optimizer = torch.optim.Adam(model.parameters())
    with tb_nnviz.watch(model, optimizer, logdir, every=1, **options) as monitor:
        for _ in range(steps):
            model(torch.ones(1, 2)).sum().backward()
            optimizer.step()
            if log is not None:
                monitor.log(**log)


def test_healthy_run_has_no_notice(tmp_path, caplog):
    train(tmp_path)
    assert (notices(tmp_path), caplog.messages) == ([], [])


def test_invalid_scalar_is_one_notice_and_one_warning(tmp_path, caplog):
    train(tmp_path, steps=3, log={"note": "text"})
    reason = "invalid scalar note: 'text' (a number, or a tensor of one element)"
    assert (notices(tmp_path), caplog.messages) == ([(reason, ("log",), 1)], [reason])
    assert len(Run(tmp_path).tensors[schema.TAG_NOTICES]) == 1


@pytest.mark.parametrize(
    ("collector", "kinds"), [(OptimizerStateCollector, ("optimizer",)), (LearningRates, ())], ids=["kind", "scalars"]
)
def test_failed_part_is_notice_with_its_kinds(tmp_path, caplog, monkeypatch, collector, kinds):
    def close(self, pending):
        raise OSError("no \n luck")

    monkeypatch.setattr(collector, "close", close)
    train(tmp_path)
    reason = f"{collector.part}: turned off after an error of tb_nnviz: OSError: no luck"
    assert notices(tmp_path) == [(reason, kinds, 0)]
    assert caplog.messages == [f"{collector.part} of {tmp_path}: turned off after an error of tb_nnviz"]


def test_model_that_raises_on_probe_is_notice_about_maps(tmp_path, caplog):
    class Strict(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(2, 1)

        def forward(self, x):
            if len(x) != 1:
                raise TypeError(f"{len(x)} samples")
            return self.fc(x)

    train(tmp_path, model=Strict(), probe=torch.ones(3, 2))
    (notice,) = notices(tmp_path)
    assert notice.kinds == (schema.MAP,)
    assert "the model raised TypeError('3 samples') on the probe" in notice.reason
    (record,) = caplog.records
    assert "error of tb_nnviz" not in record.message and isinstance(record.exc_info[1].__cause__, TypeError)
    assert notice.reason.removeprefix("maps: ") in record.message


def test_notice_during_open_step_is_written_before_it_closes(tmp_path):
    model = nn.Linear(2, 1)
    monitor = tb_nnviz.watch(model, torch.optim.SGD(model.parameters(), 0.1), tmp_path)
    monitor._guard.notice("key", "a reason", ("gradient",))
    model(torch.ones(1, 2))
    monitor._session.writer.flush()
    assert notices(tmp_path) == [("a reason", ("gradient",), 0)]
    monitor._guard.notice("later", "another")
    monitor.close()
    assert [notice.reason for notice in notices(tmp_path)] == ["a reason", "another"]


def test_notices_beyond_most_are_not_kept_again():
    kept = Notices()
    for i in range(MOST):
        kept.record(str(i), "x" * 2 * LONGEST, (), i)
    assert [len(notice.reason) for notice in kept.take()] == [LONGEST] * MOST
    kept.record("one more", "y", (), 0)
    assert kept.take() is None
