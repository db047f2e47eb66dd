"""The tables of rules and limits in ``docs/rules.md``: ``python -m tests.packaging.rules`` writes it."""

from __future__ import annotations

from pathlib import Path

from tb_nnviz.rules.limit_words import limit_words
from tb_nnviz.rules.registry import RULES
from tb_nnviz.rules.rule import Rule

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
#: The line above the table. Everything below it is written by this program.
MARK = "<!-- written by python -m tests.packaging.rules -->"


def table() -> str:
    """Return the table: a line per rule, with its limits, what it reads and its source."""
    lines = ["| Rule | Title | Limits | Reads | Source |", "|---|---|---|---|---|"]
    for rule in RULES:
        limits = ", ".join(f"`{name}` {value:g}" for name, value in rule.limits.items()) or "none"
        lines.append(f"| `{rule.name}` | {rule.title} | {limits} | {reads(rule)} | [source]({rule.source}) |")
    return "\n".join(lines) + "\n"


def reads(rule: type[Rule]) -> str:
    """Return what a rule needs."""
    found = [f"{kind} {name}" for kind, name in sorted(rule.reads) if name != "count"]
    found += sorted(rule.scalars)
    found += ["options of the optimizers"] * rule.takes_optimizers
    found += ["the user's scalars"] * (rule.takes_logged and not rule.reads)
    return ", ".join(found) or "count"


def limits() -> str:
    """Return the table of limits: a line per limit, with its default in words."""
    lines = ["| Rule | Limit | In words, with its default |", "|---|---|---|"]
    for rule in RULES:
        for name, words in limit_words(rule).items():
            value = f"{words.text} {rule.limits[name]:g} {words.unit}".strip()
            lines.append(f"| `{rule.name}` | `{name}` | {value} |")
    return "\n".join(lines) + "\n"


def written() -> str:
    """Return the document as it should be."""
    head, _, _ = DOCUMENT.read_text("utf-8").partition(MARK)
    return f"{head}{MARK}\n\n{table()}\n## All limits\n\n{limits()}"


if __name__ == "__main__":
    DOCUMENT.write_text(written(), "utf-8")
