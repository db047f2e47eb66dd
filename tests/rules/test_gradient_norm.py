from __future__ import annotations

import numpy as np

from tb_nnviz import schema
from tb_nnviz.rules.base import Finding
from tb_nnviz.rules.gradient_norm import PATIENCE, GradientNormRule
from tb_nnviz.schema import Row
from tests.rules.step_values import row, step_values


def findings(
    *norms_by_step: list[float],
    limits: tuple[float, float] = (1e-6, 100.0),
    rows: list[Row] | None = None,
) -> list[Finding]:
    """The findings for layers ``a`` and ``b``, or other rows, with these norms at steps 0, 1, 2 and so on."""
    rule, rows = GradientNormRule(*limits), rows or [row("a"), row("b")]
    values = [step_values(step, rows, norm=np.array(norms)) for step, norms in enumerate(norms_by_step)]
    return [finding for at_step in values for finding in rule.update(at_step)]


def lines(*norms_by_step: list[float]) -> list[str]:
    return [str(finding) for finding in findings(*norms_by_step)]


def test_update_lasting_problems_reports_each_once_per_layer() -> None:
    assert lines(*[[1e-9, 200.0]] * 10) == [
        "vanishing gradient in a since step 0: norm 1e-09 at step 2",
        "exploding gradient in b since step 0: norm 200 at step 2",
    ]


def test_update_spike_is_ignored_nonfinite_reported_at_once() -> None:
    assert lines([1, 1], [1, 500], [1, 1], [np.nan, 1], [np.nan, np.inf]) == [
        "nonfinite gradient in a: norm nan at step 3",
        "nonfinite gradient in b: norm inf at step 4",
    ]


def test_update_after_recovery_counts_since_again() -> None:
    assert lines(*[[v, 1.0] for v in (0.0, 1.0, 0.0, 0.0, 0.0)]) == [
        "vanishing gradient in a since step 2: norm 0 at step 4"
    ]


def test_update_layer_norm_is_over_all_its_parameters() -> None:
    assert not findings(*[[1.0, 0.0]] * PATIENCE, rows=[row("a"), row("a", "bias")])


def test_update_absent_row_is_not_checked() -> None:
    rule = GradientNormRule()
    values = [
        step_values(step, [row("a")], norm=np.array([np.nan]), count=np.array([0.0])) for step in range(2 * PATIENCE)
    ]
    assert not [finding for at_step in values for finding in rule.update(at_step)]


def test_update_other_limits_decide() -> None:
    assert len(findings(*[[0.5, 2.0]] * PATIENCE, limits=(1.0, 1.5))) == 2
    assert not findings(*[[0.5, 2.0]] * PATIENCE)


def test_document_has_severity_evidence_and_advice() -> None:
    rule = GradientNormRule(1e-6, 100.0)
    layers = [row("v", "bias", depth=4), *map(row, ("v", "stands", "zero", "e", "n"))]
    norms = np.array([1e-8, 1e-7, 1e-12, 0.0, 1e3, np.inf])
    found = {}
    for step in range(0, 10 * PATIENCE, 10):
        for finding in rule.update(step_values(step, layers, norm=norms)):
            found[finding.layer] = finding.document()
    assert {layer: one["severity"] for layer, one in found.items()} == {
        "v": "warning",
        "stands": "severe",
        "zero": "severe",
        "e": "warning",
        "n": "severe",
    }
    assert found["v"]["row"] == "v.weight"  # though its bias comes first
    assert found["v"]["evidence"] == "norm 1e-07 at step 20, below 1e-06 since step 0, at 3 logged steps in a row"
    assert (found["v"]["since"], found["v"]["step"], found["n"]["step"]) == (0, 20, 0)
    assert found["n"]["value"] is None and found["n"]["evidence"] == "norm inf at step 0"
    assert len({one["title"] for one in found.values()}) == 4
    assert all(one["advice"].endswith(".") for one in found.values())
    encoded = schema.encode_findings(list(found.values()))
    assert schema.decode_findings(encoded) == list(found.values())


def test_document_keeps_the_order_of_the_logged_keys() -> None:
    (finding,) = findings([np.nan], rows=[row("a", depth=2)])
    assert list(finding.document()) == [
        *("rule", "severity", "title", "kind", "statistic", "row", "layer", "depth"),
        *("since", "step", "value", "evidence", "advice"),
    ]
