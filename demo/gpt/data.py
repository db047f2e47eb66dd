"""Source text of Python's standard library: there wherever Python is, nothing is downloaded."""

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

#: Modules of one file each that are plain code and prose; the last is held out.
SOURCES = (argparse, ast, dataclasses, difflib, inspect, logging, pathlib, textwrap)
#: Letters that a model sees at once.
LENGTH = 64
#: ASCII's, by their codes.
LETTERS = 128


class Texts(NamedTuple):
    """Codes of letters [n] of the text that is trained on, and of the text that is held out."""

    training: Tensor
    held_out: Tensor


def texts() -> Texts:
    """The two texts: as long as this Python's modules are.

    >>> "".join(map(chr, texts().held_out[3:29].tolist()))
    'Text wrapping and filling.'
    """
    *training, held_out = (_letters(inspect.getsource(module)) for module in SOURCES)
    return Texts(torch.cat(training), held_out)


def _letters(text: str) -> Tensor:
    return torch.tensor([code if (code := ord(letter)) < LETTERS else ord("?") for letter in text])


def batches(text: Tensor, size: int, steps: int, seed: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
    """``steps`` batches of pieces [size, LENGTH] from anywhere in the text, each with the letters that come next."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        starts = torch.randint(len(text) - LENGTH, (size, 1), generator=generator)
        at = starts + torch.arange(LENGTH)
        yield text[at], text[at + 1]


def probe(text: Tensor) -> Tensor:
    """Two pieces [2, LENGTH] that are always the same: where the first function and the first class begin."""
    whole = "".join(map(chr, text.tolist()))
    starts = [whole.index("\ndef ") + 1, whole.index("\nclass ") + 1]
    return torch.stack([text[start : start + LENGTH] for start in starts])


def written(codes: Tensor) -> list[list[str]]:
    """The letters of each piece, with signs for those that cannot be seen.

    >>> written(torch.tensor([[97, 32, 10]]))
    [['a', '␣', '↵']]
    """
    signs = {" ": "␣", "\n": "↵", "\t": "⇥"}
    return [[signs.get(chr(code), chr(code)) for code in piece] for piece in codes.tolist()]
