"""A finding for tests."""

from __future__ import annotations

from typing import Any


def finding(step: int, row: str = "a.weight", **more: Any) -> dict[str, Any]:
    """One as a rule would write it."""
    return {
        "rule": "gradient_norm/vanishing",
        "severity": "warning",
        "title": "Gradient vanishes",
        "kind": "gradient",
        "statistic": "norm",
        "row": row,
        "since": step - 2,
        "step": step,
        "value": 1e-9,
        "evidence": f"norm 1e-09 at step {step}",
        "advice": "Try ReLU.",
        **more,
    }
