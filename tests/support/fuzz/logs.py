"""Genuine logs, and copies of them with mutated events in frames with right checksums."""

from __future__ import annotations

import contextlib
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import google_crc32c
import torch
from google.protobuf.message import DecodeError
from tensorboard.compat.proto import event_pb2
from torch import nn

import tb_nnviz
from tests.support.fuzz.mutations import MUTATIONS, mutate_bytes

STEPS = 6
#: Plugins of the values that are mutated, besides scalars.
OTHERS = "histograms"


class _Net(nn.Module):
    """A network with a convolution, an activation and two parameters per layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 3)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(3 * 4 * 4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.relu(self.conv(x)).flatten(1))


def train(folder: Path, seed: int = 0) -> None:
    """Write a run with everything that ``watch`` writes."""
    torch.manual_seed(seed)
    model = _Net()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    monitor = tb_nnviz.watch(
        model,
        optimizer,
        logdir=folder,
        every=1,
        histograms_every=2,
        weights_every=2,
        probe=torch.randn(2, 1, 6, 6),
        maps_every=2,
        probe_inputs=True,
        probe_labels=["a", "b"],
        window=True,
        rules={"gradient/exploding": {"norm": 1e-9}},
    )
    with monitor:
        for _ in range(STEPS):
            loss = model(torch.randn(4, 1, 6, 6)).square().mean()
            loss.backward()
            monitor.clip_grad_norm_(1.0)
            optimizer.step()
            optimizer.zero_grad()
            monitor.log(loss=loss)


def frame(data: bytes) -> bytes:
    """Return a record of an event file."""

    def masked(part: bytes) -> bytes:
        crc = google_crc32c.value(part)
        return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def records(folder: Path) -> list[bytes]:
    """Return the serialized events of a run that was closed."""
    found = []
    for path in sorted(folder.glob("*tfevents*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            found.append(data[at + 12 : at + 12 + length])
            at += 16 + length
    return found


def write(folder: Path, events: list[bytes]) -> None:
    """Write serialized events as the event file of a run."""
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.0000000001.fuzz").write_bytes(b"".join(map(frame, events)))


def mutate(events: list[bytes], rng: random.Random) -> tuple[list[bytes], list[str]]:
    """Return the events of a run with one to three mutations, and a description of each.

    A mutation changes one value of an event, all values of a tag, or the bytes of an event.
    """
    parsed = [event_pb2.Event.FromString(event) for event in events]
    done = []
    for _ in range(rng.randint(1, 3)):
        if rng.random() < 0.1:
            i = rng.randrange(1, len(parsed))
            parsed[i] = _mutate_event(parsed[i], rng)
            done.append(f"bytes of event {i}")
            continue
        places = list(_places(parsed))
        # Tags are as likely as each other, although some are in every event.
        tag = rng.choice(sorted({tag for _, tag in places}))
        name = rng.choice(sorted(MUTATIONS))
        chosen = [event for event, of_event in places if of_event == tag]
        if rng.random() < 0.6:
            chosen = [rng.choice(chosen)]
        for event in chosen:
            for value in [value for value in event.summary.value if value.tag == tag]:
                MUTATIONS[name](event, value, rng)
        done.append(f"{name} of {tag} in {len(chosen)} events")
    return [one.SerializeToString() for one in parsed], done


def _mutate_event(event: event_pb2.Event, rng: random.Random) -> event_pb2.Event:
    """Return an event with some of its bytes changed. TensorBoard's own loader fails for one that cannot be parsed."""
    data = event.SerializeToString()
    while True:
        with contextlib.suppress(DecodeError):
            return event_pb2.Event.FromString(mutate_bytes(data, rng))


def _places(events: list[event_pb2.Event]) -> Iterator[tuple[event_pb2.Event, str]]:
    for event in events:
        for value in event.summary.value:
            if value.tag.startswith("nnviz/") or value.metadata.plugin_data.plugin_name == OTHERS:
                yield event, value.tag


def write_bad_runs(
    logdir: Path, events: list[bytes], count: int, rng: random.Random, name: Callable[[int], str] = "bad/{}".format
) -> dict[str, list[str]]:
    """Write mutated copies of a run below a folder. Return the mutations of each by run."""
    made = {}
    for i in range(count):
        mutated, done = mutate(events, rng)
        write(logdir / name(i), mutated)
        made[name(i)] = done
    return made


def copy(source: Path, target: Path) -> None:
    """Copy a run."""
    shutil.copytree(source, target)
