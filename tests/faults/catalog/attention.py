"""Faults of attention and of transformers."""

from __future__ import annotations

import torch
from torch import nn

from tests.faults import networks
from tests.faults.case import Case, Cases
from tests.faults.catalog import twins
from tests.faults.families import adam, gpt, image_model
from tests.faults.training import Training

CASES = Cases()


def sharpen(model: nn.Module, factor: float, block: int = 1) -> None:
    """Multiply the weights of queries and keys of one block."""
    qkv = model.blocks[block].attention.qkv
    with torch.no_grad():
        qkv.weight[: 2 * qkv.weight.shape[0] // 3].mul_(factor)


@CASES.fault("gpt/attention-logits", "attention/logits attention/collapse", twins.GPT,
             layers="blocks.1.attention blocks.1.attention.* blocks.1")  # fmt: skip
def attention_logits() -> Training:
    """Queries and keys of one block are 20 times too large, so that softmax picks single tokens."""
    return gpt(change=lambda model: sharpen(model, 20.0))


@CASES.fault("gpt/attention-collapses", "attention/collapse attention/logits", twins.GPT,
             layers="blocks.2.attention blocks.2.attention.* blocks.2", begins=(90, 100))  # fmt: skip
def attention_collapses() -> Training:
    """At step 90 a merge of weights enlarges queries and keys of the last block by ten."""
    training = gpt()
    training.at(90, lambda: sharpen(training.model, 10.0, 2))
    return training


ENCODER = Case("encoder/default", lambda: image_model(networks.RowEncoder, optimizer=adam(3e-3), every=10))


@CASES.fault("encoder/attention-logits", "attention/logits attention/collapse", ENCODER, layers="attention attention.*")
def encoder_logits() -> Training:
    """The projections of PyTorch's MultiheadAttention begin 15 times too large."""

    def enlarge(model: nn.Module) -> None:
        with torch.no_grad():
            model.attention.in_proj_weight[:64].mul_(15)

    return image_model(networks.RowEncoder, optimizer=adam(3e-3), every=10, change=enlarge)


@CASES.fault("gpt/residual-outlier", "activation/outlier activation/scale", twins.GPT, layers="blocks.* ln wte wpe",
             begins=80)  # fmt: skip
def residual_outlier() -> Training:
    """From step 80 on one channel of a block's output is 3000 times larger than all others."""
    training = gpt()

    def enlarge() -> None:
        with torch.no_grad():
            training.model.blocks[1].out.weight[5].mul_(3000)

    training.at(80, enlarge)
    return training


@CASES.fault("gpt/layer-norm-shut", "activation/collapse activation/dead", twins.GPT, layers="ln head <model>",
             begins=110)  # fmt: skip
def layer_norm_shut() -> Training:
    """At step 110 the gain of the last norm is loaded as zero and frozen, so all tokens give the same output."""
    training = gpt()

    def shut() -> None:
        training.model.ln.weight.data.zero_()
        training.model.ln.weight.requires_grad_(False)
        training.model.ln.weight.grad = None

    training.at(110, shut)
    return training
