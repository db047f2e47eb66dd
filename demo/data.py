"""Handwritten digits that ship with scikit-learn: 1797 real images of 8 by 8 pixels, ten classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor


class Split(NamedTuple):
    """Images [n, 1, 8, 8], standardized, and their classes [n]."""

    images: Tensor
    labels: Tensor


def digits(seed: int = 0) -> tuple[Split, Split]:
    """Return the training and the test split, stratified, the same for every run.

    >>> train, test = digits()
    >>> tuple(train.images.shape), tuple(test.images.shape)
    ((1437, 1, 8, 8), (360, 1, 8, 8))
    """
    images, labels = load_digits(return_X_y=True)
    parts = train_test_split(images, labels, test_size=360, random_state=seed, stratify=labels)
    train_x, test_x, train_y, test_y = (torch.as_tensor(part) for part in parts)
    # mean and std of the training split only, so that the test split stays unseen
    mean, std = train_x.mean(), train_x.std()

    def split(x: Tensor, y: Tensor) -> Split:
        return Split(((x - mean) / std).float().reshape(-1, 1, 8, 8), y.long())

    return split(train_x, train_y), split(test_x, test_y)


def examples(split: Split, classes: int) -> Split:
    """Return the first image of each of the first classes, in the order of the classes.

    >>> examples(digits()[1], 3).labels
    tensor([0, 1, 2])
    """
    first = torch.stack([(split.labels == digit).nonzero()[0, 0] for digit in range(classes)])
    return Split(split.images[first], split.labels[first])


def batches(split: Split, size: int, steps: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ``steps`` shuffled batches, over several epochs, without the incomplete last batch of an epoch."""
    generator = torch.Generator().manual_seed(seed)
    done = 0
    while True:
        order = torch.randperm(len(split.labels), generator=generator)
        for start in range(0, len(order) - size + 1, size):
            if done == steps:
                return
            chosen = order[start : start + size]
            yield split.images[chosen], split.labels[chosen]
            done += 1
