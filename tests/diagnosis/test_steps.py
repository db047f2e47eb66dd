"""Steps of logged runs, as rules read them."""

from __future__ import annotations

from pathlib import Path

from tb_nnviz.diagnosis.steps import read_steps
from tb_nnviz.logs.event_files import EventFileReader
from tests.support.logs import optimizers


def test_read_steps_have_the_optimizers_of_their_step(tmp_path: Path) -> None:
    optimizers.write(tmp_path)
    steps, missing = read_steps(EventFileReader(tmp_path), "resumed", {("gradient", "norm")})
    found = {values.step: values.optimizers for values in steps}
    at = {step: document["optimizers"] for step, document in optimizers.RESUMED.items()}
    assert found == {step: at[0] if step < 3 else at[3] if step < 5 else at[5] for step in range(9)}
    # Rules compare the document by identity.
    assert found[0] is found[1] and missing == []


def test_read_steps_run_without_document_has_none(tmp_path: Path) -> None:
    optimizers.write(tmp_path)
    steps, _ = read_steps(EventFileReader(tmp_path), "none", {("gradient", "norm")})
    assert [values.optimizers for values in steps] == [None] * 3
