"""The command ``tb-nnviz``. It says its version and how to get going; more commands come with later issues."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tb_nnviz import __version__

_EPILOG = """\
in your training script:
  import tb_nnviz
  with tb_nnviz.watch(model, optimizer, logdir="runs/baseline") as monitor:
      ...  # the loop stays as it was

then:
  tensorboard --logdir runs      and open the tab NNVIZ
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="tb-nnviz",
        description="See inside a neural network while it trains, in TensorBoard.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tb_nnviz {__version__}")
    parser.parse_args(argv)
    parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
