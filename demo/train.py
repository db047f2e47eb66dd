"""Training of one run of digits, watched through the public API."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

import tb_nnviz
from demo.data import Split, batches, examples
from demo.pace import BURST, EVERY, PICTURES_EVERY
from demo.runs import Run

STEPS = 400
BATCH = 64
EVALUATE_EVERY = 50
#: Number of classes in the probe, which has one digit of the test split per class.
PROBE = 8


class Result(NamedTuple):
    """The results of a run."""

    name: str
    test_accuracy: float
    loss: float
    cost: float  # share of the run's time that tb_nnviz took


@torch.no_grad()
def accuracy(model: nn.Module, split: Split) -> float:
    """Return the share of images that the model classifies correctly."""
    model.eval()
    predicted = model(split.images).argmax(1)
    model.train()
    return float((predicted == split.labels).float().mean())


def train(
    run: Run, train_split: Split, test_split: Split, logdir: Path, steps: int = STEPS, burst: int = BURST
) -> Result:
    """Train for ``steps`` optimizer steps and log to ``logdir`` at the intervals of `pace`."""
    torch.manual_seed(0)
    model = run.model()
    optimizer = run.optimizer(model)
    scheduler = LambdaLR(optimizer, run.schedule)
    probe = examples(test_split, PROBE)
    loss = torch.tensor(float("nan"))
    with (
        logging_redirect_tqdm(),
        tqdm(batches(train_split, BATCH, steps), desc=f"{run.name:>20}", total=steps, unit="step") as bar,
        tb_nnviz.watch(
            model,
            optimizer,
            logdir=logdir,
            every=EVERY,
            burst=burst,
            histograms_every=PICTURES_EVERY,
            weights_every=PICTURES_EVERY,
            probe=probe.images,
            maps_every=PICTURES_EVERY,
            probe_inputs=True,
            probe_labels=[str(label) for label in probe.labels.tolist()],
        ) as monitor,
    ):
        for step, (images, labels) in enumerate(bar, start=1):
            logits: Tensor = model(images)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            scheduler.step()
            run.constrain(model, step)
            batch_accuracy = (logits.argmax(1) == labels).float().mean()
            monitor.log(loss=loss, accuracy=batch_accuracy)
            if step % EVALUATE_EVERY == 0 or step == steps:
                monitor.log(test_accuracy=accuracy(model, test_split))
            if step % 10 == 0 or step == steps:
                bar.set_postfix(loss=f"{loss.item():.3g}", accuracy=f"{batch_accuracy.item():.0%}")
        cost = monitor.overhead.share
    return Result(run.name, accuracy(model, test_split), loss.item(), cost)
