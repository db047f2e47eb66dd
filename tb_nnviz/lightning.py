"""``tb_nnviz.watch`` for PyTorch Lightning: ``Trainer(callbacks=[NNVizCallback()])``."""

from __future__ import annotations

import os
import re
import sys
from importlib import import_module
from inspect import signature
from typing import TYPE_CHECKING, Any

import torch

from tb_nnviz import Monitor, watch

if TYPE_CHECKING:
    from lightning.pytorch import Callback, LightningModule, Trainer

#: Lightning's two packages: either one, with the same classes in it.
_PACKAGES = ("lightning.pytorch", "pytorch_lightning")


def _lightning() -> Any:
    """The package that the user has imported already, else one that is installed."""
    found, cause = "it is not installed", None
    for name in sorted(_PACKAGES, key=lambda name: name not in sys.modules):
        try:
            package = import_module(name)
        except ImportError as error:
            cause = cause or error
            continue
        if int(package.__version__.partition(".")[0]) >= 2:
            return package
        found = f"this is {package.__version__}"
    raise ImportError(
        f"tb_nnviz.lightning needs Lightning 2.0 or newer, and {found}: "
        "pip install 'lightning>=2', or pip install 'tb_nnviz[lightning]'"
    ) from cause


if not TYPE_CHECKING:
    Callback = _lightning().Callback


class NNVizCallback(Callback):
    """Log what happens inside a LightningModule while the Trainer fits it.

    >>> from lightning.pytorch import Trainer
    >>> trainer = Trainer(logger=False, barebones=True, callbacks=[NNVizCallback(every=50, exclude="bias")])

    With a TensorBoardLogger, the Trainer's default, ``trainer.fit(model)`` is all that is left to do.

    Events go through the writer of the Trainer's TensorBoardLogger, into its run: a second file beside that
    writer's would stop TensorBoard from reading on in the first one. They have that writer's guarantees, not ours.

    Steps are the Trainer's ``global_step`` before the step, 0-based. With several optimizers, which Lightning
    counts one by one, a step is one of all of them together. Evaluation, the sanity check and
    ``fast_dev_run`` log nothing. Of several processes the first one watches: activations are those of its
    share of the batch. Where the Trainer clips by norm, the norm before it is recorded, too.

    What the module gives to ``self.log`` is logged at each step too, as ``nnviz/log/<name>``; ``train_loss`` or
    ``train/loss`` as ``loss``, ``val/loss`` as ``val_loss``, so that they are drawn together.

    Args:
        logdir: a run of its own, with our own writer; needed where the Trainer has no TensorBoardLogger.
        watch_options: what ``tb_nnviz.watch`` takes by name: ``every``, ``include``, ``kinds``, ``writer`` ...
            The model, optimizers, scaler and first step are the Trainer's.

    Raises:
        TypeError: an option that ``watch`` does not have.
        ValueError: when a fit begins: an option's value, or there is no TensorBoardLogger and no ``logdir``.
    """

    def __init__(self, logdir: str | os.PathLike[str] | None = None, **watch_options: Any) -> None:
        super().__init__()
        # the names are checked here, where they are given; values where they are used
        signature(watch).bind(None, None, logdir, start_step=0, scaler=None, **watch_options)
        self._logdir, self._options = logdir, watch_options
        self._step = 0
        self._logged: dict[str, Any] = {}
        #: The monitor while a fit runs, for figures of your own: ``monitor.log``; else None.
        self.monitor: Monitor | None = None

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.fast_dev_run or not trainer.is_global_zero:  # type: ignore[attr-defined]
            return
        self._close()
        # these are torch's; the Trainer's LightningOptimizer around each has no hooks of its own.
        # A module that configures none gets one of Lightning's, without any of its parameters.
        optimizers = [one for one in trainer.optimizers if type(one).__name__ != "_MockOptimizer"]
        scaler = getattr(trainer.precision_plugin, "scaler", None)
        self.monitor = watch(
            pl_module,
            optimizers,
            **{"scaler": scaler} if scaler is not None else {},
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
            # by name, since there is one in each of Lightning's packages
            if any(base.__name__ == "TensorBoardLogger" for base in type(logger).__mro__):
                # an earlier fit has closed it; what logs first opens it again, Lightning or this
                logger.experiment._get_file_writer()
                return {"writer": logger.experiment}
        raise ValueError(
            "missing logdir: the Trainer has no TensorBoardLogger whose run could be used; "
            "NNVizCallback(logdir=...) says where the events go"
        )

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Any) -> None:
        """Take the norm that the Trainer is about to clip by."""
        if self.monitor is None or not self._clips(trainer, pl_module):
            return
        gradients = [p.grad for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        # as its clipping does it, and newer than PyTorch 2.5; what is not known is not recorded
        if gradients and (get_total_norm := getattr(torch.nn.utils, "get_total_norm", None)) is not None:
            self.monitor.clipped(get_total_norm(gradients), float(trainer.gradient_clip_val or 0.0), of=id(optimizer))

    def _clips(self, trainer: Trainer, pl_module: LightningModule) -> bool:
        """Whether the Trainer clips by the L2 norm, in its own way."""
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
        self._log(trainer)  # figures of the last epoch: Lightning has them after its hooks at its end

    def _log(self, trainer: Trainer) -> None:
        """Record what was logged since the last time; the Trainer's table has all that ever was."""
        if self.monitor is None:
            return
        table = dict(trainer.callback_metrics)
        # each is a tensor of its own; one that is held cannot lend its memory to a later one
        new = {
            name: value
            for name, value in table.items()
            if name not in self._logged or self._logged[name].data_ptr() != value.data_ptr()
        }
        self._logged = table
        # loss_step is loss, but at an epoch's end loss becomes loss_epoch
        new = {
            name: value
            for name, value in new.items()
            if f"{name}_epoch" not in new and not (name.endswith("_step") and name[: -len("_step")] in table)
        }
        if new:
            self.monitor.log(**{short if (short := _short(name)) not in table else name: x for name, x in new.items()})

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
        # one optimizer's steps are the Trainer's, which knows them
        return {"step": self.monitor.state_dict()["step"]} if self.monitor is not None and self._several else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._step = state_dict["step"]

    def __getstate__(self) -> dict[str, Any]:
        # a copy of the callback does not watch what the original does
        return {**self.__dict__, "monitor": None, "_logged": {}}


def _short(name: str) -> str:
    """A metric's name without its stage; a validation twin begins with ``val_``.

    >>> [_short(name) for name in ("train_loss", "train/loss", "val/loss", "valid_loss", "lr")]
    ['loss', 'loss', 'val_loss', 'val_loss', 'lr']
    """
    found = re.fullmatch(r"(train|training|val|valid|validation)[_/](.+)", name)
    if found is None:
        return name
    return found[2] if found[1].startswith("train") else f"val_{found[2]}"
