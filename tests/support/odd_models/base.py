"""The base class of odd models."""

import torch
from torch import nn


class OddModel(nn.Module):
    """A model with its own training step.

    Attributes:
        rows: the names of activation rows with a gradient.
        rows_without_gradient: the names of activation rows without one.
        unobserved: a prefix of names. The recorder leaves out modules whose names start with it.
    """

    rows = rows_without_gradient = ()
    unobserved = "-"

    def train_step(self, recorder, step):
        """Run the forward and backward passes of one step, announce each pass to the recorder, and return the loss."""
        loss = 0.0
        for x in self.batches(step):
            recorder.new_pass()
            part = self(x).square().mean()
            part.backward()
            loss += part.item()
        return loss

    def batches(self, step):
        """Return the input of each pass of a step."""
        return [torch.randn(5, 4)]

    def change(self, step):
        """Change the model after a step and return its new parameters, or None."""
