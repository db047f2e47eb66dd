"""The options of ``tb-nnviz check``, and its exit status."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tb_nnviz.rules.registry import RULES
from tb_nnviz.rules.settings import checked, named
from tb_nnviz.schema import SEVERITIES

#: Severities that can decide the exit status.
FAILING = SEVERITIES[:2]


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to those of ``tb-nnviz``."""
    parser = commands.add_parser(
        "check",
        help="find what is wrong in the runs of a log directory",
        description="Check the runs of a log directory by all rules, without TensorBoard and without PyTorch. The exit "
        "status is 0, 1 if --fail-on applies, and 2 for invalid arguments or if there is no run.",
    )
    parser.add_argument("logdir", type=Path, help="directory of runs, as for tensorboard --logdir")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="runs to check (all by default)")
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--max-bytes", type=int, metavar="N", help="keep the JSON under N bytes")
    add_rule_options(parser)
    parser.add_argument("--fail-on", choices=FAILING, help="exit with 1 if a finding is at least so severe")
    parser.set_defaults(run=run)


def add_rule_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which rules are checked, with which limits and beside which run."""
    parser.add_argument("--reference", metavar="RUN", help="a run to compare the others with")
    parser.add_argument(
        "--rules",
        nargs="+",
        action="extend",
        metavar="RULE",
        help="check only these rules, such as loss/spike or loss/*",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="RULE.LIMIT=VALUE", help="set a limit of a rule (repeatable)"
    )


def run(options: argparse.Namespace) -> int:
    """Check the runs, print the result, and return the exit status."""
    # A broken TensorBoard can break its protos. The other commands must run then.
    from tb_nnviz.cli.check.document import MIN_BYTES, encode_diagnoses
    from tb_nnviz.cli.check.table import print_diagnoses
    from tb_nnviz.diagnosis.directory import diagnose_directory

    try:
        if options.max_bytes is not None and options.max_bytes < MIN_BYTES:
            raise ValueError(f"invalid --max-bytes: {options.max_bytes} (at least {MIN_BYTES})")
        if options.max_bytes is not None and not options.json:
            raise ValueError("invalid --max-bytes: the table has no size (only with --json)")
        settings = rule_settings(options.rules, options.set)
        found = diagnose_directory(options.logdir, options.runs, settings, options.reference)
    except (ValueError, TypeError) as error:
        print(f"tb-nnviz check: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(encode_diagnoses(found, options.max_bytes))
    else:
        print_diagnoses(found)
    severities = {finding.severity for diagnosis in found for finding in diagnosis.findings}
    failing = SEVERITIES[: SEVERITIES.index(options.fail_on) + 1] if options.fail_on else ()
    return int(any(severity in severities for severity in failing))


def rule_settings(only: Sequence[str] | None, limits: Sequence[str]) -> Mapping[str, Mapping[str, float] | None]:
    """Return the settings of the rules by the options of the command line.

    >>> rule_settings(["gradient/zero"], ["gradient/zero.patience=5"])["gradient/zero"]
    {'patience': 5.0}

    Raises:
        ValueError: a name of a rule or a limit is unknown, or a limit is not a number.
    """
    kept = {rule.name for pattern in only or () for rule in named(pattern)}
    settings: dict[str, dict[str, float] | None] = {}
    for rule in RULES:
        if kept and rule.name not in kept:
            settings[rule.name] = None
    for text in limits:
        target, _, value = text.partition("=")
        name, _, limit = target.rpartition(".")
        if not (name and limit and value):
            raise ValueError(f"invalid --set: {text!r} (RULE.LIMIT=VALUE, such as gradient/zero.patience=5)")
        try:
            number = float(value)
        except ValueError:
            raise ValueError(f"invalid --set: {text!r} ({value!r} is not a number)") from None
        for rule in named(name):
            settings[rule.name] = {**(settings.get(rule.name) or {}), limit: number}
    return checked(settings)
