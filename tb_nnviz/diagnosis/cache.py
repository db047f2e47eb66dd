"""A cache of diagnoses, valid as long as the run does not grow."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence

from tb_nnviz import schema
from tb_nnviz.diagnosis.diagnose import Diagnosis, diagnose
from tb_nnviz.logs.flights import Flights
from tb_nnviz.logs.reader import Reader
from tb_nnviz.rules.settings import Settings, checked

#: Diagnoses that a cache keeps.
MAX_DIAGNOSES = 512

#: Experiment, run, settings as JSON, and the state of the run's log.
Key = tuple[str, str, str, int]


class DiagnosisCache:
    """The diagnoses of runs by settings. Threads may share a cache. Each diagnosis is computed once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Key, Diagnosis] = OrderedDict()
        self._flights: Flights[Key, Diagnosis] = Flights()

    def diagnose(self, reader: Reader, runs: Sequence[str], settings: Settings | None = None) -> list[Diagnosis]:
        """Return the diagnoses of some runs, in their order.

        Raises:
            ValueError, TypeError: as ``make_rules``.
        """
        chosen = checked(settings)
        name = json.dumps(chosen, sort_keys=True)
        found = []
        for run in runs:
            key = (reader.experiment, run, name, _state(reader, run))
            known = self._kept.get(key)
            if known is None:
                known = self._flights.load([key], lambda keys: {keys[0]: diagnose(reader, keys[0][1], chosen)})[key]
                self._kept[key] = known
                while len(self._kept) > MAX_DIAGNOSES:
                    self._kept.popitem(last=False)
            found.append(known)
        return found


def _state(reader: Reader, run: str) -> int:
    """Return a number that changes when a run's log grows or is written again."""
    listed = [reader.list_tensors(plugin, [run]) for plugin in (schema.PLUGIN, schema.PLUGIN_FINDINGS)]
    series = [reader.list_scalars([run]), *listed]
    return hash(tuple(item for one in series for item in sorted(one.data.get(run, {}).items())))
