"""Kinds of rows and the statistics of each kind."""

KINDS = ("parameter", "gradient", "update", "activation", "activation_gradient", "optimizer")
#: The kind of tracked weights. Its one statistic is ``value``; each of its rows is one element of a parameter.
TRACKED = "tracked"
#: Kinds whose rows are parameters. The rows of the other kinds are module calls.
PARAMETER_KINDS = ("parameter", "gradient", "update", "optimizer")

#: Statistics of a tensor in the order in which they are written. Every kind but ``optimizer`` has them.
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
#: Statistics of one kind only. ``optimizer`` has these and ``count``.
KIND_STATISTICS = {
    "update": ("ratio",),
    "activation": ("dead_fraction", "nonpositive_unit_fraction", "saturated_fraction", "outlier_ratio"),
    "optimizer": ("first_moment_norm", "second_moment_norm", "effective_step_size"),
}
