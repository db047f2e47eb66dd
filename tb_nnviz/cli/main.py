"""The options of ``tb-nnviz`` and its help text."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Sequence

from tb_nnviz import __version__
from tb_nnviz.cli.check import command as check
from tb_nnviz.cli.compare import command as compare
from tb_nnviz.cli.doctor import command as doctor
from tb_nnviz.cli.report import command as report

_EPILOG = """\
in your training script:
  import tb_nnviz
  with tb_nnviz.watch(model, optimizer, logdir="runs/baseline") as monitor:
      ...  # your training loop, unchanged

then:
  tensorboard --logdir runs      and open the tab NNVIZ
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    Args:
        argv: the arguments, by default those of the process.
    """
    parser = argparse.ArgumentParser(
        prog="tb-nnviz",
        description="See inside a neural network while it trains, in TensorBoard.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tb_nnviz {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    check.add_parser(commands)
    compare.add_parser(commands)
    report.add_parser(commands)
    doctor.add_parser(commands)
    options = parser.parse_args(argv)
    if "run" not in options:
        parser.print_help()
        return 0
    if isinstance(sys.stdout, io.TextIOWrapper):  # names of files and layers may not be valid Unicode
        sys.stdout.reconfigure(errors="backslashreplace")
    status: int = options.run(options)
    return status
