"""Tags of statistics, layouts and histograms."""

from tb_nnviz import schema


def test_tags_are_as_documented():
    assert schema.statistic_tag("update", "ratio") == "nnviz/update/ratio"
    assert schema.layout_tag("gradient") == "nnviz/layout/gradient"
    assert schema.layout_id_tag("gradient") == "nnviz/layout_id/gradient"
    assert schema.histogram_tag("parameter") == "nnviz/parameter/histogram"
    assert schema.histogram_layout_id_tag("parameter") == "nnviz/histogram_layout_id/parameter"
