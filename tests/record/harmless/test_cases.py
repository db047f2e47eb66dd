"""Odd cases of training, which are bit-identical to the same training without ``watch``."""

import subprocess
import sys
import textwrap

import pytest
import torch

from tests.support.cases import trainings
from tests.support.event_reader import Run


@pytest.mark.parametrize("case", trainings.CASES, ids=lambda case: case.__name__)
def test_training_of_a_case_is_bit_identical(case, tmp_path):
    (expected, *states), (found, *watched_states) = trained(case, None), trained(case, tmp_path)
    assert list(found) == list(expected)
    different = [name for name, value in expected.items() if not torch.equal(found[name], value)]
    assert not different
    assert watched_states == states
    if case is not trainings.probe_refused:
        assert any(Run(folder).tensors for folder in tmp_path.iterdir()), "the watched training is recorded"


def trained(case, folder):
    """Return all that a case's training leaves."""
    run = trainings.Training(folder)
    case(run)
    return run.left()


AT_SHUTDOWN = """
    import sys, torch
    from torch import nn
    class Owner:
        def __init__(self):
            torch.manual_seed(0)
            self.model = nn.Sequential(nn.Linear(3, 3), nn.Dropout(0.3), nn.Linear(3, 1))
            self.optimizer = torch.optim.SGD(self.model.parameters(), 0.1)
            self.monitor = None
            if len(sys.argv) > 1:
                import tb_nnviz
                self.monitor = tb_nnviz.watch(self.model, self.optimizer, logdir=sys.argv[1], every=1, on_finding=None)
        def train(self):
            for _ in range(4):
                loss = self.model(torch.randn(8, 3)).square().mean()
                loss.backward()
                self.optimizer.step()
                print(loss.item().hex())
        def __del__(self):
            if self.monitor:
                self.monitor.log(last=1.0)
            print([p.tolist() for p in self.model.parameters()], torch.get_rng_state().tolist())
    owner = Owner()
    sys.modules["builtins"].keeper = owner
    owner.train()
"""


def test_log_in_del_at_shutdown_changes_nothing(tmp_path):
    command = [sys.executable, "-c", textwrap.dedent(AT_SHUTDOWN)]
    made = [subprocess.run([*command, *more], capture_output=True, text=True) for more in ([], [str(tmp_path)])]
    unwatched, watched = made
    assert len(unwatched.stdout.splitlines()) == 5 and not unwatched.stderr
    assert watched.stdout == unwatched.stdout and watched.stderr == unwatched.stderr
