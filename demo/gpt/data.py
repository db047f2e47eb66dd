"""Source text of Python's standard library, which needs no download."""

from __future__ import annotations

import argparse
import ast
import dataclasses
import difflib
import inspect
import logging
import pathlib
import textwrap
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

#: Modules of one file each. The last one is held out.
SOURCES = (argparse, ast, dataclasses, difflib, inspect, logging, pathlib, textwrap)
#: Length of the model's context, in letters.
LENGTH = 64
#: Number of letters: the ASCII codes.
LETTERS = 128


class Texts(NamedTuple):
    """Letter codes [n] of the training text and of the held-out text."""

    training: Tensor
    held_out: Tensor


def texts() -> Texts:
    """Return the two texts. Their length depends on the version of Python.

    >>> "".join(map(chr, texts().held_out[3:29].tolist()))
    'Text wrapping and filling.'
    """
    *training, held_out = (_letters(inspect.getsource(module)) for module in SOURCES)
    return Texts(torch.cat(training), held_out)


def _letters(text: str) -> Tensor:
    return torch.tensor([code if (code := ord(letter)) < LETTERS else ord("?") for letter in text])


def batches(text: Tensor, size: int, steps: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ``steps`` batches of random pieces [size, LENGTH], each with the letters that follow."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        starts = torch.randint(len(text) - LENGTH, (size, 1), generator=generator)
        at = starts + torch.arange(LENGTH)
        yield text[at], text[at + 1]


def probe(text: Tensor) -> Tensor:
    """Return two fixed pieces [2, LENGTH]: the beginning of the first function and of the first class."""
    whole = "".join(map(chr, text.tolist()))
    starts = [whole.index("\ndef ") + 1, whole.index("\nclass ") + 1]
    return torch.stack([text[start : start + LENGTH] for start in starts])


def written(codes: Tensor) -> list[list[str]]:
    """Return the letters of each piece, with visible signs for white space.

    >>> written(torch.tensor([[97, 32, 10]]))
    [['a', '␣', '↵']]
    """
    signs = {" ": "␣", "\n": "↵", "\t": "⇥"}
    return [[signs.get(chr(code), chr(code)) for code in piece] for piece in codes.tolist()]
