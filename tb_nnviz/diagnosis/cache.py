"""A cache of diagnoses, valid as long as the run does not grow."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import Diagnosis, diagnose
from tb_nnviz.diagnosis.reference import LoggedRun, with_reference
from tb_nnviz.logs.flights import Flights
from tb_nnviz.logs.reader import Reader
from tb_nnviz.rules.settings import Settings, checked

#: Diagnoses that a cache keeps.
MAX_DIAGNOSES = 512

#: Experiment, run and the state of its log, the same of the reference run if there is one, and settings as JSON.
Key = tuple[str, str, int, str | None, int, str]


class DiagnosisCache:
    """The diagnoses of runs by settings, and beside reference runs. Threads may share a cache.

    Each diagnosis is computed once. One beside a reference run adds to the one without.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Diagnosis] = OrderedDict()
        self._lock = threading.Lock()
        self._flights: Flights[Key, Diagnosis] = Flights()

    def diagnose(
        self, reader: Reader, runs: Sequence[str], settings: Settings | None = None, reference: str | None = None
    ) -> list[Diagnosis]:
        """Return the diagnoses of some runs, in their order.

        Args:
            reader: the source.
            runs: the names of the runs.
            settings: as for ``make_rules``.
            reference: the run that the others are compared with.

        Raises:
            ValueError, TypeError: as ``make_rules``.
        """
        chosen = checked(settings)
        name = json.dumps(chosen, sort_keys=True)
        state = 0 if reference is None else log_state(reader, reference)
        found = []
        for run in runs:
            own = log_state(reader, run)
            one = self._kept_or(
                (reader.experiment, run, own, None, 0, name), lambda key: diagnose(reader, key[1], chosen)
            )
            if reference is not None and reference != run and one.first is not None:
                one = self._compared(reader, one, (reader.experiment, run, own, reference, state, name))
            found.append(one)
        return found

    def _compared(self, reader: Reader, own: Diagnosis, key: Key) -> Diagnosis:
        """Return a diagnosis beside the reference run of the key."""
        _, run, _, reference, _, _ = key
        assert reference is not None
        runs = LoggedRun(reader, run), LoggedRun(reader, reference)
        return self._kept_or(key, lambda _: with_reference(own, *runs, reference))

    def _kept_or(self, key: Key, make: Callable[[Key], Diagnosis]) -> Diagnosis:
        """Return the diagnosis of a key, which is made once."""
        with self._lock:
            known = self._kept.get(key)
        if known is None:
            known = self._flights.load([key], lambda keys: {keys[0]: make(keys[0])})[key]
            with self._lock:
                self._kept[key] = known
                while len(self._kept) > MAX_DIAGNOSES:
                    self._kept.popitem(last=False)
        return known


def log_state(reader: Reader, run: str) -> int:
    """Return a number that changes when a run's log grows or is written again."""
    listed = [reader.list_tensors(plugin, [run]) for plugin in (schema.PLUGIN, schema.PLUGIN_FINDINGS)]
    series = [reader.list_scalars([run]), *listed]
    return hash(tuple(item for one in series for item in sorted(one.data.get(run, {}).items())))
