"""``tb_nnviz.watch`` for the Trainer of transformers: ``Trainer(..., callbacks=[NNVizCallback()])``."""

from __future__ import annotations

import os
from inspect import signature
from typing import TYPE_CHECKING, Any

from tb_nnviz import Monitor, watch

_INSTALL = "pip install 'transformers[torch]>=4.46', or pip install 'tb_nnviz[huggingface]'"

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments
    from transformers.integrations import TensorBoardCallback
else:
    try:
        import transformers
        from transformers.integrations import TensorBoardCallback
    except ImportError as error:
        raise ImportError(
            f"tb_nnviz.huggingface needs transformers, and it cannot be imported ({error}): {_INSTALL}"
        ) from error
    if tuple(int(part) for part in transformers.__version__.split(".")[:2]) < (4, 46):
        raise ImportError(
            f"tb_nnviz.huggingface needs transformers 4.46 or newer, and this is {transformers.__version__}: {_INSTALL}"
        )

#: Figures of the Trainer that tell nothing of the network.
_LEFT_OUT = ("epoch", "total_flos", "_runtime", "_per_second", "_timer", "_compilation_time")


class NNVizCallback(TensorBoardCallback):
    """Log what happens inside a model while the Trainer of transformers trains it.

    >>> import tempfile
    >>> from torch import nn
    >>> from transformers import Trainer, TrainingArguments
    >>> arguments = TrainingArguments(tempfile.mkdtemp(), report_to="none")
    >>> trainer = Trainer(nn.Linear(3, 1), arguments, callbacks=[NNVizCallback(every=50, exclude="bias")])

    With a model and data of yours, ``trainer.train()`` is all that is left to do.

    It is the Trainer's own TensorBoard callback and takes its place: scalars and internals are one run, through one
    writer (a second file beside it would stop TensorBoard from reading on in the first one), in the directory that
    the Trainer chooses, ``TENSORBOARD_LOGGING_DIR`` or ``<output_dir>/runs/<time>_<host>``. So leave "tensorboard" out
    of ``report_to``. Events have that writer's guarantees, not ours.

    A step is ``state.global_step`` before it, so a run resumed from a checkpoint goes on where it was. Evaluation is
    left out. What the Trainer logs is there as ``nnviz/log/<name>`` too, ``eval_loss`` as ``val_loss``; its
    ``grad_norm`` is that before clipping. Of several processes the first one watches: activations are those of
    its share of the batch.

    The Trainer tells no callback of an exception: after one the hooks stay on the model until ``close()``, or until
    it trains again. What was logged is in the file all the same when the process ends.

    Args:
        logdir: the run's directory, instead of the Trainer's.
        tb_writer: as of the Trainer's callback: a SummaryWriter that you have already.
        watch_options: what ``tb_nnviz.watch`` takes by name: ``every``, ``include``, ``kinds`` ...
            The model, optimizer, scaler and first step are the Trainer's.

    Raises:
        TypeError: an option that ``watch`` does not have.
        ValueError: when training begins: an option's value, or "tensorboard" is in ``report_to``.
    """

    def __init__(
        self, logdir: str | os.PathLike[str] | None = None, *, tb_writer: Any = None, **watch_options: Any
    ) -> None:
        super().__init__(tb_writer)
        # the names are checked here, where they are given; values where they are used
        signature(watch).bind(None, None, logdir, writer=None, start_step=0, scaler=None, **watch_options)
        self._logdir, self._options = logdir, watch_options
        if logdir is not None:
            self.logging_dir = os.fspath(logdir)  # for an evaluation after the training
        #: The monitor while the Trainer trains, for figures of your own: ``monitor.log``; else None.
        self.monitor: Monitor | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.close()  # one that an exception has left open
        if "tensorboard" in (args.report_to or ()):
            raise ValueError(
                f"invalid report_to: {args.report_to!r}. NNVizCallback writes the Trainer's TensorBoard run itself: "
                'leave "tensorboard" out, TrainingArguments(report_to="none")'
            )
        if self._logdir is not None and self.tb_writer is None and state.is_world_process_zero:
            # each version of transformers has another place for the directory, and takes a writer that is there
            self.tb_writer = self._SummaryWriter(log_dir=os.fspath(self._logdir))
        super().on_train_begin(args, state, control, **kwargs)
        if not state.is_world_process_zero:
            return
        # accelerate's wrapper calls the optimizer within, and never its own hooks
        optimizer = kwargs["optimizer"]
        scaler = getattr(optimizer, "scaler", None)
        self.monitor = watch(
            kwargs["model"],
            getattr(optimizer, "optimizer", optimizer),
            writer=self.tb_writer,
            start_step=state.global_step,
            **{"scaler": scaler} if scaler is not None else {},
            **self._options,
        )

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().on_log(args, state, control, logs=logs, **kwargs)
        # the last ones are of the training as a whole
        if self.monitor is None or logs is None or "train_runtime" in logs:
            return
        figures = {
            f"val_{name[5:]}" if name.startswith("eval_") else name: value
            for name, value in logs.items()
            if isinstance(value, int | float) and not name.endswith(_LEFT_OUT)
        }
        if figures:
            self.monitor.log(**figures)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.close()  # before the writer closes
        super().on_train_end(args, state, control, **kwargs)

    def close(self) -> None:
        """Take the hooks off the model and write what is pending; for after an exception."""
        if self.monitor is not None:
            self.monitor.close()
            self.monitor = None
