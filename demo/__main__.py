"""``python -m demo``: train all runs and print the command that shows them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from demo.pace import BURST, EVERY, PICTURES_EVERY

if TYPE_CHECKING:  # they import torch, and a missing package has a message
    from demo import runs as digit_runs
    from demo.gpt import runs as gpt_runs

#: Names of the sets of runs. The silent runs have data and networks of both other sets.
SETS = ("digits", "gpt", "silent")


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--logdir", type=Path, default=Path("runs"), help="parent of the runs' folders (runs)")
    parser.add_argument("--only", choices=SETS, default=None, help="train one set of runs (all)")
    parser.add_argument("--steps", type=int, default=None, help="optimizer steps per run (400 on digits, 300 on texts)")
    parser.add_argument(
        "--burst",
        type=int,
        default=BURST,
        help=f"steps logged one by one after a finding ({BURST}); with 0, all runs have the same steps",
    )
    parser.add_argument("--port", type=int, default=6006, help="TensorBoard's port, as printed at the end (6006)")
    options = parser.parse_args(argv)
    if options.steps is not None and options.steps < 1:
        parser.error(f"invalid --steps: {options.steps}; at least 1")
    if options.burst < 0:
        parser.error(f"invalid --burst: {options.burst}; at least 0")
    return options


class Outcome(NamedTuple):
    """A run's values in the table."""

    held_out: str
    loss: float
    cost: float


class Pace(NamedTuple):
    """The number of steps of each run, None for that of its set, and of those logged one by one after a finding."""

    steps: int | None
    burst: int


class Training(NamedTuple):
    """A run and the function that trains it and logs to a folder."""

    name: str
    story: str
    train: Callable[[Path], Outcome]


def on_digits(several: Iterable[digit_runs.Run], pace: Pace) -> tuple[str, list[Training]]:
    """Return a description of the digits and the training runs of convolutional networks."""
    from demo import data, train

    train_split, test_split = data.digits()

    def training(run: digit_runs.Run) -> Training:
        def into(folder: Path) -> Outcome:
            result = train.train(run, train_split, test_split, folder, pace.steps or train.STEPS, pace.burst)
            return Outcome(f"{result.test_accuracy:.1%} right", result.loss, result.cost)

        return Training(run.name, run.story, into)

    return f"{len(train_split.labels)} digits, {len(test_split.labels)} held out", list(map(training, several))


def on_texts(several: Iterable[gpt_runs.Run], pace: Pace) -> tuple[str, list[Training]]:
    """Return a description of the texts and the training runs of language models."""
    from demo.gpt import data, train

    texts = data.texts()

    def training(run: gpt_runs.Run) -> Training:
        def into(folder: Path) -> Outcome:
            result = train.train(run, texts, folder, pace.steps or train.STEPS, pace.burst)
            return Outcome(f"loss {result.val_loss:.3g}", result.loss, result.cost)

        return Training(run.name, run.story, into)

    description = f"{len(texts.training)} letters of Python's own source, {len(texts.held_out)} held out"
    return description, list(map(training, several))


def digits(pace: Pace) -> list[tuple[str, list[Training]]]:
    """Return the training runs of the convolutional networks."""
    from demo.runs import RUNS

    return [on_digits(RUNS, pace)]


def gpt(pace: Pace) -> list[tuple[str, list[Training]]]:
    """Return the training runs of the language models."""
    from demo.gpt.runs import RUNS

    return [on_texts(RUNS, pace)]


def silent(pace: Pace) -> list[tuple[str, list[Training]]]:
    """Return the training runs whose faults raise nothing, by data."""
    from demo.silent.runs import ON_DIGITS, ON_TEXTS

    return [on_digits(ON_DIGITS, pace), on_texts(ON_TEXTS, pace)]


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

        makers = {"digits": digits, "gpt": gpt, "silent": silent}
        sets = [
            one
            for name in ([options.only] if options.only else SETS)
            for one in makers[name](Pace(options.steps, options.burst))
        ]
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
        print(f"{len(several)} run{'s' if len(several) > 1 else ''} on {description}")
    outcomes = [training.train(folder) for training, folder in zip(trainings, folders, strict=True)]

    width = max(len(training.name) for training in trainings)
    print(f"\n{'run':<{width}}{'held out':>14}{'last loss':>12}{'tb_nnviz':>10}   description")
    for training, outcome in zip(trainings, outcomes, strict=True):
        values = f"{outcome.held_out:>14}{outcome.loss:>12.3g}{outcome.cost:>10.1%}"
        print(f"{training.name:<{width}}{values}   {training.story}")
    print(
        "\nThe column tb_nnviz is its share of the run's time, which is large for networks this small. The demo logs\n"
        f"one step in {EVERY}, each of the {options.burst} steps after a finding, and maps and histograms one step in "
        f"{PICTURES_EVERY}.\nBy default nnviz logs one step in 10, with histograms one step in 100."
    )
    port = "" if options.port == 6006 else f" --port {options.port}"
    print(f"\nto see them:   {tensorboard()} --logdir {options.logdir}{port}")
    print(f"then open      http://localhost:{options.port}/#nnviz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
