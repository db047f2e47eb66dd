"""Real data that packages ship: scikit-learn's small data sets, and the documentation in Python's standard library."""

from __future__ import annotations

from functools import cache
from pydoc_data import topics

import torch
from sklearn import datasets
from torch import Tensor

Batch = tuple[Tensor, ...]
#: Characters of Python's documentation that the text keeps.
LETTERS = "".join(map(chr, range(32, 127))) + "\n"


def _standardized(x: Tensor) -> Tensor:
    return (x - x.mean(0)) / x.std(0).clamp_min(1e-6)


def _shuffled(*tensors: Tensor) -> tuple[Tensor, ...]:
    order = torch.randperm(len(tensors[0]), generator=torch.Generator().manual_seed(0))
    return tuple(tensor[order] for tensor in tensors)


@cache
def digits() -> tuple[Tensor, Tensor]:
    """Return 1797 images [n, 1, 8, 8], standardized as a whole, and their classes [n].

    >>> x, y = digits()
    >>> x.shape, round(x.std().item(), 3), sorted(set(y.tolist())) == list(range(10))
    (torch.Size([1797, 1, 8, 8]), 1.0, True)
    """
    images, labels = datasets.load_digits(return_X_y=True)
    x = torch.as_tensor(images).float().view(-1, 1, 8, 8)
    return _shuffled((x - x.mean()) / x.std(), torch.as_tensor(labels).long())  # type: ignore[return-value]


@cache
def pixels() -> Tensor:
    """Return the images of the digits, flat and between 0 and 1: [n, 64]."""
    images, _ = datasets.load_digits(return_X_y=True)
    return _shuffled(torch.as_tensor(images).float() / 16)[0]


@cache
def cancer() -> tuple[Tensor, Tensor]:
    """Return 569 patients [n, 30], standardized, and 1 for a benign tumor, else 0: float [n, 1]."""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    return _shuffled(_standardized(torch.as_tensor(x)).float(), torch.as_tensor(y).float()[:, None])  # type: ignore


@cache
def diabetes() -> tuple[Tensor, Tensor]:
    """Return 442 patients [n, 10] and the progression of their disease [n, 1], both standardized."""
    x, y = (torch.as_tensor(one) for one in datasets.load_diabetes(return_X_y=True))
    return _shuffled(_standardized(x).float(), _standardized(y[:, None]).float())  # type: ignore[return-value]


@cache
def text() -> Tensor:
    """Return 200,000 characters of Python's language reference as indices of ``LETTERS``.

    >>> "".join(LETTERS[i] for i in text()[:10].tolist()).isascii(), len(text())
    (True, 200000)
    """
    place = {letter: i for i, letter in enumerate(LETTERS)}
    whole = "".join(topics.topics[name] for name in sorted(topics.topics))
    return torch.tensor([place[letter] for letter in whole if letter in place][:200_000])


class Batches:
    """Shuffled batches of some tensors, by step. Epochs follow each other without an incomplete batch.

    >>> batches = Batches((torch.arange(10),), size=4)
    >>> batches.per_epoch, len({*batches(0)[0].tolist(), *batches(1)[0].tolist()})
    (2, 8)
    >>> torch.equal(*batches(3), *batches(3))
    True
    """

    def __init__(self, tensors: Batch, size: int, seed: int = 0) -> None:
        self.tensors, self.size, self.seed = tensors, size, seed
        self.per_epoch = max(1, len(tensors[0]) // size)

    def __call__(self, step: int) -> Batch:
        epoch, place = divmod(step, self.per_epoch)
        order = torch.randperm(len(self.tensors[0]), generator=torch.Generator().manual_seed(1000 * self.seed + epoch))
        chosen = order[place * self.size : (place + 1) * self.size]
        return tuple(tensor[chosen] for tensor in self.tensors)


class TextBatches:
    """Random passages of the text, by step: inputs and the characters that follow, int64 [size, length] each."""

    def __init__(self, size: int, length: int, seed: int = 0, span: tuple[int, int] = (0, 180_000)) -> None:
        self.size, self.length, self.seed, self.span = size, length, seed, span

    def __call__(self, step: int) -> Batch:
        generator = torch.Generator().manual_seed(100_003 * self.seed + step)
        first, last = self.span
        starts = torch.randint(first, last - self.length - 1, (self.size,), generator=generator)
        passages = text()[starts[:, None] + torch.arange(self.length + 1)]
        return passages[:, :-1], passages[:, 1:]
