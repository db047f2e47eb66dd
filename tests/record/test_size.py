"""The size of a logged step on disk."""

import pytest

import tb_nnviz
from tests.bench.models import workload
from tests.support.event_reader import Run


@pytest.mark.parametrize("name", ["mlp8", "resnet20"])
def test_logged_step_stays_within_its_bytes(name, tmp_path):
    model, optimizer, loss = workload(name)
    with tb_nnviz.watch(
        model, optimizer, logdir=tmp_path, every=1, histograms_every=3, weights_every=3, window=True
    ) as monitor:
        for _ in range(4):
            optimizer.zero_grad()
            value = loss()
            value.backward()
            monitor.clip_grad_norm_(1.0)
            optimizer.step()
            monitor.log(loss=value)
    run = Run(tmp_path)
    kinds = ("parameter", "gradient", "update", "optimizer", "activation", "activation_gradient")
    rows = {kind: len(run.rows(kind, 3)) for kind in kinds}
    sizes = {event.step: 0 for event in run.events}
    packed, maps = dict.fromkeys(sizes, 0), dict.fromkeys(sizes, 0)
    for event in run.events:
        for value in event.summary.value:
            once = value.tag.startswith("nnviz/layout/") or value.tag == "nnviz/graph"
            if once or value.metadata.plugin_data.plugin_name == "histograms":
                continue  # entries of the whole run, and stock histograms, which have their own interval
            place = {"nnviz_histograms": packed, "nnviz_maps": maps}.get(value.metadata.plugin_data.plugin_name, sizes)
            place[event.step] += value.ByteSize()
    assert packed[3] and not packed[2]
    tracked = 256 + 4 * len(run.rows("tracked", 3))
    for step in range(4):
        assert sizes[step] <= 8 * 1024 + 56 * sum(rows.values()) + tracked, "statistics"
    assert 0 < maps[3] <= 131072 and not maps[2], "weights"
    assert packed[3] <= 400 * (sum(rows.values()) - rows["optimizer"]), "histograms"
