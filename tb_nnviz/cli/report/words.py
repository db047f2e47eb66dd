"""Names of kinds and statistics in words, as on the page."""

from __future__ import annotations

#: Statistics whose name says too little without its underscores.
_STATISTICS = {
    "absmax": "largest magnitude",
    "attention_entropy_min": "attention entropy, lowest head",
    "attention_logit": "largest attention logit",
    "batch_std": "standard deviation over samples",
    "count": "element count",
    "finite_absmax": "largest finite magnitude",
    "finite_norm": "norm of finite elements",
    "gate_saturated_fraction": "share of saturated gates",
    "gradient_ratio": "gradient over its usual size",
    "largest_share": "largest share of one unit",
    "max": "maximum",
    "min": "minimum",
    "nonfinite": "NaN and Inf count",
    "nonpositive_unit_fraction": "share of units never positive",
    "outlier_ratio": "outlier ratio of units",
    "rms": "RMS",
    "std": "standard deviation",
    "sum_deviation": "deviation of sums from 1",
}


def series_name(kind: str, statistic: str) -> str:
    """Return the name of a statistic of a kind.

    >>> series_name("activation_gradient", "norm"), series_name("activation", "batch_std~")
    ('activation gradient norm', 'activation standard deviation over samples')
    """
    base = statistic.rstrip("~")
    return f"{kind} {_STATISTICS.get(base, base)}".replace("_", " ")
