"""Turns of requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client

from tb_nnviz.plugin import plugin
from tb_nnviz.plugin.route import GET, Answer, Call, Route
from tb_nnviz.plugin.routes import ROUTES
from tb_nnviz.plugin.turns import FROM_SERVER, IN_PROCESS, Turns, places_of
from tests.support.tensorboards import TensorBoard

#: Seconds that a test waits for a thread.
PATIENCE = 20


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_turns_are_taken_in_order_of_arrival() -> None:
    turns, arrived, served = Turns(1), [], list[int]()
    hold = threading.Event()

    def request(number: int) -> None:
        arrived.append(number)
        with turns.next():
            served.append(number)
            hold.wait(PATIENCE)

    with ThreadPoolExecutor(20) as pool:
        done = []
        for number in range(20):
            done.append(pool.submit(request, number))
            until(lambda n=number: len(arrived) > n and len(served) + len(turns._waiting) > n)  # type: ignore[misc]
        assert served == [0]
        hold.set()
    for one in done:
        one.result()
    assert served == list(range(20))


def test_turns_at_a_time_are_limited() -> None:
    turns, lock, at_once, most = Turns(3), threading.Lock(), 0, 0

    def request(_: int) -> None:
        nonlocal at_once, most
        with turns.next():
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.002)
            with lock:
                at_once -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(request, range(60)))
    assert most == 3


def test_turn_that_fails_passes_its_place_on() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.next():
            raise ZeroDivisionError
    with turns.next():
        pass


def test_places_depend_on_the_loader(loader: str, empty_board: TensorBoard) -> None:
    assert places_of(empty_board.provider) == (FROM_SERVER if loader == "data_server" else IN_PROCESS)


def test_page_is_answered_while_all_places_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    hold, held = threading.Event(), threading.Semaphore(0)

    def handle(call: Call) -> Answer:
        held.release()
        assert hold.wait(PATIENCE)
        return Answer(b"", "text/plain")

    def answer(call: Call) -> Answer:
        return Answer(b"1", "text/plain")

    page = Route("/page", GET, answer, takes_turn=False)
    monkeypatch.setattr(plugin, "ROUTES", (Route("/slow", GET, handle), Route("/fast", GET, answer), page))
    apps = plugin.NNVizPlugin(TBContext(data_provider=None)).get_plugin_apps()
    clients = {path: Client(app) for path, app in apps.items()}
    with ThreadPoolExecutor(FROM_SERVER + 1) as pool:
        slow = [pool.submit(clients["/slow"].get, "/") for _ in range(FROM_SERVER)]
        for _ in slow:
            assert held.acquire(timeout=PATIENCE)
        fast = pool.submit(clients["/fast"].get, "/")
        assert clients["/page"].get("/").text == "1"
        assert not fast.done()
        hold.set()
        assert fast.result(PATIENCE).text == "1"


def test_files_of_the_page_take_no_turn() -> None:
    assert {route.path for route in ROUTES if not route.takes_turn} == {"/index.js", "/static/*"}
