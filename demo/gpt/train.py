"""Training of one run of the GPT, watched through the public API."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR
from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

import tb_nnviz
from demo.gpt.data import LENGTH, Texts, batches, probe, written
from demo.gpt.runs import Run
from demo.pace import BURST, EVERY, PICTURES_EVERY

STEPS = 300
BATCH = 16
WARM_UP = 20
EVALUATE_EVERY = 20
EVALUATED = 256


class Result(NamedTuple):
    """The results of a run."""

    name: str
    val_loss: float
    loss: float
    cost: float  # share of the run's time that tb_nnviz took


@torch.no_grad()
def writing_loss(model: nn.Module, text: Tensor) -> float:
    """Return the loss of the character after half a piece. As in generation, the model sees no later one."""
    model.eval()
    pieces, following = next(batches(text, EVALUATED, 1, seed=1))
    half = LENGTH // 2
    loss = F.cross_entropy(model(pieces[:, :half])[:, -1], following[:, half - 1])
    model.train()
    return float(loss)


def optimize(model: nn.Module) -> tuple[Optimizer, LambdaLR]:
    """Return the optimizer and a schedule with a warm-up and a constant learning rate after it."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    return optimizer, LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / WARM_UP))


def train(run: Run, texts: Texts, logdir: Path, steps: int = STEPS, burst: int = BURST) -> Result:
    """Train for ``steps`` optimizer steps and log to ``logdir`` at the intervals of `pace`."""
    torch.manual_seed(0)
    model = run.model()
    optimizer, scheduler = optimize(model)
    pieces = probe(texts.held_out)
    loss = torch.tensor(float("nan"))
    with (
        logging_redirect_tqdm(),
        tqdm(batches(texts.training, BATCH, steps), desc=f"{run.name:>20}", total=steps, unit="step") as bar,
        tb_nnviz.watch(
            model,
            optimizer,
            logdir=logdir,
            every=EVERY,
            burst=burst,
            histograms_every=PICTURES_EVERY,
            weights_every=PICTURES_EVERY,
            probe=pieces,
            maps_every=PICTURES_EVERY,
            probe_inputs=True,
            probe_labels=written(pieces),
        ) as monitor,
    ):
        for step, (letters, following) in enumerate(bar, start=1):
            logits: Tensor = model(letters)
            loss = F.cross_entropy(logits.flatten(0, 1), following.flatten())
            if run.zeroes:
                optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            monitor.clip_grad_norm_(1.0)
            optimizer.step()
            scheduler.step()
            monitor.log(loss=loss)
            if step % EVALUATE_EVERY == 0 or step == steps:
                monitor.log(val_loss=writing_loss(model, texts.held_out))
            if step % 10 == 0 or step == steps:
                bar.set_postfix(loss=f"{loss.item():.3g}")
        cost = monitor.overhead.share
    return Result(run.name, writing_loss(model, texts.held_out), loss.item(), cost)
