"""A small LightningModule, its Trainer, and the same training as a plain loop."""

import functools
from contextlib import nullcontext

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import tb_nnviz

BATCHES, SIZE = 8, 4
EVERYTHING = {"every": 1, "histograms_every": 3, "rules": {"*": None}}


class Net(nn.Module):
    """A network registered in another order than called, whose evaluation differs from training."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(8, 3)
        self.body = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 8), nn.Tanh())
        self.dropout = nn.Dropout(0.0)

    def forward(self, x):
        return self.head(self.dropout(self.body(x)))


class Model(LightningModule):
    def __init__(self, optimizer=None, parts=False, dropout=0.0, module_logs=False):
        super().__init__()
        torch.manual_seed(7)
        self.net = Net()
        self.net.dropout.p = dropout
        self.make_optimizer = optimizer or functools.partial(torch.optim.AdamW, lr=0.01)
        self.parts, self.logs = parts, module_logs
        self.losses = []

    def forward(self, x):
        return self.net(x)

    def loss(self, batch):
        x, y = batch
        # most modules call only their submodules in training_step
        return F.cross_entropy(self.net(x) if self.parts else self(x), y)

    def training_step(self, batch, batch_idx):
        loss = self.loss(batch)
        self.losses.append(loss.detach().clone())
        if self.logs:
            self.log("train/loss", loss, on_step=True, on_epoch=True)
            self.log("margin", 0.5 + batch_idx)
            self.log("whole", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, batch_idx):
        loss = self.loss(batch)
        if self.logs:
            self.log("val_loss", loss)

    def configure_optimizers(self):
        optimizer = self.make_optimizer(self.parameters())
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


class Fails(Callback):
    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx):
        if batch_idx == 3:
            raise RuntimeError("the loop fails")


def data(batches=BATCHES):
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(batches * SIZE, 6, generator=generator)
    return [(x[i : i + SIZE], x[i : i + SIZE].argmax(1) % 3) for i in range(0, len(x), SIZE)]


def loader(batches=BATCHES):
    xs, ys = zip(*data(batches), strict=True)
    return DataLoader(TensorDataset(torch.cat(xs), torch.cat(ys)), SIZE)


def trainer(folder, *callbacks, **options):
    """Make a quiet Trainer that logs to the run directory ``folder/run``."""
    defaults = {
        "logger": TensorBoardLogger(folder, name="", version="run"),
        "max_epochs": 1,
        "enable_checkpointing": False,
    }
    return Trainer(
        default_root_dir=folder,
        accelerator="cpu",
        devices=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        log_every_n_steps=1,
        callbacks=list(callbacks),
        **{**defaults, **options},
    )


def plain(model, logdir, accumulate=1, clip=None, autocast=False, scaler=None, start=0, **options):
    """Train by hand as Lightning does."""
    settings = model.configure_optimizers()
    optimizer, scheduler = settings["optimizer"], settings["lr_scheduler"]["scheduler"]
    options = {**({} if scaler is None else {"scaler": scaler}), **EVERYTHING, **options}
    dtype = torch.float16 if scaler else torch.bfloat16
    with tb_nnviz.watch(model, optimizer, logdir, start_step=start, **options) as monitor:
        for number, batch in enumerate(data(), 1):
            with torch.autocast("cpu", dtype, cache_enabled=False) if autocast or scaler else nullcontext():
                loss = model.loss(batch) / accumulate
            (scaler.scale(loss) if scaler else loss).backward()
            if number % accumulate == 0:
                if scaler:
                    scaler.unscale_(optimizer)
                if clip:
                    clip(model.parameters(), monitor)
                (scaler.step(optimizer), scaler.update()) if scaler else optimizer.step()
                optimizer.zero_grad()
                scheduler.step()


def hooks(model):
    return sum(
        len(getattr(module, name))
        for module in model.modules()
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    )
