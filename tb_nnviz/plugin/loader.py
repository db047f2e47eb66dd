"""Entry point of the plugin: what TensorBoard imports at startup, in every installation that has us.

An entry module that fails to import stops TensorBoard itself, so this one imports
nothing but its base class; the plugin proper is imported inside ``load``.
"""

from __future__ import annotations

import argparse
import logging

from tensorboard.plugins import base_plugin

#: Samples that TensorBoard keeps of each tag, by plugin name (0 would mean all). Unless told otherwise its Python
#: loader keeps 10. A kept event of the five kinds takes 35 to 60 KB of memory for each 100 rows, most of it
#: TensorBoard's own book-keeping for some 65 tags, so that the budgets bound what one run can take:
SAMPLES = {
    # Twice what TensorBoard keeps of a scalar: a run of that many logged steps is whole. About 120 MB a run of 100 rows
    # and five kinds. Measured with 10 runs of 1000 rows and 2000 steps, 8 statistics (0.66 GB on disk): 0.81 GB in the
    # data server, 1.9 GB in the Python loader.
    "nnviz": 2000,
    "nnviz_histograms": 300,  # written a tenth as often, 20 KB each
    "nnviz_maps": 50,  # images, up to 256 KB each
    "nnviz_findings": 10_000,  # small and rare; a finding that was sampled away would be missed
}


class NNVizLoader(base_plugin.TBLoader):  # type: ignore[misc, unused-ignore]  # tensorboard has no types
    """Raises our sampling budgets and loads the plugin."""

    def fix_flags(self, flags: argparse.Namespace) -> None:
        """Ask for enough samples of our own data; what the user said in --samples_per_plugin wins."""
        samples = getattr(flags, "samples_per_plugin", None)
        if not isinstance(samples, dict):  # not for us to mend: leave it to TensorBoard
            return
        for plugin_name, count in SAMPLES.items():
            samples.setdefault(plugin_name, count)

    def load(self, context: base_plugin.TBContext) -> base_plugin.TBPlugin | None:
        """The plugin, or None with a warning: whatever is broken here, TensorBoard shows its other tabs."""
        try:
            from tb_nnviz.plugin.plugin import NNVizPlugin

            return NNVizPlugin(context)
        except Exception:
            logging.getLogger("tensorboard").warning("tb_nnviz: the plugin could not be loaded", exc_info=True)
            return None
