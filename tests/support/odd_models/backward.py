"""Models with an unusual backward pass or training step."""

import warnings

import torch
from torch import nn

from tests.support.odd_models.base import OddModel


class UserHooks(OddModel):
    """A model with hooks of the user that replace outputs and gradients."""

    rows = ("a", "b")

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 1)
        self.a.register_forward_hook(double_output)
        self.a.register_full_backward_hook(halve_gradient)

    def forward(self, x):
        return self.b(self.a(x.requires_grad_()))


def double_output(module, args, output):
    return output * 2


def halve_gradient(module, grad_input, grad_output):
    return (grad_input[0] / 2,)


class TwoLayers(OddModel):
    """Two linear layers, for models that differ in their training step."""

    rows = ("a", "b")

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 1)

    def forward(self, x):
        return self.b(self.a(x))


class TwoBackwardPasses(TwoLayers):
    """Two backward passes over one graph."""

    def train_step(self, recorder, step):
        recorder.new_pass()
        loss = self(torch.randn(5, 4)).square().mean()
        loss.backward(retain_graph=True)
        (loss * 3).backward()
        return loss.item()


class GradientPenalty(TwoLayers):
    """A critic with a gradient penalty. The gradient with respect to its input is no backward pass of the step."""

    def train_step(self, recorder, step):
        total = 0
        for sign in (1, -1):
            recorder.new_pass()
            total = total + sign * self(torch.randn(5, 4)).mean()
        x = torch.randn(5, 4, requires_grad=True)
        recorder.new_pass()
        output = self(x).tanh().sum()
        recorder.record_gradients(False)
        (slope,) = torch.autograd.grad(output, x, create_graph=True)
        recorder.record_gradients(True)
        loss = total + 10 * (slope.norm(dim=1) - 1).square().mean()
        loss.backward()
        return loss.item()


class SecondOrder(TwoLayers):
    """A backward pass that creates a graph, as second-order optimizers need it."""

    def train_step(self, recorder, step):
        recorder.new_pass()
        loss = self(torch.randn(5, 4)).square().mean()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PyTorch warns about the cycle between parameter and gradient
            loss.backward(create_graph=True)
        for parameter in self.parameters():
            parameter.grad = parameter.grad.detach()
        return loss.item()


class AutogradGrad(TwoLayers):
    """A training step with torch.autograd.grad in place of backward."""

    def train_step(self, recorder, step):
        recorder.new_pass()
        loss = self(torch.randn(5, 4)).square().mean()
        for parameter, gradient in zip(
            self.parameters(), torch.autograd.grad(loss, list(self.parameters())), strict=True
        ):
            parameter.grad = gradient
        return loss.item()


class EvaluationBetween(TwoLayers):
    """Evaluations, transforms and traces between the passes of a step."""

    def train_step(self, recorder, step):
        x = torch.randn(3, 4)
        recorder.new_pass(recorded=False)
        self.eval()
        self(x)
        self.train()
        for mode in (torch.no_grad, torch.inference_mode):
            with mode():
                self(x)
        parameters = {name: p.detach() for name, p in self.named_parameters()}
        torch.func.grad(lambda p: torch.func.functional_call(self, p, (x,)).sum())(parameters)
        torch.func.vmap(self.b)(x)
        torch.jit.trace(self, x, check_trace=False)
        loss = super().train_step(recorder, step)
        recorder.new_pass()
        other = torch.func.functional_call(self, {"a.bias": self.a.bias * 2}, (x,)).mean()
        other.backward()
        return loss + other.item()


class PartsCalled(TwoLayers):
    """A training step of two micro-batches that calls the parts of the model and never the model itself."""

    def train_step(self, recorder, step):
        for _ in range(2):
            recorder.new_pass()
            loss = self.b(self.a(torch.randn(5, 4))).square().mean()
            loss.backward()
        return loss.item()
