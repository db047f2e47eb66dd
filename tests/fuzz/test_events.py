"""Runs with mutated events beside sound ones: no error, no invalid answer, nothing lost of the sound runs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tb_nnviz.logs.provider import ProviderReader
from tests.support.fuzz import logs
from tests.support.fuzz.boards import asker, load, write_runs
from tests.support.fuzz.questions import JUDGED, QUESTIONS, Outcome, check, culprits, describe, sound_answers
from tests.support.tensorboards import TensorBoard

SOUND = ["good/0", "good/1"]
BAD_RUNS, JUDGED_RUNS = 60, 4
SEED = 20_261_128
#: Most calls of the data provider for one question: those for sound runs, and those that find broken series.
MOST_CALLS, MOST_CALLS_PER_PROBLEM = 8, 40


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train two runs whose layouts are the same and whose values are not."""
    folder = tmp_path_factory.mktemp("genuine")
    for seed in range(2):
        logs.train(folder / str(seed), seed)
    return folder


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the calls of the data provider."""
    made: list[str] = []
    call = ProviderReader._call

    def counting(self: ProviderReader, method, *arguments, **options):
        made.append(method.__name__)
        return call(self, method, *arguments, **options)

    monkeypatch.setattr(ProviderReader, "_call", counting)
    return made


@pytest.mark.slow
def test_judgements_beside_mutated_runs_are_as_without_them(loader: str, genuine: Path, tmp_path: Path) -> None:
    write_runs(tmp_path, genuine)
    rng = random.Random(SEED + len(loader))
    mutations = logs.write_bad_runs(tmp_path, logs.records(genuine / "0"), JUDGED_RUNS, rng)
    outcome = Outcome()
    with TensorBoard(loader, tmp_path) as board:
        load(board, SOUND)
        expected = sound_answers(asker(board), SOUND, JUDGED)
        check(asker(board), list(mutations), expected, outcome, JUDGED)
    assert not outcome.wrong, "\n".join([*outcome.wrong, *map(str, mutations.items())])
    assert outcome.asked == len(JUDGED)


@pytest.mark.slow
def test_answers_beside_mutated_runs_are_as_without_them(
    loader: str, genuine: Path, tmp_path: Path, calls: list[str]
) -> None:
    write_runs(tmp_path / "alone", genuine)
    with TensorBoard(loader, tmp_path / "alone") as board:
        load(board, SOUND)
        expected = sound_answers(asker(board), SOUND)

    write_runs(tmp_path / "both", genuine)
    # The mutated runs differ per loader, so that two seeds are tried.
    rng = random.Random(SEED + len(loader))
    mutations = logs.write_bad_runs(tmp_path / "both", logs.records(genuine / "0"), BAD_RUNS, rng)
    outcome = Outcome()
    with TensorBoard(loader, tmp_path / "both") as board:
        load(board, SOUND)
        calls.clear()
        check(asker(board), list(mutations), expected, outcome)
        first = len(calls)
        # What was read once is kept, and the answers must not change by that.
        check(asker(board), list(mutations), expected, outcome)
        assert not outcome.wrong, describe(culprits(asker(board), list(mutations), expected), mutations)
    assert outcome.asked == 2 * len(QUESTIONS)
    assert first <= MOST_CALLS * len(QUESTIONS) + MOST_CALLS_PER_PROBLEM * BAD_RUNS, calls
