"""An independent recorder of module outputs and their gradients, which shares no code with the package."""

import torch
from torch import nn

from tests.support.tensors import flat_float64, floating_tensors_in


def is_observed(model, module):
    """Return True if a module's calls have rows: the module has no children, or has parameters of its own."""
    inner = [name for name, _ in module.named_children() if name != "parametrizations"]
    return not inner or (module is not model and bool(list(module.parameters(recurse=False))))


class NullRecorder:
    """A recorder that records nothing."""

    records = False

    def new_pass(self, recorded=True):
        pass

    def record_gradients(self, recorded):
        pass


class CallRecorder:
    """A recorder of the output of each module call and of the gradient that reached it.

    Attributes:
        activation: flat float64 tensors by row, one tensor per pass of the step.
        activation_gradient: the gradients, in the same form.
    """

    records = True

    def __init__(self, models, most_calls=8):
        self.activation, self.activation_gradient = {}, {}
        self._most, self._handles, self._leaves = most_calls, [], []
        self._gradients = True
        self._models = {"": models} if isinstance(models, nn.Module) else models
        self.new_pass()
        self.attach()

    def attach(self):
        """Move the hooks to the modules that the models have now."""
        self.close()
        self._handles = [
            module.register_forward_hook(self._hook(".".join(filter(None, [prefix, name]))))
            for prefix, model in self._models.items()
            for name, module in model.named_modules()
            if is_observed(model, module)
            and not isinstance(module, torch.jit.ScriptModule)
            and not name.startswith(getattr(model, "unobserved", "-"))
        ]

    def new_pass(self, recorded=True):
        """Count calls from 0 again. Nothing of the pass is recorded unless ``recorded``."""
        self._calls, self._recorded = {}, recorded
        while self._leaves:  # a hook on a parameter would outlive the pass
            self._leaves.pop().remove()

    def record_gradients(self, recorded):
        """Turn the recording of gradients on or off."""
        self._gradients = recorded

    def close(self):
        for handle in self._handles:
            handle.remove()

    def take(self):
        """Return what was recorded in a step, and begin the next step."""
        taken = {"activation": self.activation, "activation_gradient": self.activation_gradient}
        self.activation, self.activation_gradient = {}, {}
        return taken

    def _hook(self, name):
        def hook(module, args, output):
            found = floating_tensors_in(output)
            if not found or not self._recorded:
                return
            number = min(self._calls.get(name, 0), self._most - 1)
            self._calls[name] = self._calls.get(name, 0) + 1
            row = f"{name}#{number}" if number else name
            self.activation.setdefault(row, []).append(flat_float64(found[0]))
            if found[0].requires_grad:
                handle = found[0].register_hook(lambda g: self._reached(row, g))
                self._leaves += [handle] if found[0].is_leaf else []

        return hook

    def _reached(self, row, gradient):
        if gradient is not None and self._gradients:
            self.activation_gradient.setdefault(row, []).append(flat_float64(gradient))
