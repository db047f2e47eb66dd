"""The finding of the first nonfinite value."""

from __future__ import annotations

from tb_nnviz.record.locate.origin import Origin
from tb_nnviz.rules.finding import Finding
from tb_nnviz.schema import row_name

#: Title and advice by direction.
TEXTS = {
    "forward": (
        "NaN or Inf arises in the forward pass",
        (
            "Look at this module's function at the values given here: log and division need a positive floor (clamp, "
            "or + eps), exp an upper bound.",
            "In float16 values above 65504 overflow: use bfloat16, or compute this module in float32.",
            "If the values grew over earlier steps, lower the learning rate or normalize the module's inputs.",
        ),
    ),
    "input": (
        "The model is called with NaN or Inf",
        (
            "Look at these samples: missing values, a division by a standard deviation of 0, a broken file.",
            "Check each batch with torch.isfinite before training on it.",
        ),
    ),
    "parameter": (
        "A parameter is NaN or Inf",
        (
            "Look at the parameter's initialization and at the checkpoint that it was loaded from.",
            "An embedding row is seen only when a sample uses it.",
        ),
    ),
    "backward": (
        "NaN or Inf arises in the backward pass",
        (
            "Look at the derivative of this module's function at the values given here: that of sqrt and of a norm at "
            "0 is infinite. Add eps inside the root, or clamp before it.",
            "torch.where behind the function does not help, since both branches have a gradient. Replace the value "
            "before the function.",
            "In a custom autograd function, guard the division in backward.",
        ),
    ),
    "loss": (
        "NaN or Inf arises in the loss",
        (
            "Look at the loss of these samples: log(0), a division by a count of 0, or a mask that hides everything.",
            "Use the variant on logits, such as cross_entropy or binary_cross_entropy_with_logits.",
        ),
    ),
    "optimizer": (
        "The optimizer makes NaN or Inf of finite gradients",
        (
            "Look at its options: an eps of 0 divides 0 by 0, and a learning rate may be NaN or Inf.",
            "In float16 an eps of 1e-8 is 0: keep a float32 copy of the parameters, or set eps to 1e-4.",
        ),
    ),
}
#: Kind of the rows that show a direction.
_KINDS = {"forward": "activation", "backward": "activation_gradient", "optimizer": "parameter", "loss": ""}


def finding_of(origin: Origin, step: int, skipped: bool = False) -> Finding:
    """Return the finding of an origin.

    Args:
        origin: the origin.
        step: the open step.
        skipped: whether a GradScaler skipped the step, so that no parameter was overwritten.
    """
    direction = origin.direction
    text = "parameter" if direction == "forward" and origin.parameter else "input" if origin.is_input else direction
    title, advice = TEXTS[text]
    kind = _KINDS[direction]
    row = origin.parameter
    if kind.startswith("activation"):
        row = row_name(origin.module or "", min(origin.call or 0, 7)) if not origin.parameter else origin.parameter
        kind = "gradient" if origin.parameter and direction == "backward" else "parameter" if origin.parameter else kind
    counts = [about["nonfinite"] for about in origin.outputs if about.get("nonfinite")]
    return Finding(
        rule=f"nonfinite/{direction}",
        severity="warning" if skipped else "severe",
        title=title,
        layer=origin.module or "",
        row=row,
        kind=kind,
        statistic="nonfinite" if kind else "",
        since=step if origin.since is None else origin.since,
        step=step,
        value=float(counts[0]) if counts else None,
        limit=0.0,
        usual=0.0,
        evidence=f"at step {step}, {origin.evidence}" + (" (the GradScaler skipped the step)" if skipped else ""),
        advice=advice,
        details=origin.details(),
    )
