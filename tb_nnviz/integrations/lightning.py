"""``tb_nnviz.watch`` for PyTorch Lightning: ``Trainer(callbacks=[NNVizCallback()])``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch

from tb_nnviz import Monitor, watch
from tb_nnviz.integrations.base import check_options, import_base_class, logged_name

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer
else:
    Callback = import_base_class(
        "Callback",
        ["lightning.pytorch", "pytorch_lightning"],
        integration="lightning",
        framework="Lightning",
        minimum=(2, 0),
        install="pip install 'lightning>=2'",
    )

#: Prefixes of the names that modules give to ``self.log``.
_TRAINING = ("train_", "train/", "training_", "training/")
_VALIDATION = ("val_", "val/", "valid_", "valid/", "validation_", "validation/")


class NNVizCallback(Callback):
    """Log what happens inside a LightningModule while the Trainer fits it.

    >>> from lightning.pytorch import Trainer
    >>> trainer = Trainer(logger=False, barebones=True, callbacks=[NNVizCallback(every=50, exclude="bias")])

    With a TensorBoardLogger, which is the Trainer's default, call ``trainer.fit(model)`` as before.

    Events go into the run of the Trainer's TensorBoardLogger through its SummaryWriter, because a second event file
    would stop TensorBoard from reading the first one. Events have the guarantees of that SummaryWriter.

    The number of a step is the value of ``trainer.global_step`` before the step. Lightning counts the steps of several
    optimizers one by one, and nnviz counts them as one step. Evaluation, the sanity check and ``fast_dev_run`` log
    nothing. In distributed training only the first process records. Its activations are those of its share of the
    batch. If the Trainer clips by norm, the norm before clipping is recorded.

    Values of ``self.log`` are also logged at each step, as ``nnviz/log/<name>``. The name of ``train_loss`` or
    ``train/loss`` becomes ``loss``, and that of ``val/loss`` becomes ``val_loss``, so that one chart draws both.

    Args:
        logdir: the directory of a separate run with nnviz's own writer. Required without a TensorBoardLogger.
        watch_options: other arguments of ``tb_nnviz.watch`` by name, such as ``every``, ``include`` or ``writer``.
            The Trainer gives the model, the optimizers, the scaler and the first step.

    Raises:
        TypeError: an option that ``watch`` does not have.
        ValueError: when a fit begins, if an option has an invalid value, or without TensorBoardLogger and ``logdir``.
    """

    # the public import path, also in pickles
    __module__ = "tb_nnviz.lightning"

    def __init__(self, logdir: str | os.PathLike[str] | None = None, **watch_options: Any) -> None:
        super().__init__()
        check_options(watch_options, owned=("scaler", "start_step"))
        self._logdir, self._options = logdir, watch_options
        self._step = 0
        self._logged: dict[str, Any] = {}
        #: The monitor while a fit runs, None otherwise. Call its ``log`` to log further values.
        self.monitor: Monitor | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.fast_dev_run or not trainer.is_global_zero:  # type: ignore[attr-defined]
            return
        self._close()
        # Watch torch's optimizers, because the LightningOptimizer around each of them has no hooks.
        # Lightning gives a module without optimizers a mock, which has no parameters.
        optimizers = [one for one in trainer.optimizers if type(one).__name__ != "_MockOptimizer"]
        self.monitor = watch(
            pl_module,
            optimizers,
            scaler=getattr(trainer.precision_plugin, "scaler", None),
            start_step=self._first_step(trainer, len(optimizers)),
            **self._destination(trainer),
            **self._options,
        )
        self._by_hand, self._several = not optimizers, len(optimizers) > 1
        self._global_step = trainer.global_step
        self._logged = dict(trainer.callback_metrics)

    def _first_step(self, trainer: Trainer, optimizers: int) -> int:
        if optimizers == 1 or trainer.global_step == 0:
            return trainer.global_step
        return self._step or trainer.global_step // max(optimizers, 1)

    def _destination(self, trainer: Trainer) -> dict[str, Any]:
        if self._logdir is not None or "writer" in self._options:
            return {} if self._logdir is None else {"logdir": self._logdir}
        loggers: list[Any] = trainer.loggers  # of any kind
        for logger in loggers:
            # by name, because each of Lightning's two packages has a class of its own
            if any(base.__name__ == "TensorBoardLogger" for base in type(logger).__mro__):
                # an earlier fit may have closed it: this opens it again
                logger.experiment._get_file_writer()
                return {"writer": logger.experiment}
        raise ValueError(
            "missing logdir: the Trainer has no TensorBoardLogger whose run could be used; "
            "NNVizCallback(logdir=...) says where the events go"
        )

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Any) -> None:
        """Record the gradient norm before the Trainer clips."""
        if self.monitor is None or not self._clips(trainer, pl_module):
            return
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        # computed as the Trainer does. With PyTorch before 2.6, which lacks this function, no norm is recorded
        if gradients and (get_total_norm := getattr(torch.nn.utils, "get_total_norm", None)) is not None:
            self.monitor.clipped(get_total_norm(gradients), float(trainer.gradient_clip_val or 0.0), of=id(optimizer))

    def _clips(self, trainer: Trainer, pl_module: LightningModule) -> bool:
        """Return True if the Trainer clips by the L2 norm and nobody has overridden its clipping."""
        own = [
            (type(pl_module), "configure_gradient_clipping"),
            (type(pl_module), "clip_gradients"),
            (type(trainer.precision_plugin), "clip_gradients"),
            (type(trainer.precision_plugin), "clip_grad_by_norm"),
        ]
        return (
            bool(trainer.gradient_clip_val)
            and str(trainer.gradient_clip_algorithm or "norm").endswith("norm")
            and pl_module.automatic_optimization
            and all(
                getattr(kind, name).__module__.startswith(("lightning.", "pytorch_lightning.")) for kind, name in own
            )
        )

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.monitor is None:
            return
        if self._by_hand:
            self.monitor.step()
        if trainer.global_step != self._global_step or self._by_hand:  # not while gradients accumulate
            self._global_step = trainer.global_step
            self._log(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._log(trainer)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._log(trainer)  # the last epoch's values, which Lightning computes after the hooks at its end

    def _log(self, trainer: Trainer) -> None:
        """Log the values that are new since the last call. The Trainer's table keeps all values."""
        if self.monitor is None:
            return
        table = dict(trainer.callback_metrics)
        # Lightning makes a new tensor for each value. The old ones are held, so that no new one has the same address
        new = {
            name: value
            for name, value in table.items()
            if name not in self._logged or self._logged[name].data_ptr() != value.data_ptr()
        }
        self._logged = table
        # loss_step equals loss, but at the end of an epoch loss becomes loss_epoch
        new = {
            name: value
            for name, value in new.items()
            if f"{name}_epoch" not in new and not (name.endswith("_step") and name[: -len("_step")] in table)
        }
        if new:
            self.monitor.log(**{_short(name, table): value for name, value in new.items()})

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._log(trainer)
        self._close()

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._close()

    def teardown(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._close()

    def _close(self) -> None:
        if self.monitor is not None:
            self._step = self.monitor.state_dict()["step"]
            self.monitor.close()
            self.monitor = None
            self._logged = {}

    def state_dict(self) -> dict[str, Any]:
        # with a single optimizer, the Trainer's own checkpoint contains the step
        return {"step": self.monitor.state_dict()["step"]} if self.monitor is not None and self._several else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._step = state_dict["step"]

    def __getstate__(self) -> dict[str, Any]:
        # a copy of the callback does not watch the original's model
        return {**self.__dict__, "monitor": None, "_logged": {}}


def _short(name: str, table: Mapping[str, Any]) -> str:
    """Return a value's name without its stage, or the full name if another value has the short one."""
    short = logged_name(name, training=_TRAINING, validation=_VALIDATION)
    return name if short in table else short
