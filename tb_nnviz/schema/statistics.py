"""Kinds of rows and the statistics of each kind."""

KINDS = ("parameter", "gradient", "update", "activation", "activation_gradient", "optimizer", "input", "output")
#: The kind of tracked weights. Each of its rows is one element of a parameter. Its only statistic is ``value``.
TRACKED = "tracked"
#: Kinds whose rows are parameters.
PARAMETER_KINDS = ("parameter", "gradient", "update", "optimizer")
#: Kinds whose rows are the tensors that a watched model is called with, and its result.
PASS_KINDS = ("input", "output")

#: Statistics of a tensor, in the order in which they are written. All ``KINDS`` but ``optimizer`` have them.
STATISTICS = (
    "count",
    "norm",
    "rms",
    "mean",
    "std",
    "min",
    "max",
    "absmax",
    "zero_fraction",
    "nonfinite",
    "finite_norm",
    "finite_absmax",
)
#: Statistics that only some kinds have. Those of ``optimizer`` and ``count`` are all that it has.
KIND_STATISTICS = {
    "update": ("ratio", "lost_fraction"),
    "activation": (
        "dead_fraction",
        "nonpositive_unit_fraction",
        "saturated_fraction",
        "outlier_ratio",
        "batch_std~",
        "attention_entropy",
        "attention_entropy_min",
        "attention_logit",
        "gate_saturated_fraction",
    ),
    "optimizer": ("first_moment_norm", "second_moment_norm", "effective_step_size", "gradient_ratio"),
    "input": ("batch_std~",),
    "output": ("largest_share", "sum_deviation", "batch_std~"),
}
#: Statistics that are not written in a step in which no row has them.
SPARSE_STATISTICS = (
    "batch_std~",
    "attention_entropy",
    "attention_entropy_min",
    "attention_logit",
    "gate_saturated_fraction",
    "largest_share",
    "sum_deviation",
    "lost_fraction",
    "gradient_ratio",
)
#: Statistics of gradients at a step between logged ones, of which only the norms are kept. Others are absent there.
WINDOW_STATISTICS = ("count", "norm", "rms", "nonfinite", "finite_norm")
