"""Event files read by TensorBoard's own file loader, which checks every checksum."""

import json
from pathlib import Path

from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
from tensorboard.util import tensor_util


class Run:
    """All values of a run: ``tensors[tag][step]`` and ``scalars[tag][step]``, in the order of writing."""

    def __init__(self, logdir):
        self.tensors, self.scalars, self.events = {}, {}, []
        for path in sorted(Path(logdir).glob("*tfevents*")):
            for event in EventFileLoader(str(path)).Load():
                self.events.append(event)
                for value in event.summary.value:
                    # The loader converts simple values to tensors of rank 0.
                    array = tensor_util.make_ndarray(value.tensor)
                    home = self.scalars if array.ndim == 0 else self.tensors
                    home.setdefault(value.tag, {})[event.step] = array[()]

    def layouts(self, kind):
        """Return the layouts of a kind by id."""
        documents = [json.loads(data.tobytes()) for data in self.tensors.get(f"nnviz/layout/{kind}", {}).values()]
        return {document["id"]: document for document in documents}

    def rows(self, kind, step):
        """Return the rows that the vectors of a step are read against."""
        return self.layouts(kind)[int(self.tensors[f"nnviz/layout_id/{kind}"][step][0])]["rows"]

    def statistics(self, kind, step):
        """Return {row name: {statistic: value}} of a step."""
        names = [row["name"] for row in self.rows(kind, step)]
        found = {name: {} for name in names}
        for tag, steps in self.tensors.items():
            if tag.startswith(f"nnviz/{kind}/") and not tag.endswith("histogram") and step in steps:
                assert steps[step].shape == (len(names),), tag
                for name, value in zip(names, steps[step], strict=True):
                    found[name][tag.rpartition("/")[2]] = float(value)
        return found
