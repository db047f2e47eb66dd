"""``tb_nnviz.watch`` for the Trainer of transformers: ``Trainer(..., callbacks=[NNVizCallback()])``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tb_nnviz import Monitor, watch
from tb_nnviz.integrations.base import check_options, import_base_class, logged_name

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments
    from transformers.integrations import TensorBoardCallback
else:
    TensorBoardCallback = import_base_class(
        "TensorBoardCallback",
        ["transformers.integrations"],
        integration="huggingface",
        framework="transformers",
        minimum=(4, 46),
        install="pip install 'transformers[torch]>=4.46'",
    )

#: Endings of the names of values that describe the training's progress or speed, not the network.
_LEFT_OUT = ("epoch", "total_flos", "_runtime", "_per_second", "_timer", "_compilation_time")


class NNVizCallback(TensorBoardCallback):
    """Log what happens inside a model while the Trainer of transformers trains it.

    >>> import tempfile
    >>> from torch import nn
    >>> from transformers import Trainer, TrainingArguments
    >>> arguments = TrainingArguments(tempfile.mkdtemp(), report_to="none")
    >>> trainer = Trainer(nn.Linear(3, 1), arguments, callbacks=[NNVizCallback(every=50, exclude="bias")])

    Then call ``trainer.train()`` as before.

    The callback replaces the Trainer's own TensorBoard callback, so leave "tensorboard" out of ``report_to``. Scalars
    and statistics form one run with one writer, because a second event file would stop TensorBoard from reading the
    first one. The run is in the directory that the Trainer chooses: ``TENSORBOARD_LOGGING_DIR`` or
    ``<output_dir>/runs/<time>_<host>``. Events have the guarantees of the Trainer's SummaryWriter.

    The number of a step is the value of ``state.global_step`` before the step, so a resumed run continues at the
    right step. Evaluation is not recorded. The Trainer's values are also logged as ``nnviz/log/<name>``, with
    ``eval_loss`` as ``val_loss``. The Trainer's ``grad_norm`` is the norm before clipping. In distributed training
    only the first process records. Its activations are those of its share of the batch.

    The Trainer does not notify callbacks of an exception. The hooks then stay on the model until ``close()`` or the
    next training. Everything logged so far is in the file when the process ends.

    Args:
        logdir: the run's directory, instead of the Trainer's.
        tb_writer: an existing SummaryWriter, as for the Trainer's own callback.
        watch_options: other arguments of ``tb_nnviz.watch`` by name, such as ``every``, ``include`` or ``kinds``.
            The Trainer gives the model, the optimizer, the scaler and the first step.

    Raises:
        TypeError: an option that ``watch`` does not have.
        ValueError: when training begins, if an option has an invalid value or "tensorboard" is in ``report_to``.
    """

    # the public import path, also in pickles
    __module__ = "tb_nnviz.huggingface"

    def __init__(
        self, logdir: str | os.PathLike[str] | None = None, *, tb_writer: Any = None, **watch_options: Any
    ) -> None:
        super().__init__(tb_writer)
        check_options(watch_options, owned=("scaler", "start_step", "writer"))
        self._logdir, self._options = logdir, watch_options
        if logdir is not None:
            self.logging_dir = os.fspath(logdir)  # read by an evaluation after the training
        #: The monitor while the Trainer trains, None otherwise. Call its ``log`` to log further values.
        self.monitor: Monitor | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.close()  # a monitor that an exception left open
        if "tensorboard" in (args.report_to or ()):
            raise ValueError(
                f"invalid report_to: {args.report_to!r}. NNVizCallback writes the Trainer's TensorBoard run itself: "
                'leave "tensorboard" out, TrainingArguments(report_to="none")'
            )
        if self._logdir is not None and self.tb_writer is None and state.is_world_process_zero:
            # versions of transformers keep the directory in different places, but all of them use an existing writer
            self.tb_writer = self._SummaryWriter(log_dir=os.fspath(self._logdir))
        super().on_train_begin(args, state, control, **kwargs)
        if not state.is_world_process_zero:
            return
        # watch the wrapped optimizer, because accelerate's wrapper calls no hooks
        optimizer = kwargs["optimizer"]
        self.monitor = watch(
            kwargs["model"],
            getattr(optimizer, "optimizer", optimizer),
            writer=self.tb_writer,
            start_step=state.global_step,
            scaler=getattr(optimizer, "scaler", None),
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
        # the last logs summarize the whole training
        if self.monitor is None or logs is None or "train_runtime" in logs:
            return
        values = {
            logged_name(name, validation=("eval_",)): value
            for name, value in logs.items()
            if isinstance(value, int | float) and not name.endswith(_LEFT_OUT)
        }
        if values:
            self.monitor.log(**values)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        self.close()  # before the writer closes
        super().on_train_end(args, state, control, **kwargs)

    def close(self) -> None:
        """Remove the hooks from the model and write pending events. Call it after an exception."""
        if self.monitor is not None:
            self.monitor.close()
            self.monitor = None
