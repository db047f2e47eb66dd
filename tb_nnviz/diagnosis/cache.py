"""A cache of diagnoses, valid as long as the run does not grow."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence

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
    """The diagnoses of runs by settings. Threads may share a cache. Each diagnosis is computed once."""

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
            other = None if run == reference else reference
            key = (reader.experiment, run, log_state(reader, run), other, state if other is not None else 0, name)
            with self._lock:
                known = self._kept.get(key)
            if known is None:
                known = self._flights.load([key], lambda keys: {keys[0]: _diagnose(reader, keys[0], chosen)})[key]
                with self._lock:
                    self._kept[key] = known
                    while len(self._kept) > MAX_DIAGNOSES:
                        self._kept.popitem(last=False)
            found.append(known)
        return found


def _diagnose(reader: Reader, key: Key, settings: Settings) -> Diagnosis:
    _, run, _, reference, _, _ = key
    found = diagnose(reader, run, settings)
    if reference is None or found.first is None:
        return found
    return with_reference(found, LoggedRun(reader, run), LoggedRun(reader, reference), reference)


def log_state(reader: Reader, run: str) -> int:
    """Return a number that changes when a run's log grows or is written again."""
    listed = [reader.list_tensors(plugin, [run]) for plugin in (schema.PLUGIN, schema.PLUGIN_FINDINGS)]
    series = [reader.list_scalars([run]), *listed]
    return hash(tuple(item for one in series for item in sorted(one.data.get(run, {}).items())))
