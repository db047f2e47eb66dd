"""Kinds of rows and the statistics of each kind."""

KINDS = ("parameter", "gradient", "update", "activation", "activation_gradient", "optimizer")
#: The kind of tracked weights. Each of its rows is one element of a parameter. Its only statistic is ``value``.
TRACKED = "tracked"
#: Kinds whose rows are parameters. The rows of the other ``KINDS`` are module calls.
PARAMETER_KINDS = ("parameter", "gradient", "update", "optimizer")

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
#: Statistics that only one kind has. Those of ``optimizer`` and ``count`` are all that it has.
KIND_STATISTICS = {
    "update": ("ratio", "lost_fraction"),
    "activation": ("dead_fraction", "nonpositive_unit_fraction", "saturated_fraction", "outlier_ratio"),
    "optimizer": ("first_moment_norm", "second_moment_norm", "effective_step_size", "gradient_ratio"),
}
