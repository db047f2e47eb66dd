"""Runs with mutated documents of optimizers: each is read as it should be or reported, and nothing else is lost."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path

from tb_nnviz import schema
from tb_nnviz.logs.documents.optimizers import read_optimizers
from tb_nnviz.logs.event_files import EventFileReader
from tests.support.fuzz import logs
from tests.support.fuzz.mutations import dump, mutate_bytes, mutate_json
from tests.support.logs import optimizers

SEED = 20_261_128
BAD_RUNS = 80
PAYLOADS = 3000


def test_read_optimizers_of_mutated_runs_loses_no_other(tmp_path: Path) -> None:
    optimizers.write(tmp_path / "genuine")
    events = logs.records(tmp_path / "genuine" / "resumed")
    mutations = logs.write_bad_runs(tmp_path / "runs", events, BAD_RUNS, random.Random(SEED))
    optimizers.write(tmp_path / "runs")
    reader = EventFileReader(tmp_path / "runs")
    expected, _ = read_optimizers(reader, ["resumed"])
    histories, missing = read_optimizers(reader, [*mutations, "resumed"])
    assert histories["resumed"] == expected["resumed"]
    assert not [one for one in missing if one.run == "resumed"]
    for history in histories.values():
        assert list(history.steps) == sorted(history.steps)
        for document in history.documents:
            schema.encode_optimizers(document)  # valid, so that rules can read it
    # Some documents are lost, and each loss has its reason.
    lost = [run for run in mutations if run not in histories or len(histories[run].steps) < 3]
    assert {one.run for one in missing} & set(lost)
    assert all(one.reason and one.run in mutations for one in missing)


def test_decode_optimizers_mutated_is_valid_or_refused() -> None:
    rng, errors = random.Random(SEED), []
    for i in range(PAYLOADS):
        if i % 2:
            mutated = mutate_bytes(json.dumps(optimizers.RESUMED[3]).encode(), rng)
        else:
            mutated = dump(mutate_json(copy.deepcopy(optimizers.RESUMED[3]), rng), rng)
        try:
            document = schema.decode_optimizers(mutated)
        except ValueError as error:
            errors.append(str(error))
        else:
            schema.encode_optimizers(document)
    assert 0 < len(errors) < PAYLOADS
    assert [error for error in errors if "optimizer" not in error and "group" not in error] == []
