"""Faults of wiring: parameters, gradients and optimizers that do not belong together."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.families import gan, gpt, image_model, language, mlp, sgd
from tests.faults.networks import Recurrent
from tests.faults.training import Training

CASES = Cases()


@CASES.fault("mlp/no-zero-grad", "gradient/accumulates", twins.MLP)
def no_zero_grad() -> Training:
    """The loop forgets to zero the gradients, so each step applies the sum of all before."""
    return mlp(zero_grad=False)


@CASES.fault("recurrent/no-zero-grad", "gradient/accumulates", twins.LSTM)
def no_zero_grad_recurrent() -> Training:
    """The gradients of an LSTM are clipped and never zeroed."""
    return language(zero_grad=False)


@CASES.fault("mlp/layer-not-optimized", "parameter/not_optimized", twins.MLP, layers="fc2")
def layer_not_optimized() -> Training:
    """The list of parameters that the optimizer gets leaves out the second layer."""
    training = mlp()
    kept = [parameter for name, parameter in training.model.named_parameters() if not name.startswith("fc2")]
    training.optimizer = torch.optim.Adam(kept, lr=2e-3)
    return training


@CASES.fault("gan/discriminator-twice", "parameter/not_optimized", twins.GAN, layers="G.* G")
def discriminator_twice() -> Training:
    """The optimizer of the generator was given the parameters of the discriminator."""
    training = gan()
    training.optimizer[0] = torch.optim.Adam(training.model["D"].parameters(), lr=1e-3, betas=(0.5, 0.999))
    return training


@CASES.fault("cnn/head-replaced", "parameter/foreign parameter/not_optimized", twins.CNN, layers="head <model>")
def head_replaced() -> Training:
    """The last layer is replaced by one for the new classes after the optimizer was made."""
    training = image_model()
    training.model.head = nn.Linear(384, 10)
    return training


@CASES.fault("mlp/layer-reset", "parameter/foreign parameter/not_optimized", twins.MLP, layers="fc3 <model>", begins=80)
def layer_reset() -> Training:
    """At step 80 a layer is made again to reset it, and the optimizer keeps the parameters of the old one."""
    training = mlp()
    training.at(80, lambda: setattr(training.model, "fc3", nn.Linear(48, 32)))
    return training


class Detached(nn.Linear):
    """A layer whose output has left the graph, as after a round trip through numpy."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach()


@CASES.fault("mlp/detached-layer", "parameter/no_gradient", twins.MLP, layers="fc1 fc2")
def detached_layer() -> Training:
    """The output of the second layer is detached, so no gradient reaches the first two layers."""

    def detach(model: nn.Sequential) -> None:
        model.fc2.__class__ = Detached

    return mlp(change=detach)


@CASES.fault("gan/generator-detached", "parameter/no_gradient", twins.GAN, layers="G.* G")
def generator_detached() -> Training:
    """The generator's loss is computed from a detached image, so the generator never gets a gradient."""
    training = gan()
    loss = training.loss
    training.loss = lambda discriminator, batch: loss(discriminator, (batch[0].detach(),))
    return training


class Memoryless(Recurrent):
    """A recurrent network whose features are computed without gradients."""

    def forward(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            hidden = self.rnn(self.embedding(ids))[0]
        return self.head(hidden)


@CASES.fault("recurrent/features-without-gradient", "parameter/no_gradient", twins.LSTM, layers="embedding rnn")
def features_without_gradient() -> Training:
    """The embedding and the LSTM run under no_grad, a leftover of fine-tuning, though they are to be trained."""

    def leave_graph(model: nn.Module) -> None:
        model.__class__ = Memoryless

    return language(change=leave_graph)


TIED = Case("gpt/tied", lambda: gpt(net={"tied": True}))


@CASES.fault("gpt/untied", "parameter/untied", TIED, layers="head wte", begins=60)
def untied() -> Training:
    """At step 60 the head's weight is replaced by a copy of the embedding's, as by loading a checkpoint."""
    training = gpt(net={"tied": True})

    def untie() -> None:
        training.model.head.weight = nn.Parameter(training.model.wte.weight.detach().clone())
        training.optimizer.add_param_group({"params": [training.model.head.weight]})

    training.at(60, untie)
    return training


@CASES.fault("gpt/group-without-rate", "update/none learning_rate/too_low update/too_small", twins.GPT,
             layers="blocks.1 blocks.1.*")  # fmt: skip
def group_without_rate() -> Training:
    """One block is in a parameter group whose learning rate is 0."""
    training = gpt()
    own = [p for name, p in training.model.named_parameters() if name.startswith("blocks.1.")]
    rest = [p for name, p in training.model.named_parameters() if not name.startswith("blocks.1.")]
    training.optimizer = torch.optim.AdamW([{"params": rest}, {"params": own, "lr": 0.0}], lr=3e-3)
    return training


@CASES.fault("cnn/update-undone", "update/none", twins.CNN, layers="conv2", begins=0)
def update_undone() -> Training:
    """A stale copy of one layer's weight is copied back after each step's backward pass: the layer never moves."""

    class Restoring(torch.optim.SGD):
        """SGD whose step ends by loading an old weight, as a broken moving average does."""

        def step(self, closure: object = None) -> None:  # type: ignore[override]
            kept = training.model.conv2.weight.detach().clone()
            super().step()
            with torch.no_grad():
                training.model.conv2.weight.copy_(kept)

    training = image_model()
    training.optimizer = Restoring(training.model.parameters(), lr=0.05, momentum=0.9)
    return training


@CASES.fault("cnn/evaluation-after-validation", "normalization/evaluation", twins.CNN, layers="bn1 bn2 <model>",
             begins=1)  # fmt: skip
def evaluation_after_validation() -> Training:
    """The model stays in evaluation mode after the first validation."""
    return image_model(trains_after_validation=False)


@CASES.fault("cnn/batch-norm-in-eval", "normalization/evaluation", twins.CNN, layers="bn1 bn2", begins=60)
def batch_norm_in_eval() -> Training:
    """From step 60 on the batch norms are in evaluation mode while the rest trains on."""
    training = image_model()

    def freeze() -> None:
        training.model.bn1.eval()
        training.model.bn2.eval()

    training.since(60, freeze)
    return training


SMALL = Case("cnn/micro-batches", lambda: image_model(size=16, micro_batches=2, steps=120))


@CASES.fault("cnn/one-sample", "normalization/one_sample", SMALL, layers="bn*")
def one_sample() -> Training:
    """Gradients are accumulated over micro-batches of a single sample, so batch norm sees one image at a time."""
    return image_model(size=16, micro_batches=16, steps=120)


def pooled() -> nn.Module:
    """Return a network whose batch norm follows a linear layer."""
    parts = [nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 32), nn.BatchNorm1d(32), nn.ReLU()]
    names = ("flat", "fc1", "act1", "fc2", "bn", "act2")
    return nn.Sequential(OrderedDict([*zip(names, parts, strict=True), ("head", nn.Linear(32, 10))]))


TWO = Case("mlp/batch-norm-small-batch", lambda: image_model(pooled, size=8, optimizer=sgd(0.02, 0.9)))


@CASES.fault("mlp/collapsed-by-mean", "activation/collapse output/constant", TWO, layers="fc2 bn act2 head mix <model>")
def collapsed_by_mean() -> Training:
    """A mean over the batch instead of over features gives every sample the same features."""

    class Mix(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean(0, keepdim=True).expand(len(x), -1)

    def broken() -> nn.Module:
        parts = list(pooled().named_children())
        return nn.Sequential(OrderedDict([*parts[:3], ("mix", Mix()), *parts[3:4], *parts[5:]]))

    return image_model(broken, size=8, optimizer=sgd(0.02, 0.9))
