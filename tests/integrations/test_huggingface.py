"""The callback for transformers, which logs the same as a plain loop with ``watch`` and does not change training."""

import runpy
import subprocess
import sys
from contextlib import nullcontext

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import SequentialSampler
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments

import tb_nnviz
from tb_nnviz import integrations
from tb_nnviz.huggingface import NNVizCallback
from tests.support.event_reader import Run
from tests.support.paths import ROOT
from tests.support.same_runs import assert_same

BATCHES, SIZE = 8, 4
EVERYTHING = {"every": 1, "histograms_every": 3, "rules": {"*": None}}


class Net(nn.Module):
    """A network registered in another order than called. It returns its loss, as the Trainer requires."""

    def __init__(self, dropout=0.0):
        super().__init__()
        torch.manual_seed(7)
        self.head = nn.Linear(8, 3)
        self.body = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(dropout))

    def forward(self, x, labels):
        logits = self.head(self.body(x))
        return {"loss": F.cross_entropy(logits, labels), "logits": logits}


class InOrder(Trainer):
    def _get_train_sampler(self, *args, **kwargs):
        return SequentialSampler(self.train_dataset)


class Losses(TrainerCallback):
    def __init__(self, fails_at=None):
        self.fails_at = fails_at
        self.grad_norms = []

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.fails_at:
            raise RuntimeError("the loop fails")

    def on_log(self, args, state, control, logs=None, **kwargs):
        self.grad_norms.append(logs.get("grad_norm"))


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("TENSORBOARD_LOGGING_DIR", raising=False)


def data(batches=BATCHES):
    generator = torch.Generator().manual_seed(3)
    xs = torch.randn(batches * SIZE, 6, generator=generator)
    return [{"x": x, "labels": x.argmax() % 3} for x in xs]


def optimizers(model):
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    return optimizer, torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)


def trainer(folder, model, *callbacks, batches=BATCHES, **options):
    """Make a quiet Trainer whose callback logs to ``folder/run``."""
    defaults = {
        "report_to": "none",
        "num_train_epochs": 1,
        "max_grad_norm": 0.0,
        "logging_steps": 1,
        "save_strategy": "no",
        "disable_tqdm": True,
    }
    arguments = TrainingArguments(
        str(folder / "out"), per_device_train_batch_size=SIZE, use_cpu=True, **{**defaults, **options}
    )
    return InOrder(
        model,
        arguments,
        train_dataset=data(batches),
        eval_dataset=data(2),
        optimizers=optimizers(model),
        callbacks=list(callbacks),
    )


def nnviz(folder, **options):
    return NNVizCallback(folder / "run", **{**EVERYTHING, **options})


def plain(logdir, accumulate=1, max_norm=None, autocast=False, **options):
    """Train by hand as the Trainer does."""
    model = Net()
    optimizer, scheduler = optimizers(model)
    items = data()
    with tb_nnviz.watch(model, optimizer, logdir, **{**EVERYTHING, **options}):
        for number in range(1, BATCHES + 1):
            batch = items[(number - 1) * SIZE : number * SIZE]
            with torch.autocast("cpu", torch.bfloat16) if autocast else nullcontext():
                x, labels = (torch.stack([item[name] for item in batch]) for name in ("x", "labels"))
                loss = model(x, labels)["loss"]
            (loss / accumulate).backward()
            if number % accumulate == 0:
                if max_norm:
                    nn.utils.clip_grad_norm_(model.parameters(), max_norm)
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()


def hooks(model):
    return sum(
        len(getattr(module, name))
        for module in model.modules()
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    )


MODES = {
    "float32": ({}, {}),
    "bfloat16": ({"bf16": True}, {"autocast": True}),
    "accumulation": ({"gradient_accumulation_steps": 2}, {"accumulate": 2}),
    "clipping": ({"max_grad_norm": 0.1}, {"max_norm": 0.1}),
    "all": (
        {"bf16": True, "gradient_accumulation_steps": 4, "max_grad_norm": 0.1},
        {"autocast": True, "accumulate": 4, "max_norm": 0.1},
    ),
}


@pytest.mark.parametrize("mode", MODES)
def test_callback_modes_log_as_a_plain_loop(tmp_path, mode):
    options, by_hand = MODES[mode]
    plain(tmp_path / "plain", **by_hand)
    model, callback = Net(), nnviz(tmp_path)
    trainer(tmp_path, model, callback, **options).train()
    assert_same(tmp_path / "run", tmp_path / "plain")
    assert hooks(model) == 0
    assert callback.monitor is None


def test_callback_resumed_from_checkpoint_continues(tmp_path):
    plain(tmp_path / "plain")
    callback = nnviz(tmp_path)
    first = trainer(tmp_path, Net(), callback, Losses(fails_at=6), save_strategy="steps", save_steps=4)
    with pytest.raises(RuntimeError, match="the loop fails"):
        first.train()
    callback.close()
    trainer(tmp_path, Net(), nnviz(tmp_path)).train(resume_from_checkpoint=str(tmp_path / "out" / "checkpoint-4"))
    assert_same(tmp_path / "run", tmp_path / "plain")


def test_callback_training_stays_bit_identical(tmp_path):
    def train(*callbacks):
        model = Net(dropout=0.3)
        one = trainer(tmp_path, model, *callbacks, num_train_epochs=2, eval_strategy="steps", eval_steps=3)
        one.train()
        moments = [state for parameter in one.optimizer.state.values() for state in parameter.values()]
        losses = [torch.tensor(entry["loss"]) for entry in one.state.log_history if "loss" in entry]
        return [*model.state_dict().values(), *moments, *losses, torch.get_rng_state()]

    expected, found = train(), train(nnviz(tmp_path))
    assert len(found) == len(expected) > 40
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_callback_evaluation_is_not_recorded_values_are_logged(tmp_path):
    plain(tmp_path / "plain", max_norm=0.1)
    others = Losses()
    one = trainer(tmp_path, Net(), nnviz(tmp_path), others, max_grad_norm=0.1, eval_strategy="steps", eval_steps=4)
    one.train()
    assert_same(tmp_path / "run", tmp_path / "plain")
    scalars = Run(tmp_path / "run").scalars
    history = [entry for entry in one.state.log_history if "loss" in entry]
    assert scalars["nnviz/log/loss"] == pytest.approx({entry["step"] - 1: entry["loss"] for entry in history})
    evaluated = [entry for entry in one.state.log_history if "eval_loss" in entry]
    assert scalars["nnviz/log/val_loss"] == pytest.approx({e["step"] - 1: e["eval_loss"] for e in evaluated})
    assert list(scalars["nnviz/log/val_loss"]) == [3, 7]
    assert list(scalars["nnviz/log/grad_norm"].values()) == pytest.approx(
        others.grad_norms[:3] + [entry["grad_norm"] for entry in history[3:]]
    )
    logged = {tag.rpartition("/")[2] for tag in scalars if tag.startswith("nnviz/log/")}
    assert logged == {"loss", "grad_norm", "learning_rate", "val_loss"}


def test_callback_default_shares_the_trainers_run(tmp_path):
    trainer(tmp_path, Net(), NNVizCallback(every=4, exclude="bias", kinds=["gradient"])).train()
    (run,) = (tmp_path / "out" / "runs").iterdir()  # the directory of the Trainer's own callback
    assert len(list(run.glob("*tfevents*"))) == 1
    found = Run(run)
    assert sorted(found.tensors["nnviz/gradient/norm"]) == [0, 4]
    assert not any("bias" in row["name"] for row in found.rows("gradient", 0))
    assert list(found.scalars["train/loss"]) == list(range(1, BATCHES + 1))


def test_callback_environment_names_the_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "elsewhere"))
    trainer(tmp_path, Net(), NNVizCallback(every=1)).train()
    assert len(Run(tmp_path / "elsewhere").tensors["nnviz/gradient/norm"]) == BATCHES


def test_callback_with_tensorboard_in_report_to_raises(tmp_path):
    with pytest.raises(ValueError, match=r"invalid report_to: \['tensorboard'\].*report_to=\"none\""):
        trainer(tmp_path, Net(), nnviz(tmp_path), report_to="tensorboard").train()


def test_callback_exception_then_training_again_works(tmp_path):
    model, callback, fails = Net(), nnviz(tmp_path), Losses(fails_at=3)
    one = trainer(tmp_path, model, callback, fails)
    with pytest.raises(RuntimeError, match="the loop fails"):
        one.train()
    callback.monitor.writer.flush()
    assert sorted(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    assert hooks(model) > 0  # the Trainer notified no callback
    callback.close()
    assert hooks(model) == 0
    for _ in range(2):
        fails.fails_at = None
        one.train()
        assert hooks(model) == 0
        assert sorted(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == list(range(BATCHES))


def test_callback_exception_ends_process_events_are_written(tmp_path):
    program = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.integrations.test_huggingface import *
folder = Path({str(tmp_path)!r})
trainer(folder, Net(), nnviz(folder), Losses(fails_at=5)).train()
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True)
    assert "RuntimeError: the loop fails" in done.stderr
    assert sorted(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == list(range(5))


@pytest.mark.filterwarnings("ignore")
def test_demo_script_learns_and_logs(tmp_path, monkeypatch):
    # in this process, because importing transformers again would take longer than the training
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(sys, "argv", ["huggingface_tiny.py", "--logdir", str(tmp_path)])
    runpy.run_path(str(ROOT / "demo" / "huggingface_tiny.py"), run_name="__main__")
    run = Run(tmp_path / "huggingface")
    assert set(run.tensors["nnviz/gradient/norm"]) >= set(range(0, 100, 5))  # and steps after a finding
    losses = run.scalars["nnviz/log/loss"]
    assert losses[99] < 0.75 * losses[4]
    assert sorted(run.scalars["nnviz/log/val_loss"]) == [24, 49, 74, 99]


def test_callback_wrapped_transformer_logs_all_layers(tmp_path):
    class Adapted(nn.Module):
        """A frozen model with a small part that learns, as in an adapter method."""

        def __init__(self):
            super().__init__()
            torch.manual_seed(1)
            self.base_model = GPT2LMHeadModel(GPT2Config(vocab_size=16, n_positions=8, n_embd=8, n_layer=2, n_head=2))
            self.base_model.requires_grad_(False)
            self.adapter = nn.Parameter(torch.zeros(8))

        def forward(self, input_ids, labels):
            embedded = self.base_model.transformer.wte(input_ids) + self.adapter
            return self.base_model(inputs_embeds=embedded, labels=labels)

    ids = torch.arange(8) % 5
    arguments = TrainingArguments(
        str(tmp_path / "out"), use_cpu=True, max_steps=3, report_to="none", save_strategy="no", disable_tqdm=True
    )
    dataset = [{"input_ids": ids, "labels": ids}] * 8
    for name, model in (("whole", Adapted().base_model.requires_grad_(True)), ("adapted", Adapted())):
        callback = NNVizCallback(tmp_path / name, every=1)
        Trainer(model, arguments, train_dataset=dataset, callbacks=[callback]).train()
        assert hooks(model) == 0
    whole, adapted = Run(tmp_path / "whole"), Run(tmp_path / "adapted")
    assert whole.statistics("gradient", 2)["transformer.h.1.attn.c_attn.weight"]["norm"] > 0
    assert whole.statistics("activation", 2)["transformer.h.0.mlp.c_fc"]["count"] > 0
    gradients = adapted.statistics("gradient", 2)
    assert {name for name, statistics in gradients.items() if statistics["count"]} == {"adapter"}
    assert "base_model.transformer.h.0.mlp.c_fc" in adapted.statistics("activation", 2)


@pytest.mark.parametrize("option", ["evry", "scaler", "start_step", "optimizer", "model", "writer"])
def test_callback_unknown_option_raises(option):
    with pytest.raises(TypeError, match=option):
        NNVizCallback(**{option: 5})


@pytest.fixture
def import_again(monkeypatch):
    """Return a function that imports the module again, as in a new process."""
    for package, module in ((tb_nnviz, "tb_nnviz.huggingface"), (integrations, "tb_nnviz.integrations.huggingface")):
        if hasattr(package, "huggingface"):
            monkeypatch.delattr(package, "huggingface")
        monkeypatch.delitem(sys.modules, module)
    return lambda: tb_nnviz.huggingface


def test_import_by_attribute_finds_the_module(import_again):
    assert import_again().NNVizCallback.__module__ == "tb_nnviz.huggingface"


@pytest.mark.parametrize("missing", ["transformers", "transformers.integrations"])
def test_import_missing_raises(monkeypatch, import_again, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    expected = r"needs transformers, and it cannot be imported .*: pip install 'transformers\[torch\]>=4.46'"
    with pytest.raises(ImportError, match=expected):
        import_again()


def test_import_too_old_raises(monkeypatch, import_again):
    monkeypatch.setattr("transformers.__version__", "4.45.3")
    with pytest.raises(ImportError, match=r"needs transformers 4\.46 or newer, and this is 4\.45\.3: pip install"):
        import_again()
