"""Loads that several threads need at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tb_nnviz.logs.flights import Flights, KeyLocks


def in_threads(*calls: Callable[[], Any]) -> list[Any]:
    """Call functions in threads of their own, and return their results or exceptions."""
    results: list[Any] = [None] * len(calls)

    def run(i: int) -> None:
        try:
            results[i] = calls[i]()
        except Exception as error:
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
    return results


def test_flights_same_keys_are_loaded_once() -> None:
    flights: Flights[str, str] = Flights()
    loaded: list[list[str]] = []
    started = threading.Barrier(8)

    def load(keys: list[str]) -> dict[str, str]:
        loaded.append(keys)
        time.sleep(0.2)
        return {key: key.upper() for key in keys}

    def ask(*keys: str) -> dict[str, str]:
        started.wait()
        return flights.load(keys, load)

    results = in_threads(*[lambda: ask("a", "b"), lambda: ask("b", "c")] * 4)
    assert results == [{"a": "A", "b": "B"}, {"b": "B", "c": "C"}] * 4
    assert sorted(key for keys in loaded for key in keys) == ["a", "b", "c"]
    assert flights.load(["a"], load) == {"a": "A"} and len(loaded) > 1, "nothing is kept"


def test_flights_crossing_requests_do_not_wait_for_each_other() -> None:
    flights: Flights[str, int] = Flights()
    inside = threading.Barrier(2)

    def load(keys: list[str]) -> dict[str, int]:
        inside.wait(10)  # both threads load at the same time, and need each other's keys
        return dict.fromkeys(keys, 1)

    first = threading.Event()

    def one() -> dict[str, int]:
        first.set()
        return flights.load(["a"], load)

    def two() -> dict[str, int]:
        first.wait()
        return flights.load(["b", "a"], load)

    assert in_threads(one, two) == [{"a": 1}, {"b": 1, "a": 1}]


def test_flights_failed_load_is_tried_by_those_who_wait() -> None:
    flights: Flights[str, int] = Flights()
    begun, tries = threading.Event(), []

    def fails(keys: list[str]) -> dict[str, int]:
        begun.set()
        time.sleep(0.2)
        raise OSError("no data")

    def works(keys: list[str]) -> dict[str, int]:
        tries.append(keys)
        return dict.fromkeys(keys, 7)

    def late() -> dict[str, int]:
        begun.wait()
        return flights.load(["a"], works)

    error, *found = in_threads(lambda: flights.load(["a"], fails), late, late)
    assert isinstance(error, OSError) and found == [{"a": 7}] * 2
    assert tries in ([["a"]], [["a"], ["a"]])
    with pytest.raises(OSError, match="no data"):
        flights.load(["a"], fails)


def test_key_locks_other_keys_do_not_wait() -> None:
    locks: KeyLocks[str] = KeyLocks()
    order: list[str] = []
    held = threading.Event()

    def hold() -> None:
        with locks.hold("a"):
            held.set()
            time.sleep(0.3)
            order.append("a")

    def other(key: str) -> None:
        held.wait()
        with locks.hold(key):
            order.append(f"then {key}")

    in_threads(hold, lambda: other("b"), lambda: other("a"))
    assert order == ["then b", "a", "then a"]
    assert len(locks._locks) == 0, "locks that nobody holds are gone"
