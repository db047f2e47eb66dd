"""The two silent runs and their faults.

Each differs by one line from a healthy run of another set: ``healthy`` and ``gpt/healthy``.
"""

from __future__ import annotations

from torch import nn

from demo.gpt.model import GPT
from demo.gpt.runs import Run as GPTRun
from demo.models import DeepCNNWithSoftmax
from demo.runs import Run, sgd

ON_DIGITS = (
    Run(
        name="silent/softmax-twice",
        story="as healthy, with a softmax before cross_entropy: learns late, and the loss stays above 1.46",
        model=lambda: DeepCNNWithSoftmax(nn.ReLU, norm=True),
        optimizer=sgd,
    ),
)

ON_TEXTS = (
    GPTRun(
        name="silent/no-zero-grad",
        story="as gpt/healthy, without zero_grad: each step applies the sum of all gradients, which clipping hides",
        model=GPT,
        zeroes=False,
    ),
)
