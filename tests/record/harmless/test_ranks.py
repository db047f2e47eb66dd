"""Several ranks: no hang, no part under the name of the whole, one writer per run, and the reason in the log."""

import numpy as np
import pytest

from tb_nnviz import schema
from tests.support.cases.ranks import SCENARIOS, run
from tests.support.event_reader import Run

pytestmark = pytest.mark.slow
NAMES = [scenario.__name__ for scenario in SCENARIOS]
SHARDED = ("fsdp2", "fsdp2_later", "fsdp1_original", "fsdp1_flat", "tensor_parallel")
WATCHED = ("first", "all")
SHAPES = {"0.weight": [8, 4], "0.bias": [8], "2.weight": [2, 8], "2.bias": [2]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("ranks")


@pytest.fixture(scope="module")
def results(folder):
    """Return the results by who watches and rank. A hang fails here."""
    return {who: run(folder, who) for who in ("nobody", *WATCHED)}


def files(folder, who, name):
    return sorted((folder / who / name).rglob("*tfevents*"))


def notices(folder, who, name):
    events = Run(folder / who / name).tensors.get(schema.TAG_NOTICES, {})
    return schema.decode_notices(list(events.values())[-1]) if events else []


@pytest.mark.parametrize("who", WATCHED)
@pytest.mark.parametrize("name", [name for name in NAMES if name != "summary"])
def test_training_of_ranks_is_as_unwatched(name, who, results):
    for plain, watched in zip(results["nobody"], results[who], strict=True):
        if name == "fsdp2" and who == "first":  # clips on all ranks or on none
            continue
        assert watched[name]["losses"] == plain[name]["losses"]
        assert watched[name]["values"] == plain[name]["values"]


@pytest.mark.parametrize("who", WATCHED)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_fails_on_any_rank(name, who, results):
    for watched in results[who]:
        assert not [line for line in watched[name]["lines"] if "an error of tb_nnviz" in line]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("own_folders", "users_writer", "summary")])
def test_one_rank_writes_a_run_that_all_watch(name, folder, results):
    (written,) = files(folder, "all", name)
    assert written.stat().st_size > 0
    warnings = [line for line in results["all"][1][name]["lines"] if "rank 1 of 2 records nothing into" in line]
    assert len(warnings) == 1
    assert not [line for line in results["all"][0][name]["lines"] if "records nothing" in line]


def test_ranks_with_folders_of_their_own_write_both(folder, results):
    for rank in range(2):
        (_,) = files(folder, "all", f"own_folders/own{rank}")
        assert Run(folder / "all" / f"own_folders/own{rank}").statistics("gradient", 2).keys() == SHAPES.keys()


def test_rank_does_not_write_through_its_writer(folder, results):
    run = Run(folder / "all" / "users_writer")
    assert list(run.tensors["nnviz/layout_id/gradient"]) == [0, 1, 2]
    assert any("records nothing" in line for line in results["all"][1]["users_writer"]["lines"])


@pytest.mark.parametrize("who", WATCHED)
@pytest.mark.parametrize("name", SHARDED)
def test_part_of_a_parameter_is_not_measured(name, who, folder, results):
    run = Run(folder / who / name)
    rows = {row["name"]: row for row in list(run.layouts("parameter").values())[-1]["rows"]}
    if name == "fsdp1_flat":
        assert [row["shape"] for row in rows.values()] == [[58]]
    else:
        assert {key: row["shape"] for key, row in rows.items()} == SHAPES
    assert {row["dtype"] for row in rows.values()} == {"sharded float32"}
    for kind in ("parameter", "gradient", "update"):
        for values in run.statistics(kind, 2).values() if f"nnviz/layout_id/{kind}" in run.tensors else ():
            assert values["count"] == 0
            assert np.isnan(values["norm"])
    assert not [tag for tag in run.scalars if "gradient_norm" in tag]
    assert not [tag for tag in run.tensors if tag.startswith(("nnviz/weight/", "nnviz/map/"))]
    (found,) = (notice for notice in notices(folder, who, name) if notice.reason.startswith("nothing of"))
    assert {"parameter", "gradient", "update", "optimizer", "weight"} <= set(found.kinds)


@pytest.mark.parametrize("name", ["fsdp2", "fsdp1_original"])
def test_structure_of_sharded_model_has_whole_parameters(name, folder, results):
    run = Run(folder / "first" / name)
    (document,) = (schema.decode_graph(value.tobytes()) for value in run.tensors[schema.TAG_GRAPH].values())
    rows = {row["name"]: (row["parameters"], row["type"]) for row in document["modules"]}
    assert (rows["0"], rows["2"]) == ((40, "Linear"), (18, "Linear"))


@pytest.mark.parametrize("name", ["fsdp2", "fsdp1_original", "ddp", "fsdp2_partly"])
def test_activations_are_those_of_the_rank_with_notice(name, folder, results):
    run = Run(folder / "first" / name)
    assert {key: values["count"] for key, values in run.statistics("activation", 1).items()} == {
        "0": 48,
        "1": 48,
        "2": 12,
    }
    found = [notice for notice in notices(folder, "first", name) if "of rank 0 only, of 2" in notice.reason]
    assert [notice.kinds for notice in found] == [("activation", "activation_gradient", "input", "output")]


def test_activations_under_tensor_parallelism_are_off(folder, results):
    run = Run(folder / "first" / "tensor_parallel")
    assert "nnviz/layout_id/activation" not in run.tensors
    assert any("tensor parallelism" in notice.reason for notice in notices(folder, "first", "tensor_parallel"))


def test_whole_parameters_beside_sharded_ones_are_measured(folder, results):
    run = Run(folder / "first" / "fsdp2_partly")
    counts = {name: values["count"] for name, values in run.statistics("gradient", 2).items()}
    assert counts == {"0.weight": 0, "0.bias": 0, "2.weight": 16, "2.bias": 2}
    assert not [tag for tag in run.scalars if "gradient_norm" in tag]


def test_summary_of_sharded_model_raises(results):
    (message,) = results["first"][0]["summary"]["losses"]
    assert message.startswith("invalid model: FSDPSequential is sharded over ranks")
