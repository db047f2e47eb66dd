"""TensorBoard in this process, on either of its loaders, called over WSGI."""

from __future__ import annotations

import contextlib
import json
import re
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tensorboard import default, program
from tensorboard.backend import application
from tensorboard.context import RequestContext
from werkzeug.test import Client, TestResponse

from tb_nnviz import schema
from tb_nnviz.plugin import wire
from tb_nnviz.plugin.loader import NNVizLoader

#: The Python loader is the only one on ARM, Windows and Apple Silicon. The data server is the default elsewhere.
LOADERS = {
    "python": ["--load_fast=false", "--reload_task=blocking", "--reload_interval=0"],
    "data_server": ["--load_fast=true", "--reload_interval=1"],
}
PATIENCE_SECONDS = 60


class TensorBoard(contextlib.ExitStack):
    """A TensorBoard application on a logdir, with nnviz's plugin beside its own."""

    def __init__(self, loader: str, logdir: Path | str, *flags: str) -> None:
        super().__init__()
        self.board = program.TensorBoard(plugins=[*default.get_static_plugins(), NNVizLoader])
        self.board.configure(argv=["tensorboard", "--logdir", str(logdir), *LOADERS[loader], *flags])
        with warnings.catch_warnings():
            # TensorBoard drops the data server's process on purpose: it ends with its standard input.
            warnings.simplefilter("ignore", ResourceWarning)
            self._ingester = self.board._make_data_ingester()
        # None on the data server
        self._multiplexer = getattr(self._ingester, "deprecated_multiplexer", None)
        if self._multiplexer is None:
            self.callback(self._ingester._stdin_handle.close)
        self.provider = self._ingester.data_provider
        self.app = application.TensorBoardWSGIApp(
            self.board.flags,
            self.board.plugin_loaders,
            self.provider,
            self.board.assets_zip_provider,
            self._multiplexer,
        )
        self.client = Client(self.app)
        self.prefix = self.board.flags.path_prefix

    def get(self, path: str, **options: Any) -> TestResponse:
        """Send a GET request below the plugin's root."""
        return self.client.get(f"{self.prefix}/data/plugin/nnviz/{path}", **options)

    def post(self, path: str, body: Any) -> TestResponse:
        """Send a POST request below the plugin's root. A body that is not bytes is sent as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"{self.prefix}/data/plugin/nnviz/{path}", data=data)

    def runs(self) -> dict[str, dict[str, Any]]:
        """Return the answer of `runs` by run."""
        response = self.get("runs")
        assert response.status_code == 200, response.text
        return {run["run"]: run for run in response.get_json()["runs"]}

    def series(self, *runs: str, kind: str = "gradient", statistics: tuple[str, ...] = ("norm",), **more: Any) -> Any:
        """Return the decoded answer of `series`."""
        return self._binary("series", {"runs": runs, "kind": kind, "statistics": statistics, **more})

    def scalars(self, *runs: str, **more: Any) -> Any:
        """Return the decoded answer of `scalars`."""
        return self._binary("scalars", {"runs": runs, **more})

    def maps(self, *runs: str, prefix: str = "nnviz/weight/", **more: Any) -> Any:
        """Return the decoded answer of `maps`."""
        return self._binary("maps", {"runs": runs, "prefix": prefix, **more})

    def _binary(self, path: str, body: dict[str, Any]) -> Any:
        response = self.post(path, body)
        assert response.status_code == 200, response.text
        assert response.content_type == "application/octet-stream"
        return wire.decode(response.data)

    def until(self, condition: Callable[[], Any]) -> Any:
        """Reload until the condition holds, and return its value. Neither loader reports that it is done."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if value := condition():
                return value
            assert time.monotonic() < deadline, f"not loaded after {PATIENCE_SECONDS} s: {self.runs()}"
            self.reload()
            time.sleep(0.05)

    def until_step(self, step: int, *runs: str) -> None:
        """Reload until these runs have reached a step. A resumed run may reach it twice: use until_written."""
        self.until(lambda: all(self.runs().get(run, {}).get("steps", -1) >= step for run in runs))

    def until_written(self, wall_times: Mapping[str, float]) -> None:
        """Reload until each of these runs has reached the event of this wall time."""

        def written() -> bool:
            listed = self.provider.list_tensors(RequestContext(), experiment_id="", plugin_name=schema.PLUGIN)
            latest = {run: max(series.max_wall_time for series in tags.values()) for run, tags in listed.items()}
            return all(latest.get(run, 0) >= wall_time for run, wall_time in wall_times.items())

        self.until(written)

    def until_idle(self, state: Callable[[], Any], seconds: float = 1.5) -> bool:
        """Reload until a state stays the same for some seconds."""
        last, since = state(), time.monotonic()
        while time.monotonic() - since < seconds:
            self.reload()
            time.sleep(0.1)
            now = state()
            if now != last:
                last, since = now, time.monotonic()
        return True

    def reload(self) -> None:
        """Read appended events. The data server does so by itself, every second."""
        if self._multiplexer is not None:
            self._multiplexer.AddRunsFromDirectory(self.board.flags.logdir, None)
            self._multiplexer.Reload()


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the only series of an answer without missing items."""
    assert answer["missing"] == []
    (series,) = answer["series"]
    found: dict[str, Any] = series
    return found


def names(answer: dict[str, Any], series: dict[str, Any]) -> list[str]:
    return [row["name"] for row in answer["layouts"][str(series["layout"])]]


def build_of(board: TensorBoard) -> str:
    """Return the build that the entry imports from."""
    found = re.search(r"""["']\./static/([0-9a-f]{16})/main\.js["']""", board.get("index.js").text)
    assert found
    return found[1]
