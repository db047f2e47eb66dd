"""The options of ``tb-nnviz report``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tb_nnviz.cli.check.command import add_rule_options, rule_settings


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``tb-nnviz``."""
    parser = commands.add_parser(
        "report",
        help="write what is wrong in the runs of a log directory to one HTML file",
        description="Check the runs of a log directory by all rules, and write verdicts, findings with pictures, and "
        "advice to one HTML file. The file needs no network. The exit status is 0, or 2 for invalid arguments or if "
        "there is no run.",
    )
    parser.add_argument("logdir", type=Path, help="directory of runs, as for tensorboard --logdir")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="runs to check (all by default)")
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"), help="the file (report.html)")
    add_rule_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Write the report, and return the exit status."""
    # A broken TensorBoard can break its protos. The other commands must run then.
    from tb_nnviz.cli.report.figures import Figures
    from tb_nnviz.cli.report.page import render
    from tb_nnviz.diagnosis.directory import diagnose_directory

    try:
        settings = rule_settings(options.rules, options.set)
        found = diagnose_directory(options.logdir, options.runs, settings, options.reference)
        page = render(found, Figures(options.logdir, options.reference), options.logdir.resolve().name)
        options.output.write_text(page, "utf-8", "backslashreplace")
    except (ValueError, TypeError, OSError) as error:
        print(f"tb-nnviz report: {error}", file=sys.stderr)
        return 2
    runs = f"{len(found)} run{'s' if len(found) > 1 else ''}"
    print(f"{options.output}: {runs}, {options.output.stat().st_size} bytes")
    return 0
