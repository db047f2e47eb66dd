"""The origin of nonfinite values: where they were made, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass
class Origin:
    """The module, or the part of training, that made nonfinite values of finite ones.

    Args:
        direction: forward, backward, loss or optimizer.
        module: the module's name, "" for the model itself, None if it is unknown.
        type: the module's class.
        evidence: the sentence that says what was found.
        call: the number of the module's call in the pass.
        inputs, outputs: statistics of the module's tensors.
        gradients: statistics of the gradients that reached the module's outputs and left its inputs.
        samples: the indices of the samples that did it.
        micro_batch: the number of the pass in the step.
        parameter: the name of a parameter that is nonfinite or whose gradient is, "" if there is none.
        since: the step that made it, None if it is the step at which it was found.
    """

    direction: str
    module: str | None
    evidence: str
    type: str = ""
    call: int | None = None
    inputs: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    gradients: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    samples: list[int] = field(default_factory=list)
    micro_batch: int | None = None
    parameter: str = ""
    since: int | None = None
    #: The reason why the pass was not repeated, "" if it was.
    unrepeated: str = ""
    #: True if the model's input is the origin.
    is_input: bool = False
    #: The parameter that is nonfinite.
    tensor: Tensor | None = None

    def details(self) -> dict[str, Any]:
        """Return the object ``details`` of a finding."""
        found: dict[str, Any] = {
            "module": self.module,
            "type": self.type,
            "direction": self.direction,
            "call": self.call,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "samples": self.samples,
            "micro_batch": self.micro_batch,
        }
        if self.gradients:
            found["gradients"] = self.gradients
        if self.parameter:
            found["parameter"] = self.parameter
        if self.unrepeated:
            found["not_repeated"] = self.unrepeated
        return found
