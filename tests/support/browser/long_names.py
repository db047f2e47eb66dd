"""Logs of networks with long names that differ at the end or in the middle, and with values that leave every scale."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from torch import Tensor, nn

import tb_nnviz

FOLDER = "sweep_2026_11/small_transformer_with_rotary_positions"
#: By name below the folder: width of the network. The names differ in the middle and at the end.
RUNS = {
    "learning_rate_0.0010_weight_decay_0.1_seed_0": 48,
    "learning_rate_0.0010_weight_decay_0.1_seed_1": 48,
    "learning_rate_0.0300_weight_decay_0.1_seed_0": 48,
    "learning_rate_0.0010_weight_decay_0.5_seed_0": 36,
}
NAMES = [f"{FOLDER}/{name}" for name in RUNS]
USUAL, EXPLODING, BROKEN, VANISHING = NAMES
STEPS = 40
#: The first step at which gradients explode, vanish, and parameters become NaN.
FROM = 20
TOKENS = 96
BLOCKS = 3
#: A parameter whose gradients explode and vanish.
ROW = "encoder_of_the_language_model.transformer_blocks.1.feed_forward_network.expanding_projection.weight"
TEXT = "it was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness"
SCALARS = [f"accuracy_on_held_out_documents_of_the_{place}_half" for place in ("first", "second")]


class Attention(nn.Module):
    """Self-attention with one head, whose weights an ``nn.Softmax`` returns."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query_key_value_projection = nn.Linear(width, 3 * width)
        self.attention_probabilities = nn.Softmax(-1)
        self.output_projection = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value = self.query_key_value_projection(x).chunk(3, -1)
        weights = self.attention_probabilities(query @ key.transpose(-1, -2) / math.sqrt(x.shape[-1]))
        return self.output_projection(weights @ value)


class Feeding(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.expanding_projection, self.contracting_projection = nn.Linear(width, 64), nn.Linear(64, width)
        self.rectified_linear_activation = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.contracting_projection(self.rectified_linear_activation(self.expanding_projection(x)))


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.self_attention_with_rotary_positions = Attention(width)
        self.feed_forward_network = Feeding(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attention_with_rotary_positions(x)
        return x + self.feed_forward_network(x)


class Encoder(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.transformer_blocks = nn.ModuleList(Block(width) for _ in range(BLOCKS))

    def forward(self, x: Tensor) -> Tensor:
        for block in self.transformer_blocks:
            x = block(x)
        return x


class Model(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.token_embedding_table = nn.Embedding(128, width)
        self.encoder_of_the_language_model = Encoder(width)
        self.language_modelling_head = nn.Linear(width, 128)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.encoder_of_the_language_model(self.token_embedding_table(ids))
        return self.language_modelling_head(x)


def letters(ids: list[int]) -> list[str]:
    """Return the characters of a sample."""
    return [chr(token) for token in ids]


def _train(folder: Path, name: str, width: int) -> None:
    torch.manual_seed(width)
    model = Model(width)
    ids = torch.tensor([[ord(letter) for letter in TEXT[start : start + TOKENS]] for start in range(4)])
    groups = [
        {"params": [*model.encoder_of_the_language_model.parameters()], "name": "encoder_without_weight_decay"},
        {
            "params": [*model.token_embedding_table.parameters(), *model.language_modelling_head.parameters()],
            "name": "encoder_without_input_and_output",
        },
    ]
    # The exploding and vanishing gradients are not applied: only what is logged of them matters.
    optimizer = torch.optim.SGD(groups, lr=0.0 if name in (EXPLODING, VANISHING) else 1e-2)
    options = {"every": 1, "histograms_every": 10, "weights_every": 10, "maps_every": 10, "on_finding": None}
    probe = {"probe": ids, "probe_inputs": True, "probe_labels": letters}
    with tb_nnviz.watch(model, optimizer, logdir=folder / name, **options, **probe) as monitor:
        for step in range(STEPS):
            loss = nn.functional.cross_entropy(model(ids).flatten(0, 1), ids.roll(-1, 1).flatten())
            optimizer.zero_grad()
            loss.backward()
            if step >= FROM and name in (EXPLODING, VANISHING):
                for parameter in model.encoder_of_the_language_model.parameters():
                    parameter.grad.mul_(1e31 if name == EXPLODING else 1e-16)
            optimizer.step()
            if step == FROM and name == BROKEN:
                with torch.no_grad():
                    model.encoder_of_the_language_model.transformer_blocks[
                        1
                    ].feed_forward_network.expanding_projection.weight[3] = math.nan
            values = {f"validation/{scalar}": loss.detach() / (2 + i) for i, scalar in enumerate(SCALARS)}
            monitor.log(loss=loss.detach() * (1e20 if name == EXPLODING and step == STEPS - 5 else 1), **values)


def write(logdir: Path) -> None:
    """Write all runs. One thread is fast enough, and several wait for each other on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for name, width in zip(NAMES, RUNS.values(), strict=True):
            _train(logdir, name, width)
    finally:
        torch.set_num_threads(threads)


LAST = dict.fromkeys(NAMES, STEPS - 1)
