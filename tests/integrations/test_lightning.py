"""The callback for Lightning, which logs the same as a plain loop with ``watch`` and does not change training."""

import copy
import functools
import importlib
import pickle
import runpy
import sys
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.plugins import MixedPrecision
from torch import nn

import tb_nnviz
from tb_nnviz import integrations
from tb_nnviz.lightning import NNVizCallback
from tests.integrations.lightning_loop import (
    BATCHES,
    EVERYTHING,
    Fails,
    Model,
    Net,
    data,
    hooks,
    loader,
    plain,
    trainer,
)
from tests.support.event_reader import Run
from tests.support.paths import ROOT
from tests.support.same_runs import assert_same

pytestmark = [
    # advice on how to make it faster
    pytest.mark.filterwarnings("ignore::lightning.fabric.utilities.warnings.PossibleUserWarning"),
    pytest.mark.filterwarnings("ignore::lightning_fabric.utilities.warnings.PossibleUserWarning"),
    # Lightning pickles a tree specification of torch's
    pytest.mark.filterwarnings("ignore:.*LeafSpec.*:FutureWarning"),
]

MODES = {
    "float32": ({}, {}),
    "bfloat16": ({"precision": "bf16-mixed"}, {"autocast": True}),
    "accumulation": ({"accumulate_grad_batches": 2}, {"accumulate": 2}),
    "clipped norm": (
        {"gradient_clip_val": 0.1},
        {"clip": lambda parameters, monitor: monitor.clip_grad_norm_(0.1)},
    ),
    "clipped values": (
        {"gradient_clip_val": 0.01, "gradient_clip_algorithm": "value"},
        {"clip": lambda parameters, monitor: nn.utils.clip_grad_value_(parameters, 0.01)},
    ),
    "all": (
        {"precision": "bf16-mixed", "accumulate_grad_batches": 4, "gradient_clip_val": 0.1},
        {
            "autocast": True,
            "accumulate": 4,
            "clip": lambda parameters, monitor: monitor.clip_grad_norm_(0.1),
        },
    ),
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("parts", [False, True], ids=["calls itself", "calls its parts"])
@pytest.mark.parametrize("mode", MODES)
def test_callback_modes_log_as_a_plain_loop(tmp_path, mode, parts):
    options, by_hand = MODES[mode]
    plain(Model(), tmp_path / "plain", **by_hand)
    model = Model(parts=parts)
    trainer(tmp_path, NNVizCallback(**EVERYTHING), **options).fit(model, loader())
    assert_same(tmp_path / "run", tmp_path / "plain", parts)
    scalars = Run(tmp_path / "run").scalars
    assert ("nnviz/global/clip_factor" in scalars) == (mode in ("clipped norm", "all"))
    assert hooks(model) == 0


@pytest.mark.filterwarnings("ignore:Detected call of .lr_scheduler.step:UserWarning")  # the first is skipped
def test_callback_with_grad_scaler_logs_as_a_plain_loop(tmp_path):
    def scaler():  # a scale that overflows float16 at first: some steps are skipped
        return torch.amp.GradScaler("cpu", init_scale=2.0**20, growth_interval=2)

    plain(Model(), tmp_path / "plain", scaler=scaler(), clip=lambda parameters, monitor: monitor.clip_grad_norm_(0.1))
    plugin = MixedPrecision("16-mixed", "cpu", scaler())
    options = {"plugins": [plugin], "gradient_clip_val": 0.1}
    trainer(tmp_path, NNVizCallback(**EVERYTHING), **options).fit(Model(), loader())
    assert_same(tmp_path / "run", tmp_path / "plain")
    skipped = Run(tmp_path / "run").scalars["nnviz/global/skipped"]
    assert set(skipped) == set(range(BATCHES))
    assert 0 < sum(skipped.values()) < BATCHES
    assert "step" not in vars(plugin.scaler)


def test_callback_with_closure_logs_as_a_plain_loop(tmp_path):
    optimizer = functools.partial(torch.optim.LBFGS, lr=0.1, max_iter=3)
    model = Model(optimizer)
    settings = model.configure_optimizers()
    with tb_nnviz.watch(model, settings["optimizer"], tmp_path / "plain", **EVERYTHING):
        for batch in data():

            def closure(batch=batch):
                loss = model.loss(batch)
                settings["optimizer"].zero_grad()
                loss.backward()
                return loss

            settings["optimizer"].step(closure)
            settings["lr_scheduler"]["scheduler"].step()
    trainer(tmp_path, NNVizCallback(**EVERYTHING)).fit(Model(optimizer), loader())
    assert_same(tmp_path / "run", tmp_path / "plain")


class Manual(Model):
    """Two optimizers, one of them with clipping."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        body, head = self.optimizers()
        loss = self.loss(batch)
        body.zero_grad()
        head.zero_grad()
        self.manual_backward(loss)
        self.clip_gradients(body, gradient_clip_val=0.05, gradient_clip_algorithm="norm")
        body.step()
        head.step()

    def configure_optimizers(self):
        return torch.optim.SGD(self.net.body.parameters(), 0.1), torch.optim.Adam(self.net.head.parameters(), 0.01)


def plain_manual(model, logdir):
    body, head = model.configure_optimizers()
    with tb_nnviz.watch(model, [body, head], logdir, **EVERYTHING):
        for _ in range(2):
            for batch in data():
                body.zero_grad()
                head.zero_grad()
                model.loss(batch).backward()
                nn.utils.clip_grad_norm_(model.net.body.parameters(), 0.05)
                body.step()
                head.step()


def test_callback_several_optimizers_resumed_continues(tmp_path):
    plain_manual(Manual(), tmp_path / "plain")
    first = trainer(tmp_path, NNVizCallback(**EVERYTHING))
    first.fit(Manual(), loader())
    first.save_checkpoint(tmp_path / "checkpoint")
    assert first.global_step == 2 * BATCHES  # Lightning counts both optimizers, nnviz counts them as one step
    second = trainer(tmp_path, NNVizCallback(**EVERYTHING), max_epochs=2)
    second.fit(Manual(), loader(), ckpt_path=tmp_path / "checkpoint")
    assert_same(tmp_path / "run", tmp_path / "plain")


def test_callback_resumed_from_checkpoint_continues(tmp_path):
    first = trainer(tmp_path, NNVizCallback(**EVERYTHING))
    first.fit(Model(), loader())
    first.save_checkpoint(tmp_path / "checkpoint")
    second = trainer(tmp_path, NNVizCallback(**EVERYTHING), max_epochs=2)
    second.fit(Model(), loader(), ckpt_path=tmp_path / "checkpoint")
    uninterrupted = tmp_path / "uninterrupted"
    trainer(uninterrupted, NNVizCallback(**EVERYTHING), max_epochs=2).fit(Model(), loader())
    assert_same(tmp_path / "run", uninterrupted / "run")


@pytest.mark.parametrize("module", [Model, Manual])
def test_callback_second_fit_continues(tmp_path, module):
    model, callback = module(), NNVizCallback(every=1)
    one = trainer(tmp_path, callback)
    one.fit(model, loader())
    one.fit_loop.max_epochs = 2
    one.fit(model, loader())
    assert sorted(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == list(range(2 * BATCHES))
    assert hooks(model) == 0
    other = tmp_path / "other"
    trainer(other, callback).fit(model, loader())
    assert sorted(Run(other / "run").tensors["nnviz/gradient/norm"]) == list(range(BATCHES))


def test_callback_training_stays_bit_identical(tmp_path):
    def fit(*callbacks):
        model = Model(dropout=0.3, module_logs=True)
        torch.manual_seed(5)
        one = trainer(tmp_path, *callbacks, max_epochs=2, val_check_interval=3)
        one.fit(model, loader(), loader(2))
        moments = [state for parameter in one.optimizers[0].state.values() for state in parameter.values()]
        tensors = [*model.losses, *model.state_dict().values(), *moments, *one.callback_metrics.values()]
        return [*tensors, torch.get_rng_state()]

    expected, found = fit(), fit(NNVizCallback(**EVERYTHING))
    assert len(found) == len(expected) > 50
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))


def test_callback_validation_is_not_recorded_values_are_logged(tmp_path):
    plain(Model(), tmp_path / "plain")
    model = Model(module_logs=True)
    trainer(tmp_path, NNVizCallback(**EVERYTHING), val_check_interval=4).fit(model, loader(), loader(2))
    assert_same(tmp_path / "run", tmp_path / "plain")
    scalars = Run(tmp_path / "run").scalars
    losses = {step: loss.item() for step, loss in enumerate(model.losses)}
    assert scalars["nnviz/log/loss"] == pytest.approx(losses, rel=1e-6)
    assert scalars["nnviz/log/margin"] == {step: step + 0.5 for step in range(BATCHES)}
    mean = sum(losses.values()) / BATCHES
    assert scalars["nnviz/log/loss_epoch"] == scalars["nnviz/log/whole"] == pytest.approx({BATCHES - 1: mean})
    assert sorted(scalars["nnviz/log/val_loss"]) == [3, 7]
    logged = {tag.rpartition("/")[2] for tag in scalars if tag.startswith("nnviz/log/")}
    assert logged == {"loss", "loss_epoch", "margin", "whole", "val_loss"}


def test_callback_default_writes_into_the_loggers_run(tmp_path):
    callback = NNVizCallback(every=4, exclude="bias", kinds=["gradient"])
    trainer(tmp_path, callback).fit(Model(module_logs=True), loader())
    assert len(list((tmp_path / "run").glob("*tfevents*"))) == 1
    run = Run(tmp_path / "run")
    assert sorted(run.tensors["nnviz/gradient/norm"]) == [0, 4]
    assert not any("bias" in row["name"] for row in run.rows("gradient", 0))
    assert not any("activation" in tag for tag in run.tensors)
    assert "train/loss_step" in run.scalars or "train/loss_step" in run.tensors
    assert callback.monitor is None


@pytest.mark.parametrize("logger", [False, "csv"])
def test_callback_logdir_writes_a_separate_run(tmp_path, logger):
    logger = logger and CSVLogger(tmp_path / "csv")
    trainer(tmp_path, NNVizCallback(tmp_path / "own", every=1), logger=logger).fit(Model(), loader())
    assert len(Run(tmp_path / "own").tensors["nnviz/gradient/norm"]) == BATCHES
    with pytest.raises(ValueError, match=r"missing logdir.*NNVizCallback\(logdir=\.\.\.\)"):
        trainer(tmp_path, NNVizCallback(), logger=logger).fit(Model(), loader())


def test_callback_fast_dev_run_writes_nothing(tmp_path):
    trainer(tmp_path, NNVizCallback(tmp_path / "own"), fast_dev_run=True).fit(Model(), loader(), loader())
    assert list(tmp_path.iterdir()) == []


def test_callback_exception_closes_the_run(tmp_path):
    model, callback = Model(), NNVizCallback(every=1)
    with pytest.raises(RuntimeError, match="the loop fails"):
        trainer(tmp_path, callback, Fails()).fit(model, loader())
    assert hooks(model) == 0
    assert callback.monitor is None
    assert sorted(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == [0, 1, 2]
    other = tmp_path / "other"
    trainer(other, callback).fit(model, loader())
    assert len(Run(other / "run").tensors["nnviz/gradient/norm"]) == BATCHES


@pytest.mark.filterwarnings("ignore")
def test_demo_script_learns_and_logs(tmp_path, monkeypatch):
    # in this process, because importing Lightning again would take longer than the training
    for name in ("PL_GLOBAL_SEED", "PL_SEED_WORKERS"):  # which it sets
        monkeypatch.setenv(name, "0")
    monkeypatch.setattr(sys, "argv", ["lightning_digits.py", "--logdir", str(tmp_path)])
    runpy.run_path(str(ROOT / "demo" / "lightning_digits.py"), run_name="__main__")
    run = Run(tmp_path / "lightning" / "version_0")
    assert sorted(run.tensors["nnviz/gradient/norm"]) == list(range(0, 230, 5))
    assert sorted(run.scalars["nnviz/log/loss"]) == list(range(230))
    assert run.scalars["nnviz/log/val_loss"][229] < 0.3


def test_callback_copy_watches_nothing(tmp_path):
    class Copies(Callback):
        def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx):
            self.copies = [copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))]

    copies, callback = Copies(), NNVizCallback(every=1)
    trainer(tmp_path, callback, copies).fit(Model(), loader())
    assert [one.monitor for one in copies.copies] == [None, None]
    assert len(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == BATCHES
    other = tmp_path / "other"
    trainer(other, copies.copies[1]).fit(Model(), loader())
    assert_same(other / "run", tmp_path / "run")


def test_callback_no_optimizer_logs_gradients(tmp_path):
    class ByHand(Model):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False

        def training_step(self, batch, batch_idx):
            self.zero_grad()
            self.manual_backward(self.loss(batch))

        def configure_optimizers(self):
            return None

    with pytest.warns(UserWarning, match="no optimizer"):
        trainer(tmp_path, NNVizCallback(every=1)).fit(ByHand(), loader())
    assert len(Run(tmp_path / "run").tensors["nnviz/gradient/norm"]) == BATCHES


@pytest.mark.parametrize("option", ["evry", "scaler", "start_step", "optimizer", "model"])
def test_callback_unknown_option_raises(option):
    with pytest.raises(TypeError, match=option):
        NNVizCallback(**{option: 5})


def test_callback_other_package_logs_as_a_plain_loop(tmp_path):
    other = importlib.import_module("pytorch_lightning")

    class Small(other.LightningModule):
        training_step, configure_optimizers, loss = Model.training_step, Model.configure_optimizers, Model.loss

        def __init__(self):
            super().__init__()
            torch.manual_seed(7)
            self.net, self.parts, self.logs, self.losses = Net(), True, False, []
            self.make_optimizer = functools.partial(torch.optim.AdamW, lr=0.01)

    plain(Model(), tmp_path / "plain")
    other.Trainer(
        logger=other.loggers.TensorBoardLogger(tmp_path, name="", version="run"),
        accelerator="cpu",
        max_epochs=1,
        enable_progress_bar=False,
        enable_model_summary=False,
        enable_checkpointing=False,
        log_every_n_steps=1,
        callbacks=[NNVizCallback(**EVERYTHING)],
    ).fit(Small(), loader())
    assert_same(tmp_path / "run", tmp_path / "plain", parts=True)


@pytest.fixture
def import_again(monkeypatch):
    """Return a function that imports the module again, as in a new process."""
    for package, module in ((tb_nnviz, "tb_nnviz.lightning"), (integrations, "tb_nnviz.integrations.lightning")):
        if hasattr(package, "lightning"):
            monkeypatch.delattr(package, "lightning")
        monkeypatch.delitem(sys.modules, module)
    return lambda: tb_nnviz.lightning


@pytest.mark.parametrize("name", ["lightning.pytorch", "pytorch_lightning"])
def test_import_prefers_the_package_in_use(monkeypatch, import_again, name):
    importlib.import_module(name)
    for other in {"lightning.pytorch", "pytorch_lightning"} - {name}:
        monkeypatch.delitem(sys.modules, other, raising=False)
    assert issubclass(import_again().NNVizCallback, sys.modules[name].Callback)


def test_import_falls_back_to_the_installed_package(monkeypatch, import_again):
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    assert issubclass(import_again().NNVizCallback, importlib.import_module("pytorch_lightning").Callback)


@pytest.mark.parametrize(
    ("package", "problem"),
    [
        (None, r"Lightning, and it cannot be imported \(.*\)"),
        (SimpleNamespace(__version__="1.9.5"), r"Lightning 2\.0 or newer, and this is 1\.9\.5"),
    ],
)
def test_import_missing_or_too_old_raises(monkeypatch, import_again, package, problem):
    for name in ("lightning.pytorch", "pytorch_lightning"):
        monkeypatch.setitem(sys.modules, name, package)
    with pytest.raises(ImportError, match=rf"needs {problem}: pip install 'lightning>=2'"):
        import_again()
