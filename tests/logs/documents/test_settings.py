"""The settings of a run, as its writers logged them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tb_nnviz import schema
from tb_nnviz.logs.documents.settings import read_settings
from tb_nnviz.logs.event_files import EventFileReader
from tests.support.event_logs import Log


def read(logdir: Path):
    reader = EventFileReader(logdir)
    return read_settings(lambda runs, tags: reader.read_tensors(schema.PLUGIN, runs, tags), ["."])


def test_read_settings_last_value_of_a_name_counts(tmp_path: Path) -> None:
    with Log(tmp_path) as log:
        log.entries(0, [schema.settings_entry({"seed": 0, "data": "digits"})])
        log.entries(9, [schema.settings_entry({"seed": 0, "data": "digits", "phase": 2})])
    with Log(tmp_path, 1) as log:  # a resumed run goes back
        log.entries(5, [schema.settings_entry({"seed": 1})])
    assert read(tmp_path) == ({".": {"seed": 1, "data": "digits", "phase": 2}}, [])


def test_read_settings_broken_document_is_missing(tmp_path: Path) -> None:
    with Log(tmp_path) as log:
        log.entries(0, [schema.settings_entry({"seed": 0})])
        broken = np.frombuffer(b'{"version": 1, "settings": {"a": [1]}}', np.uint8)
        log.entries(1, [schema.Entry(schema.TAG_SETTINGS, broken, schema.PLUGIN)])
    found, (missing,) = read(tmp_path)
    assert found == {".": {"seed": 0}} and "invalid settings" in missing.reason and "step 1" in missing.reason


def test_read_settings_run_without_any_is_left_out(tmp_path: Path) -> None:
    with Log(tmp_path) as log:
        log.entries(0, [schema.scalar("accuracy", 0.5)])
    assert read(tmp_path) == ({}, [])
