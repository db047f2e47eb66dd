"""The routes, one per file. A new route is a module that defines ``ROUTE``, and its name in ``_NAMES``."""

from importlib import import_module

from tb_nnviz.plugin.route import Route

_NAMES = (
    "runs",
    "series",
    "scalars",
    "maps",
    "histograms",
    "structure",
    "findings",
    "health",
    "compare",
    "index",
    "static",
)

ROUTES: tuple[Route, ...] = tuple(import_module(f"{__name__}.{name}").ROUTE for name in _NAMES)
