"""The command ``tb-nnviz doctor``, which says what works and what does not."""

from __future__ import annotations

import argparse
from pathlib import Path

from tb_nnviz.cli.doctor.check import PROBLEM
from tb_nnviz.cli.doctor.environment import check_environment, versions


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``tb-nnviz``."""
    parser = commands.add_parser(
        "doctor",
        help="check the installation and the runs of a log directory",
        description="Check the installed packages, the plugin, the C extension, and the runs of a log directory. "
        "The exit status is 1 if there is a problem.",
    )
    parser.add_argument("logdir", nargs="?", type=Path, help="directory of runs, as for tensorboard --logdir")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the checks and return the exit status."""
    print(versions())
    checks = []
    for check in check_environment():
        checks.append(check)
        print(check)
    logdir: Path | None = options.logdir
    if logdir is not None:
        # If TensorBoard is broken, its protos may be too, and no log can be read.
        try:
            from tb_nnviz.cli.doctor.runs import check_runs
        except Exception as error:  # any error of any package
            print(f"note     the runs in {logdir} cannot be read here: {type(error).__name__}: {error}")
        else:
            for check in check_runs(logdir):
                checks.append(check)
                print(check, flush=True)
    return int(any(check.status == PROBLEM for check in checks))
