"""``python -m demo``: trains the four runs and says where to look at them."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("--logdir", type=Path, default=Path("runs"), help="parent of the runs' folders (runs)")
    parser.add_argument("--steps", type=int, default=None, help="optimizer steps a run (400)")
    parser.add_argument("--port", type=int, default=6006, help="TensorBoard's port, for the closing lines (6006)")
    options = parser.parse_args(argv)
    if options.steps is not None and options.steps < 1:
        parser.error(f"invalid --steps: {options.steps}; at least 1")
    return options


def tensorboard() -> str:
    """The command as it can be typed here: with its folder where the environment is not activated."""
    if sys.prefix == sys.base_prefix or "VIRTUAL_ENV" in os.environ:
        return "tensorboard"
    return os.path.relpath(Path(sys.executable).parent / "tensorboard")


def main(argv: list[str] | None = None) -> int:
    """Train, print the table, print where to look."""
    options = parse(argv)
    try:
        import torch

        from demo.data import digits
        from demo.folder import fresh
        from demo.runs import RUNS
        from demo.train import STEPS, train
    except ModuleNotFoundError as error:
        print(f"missing package: {error.name}; run ./dev demo, or pip install -e '.[demo]'", file=sys.stderr)
        return 1

    torch.set_num_threads(1)
    train_split, test_split = digits()
    steps = options.steps or STEPS
    try:
        # All four before the first training: a folder that is not ours is said at once.
        folders = [fresh(options.logdir / run.name) for run in RUNS]
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{len(RUNS)} runs of {steps} steps on {len(train_split.labels)} digits, {len(test_split.labels)} held out")
    results = [train(run, train_split, test_split, folder, steps) for run, folder in zip(RUNS, folders, strict=True)]

    print(f"\n{'run':<14}{'test accuracy':>14}{'last loss':>12}   what it is")
    for run, result in zip(RUNS, results, strict=True):
        print(f"{run.name:<14}{result.test_accuracy:>14.1%}{result.loss:>12.3g}   {run.story}")
    port = "" if options.port == 6006 else f" --port {options.port}"
    print(f"\nLook at them:  {tensorboard()} --logdir {options.logdir}{port}")
    print(f"then open      http://localhost:{options.port}/#nnviz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
