"""The event schema, version 1: the names and encodings that the writer and the reader share.

The recording side (``tb_nnviz.record``) and the reading side (``tb_nnviz.logs``, ``tb_nnviz.plugin``) share these names
and import nothing from each other. Only numpy is needed, because a machine that only views logs may lack torch.
"""

from tb_nnviz.schema.document import VERSION
from tb_nnviz.schema.entries import Entry, scalar, vector
from tb_nnviz.schema.findings import SEVERITIES, decode_findings, encode_findings, findings_entry
from tb_nnviz.schema.graph import decode_graph
from tb_nnviz.schema.histograms import BINS, bin_edges, decode_histograms, encode_histograms, stock_histogram
from tb_nnviz.schema.maps import NONFINITE_CODE, decode_map, encode_map
from tb_nnviz.schema.rows import (
    MAX_CALLS,
    ROLES,
    Layout,
    Row,
    TrackedRow,
    decode_layout,
    layout_entry,
    layout_id,
    layout_id_entry,
    row_name,
)
from tb_nnviz.schema.statistics import KIND_STATISTICS, KINDS, PARAMETER_KINDS, STATISTICS, TRACKED
from tb_nnviz.schema.tags import (
    METADATA_CONTENT,
    PLUGIN,
    PLUGIN_FINDINGS,
    PLUGIN_HISTOGRAMS,
    PLUGIN_MAPS,
    PLUGINS,
    STOCK_HISTOGRAMS,
    TAG_FINDINGS,
    TAG_GLOBAL,
    TAG_GRAPH,
    TAG_LOG,
    TAG_MAP,
    TAG_MAP_INPUT,
    TAG_WEIGHT,
    TAG_WINDOW,
    histogram_layout_id_tag,
    histogram_tag,
    layout_id_tag,
    layout_tag,
    statistic_tag,
)

__all__ = [
    "BINS",
    "KINDS",
    "KIND_STATISTICS",
    "MAX_CALLS",
    "METADATA_CONTENT",
    "NONFINITE_CODE",
    "PARAMETER_KINDS",
    "PLUGIN",
    "PLUGINS",
    "PLUGIN_FINDINGS",
    "PLUGIN_HISTOGRAMS",
    "PLUGIN_MAPS",
    "ROLES",
    "SEVERITIES",
    "STATISTICS",
    "STOCK_HISTOGRAMS",
    "TAG_FINDINGS",
    "TAG_GLOBAL",
    "TAG_GRAPH",
    "TAG_LOG",
    "TAG_MAP",
    "TAG_MAP_INPUT",
    "TAG_WEIGHT",
    "TAG_WINDOW",
    "TRACKED",
    "VERSION",
    "Entry",
    "Layout",
    "Row",
    "TrackedRow",
    "bin_edges",
    "decode_findings",
    "decode_graph",
    "decode_histograms",
    "decode_layout",
    "decode_map",
    "encode_findings",
    "encode_histograms",
    "encode_map",
    "findings_entry",
    "histogram_layout_id_tag",
    "histogram_tag",
    "layout_entry",
    "layout_id",
    "layout_id_entry",
    "layout_id_tag",
    "layout_tag",
    "row_name",
    "scalar",
    "statistic_tag",
    "stock_histogram",
    "vector",
]
