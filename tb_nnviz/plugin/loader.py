"""The entry point of the plugin. TensorBoard imports it at startup wherever tb_nnviz is installed.

If an entry point fails to import, TensorBoard does not start. So this module imports only TensorBoard's base class, and
the plugin itself is imported in ``load``.
"""

from __future__ import annotations

import argparse
import logging

from tensorboard.plugins import base_plugin

#: Samples that TensorBoard keeps per tag, by plugin name. 0 would keep all, and the Python loader's default is 10.
#: An event with five kinds of statistics takes 35 to 60 KB of memory per 100 rows. Most of it is TensorBoard's own
#: bookkeeping for some 65 tags. These numbers limit the memory that a run takes.
SAMPLES = {
    # Twice as many as TensorBoard keeps per scalar tag. A run of 2000 logged steps is kept whole, in about 120 MB for
    # 100 rows and five kinds. 10 runs of 1000 rows, 2000 steps and 8 statistics (0.66 GB on disk) take
    # 0.81 GB in the data server and 1.9 GB in the Python loader.
    "nnviz": 2000,
    "nnviz_histograms": 300,  # written a tenth as often, 20 KB each
    "nnviz_maps": 50,  # images, up to 256 KB each
    "nnviz_findings": 10_000,  # small and rare, and a user would miss a finding that was sampled away
}


class NNVizLoader(base_plugin.TBLoader):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """The loader of the plugin. It raises the number of samples that TensorBoard keeps of nnviz's data."""

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Set ``SAMPLES`` as defaults. The user's --samples_per_plugin takes precedence."""
        samples = getattr(flags, "samples_per_plugin", None)
        if not isinstance(samples, dict):  # invalid: TensorBoard reports it
            return
        for plugin_name, count in SAMPLES.items():
            samples.setdefault(plugin_name, count)

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin | None:
        """Return the plugin, or None with a warning if it cannot be loaded. TensorBoard's other plugins still load."""
        try:
            from tb_nnviz.plugin.plugin import NNVizPlugin

            return NNVizPlugin(context)
        except Exception:
            logging.getLogger("tensorboard").warning("tb_nnviz: the plugin could not be loaded", exc_info=True)
            return None
