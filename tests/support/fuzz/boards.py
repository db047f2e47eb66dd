"""TensorBoard in this process on logs with mutated runs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tensorboard.context import RequestContext

from tests.support.fuzz.questions import Ask
from tests.support.tensorboards import TensorBoard

SECONDS_WITHOUT_CHANGE = 1.0


def asker(board: TensorBoard) -> Ask:
    """Return a function that sends a request to a route."""

    def ask(route: str, body: bytes | None) -> tuple[int, bytes]:
        response = board.get(route) if body is None else board.post(route, body)
        return response.status_code, response.data

    return ask


def load(board: TensorBoard, sound: Iterable[str]) -> None:
    """Wait until sound runs are listed and no other runs appear."""
    names = set(sound)
    board.until(lambda: names <= set(board.runs()))
    board.until_idle(
        lambda: sorted(run.run_name for run in board.provider.list_runs(RequestContext(), experiment_id="")),
        SECONDS_WITHOUT_CHANGE,
    )


def write_runs(logdir: Path, genuine: Path) -> None:
    """Copy the genuine runs into a folder of their own below ``logdir``."""
    for run in sorted(genuine.iterdir()):
        target = logdir / "good" / run.name
        target.mkdir(parents=True)
        for path in run.iterdir():
            (target / path.name).write_bytes(path.read_bytes())
