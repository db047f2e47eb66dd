"""Lightning: a small network learns scikit-learn's digits, watched by a callback.

python demo/lightning_digits.py && tensorboard --logdir runs
"""

from __future__ import annotations

import argparse

import torch
from lightning.pytorch import LightningModule, Trainer, seed_everything
from lightning.pytorch.loggers import TensorBoardLogger
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset, random_split

from tb_nnviz.lightning import NNVizCallback


class Digits(LightningModule):
    """A network from images [n, 64] to ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        loss = F.cross_entropy(self.net(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        self.log("val_loss", F.cross_entropy(self.net(batch[0]), batch[1]))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=3e-3)


def main() -> None:
    """Train for ten epochs."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--logdir", default="runs", help="parent of the run's folder (runs)")
    folder = parser.parse_args().logdir
    seed_everything(0)
    images, labels = (torch.as_tensor(part) for part in load_digits(return_X_y=True))
    train, val = random_split(TensorDataset(images.float() / 16, labels), [1437, 360])
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=10,
        gradient_clip_val=1.0,
        logger=TensorBoardLogger(folder, name="lightning"),
        callbacks=[NNVizCallback(every=5)],
    )
    trainer.fit(Digits(), DataLoader(train, batch_size=64, shuffle=True), DataLoader(val, batch_size=360))


if __name__ == "__main__":
    main()
