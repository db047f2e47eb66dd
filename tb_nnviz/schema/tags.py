"""Plugin names and tags of the values that are written."""

PLUGIN = "nnviz"
PLUGIN_HISTOGRAMS = "nnviz_histograms"
PLUGIN_MAPS = "nnviz_maps"
PLUGIN_FINDINGS = "nnviz_findings"
PLUGINS = (PLUGIN, PLUGIN_HISTOGRAMS, PLUGIN_MAPS, PLUGIN_FINDINGS)

#: Content of every metadata record. It is constant because TensorBoard keeps the first record of a tag.
METADATA_CONTENT = b'{"version": 1}'

# Tags, and prefixes of tags if they end with a slash.
TAG_LOG = "nnviz/log/"
TAG_GLOBAL = "nnviz/global/"
TAG_WINDOW = "nnviz/window/"
TAG_MAP = "nnviz/map/"
TAG_MAP_INPUT = "nnviz/map_input"
TAG_WEIGHT = "nnviz/weight/"
TAG_GRAPH = "nnviz/graph"
TAG_FINDINGS = "nnviz/findings"
TAG_NOTICES = "nnviz/notices"
TAG_OPTIMIZERS = "nnviz/optimizers"
TAG_SETTINGS = "nnviz/settings"
#: Prefixes of the tags of stock histograms, by kind.
STOCK_HISTOGRAMS = {"parameter": "parameters/", "gradient": "gradients/"}


def statistic_tag(kind: str, statistic: str) -> str:
    """Return the tag of the series of a statistic.

    >>> statistic_tag("gradient", "norm")
    'nnviz/gradient/norm'
    """
    return f"nnviz/{kind}/{statistic}"


def layout_tag(kind: str) -> str:
    """Return the tag under which the layouts of a kind are written."""
    return f"nnviz/layout/{kind}"


def layout_id_tag(kind: str) -> str:
    """Return the tag that holds the layout id of a step's statistics."""
    return f"nnviz/layout_id/{kind}"


def histogram_tag(kind: str) -> str:
    """Return the tag of the packed histograms of a kind."""
    return f"nnviz/{kind}/histogram"


def histogram_layout_id_tag(kind: str) -> str:
    """Return the tag that holds the layout id of a step's histograms."""
    return f"nnviz/histogram_layout_id/{kind}"
