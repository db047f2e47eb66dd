"""A diagnosis as a JSON object."""

from __future__ import annotations

from typing import Any

from tb_nnviz.diagnosis.diagnose import Diagnosis


def describe(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return a run's diagnosis as a JSON object."""
    return {
        "run": diagnosis.run,
        "verdict": diagnosis.verdict,
        "steps": [diagnosis.first, diagnosis.last],
        "findings": [
            finding.document() | {"cause": finding.cause} | ({} if value is None else {"reference": value})
            for finding, value in zip(diagnosis.findings, diagnosis.reference_values, strict=True)
        ],
        "checked": list(diagnosis.checked),
        "unchecked": [one._asdict() for one in diagnosis.unchecked],
        "missing": [one.reason for one in diagnosis.missing],
    }
