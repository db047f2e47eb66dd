"""Healthy trainings of each model family, which faults start from. Arguments vary what a healthy run may vary."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tb_nnviz import Monitor
from tests.faults import data, networks
from tests.faults.data import Batch, Batches, TextBatches
from tests.faults.training import Training

Optimizer = Callable[..., torch.optim.Optimizer]
#: Function that makes an optimizer of parameters.
Make = Callable[[Any], torch.optim.Optimizer]


def cross_entropy(model: nn.Module, batch: Batch) -> Tensor:
    """Return the mean cross entropy of classes, or of characters."""
    x, y = batch
    return F.cross_entropy(model(x).flatten(0, -2), y.flatten())


def squared_error(model: nn.Module, batch: Batch) -> Tensor:
    """Return the mean squared error. A batch of one tensor is its own target."""
    return F.mse_loss(model(batch[0]), batch[-1])


def adam(lr: float, kind: Optimizer = torch.optim.Adam, **options: Any) -> Make:
    """Return a function that makes an optimizer of parameters."""
    return lambda parameters: kind(parameters, lr=lr, **options)


def sgd(lr: float, momentum: float = 0.0, **options: Any) -> Make:
    """Return a function that makes SGD of parameters."""
    return lambda parameters: torch.optim.SGD(parameters, lr=lr, momentum=momentum, **options)


#: The optimizers of the healthy defaults.
MLP_ADAM = adam(2e-3)
CNN_SGD = sgd(0.05, 0.9)
DEEP_ADAM = adam(1e-3)
LSTM_ADAM = adam(5e-3)
GPT_ADAMW = adam(3e-3, torch.optim.AdamW, weight_decay=0.01)
AUTOENCODER_ADAM = adam(3e-3)
CANCER_SGD = sgd(0.02, 0.9, weight_decay=1e-3)
DIABETES_SGD = sgd(0.01, 0.9)


def mlp(
    sizes: Sequence[int] = (64, 64, 48, 32, 10),
    activation: Callable[[], nn.Module] = nn.ReLU,
    *,
    norm: bool = False,
    he: bool = False,
    optimizer: Make = MLP_ADAM,
    size: int = 64,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    **options: Any,
) -> Training:
    """Return an MLP on the digits. ``change`` changes the model before the optimizer is made."""
    torch.manual_seed(seed)
    model = networks.mlp(sizes, activation, norm)
    if he:
        networks.kaiming(model)
    if change is not None:
        change(model)
    x, y = data.digits()
    batches = Batches((x[:1400], y[:1400]), size, seed)
    validation = (x[1400:], y[1400:])
    made = Training(model, optimizer(model.parameters()), batches, cross_entropy, validation=validation)
    return vary(made, options)


def image_model(
    model: Callable[[], nn.Module] = networks.cnn,
    *,
    optimizer: Make = CNN_SGD,
    size: int = 48,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    **options: Any,
) -> Training:
    """Return a network for images on the digits."""
    torch.manual_seed(seed)
    made = model()
    if change is not None:
        change(made)
    x, y = data.digits()
    batches = Batches((x[:1400], y[:1400]), size, seed)
    validation = (x[1400:], y[1400:])
    training = Training(made, optimizer(made.parameters()), batches, cross_entropy, steps=180, validation=validation)
    return vary(training, options)


def deep(blocks: int = 4, *, optimizer: Make = DEEP_ADAM, **options: Any) -> Training:
    """Return a residual network without normalization on the digits."""
    return image_model(lambda: networks.resnet(blocks), optimizer=optimizer, **options)


def language(
    kind: Callable[..., nn.Module] = nn.LSTM,
    *,
    width: int = 48,
    layers: int = 1,
    optimizer: Make = LSTM_ADAM,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    **options: Any,
) -> Training:
    """Return a recurrent network on Python's documentation, clipped by PyTorch's own function."""
    torch.manual_seed(seed)
    model = networks.Recurrent(kind, width, layers)
    if change is not None:
        change(model)
    validation = TextBatches(32, 32, 7, (180_000, 200_000))(0)
    made = Training(
        model,
        optimizer(model.parameters()),
        TextBatches(16, 32, seed),
        cross_entropy,
        clip=1.0,
        clips_by_monitor=False,
        validation=validation,
    )
    return vary(made, options)


def gpt(
    *,
    optimizer: Make = GPT_ADAMW,
    size: int = 12,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    steps: int = 240,
    every: int = 10,
    net: dict[str, Any] | None = None,
    **options: Any,
) -> Training:
    """Return a small causal transformer on Python's documentation."""
    torch.manual_seed(seed)
    model = networks.GPT(**(net or {}))
    if change is not None:
        change(model)
    validation = TextBatches(32, 32, 7, (180_000, 200_000))(0)
    made = Training(
        model, optimizer(model.parameters()), TextBatches(size, 32, seed), cross_entropy, validation=validation
    )
    return vary(made, {"steps": steps, "every": every, **options})


def autoencoder(
    *,
    optimizer: Make = AUTOENCODER_ADAM,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    **options: Any,
) -> Training:
    """Return an autoencoder on the digits."""
    torch.manual_seed(seed)
    model = networks.autoencoder()
    if change is not None:
        change(model)
    x = data.pixels()
    made = Training(
        model, optimizer(model.parameters()), Batches((x[:1400],), 64, seed), squared_error, validation=(x[1400:],)
    )
    return vary(made, options)


def cancer(
    sizes: Sequence[int] = (30, 24, 12, 1),
    *,
    optimizer: Make = CANCER_SGD,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    **options: Any,
) -> Training:
    """Return a binary classifier on the breast cancer data."""
    torch.manual_seed(seed)
    model = networks.mlp(sizes, nn.Tanh)
    if change is not None:
        change(model)
    x, y = data.cancer()
    made = Training(
        model,
        optimizer(model.parameters()),
        Batches((x[:440], y[:440]), 32, seed),
        lambda model, batch: F.binary_cross_entropy_with_logits(model(batch[0]), batch[1]),
        steps=150,
        validation=(x[440:], y[440:]),
    )
    return vary(made, options)


def diabetes(
    sizes: Sequence[int] = (10, 32, 32, 1),
    *,
    optimizer: Make = DIABETES_SGD,
    seed: int = 0,
    change: Callable[[nn.Module], object] | None = None,
    **options: Any,
) -> Training:
    """Return a regression on the diabetes data, too short to overfit."""
    torch.manual_seed(seed)
    model = networks.mlp(sizes)
    if change is not None:
        change(model)
    x, y = data.diabetes()
    batches = Batches((x[:340], y[:340]), 34, seed)
    made = Training(
        model, optimizer(model.parameters()), batches, squared_error, steps=100, validation=(x[340:], y[340:])
    )
    return vary(made, options)


def adversarial(training: Training, step: int, monitor: Monitor) -> None:
    """Train the discriminator, then the generator, with the non-saturating loss (Goodfellow et al. 2014)."""
    generator, discriminator = training.model["G"], training.model["D"]
    of_generator, of_discriminator = training.optimizer
    (real,) = training.batch(step)
    fake = generator(torch.randn(len(real), 16))
    of_discriminator.zero_grad()
    loss_d = F.softplus(-discriminator(real)).mean() + F.softplus(discriminator(fake.detach())).mean()
    loss_d.backward()
    of_discriminator.step()
    of_generator.zero_grad()
    loss_g = training.loss(discriminator, (fake,))
    if loss_g.requires_grad:
        loss_g.backward()
    of_generator.step()
    monitor.log(loss_d=loss_d.item(), loss_g=loss_g.item())


def gan(*, lr: float = 1e-3, lr_d: float | None = None, seed: int = 0, **options: Any) -> Training:
    """Return a GAN on the digits."""
    torch.manual_seed(seed)
    models = networks.gan()
    optimizers = [
        torch.optim.Adam(models[name].parameters(), lr=rate, betas=(0.5, 0.999))
        for name, rate in (("G", lr), ("D", lr if lr_d is None else lr_d))
    ]
    made = Training(
        models,
        optimizers,
        Batches((data.pixels()[:1400],), 64, seed),
        lambda discriminator, batch: F.softplus(-discriminator(batch[0])).mean(),
        adversarial,
        steps=240,
        every=10,
    )
    return vary(made, options)


def vary(training: Training, options: dict[str, Any]) -> Training:
    """Set attributes of a training by name, and return it."""
    for name, value in options.items():
        if not hasattr(training, name):
            raise ValueError(f"unknown option of a training: {name!r}")
        setattr(training, name, value)
    return training
