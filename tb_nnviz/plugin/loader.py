"""Entry point of the plugin, which every TensorBoard imports at startup where tb_nnviz is installed.

An entry module that fails to import stops TensorBoard itself, so this one imports only its base class. The plugin is
imported inside ``load``.
"""

from __future__ import annotations

import argparse
import logging

from tensorboard.plugins import base_plugin

#: Samples that TensorBoard keeps per tag, by plugin name. 0 would keep all, and the Python loader's default is 10.
#: A kept event of the five kinds takes 35 to 60 KB of memory per 100 rows, most of which is TensorBoard's own
#: bookkeeping for some 65 tags. The budgets limit the memory of one run.
SAMPLES = {
    # Twice the samples that TensorBoard keeps of a scalar. A run of that many logged steps is kept whole, in about
    # 120 MB for 100 rows and five kinds. 10 runs of 1000 rows, 2000 steps and 8 statistics (0.66 GB on disk) take
    # 0.81 GB in the data server and 1.9 GB in the Python loader.
    "nnviz": 2000,
    "nnviz_histograms": 300,  # written a tenth as often, 20 KB each
    "nnviz_maps": 50,  # images, up to 256 KB each
    "nnviz_findings": 10_000,  # small and rare, and a finding that was sampled away would be missed
}


class NNVizLoader(base_plugin.TBLoader):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """The loader of the plugin, which raises the sampling budgets of nnviz's data."""

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Raise the sampling budgets. The user's --samples_per_plugin takes precedence."""
        samples = getattr(flags, "samples_per_plugin", None)
        if not isinstance(samples, dict):  # invalid: TensorBoard reports it
            return
        for plugin_name, count in SAMPLES.items():
            samples.setdefault(plugin_name, count)

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin | None:
        """Return the plugin, or None with a warning if it cannot be loaded, so that TensorBoard keeps its others."""
        try:
            from tb_nnviz.plugin.plugin import NNVizPlugin

            return NNVizPlugin(context)
        except Exception:
            logging.getLogger("tensorboard").warning("tb_nnviz: the plugin could not be loaded", exc_info=True)
            return None
