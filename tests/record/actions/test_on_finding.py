"""The argument ``on_finding``: lines, warnings, errors, debuggers and functions in real training."""

from __future__ import annotations

import io
import logging
import pdb
import pickle
import sys
import warnings

import pytest
import torch
from torch import nn

import tb_nnviz
from tb_nnviz import schema
from tb_nnviz.record.actions.choice import Choice
from tb_nnviz.record.actions.debugger import break_in
from tests.support.event_reader import Run

#: Inputs that differ between samples.
DATA = torch.linspace(-1, 1, 24).reshape(3, 8).T.contiguous()


def net():
    """Return a net whose first layer gets no gradient."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))


def train(logdir, steps=12, broken_at=None, model=None, dead=False, every=1, **options):
    """Train, and return the model and the number of the step that raised, with the error."""
    model = net() if model is None else model
    if dead:
        with torch.no_grad():
            model[0].weight.zero_()
            model[0].bias.fill_(-1)
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    raised, step = None, -1
    try:
        with tb_nnviz.watch(model, optimizer, logdir, every=every, **options) as monitor:
            for step in range(steps):
                optimizer.zero_grad()
                loss = model(DATA).square().mean()
                loss.backward()
                optimizer.step()
                monitor.log(loss=float("nan") if step == broken_at else loss)
    except Exception as error:  # what a function of the user raises
        raised = error
    return model, step, raised


def logged(logdir):
    return [
        one for payload in Run(logdir).tensors["nnviz/findings"].values() for one in schema.decode_findings(payload)
    ]


def lines(caplog):
    return [one.getMessage() for one in caplog.records if one.name == "tb_nnviz"]


def test_log_severe_finding_is_one_line(tmp_path, caplog):
    train(tmp_path, broken_at=5)
    found = [line for line in lines(caplog) if line.startswith("loss/nonfinite")]
    assert len(found) == 1 and found[0].startswith("loss/nonfinite: loss is nan at step 5")


def test_none_is_silent_but_logged(tmp_path, caplog, recwarn):
    train(tmp_path, broken_at=5, on_finding=None)
    assert lines(caplog) == [] and not recwarn.list
    assert "loss/nonfinite" in [one["rule"] for one in logged(tmp_path)]


def test_warn_is_one_warning_in_the_loop(tmp_path, caplog):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(tmp_path, broken_at=5, on_finding={"loss/*": "warn"})
    found = [one for one in caught if one.category is tb_nnviz.FindingWarning and "loss/nonfinite" in str(one.message)]
    assert len(found) == 1 and found[0].filename == __file__


def test_warn_turned_to_error_reaches_the_loop(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error", tb_nnviz.FindingWarning)
        _, step, error = train(tmp_path, broken_at=5, on_finding={"loss/nonfinite": "warn"})
    assert isinstance(error, tb_nnviz.FindingWarning) and step >= 6


@pytest.mark.parametrize("every", [1, 4])
def test_raise_in_the_next_step_before_its_update(every, tmp_path):
    model, step, error = train(tmp_path, broken_at=5, every=every, on_finding={"loss/nonfinite": "raise"})
    assert isinstance(error, tb_nnviz.FindingError) and step == 6
    assert error.finding.rule == "loss/nonfinite" and error.finding.since == 5
    expected, _, _ = train(tmp_path / "six", steps=6)
    assert all(map(torch.equal, model.parameters(), expected.parameters())), "six updates, and no seventh"
    assert "loss/nonfinite" in [one["rule"] for one in logged(tmp_path)]


def test_raise_by_severity_and_by_rule(tmp_path):
    actions = {"severe": "raise", "loss/nonfinite": None}
    _, step, error = train(tmp_path / "a", broken_at=5, on_finding=actions)
    assert error is None and step == 11
    _, step, error = train(tmp_path / "b", dead=True, on_finding=actions)
    assert isinstance(error, tb_nnviz.FindingError) and error.finding.severity == "severe"


def test_raise_for_the_last_step_in_close(tmp_path):
    _, step, error = train(tmp_path, steps=6, broken_at=5, on_finding={"loss/nonfinite": "raise"})
    assert isinstance(error, tb_nnviz.FindingError) and step == 5


def test_raise_hides_no_other_error(tmp_path):
    model = net()

    def fail():
        optimizer = torch.optim.SGD(model.parameters(), 0.05)
        with tb_nnviz.watch(model, optimizer, tmp_path, every=1, on_finding="raise") as monitor:
            monitor.log(loss=float("nan"))
            raise KeyError

    with pytest.raises(KeyError):
        fail()


def test_raise_training_may_go_on(tmp_path):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), 0.05)
    caught = 0
    with tb_nnviz.watch(model, optimizer, tmp_path, every=1, on_finding={"loss/nonfinite": "raise"}) as monitor:
        for step in range(12):
            optimizer.zero_grad()
            model(DATA).square().mean().backward()
            try:
                optimizer.step()
            except tb_nnviz.FindingError:
                caught += 1
                optimizer.step()
            monitor.log(loss=float("nan") if step > 3 else 1.0)
    assert caught == 1
    assert list(Run(tmp_path).tensors["nnviz/update/norm"]) == list(range(12))


def test_function_gets_the_finding_in_the_loop(tmp_path):
    found = []
    _, _, error = train(tmp_path, broken_at=5, on_finding={"loss/nonfinite": found.append})
    (finding,) = found
    assert error is None and isinstance(finding, tb_nnviz.Finding) and finding.rule == "loss/nonfinite"


def test_function_raises_reaches_the_loop(tmp_path, caplog):
    def stop(finding):
        raise StopAsyncIteration(finding.rule)

    _, step, error = train(tmp_path, broken_at=5, on_finding={"loss/*": stop})
    assert isinstance(error, StopAsyncIteration) and step >= 6
    assert not any("turned off" in line for line in lines(caplog))


def test_break_calls_the_users_hook_with_the_finding_at_hand(tmp_path, monkeypatch, capsys):
    seen = []
    monkeypatch.setattr(sys, "breakpointhook", lambda: seen.append(tb_nnviz.last_finding))
    train(tmp_path, broken_at=5, on_finding={"loss/nonfinite": "break"})
    assert [one.rule for one in seen] == ["loss/nonfinite"]
    assert "tb_nnviz: loss/nonfinite: loss is nan at step 5" in capsys.readouterr().err


@pytest.mark.parametrize("breakpoint_name", ["0", "tests.record.actions.test_on_finding.own_debugger"])
def test_break_honours_pythonbreakpoint(breakpoint_name, tmp_path, monkeypatch):
    CALLS.clear()
    monkeypatch.setenv("PYTHONBREAKPOINT", breakpoint_name)
    _, step, error = train(tmp_path, broken_at=5, on_finding={"loss/nonfinite": "break"})
    assert error is None and step == 11 and len(CALLS) == (breakpoint_name != "0")


CALLS: list[object] = []


def own_debugger(*args: object) -> None:
    CALLS.append(tb_nnviz.last_finding)


def test_break_in_shows_the_frame_and_goes_on():
    value = "in the loop"
    output = io.StringIO()
    debugger = pdb.Pdb(stdin=io.StringIO("p value\nnext\np value\ncontinue\n"), stdout=output, nosigint=True)
    trace = sys.gettrace()
    try:
        break_in(sys._getframe(), debugger)
        value = "one line later"
        assert value
    finally:
        sys.settrace(trace)
    assert output.getvalue().count("'in the loop'") == 2 and "test_on_finding.py" in output.getvalue()


def test_break_in_quit_reaches_the_program():
    import bdb

    debugger = pdb.Pdb(stdin=io.StringIO("quit\n"), stdout=io.StringIO(), nosigint=True)
    trace = sys.gettrace()
    try:
        with pytest.raises(bdb.BdbQuit):
            break_in(sys._getframe(), debugger)
    finally:
        sys.settrace(trace)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (1, r'invalid on_finding: 1 \("log", "warn", "raise", "break", a function, None, or a dict of them by rule\)'),
        ("stop", "invalid on_finding: 'stop'"),
        ({"loss/nan": "raise"}, r"unknown rule or severity in on_finding: 'loss/nan' \(near: .*loss/nonfinite"),
        ({"sever": "raise"}, r"unknown rule or severity in on_finding: 'sever' \(near: severe"),
        ({"severe": 3}, r"invalid on_finding\['severe'\]: 3"),
        ({"cats/*": "raise"}, "unknown rule or severity"),
    ],
)
def test_on_finding_invalid_raises(given, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        tb_nnviz.watch(nn.Linear(1, 1), logdir=tmp_path, on_finding=given)


def test_choice_rule_before_family_before_severity():
    finding = tb_nnviz.Finding("loss/nonfinite", "severe", "", "", "", "", "", 0, 0, None, None, None, "", ())
    assert Choice({"severe": "raise"}).of(finding) == "raise"
    assert Choice({"severe": "raise", "loss/*": "warn"}).of(finding) == "warn"
    assert Choice({"severe": "raise", "loss/*": "warn", "loss/nonfinite": None}).of(finding) is None
    assert Choice({"warning": "raise"}).of(finding) == "log" and Choice("break").of(finding) == "break"


def test_finding_error_survives_pickling():
    finding = tb_nnviz.Finding("loss/spike", "severe", "T", "", "", "", "", 0, 3, 1.0, None, None, "evidence", ("a",))
    again = pickle.loads(pickle.dumps(tb_nnviz.FindingError(finding)))
    assert again.finding == finding and str(again) == str(finding)


def test_every_action_leaves_training_bit_identical(tmp_path):
    expected, _, _ = train(tmp_path / "none", on_finding=None)
    for place, action in enumerate(["log", "warn", lambda finding: None]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model, step, error = train(tmp_path / str(place), broken_at=5, on_finding=action)
        assert error is None and step == 11
        assert all(map(torch.equal, model.parameters(), expected.parameters()))


@pytest.fixture(autouse=True)
def _quiet(caplog):
    caplog.set_level(logging.INFO, "tb_nnviz")
