"""Findings as lines in the terminal."""

from __future__ import annotations

from dataclasses import replace

from tb_nnviz.rules.base import MOST_LISTED, Finding, format_findings

FINDING = Finding(
    rule="family/name",
    severity="warning",
    title="A title",
    kind="gradient",
    statistic="norm",
    row="fc.weight",
    layer="fc",
    depth=0,
    since=0,
    step=2,
    value=1e-9,
    evidence="norm 1e-09",
    advice="Try.",
    label="vanishing gradient",
)


def test_format_findings_many_layers_counts_the_rest() -> None:
    found = [replace(FINDING, layer=f"layer{i}") for i in range(MOST_LISTED + 1)]
    assert format_findings(found)[2:] == [
        "vanishing gradient in layer2 since step 0: norm 1e-09 at step 2",
        "and 1 more layer: vanishing gradient",
    ]
    assert format_findings([*found, FINDING])[-1] == "and 2 more layers: vanishing gradient"


def test_format_findings_groups_by_label() -> None:
    other = replace(FINDING, label="exploding gradient", since=2)
    assert format_findings([FINDING, other, FINDING]) == [
        "vanishing gradient in fc since step 0: norm 1e-09 at step 2",
        "vanishing gradient in fc since step 0: norm 1e-09 at step 2",
        "exploding gradient in fc: norm 1e-09 at step 2",
    ]
    assert format_findings([]) == []
