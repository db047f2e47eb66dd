"""``python -m demo``: train all runs and print the command that shows them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from demo import pace

#: Names of the sets of runs. Each set has its own data and network.
SETS = ("digits", "gpt")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--logdir", type=Path, default=Path("runs"), help="parent of the runs' folders (runs)")
    parser.add_argument("--only", choices=SETS, default=None, help="train one set of runs (all)")
    parser.add_argument("--steps", type=int, default=None, help="optimizer steps per run (400 of digits, 300 of gpt)")
    parser.add_argument("--port", type=int, default=6006, help="TensorBoard's port, as printed at the end (6006)")
    options = parser.parse_args(argv)
    if options.steps is not None and options.steps < 1:
        parser.error(f"invalid --steps: {options.steps}; at least 1")
    return options


class Outcome(NamedTuple):
    """A run's values in the table."""

    held_out: str
    loss: float
    cost: float


class Training(NamedTuple):
    """A run and the function that trains it and logs to a folder."""

    name: str
    story: str
    train: Callable[[Path], Outcome]


def digits(steps: int | None) -> tuple[str, list[Training]]:
    """Return a description of the digits and the training runs of the convolutional networks."""
    from demo import data, runs, train

    train_split, test_split = data.digits()

    def training(run: runs.Run) -> Training:
        def into(folder: Path) -> Outcome:
            result = train.train(run, train_split, test_split, folder, steps or train.STEPS)
            return Outcome(f"{result.test_accuracy:.1%} right", result.loss, result.cost)

        return Training(run.name, run.story, into)

    return f"{len(train_split.labels)} digits, {len(test_split.labels)} held out", list(map(training, runs.RUNS))


def gpt(steps: int | None) -> tuple[str, list[Training]]:
    """Return a description of the texts and the training runs of the language models."""
    from demo.gpt import data, runs, train

    texts = data.texts()

    def training(run: runs.Run) -> Training:
        def into(folder: Path) -> Outcome:
            result = train.train(run, texts, folder, steps or train.STEPS)
            return Outcome(f"loss {result.val_loss:.3g}", result.loss, result.cost)

        return Training(run.name, run.story, into)

    description = f"{len(texts.training)} letters of Python's own source, {len(texts.held_out)} held out"
    return description, list(map(training, runs.RUNS))


def tensorboard() -> str:
    """Return the command that starts TensorBoard, with its folder if the environment is not activated."""
    if sys.prefix == sys.base_prefix or "VIRTUAL_ENV" in os.environ:
        return "tensorboard"
    return os.path.relpath(Path(sys.executable).parent / "tensorboard")


def main(argv: list[str] | None = None) -> int:
    """Train, print the table, and print the command that shows the runs."""
    options = parse(argv)
    try:
        import torch

        from demo.folder import fresh

        makers = {"digits": digits, "gpt": gpt}
        sets = [makers[name](options.steps) for name in ([options.only] if options.only else SETS)]
    except ModuleNotFoundError as error:
        print(f"missing package: {error.name}; run ./dev demo, or pip install -e '.[demo]'", file=sys.stderr)
        return 1

    torch.set_num_threads(1)
    trainings = [training for _, several in sets for training in several]
    try:
        # all folders before the first training, so that a foreign one is reported at once
        folders = [fresh(options.logdir / training.name) for training in trainings]
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 1
    for description, several in sets:
        print(f"{len(several)} runs on {description}")
    outcomes = [training.train(folder) for training, folder in zip(trainings, folders, strict=True)]

    print(f"\n{'run':<14}{'held out':>14}{'last loss':>12}{'tb_nnviz':>10}   description")
    for training, outcome in zip(trainings, outcomes, strict=True):
        print(f"{training.name:<14}{outcome.held_out:>14}{outcome.loss:>12.3g}{outcome.cost:>10.1%}   {training.story}")
    print(
        "\nThe column tb_nnviz is its share of the run's time, which is large for networks this small. The demo logs\n"
        f"one step in {pace.EVERY}, with maps and histograms one step in {pace.PICTURES_EVERY}. "
        "By default nnviz logs one step in 10, with\nhistograms one step in 100."
    )
    port = "" if options.port == 6006 else f" --port {options.port}"
    print(f"\nto see them:   {tensorboard()} --logdir {options.logdir}{port}")
    print(f"then open      http://localhost:{options.port}/#nnviz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
