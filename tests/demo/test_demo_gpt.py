"""The demo's GPT: text, model, and the fault that its attention shows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from demo.gpt.data import LENGTH, LETTERS, batches, probe, texts, written
from demo.gpt.model import GPT
from demo.gpt.runs import RUNS
from demo.gpt.runs import Run as RunOf
from demo.gpt.train import BATCH, optimize, train, writing_loss
from tests.support.event_reader import Run
from tests.support.map_oracle import read


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Use one thread, as ``python -m demo`` does."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_batches_are_pieces_with_the_letters_that_follow() -> None:
    text = texts().training
    whole = bytes(text.tolist())
    again = batches(text, 3, 2)
    for letters, following in batches(text, 3, 2):
        assert letters.shape == following.shape == (3, LENGTH)
        for piece, after in zip(letters.tolist(), following.tolist(), strict=True):
            assert bytes([*piece, after[-1]]) in whole and piece[1:] == after[:-1]
        assert torch.equal(next(again)[0], letters)
    assert 10_000 < len(texts().held_out) < len(text) and text.max() < LETTERS


def test_probe_is_readable_held_out_text() -> None:
    held_out = texts().held_out
    pieces = probe(held_out)
    assert all(bytes(piece) in bytes(held_out.tolist()) for piece in pieces.tolist())
    first, second = ("".join(piece) for piece in written(pieces))
    assert first.startswith("def␣") and second.startswith("class␣") and "↵" in second


def test_model_causal_letter_ignores_later_letters() -> None:
    torch.manual_seed(0)
    letters = torch.randint(0, LETTERS, (1, 10))
    changed = letters.clone()
    changed[0, 6] += 1
    for causal in (True, False):
        model = GPT(causal)
        same = (model(letters) == model(changed)).all(-1)[0].tolist()
        assert same == ([True] * 6 + [False] * 4 if causal else [False] * 10)


def test_train_few_steps_logs_attention_and_letters(tmp_path: Path) -> None:
    source = texts()
    result = train(RUNS[0], source, tmp_path, steps=2)
    assert result.name == "gpt/healthy" and result.loss < math.log(LETTERS) + 1
    maps, run = read(tmp_path), Run(tmp_path)
    header, codes = maps["map/blocks.0.attention.softmax@attention"][0]
    assert header["axes"] == ["sample", "head", "query", "key"] and header["shape"] == [2, 4, LENGTH, LENGTH]
    shares = header["offset"] + header["scale"] * codes.astype(float)
    assert np.abs(shares.sum(-1) - 1).max() < LENGTH * header["scale"] / 2 + 1e-6, "rows are shares"
    assert (np.triu(shares[0, 0], 1) <= header["scale"] / 2).all(), "causal"
    header, codes = maps["map_input"][0]
    assert codes.tolist() == probe(source.held_out).tolist()
    assert header["labels"] == written(probe(source.held_out))
    assert list(run.scalars["nnviz/log/val_loss"]) == [1]
    assert "nnviz/global/gradient_norm_before_clipping" in run.scalars


def trained(run: RunOf, steps: int) -> tuple[float, float, dict[int, float]]:
    """Return loss, generation loss, and the first block's attention by distance, of a run that nnviz does not watch."""
    torch.manual_seed(0)
    source, model = texts(), run.model()
    optimizer, scheduler = optimize(model)
    loss = torch.zeros(())
    for letters, following in batches(source.training, BATCH, steps):
        loss = F.cross_entropy(model(letters).flatten(0, 1), following.flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        scheduler.step()
    kept: list[torch.Tensor] = []
    softmax = model.blocks[0].attention.softmax
    softmax.register_forward_hook(lambda module, args, output: kept.append(output.detach()))
    model(probe(source.held_out))
    looks = {by: float(kept[0].diagonal(by, 2, 3).mean((0, 2)).max()) for by in (-1, 1)}
    return loss.item(), writing_loss(model, source.held_out), looks


@pytest.mark.slow
def test_healthy_heads_attend_to_letters_before() -> None:
    loss, writing, looks = trained(RUNS[0], 200)
    assert looks[-1] > 0.12 and looks[1] == 0
    assert 1.5 < loss < writing + 0.5 < 3.2


@pytest.mark.slow
def test_no_mask_heads_attend_ahead_and_generation_fails() -> None:
    loss, writing, looks = trained(RUNS[1], 250)
    assert looks[1] > 0.3 > 3 * looks[-1], "at the next letter"
    assert loss < 0.8, "too good to be true"
    assert writing > math.log(LETTERS), "worse than a guess"


def test_writing_loss_is_of_the_letter_after_half_a_piece() -> None:
    text = texts().held_out
    pieces, following = next(batches(text, 256, 1, seed=1))
    model = GPT()
    with torch.no_grad():
        shares = model(pieces)[:, LENGTH // 2 - 1].double().softmax(-1)  # causal: later letters change nothing
    expected = -shares.gather(1, following[:, LENGTH // 2 - 1 : LENGTH // 2]).log().mean()
    assert writing_loss(model, text) == pytest.approx(float(expected), rel=1e-5)
    assert model.training
