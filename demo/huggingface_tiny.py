"""transformers: a tiny GPT learns Python source, character by character, watched by a callback.

python demo/huggingface_tiny.py && tensorboard --logdir runs
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import torch

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # nothing is downloaded or uploaded
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments, set_seed

from tb_nnviz.huggingface import NNVizCallback

LENGTH = 64


def pieces() -> list[dict[str, torch.Tensor]]:
    """Return pieces of ``LENGTH`` characters of argparse's source. Characters beyond ASCII become NUL."""
    text = Path(argparse.__file__).read_text("utf-8")
    codes = torch.tensor([ord(character) if ord(character) < 128 else 0 for character in text])
    codes = codes[: len(codes) // LENGTH * LENGTH].view(-1, LENGTH)
    return [{"input_ids": piece, "labels": piece} for piece in codes]


def main() -> None:
    """Train for a hundred steps."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--logdir", default="runs", help="parent of the run's folder (runs)")
    folder = Path(parser.parse_args().logdir)
    set_seed(0)
    data = pieces()
    model = GPT2LMHeadModel(GPT2Config(vocab_size=128, n_positions=LENGTH, n_embd=64, n_layer=4, n_head=4))
    arguments = TrainingArguments(
        output_dir=str(folder / "huggingface-checkpoints"),
        max_steps=100,
        per_device_train_batch_size=16,
        learning_rate=3e-3,
        logging_steps=5,
        eval_strategy="steps",
        eval_steps=25,
        save_strategy="no",
        report_to="none",  # the callback writes the Trainer's values too
        use_cpu=True,
    )
    callback = NNVizCallback(folder / "huggingface", every=5)
    Trainer(model, arguments, train_dataset=data[:-64], eval_dataset=data[-64:], callbacks=[callback]).train()


if __name__ == "__main__":
    main()
