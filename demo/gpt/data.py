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

#: Modules whose source is the text. The last one is held out.
SOURCES = (argparse, ast, dataclasses, difflib, inspect, logging, pathlib, textwrap)
#: Length of the model's context, in characters.
LENGTH = 64
#: Size of the alphabet: the ASCII characters.
LETTERS = 128


class Texts(NamedTuple):
    """Character codes [n] of the training text and of the held-out text."""

    training: Tensor
    held_out: Tensor


def texts() -> Texts:
    """Return both texts. Their lengths depend on the version of Python.

    >>> "".join(map(chr, texts().held_out[3:29].tolist()))
    'Text wrapping and filling.'
    """
    *training, held_out = (_codes(inspect.getsource(module)) for module in SOURCES)
    return Texts(torch.cat(training), held_out)


def _codes(text: str) -> Tensor:
    return torch.tensor([code if (code := ord(character)) < LETTERS else ord("?") for character in text])


def batches(text: Tensor, size: int, steps: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield ``steps`` batches of random pieces [size, LENGTH], and for each character the one that follows it."""
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
    """Return the characters of each piece, with visible symbols for white space.

    >>> written(torch.tensor([[97, 32, 10]]))
    [['a', '␣', '↵']]
    """
    symbols = {" ": "␣", "\n": "↵", "\t": "⇥"}
    return [[symbols.get(chr(code), chr(code)) for code in piece] for piece in codes.tolist()]
