"""Training modes: common ways to train. Each can be run as it is, watched, or recorded.

A mode is a function of a ``Loop`` that returns the losses. It makes models and optimizers, passes them to
``loop.start``, and does its backward passes, clipping and steps through the loop.
"""

import random

import numpy as np
import torch

from tests.support.training_modes.loops import WatchedLoop
from tests.support.training_modes.loss_scaling import scaling
from tests.support.training_modes.optimizers import by_hand, complex_numbers, gan, in_backward, lbfgs, sparse
from tests.support.training_modes.passes import accumulation, checkpointing, evaluation, frozen
from tests.support.training_modes.simple import (
    adamw_groups,
    autocast,
    bfloat16,
    clipping,
    double,
    plain_sgd,
)

MODES = {
    "plain SGD": plain_sgd,
    "AdamW, parameter groups": adamw_groups,
    "gradient clipping": clipping,
    "float64": double,
    "bfloat16 autocast": autocast,
    "bfloat16 parameters": bfloat16,
    "gradient accumulation, clipping": accumulation,
    "float16, GradScaler": scaling(False),
    "float16, GradScaler, fused": scaling(True),
    "float16, GradScaler, unscale_ and clip": scaling(False, unscale=True),
    "float16, GradScaler, fused, unscale_ and clip": scaling(True, unscale=True),
    "float16, GradScaler, skipped steps": scaling(False, overflow=True),
    "float16, GradScaler, fused, skipped steps": scaling(True, overflow=True),
    "bfloat16, GradScaler": scaling(False, torch.bfloat16),
    "bfloat16, GradScaler, fused": scaling(True, torch.bfloat16),
    "GAN, two optimizers": gan,
    "LBFGS, closure": lbfgs,
    "frozen and unfrozen layers": frozen,
    "optimizers inside backward": in_backward,
    "evaluation in between": evaluation,
    "checkpointing, reentrant": checkpointing(True),
    "checkpointing, not reentrant": checkpointing(False),
    "sparse gradients": sparse,
    "complex parameters": complex_numbers,
    "no optimizer": by_hand,
}


def run(mode, loop):
    """Return the losses, copies of all parameters and buffers, and the random states after training in a mode."""
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)
    losses = MODES[mode](loop)
    state = [t.detach().clone() for model in loop.models.values() for t in (*model.parameters(), *model.buffers())]
    generators = [torch.get_rng_state(), np.random.rand(3).tolist(), random.random()]
    if isinstance(loop, WatchedLoop):
        loop.monitor.close()
    return losses, state, generators
