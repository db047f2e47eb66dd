"""Pairs of real runs whose difference is known: what the comparison says of each."""

from __future__ import annotations

import pytest

from tb_nnviz.comparison.compare import Comparison, compare
from tests.comparison.conftest import GROUP, Runs
from tests.support.compared_runs import LAYER, STEPS


def alone(runs: Runs, name: str) -> Comparison:
    """Compare a run with the reference, which has the same seed."""
    return compare(runs[name], [runs["reference"]])


def grouped(runs: Runs, name: str) -> Comparison:
    """Compare a run with the group of five seeds."""
    return compare(runs[name], [runs[f"seed{seed}"] for seed in GROUP])


def settings(found: Comparison) -> dict[str, tuple[object, object, int | None]]:
    return {one.name: (one.value, one.reference, one.since) for one in found.settings}


def first(found: Comparison) -> tuple[str, str, int]:
    one = found.causes[0].first
    return one.name.layer, one.name.kind, one.since


@pytest.mark.parametrize("reference", [alone, grouped])
def test_compare_same_seed_differs_in_nothing(reference, compared_runs: Runs) -> None:
    runs = Runs(compared_runs._logdir)
    runs["seed1"] = runs["reference"]
    found = reference(runs, "same")
    assert (found.causes, found.settings) == ((), ())
    assert found.parting is not None and found.parting.is_exact and found.parting.place is None
    assert found.parting.values > 10_000 and "bit for bit" in found.parting.sentence


@pytest.mark.parametrize(
    ("name", "layer", "kind", "step"),
    [
        ("half", LAYER, "update", 60),
        ("initialization", LAYER, "parameter", 0),
        ("dropout", "drop", "activation", 0),
        ("batch", "", "input", 40),
        ("decay", "fc1", "update", 0),
        ("adam", "fc1", "update", 0),
        ("size", "", "input", 0),
        ("momentum", "fc1", "update", 1),
        ("layer", "head", "activation", 0),
        ("normalization", "", "input", 0),
        ("clipping", "head", "gradient", 30),
        ("bfloat16", "fc1", "activation", 0),
        ("frozen", LAYER, "gradient", 0),
    ],
)
def test_compare_names_the_cause_first(name, layer, kind, step, compared_runs: Runs) -> None:
    found = alone(compared_runs, name)
    assert first(found) == (layer, kind, step)
    assert len(found.causes) <= 2 and "seeds is unknown" in found.noise
    assert found.parting is not None and found.parting.place is not None and found.parting.place.step == step


@pytest.mark.parametrize(
    ("name", "setting", "values"),
    [
        ("half", "learning rate of group own", (0.025, 0.05, 60)),
        ("decay", "weight_decay of group rest", (0.05, 0, None)),
        ("adam", "optimizer", ("Adam", "SGD", None)),
        ("size", "samples per step", (32, 64, None)),
        ("momentum", "momentum of group own", (0.5, 0.9, None)),
        ("layer", "layers of this run alone", (2, 0, None)),
        ("clipping", "gradient clipping", (True, False, None)),
        ("frozen", f"trainable of parameter {LAYER}.weight, {LAYER}.bias", (False, True, None)),
        ("settings", "data", ("digits", None, None)),
    ],
)
def test_compare_lists_the_setting_that_differs(name, setting, values, compared_runs: Runs) -> None:
    assert settings(alone(compared_runs, name))[setting] == values


@pytest.mark.parametrize("name", ["initialization", "dropout", "batch", "normalization"])
def test_compare_without_setting_lists_none(name: str, compared_runs: Runs) -> None:
    assert alone(compared_runs, name).settings == ()


def test_compare_dtype_names_the_layers(compared_runs: Runs) -> None:
    (setting,) = alone(compared_runs, "bfloat16").settings
    assert setting.name.startswith("dtype of activation") and "fc1" in setting.rows
    assert (setting.value, setting.reference) == ("bfloat16", "float32")


def test_compare_settings_alone_do_not_differ(compared_runs: Runs) -> None:
    found = alone(compared_runs, "settings")
    assert found.causes == () and set(settings(found)) == {"data", "seed"}


def test_compare_other_seed_is_noise_of_the_group(compared_runs: Runs) -> None:
    found = grouped(compared_runs, "same-other")
    assert (found.causes, found.settings, found.places) == ((), (), STEPS)
    assert "another seed" in found.parting.sentence


@pytest.mark.parametrize("seed", GROUP)
def test_compare_member_is_noise_of_the_others(seed: int, compared_runs: Runs) -> None:
    others = [compared_runs[f"seed{other}"] for other in GROUP if other != seed]
    assert compare(compared_runs[f"seed{seed}"], others).causes == ()


@pytest.mark.parametrize(
    ("name", "layer", "kind", "steps"),
    [
        ("half-other", LAYER, "update", range(60, 62)),
        ("initialization-other", LAYER, "parameter", range(1)),
        ("normalization-other", "", "input", range(1)),
        ("frozen-other", LAYER, "gradient", range(1)),
        ("momentum-other", "fc1", "update", range(8)),
    ],
)
def test_compare_other_seed_names_the_cause_first(name, layer, kind, steps, compared_runs: Runs) -> None:
    found = grouped(compared_runs, name)
    assert first(found)[:2] == (layer, kind) and first(found)[2] in steps
    assert found.causes[0].first.limit > 1 and "5 runs" in found.noise


def test_compare_difference_has_values_and_noise(compared_runs: Runs) -> None:
    cause = grouped(compared_runs, "initialization-other").causes[0]
    weight = next(one for one in (cause.first, *cause.others) if one.name.row == f"{LAYER}.weight")
    assert weight.ratio == pytest.approx(weight.value / weight.reference, rel=0.05)
    assert weight.times > weight.limit and weight.noise < 0.1
    assert f"{weight.value:.3g} against {weight.reference:.3g}" in weight.evidence


@pytest.mark.parametrize("align", ["step", "samples", "share"])
def test_compare_by_any_alignment_finds_the_layer(align: str, compared_runs: Runs) -> None:
    found = compare(compared_runs["initialization"], [compared_runs["reference"]], align)
    assert first(found) == (LAYER, "parameter", 0) and found.align == align


def test_compare_by_samples_halves_the_steps(compared_runs: Runs) -> None:
    found = compare(compared_runs["size"], [compared_runs["reference"]], "samples")
    assert found.steps == (0, STEPS - 2) and found.places == STEPS // 2
