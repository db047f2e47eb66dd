"""The options of ``tb-nnviz compare``, and its exit status."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

#: The ways to match steps, as ``comparison.matching.WAYS`` has them.
WAYS = ("step", "samples", "tokens", "share")


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``tb-nnviz``."""
    parser = commands.add_parser(
        "compare",
        help="find what differs between runs, and where first",
        description="Compare a run with another, or with a group of runs whose spread is the noise, without "
        "TensorBoard and without PyTorch. The exit status is 0, and 2 for invalid arguments or if runs cannot be "
        "compared.",
    )
    parser.add_argument("logdir", type=Path, help="directory of runs, as for tensorboard --logdir")
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="the run to compare, and its reference: one run, or several as a group"
    )
    parser.add_argument(
        "--group", metavar="REGEX", help="compare each RUN with the group of the runs whose names match"
    )
    parser.add_argument("--align", choices=WAYS, default="step", help="what steps are matched by (default: step)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--max-bytes", type=int, metavar="N", help="keep the JSON under N bytes")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Compare the runs, print the result, and return the exit status."""
    # A broken TensorBoard can break its protos. The other commands must run then.
    from tb_nnviz.cli.compare.document import MIN_BYTES, encode_comparisons
    from tb_nnviz.cli.compare.table import print_comparisons
    from tb_nnviz.comparison.directory import compare_directory

    try:
        if options.max_bytes is not None and options.max_bytes < MIN_BYTES:
            raise ValueError(f"invalid --max-bytes: {options.max_bytes} (at least {MIN_BYTES})")
        if options.max_bytes is not None and not options.json:
            raise ValueError("invalid --max-bytes: the table has no size (only with --json)")
        found = compare_directory(options.logdir, options.runs, options.group, options.align)
    except (ValueError, TypeError) as error:
        print(f"tb-nnviz compare: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(encode_comparisons(found, options.max_bytes))
    else:
        print_comparisons(found)
    return 0
