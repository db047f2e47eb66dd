"""A training loop that records its tensors, as a reference for the log."""

import torch

from tests.support.training_modes.loops import Loop


class ReferenceLoop(Loop):
    """A training loop that copies what ``watch`` measures: ``steps[t][kind][row]`` is a list of tensors.

    Set ``checkpointed`` if the mode recomputes activations.
    """

    checkpointed = False

    def start(self, models, optimizers, scaler=None):
        super().start(models, optimizers, scaler)
        self.steps, self.in_backward = [], False
        self._new_step()
        names = {}
        for prefix, model in self.models.items():
            model.register_forward_pre_hook(lambda module, args: self.calls.clear())
            for name, parameter in model.named_parameters():
                names.setdefault(parameter, f"{prefix}.{name}".lstrip("."))
            for name, module in model.named_modules():
                if not list(module.children()):
                    module.register_forward_hook(self._hook(f"{prefix}.{name}".lstrip(".")))
        self.names = names
        self.calls = {}

    def _new_step(self):
        kinds = ("parameter", "gradient", "update", "activation", "activation_gradient")
        self.now = {kind: {} for kind in kinds}
        self.stepped = set()

    def _hook(self, name):
        def hook(module, args, output):
            if not self.in_backward:
                root = next(m for prefix, m in self.models.items() if name.startswith(prefix))
                if not (root.training and (torch.is_grad_enabled() or self.checkpointed)):
                    return
                call = self.calls.get(name, 0)
                self.calls[name] = call + 1
                self.now["activation"].setdefault(f"{name}#{call}" if call else name, []).append(
                    output.detach().clone()
                )
            else:
                call = 0  # recomputed; no mode checkpoints a shared module
            if output.requires_grad:
                row = f"{name}#{call}" if call else name
                keep = self.now["activation_gradient"]
                output.register_hook(lambda g: keep.setdefault(row, []).append(self._unscaled(g.detach())))

        return hook

    def _unscaled(self, gradient):
        return gradient.clone() if self.scaler is None else exact(gradient) / self.scaler.get_scale()

    def backward(self, loss):
        self.in_backward = True
        loss.backward()
        self.in_backward = False

    def _copies(self, optimizer):
        return {p: p.detach().clone() for group in optimizer.param_groups for p in group["params"]}

    def step(self, optimizer, closure=None):
        gradients = {}

        def recording_closure():
            loss = closure()
            for parameter in before:
                if parameter.grad is not None:
                    gradients[parameter] = dense(parameter.grad)
            return loss

        before = self._copies(optimizer)
        if closure is None:
            unscaled = getattr(self, "unscaled", False)
            scale = self.scaler.get_scale() if self.scaler is not None and not unscaled else 1.0
            gradients = {p: exact(dense(p.grad)) / scale for p in before if p.grad is not None}
        super().step(optimizer, closure and recording_closure)
        for parameter, value in before.items():
            name = self.names[parameter]
            self.now["parameter"][name] = [value]
            self.now["gradient"].pop(name, None)
            self.now["update"].pop(name, None)
            if parameter in gradients:
                self.now["gradient"][name] = [gradients[parameter]]
                self.now["update"][name] = [exact(parameter.detach()) - exact(value)]
        self.stepped.add(optimizer)
        if len(self.stepped) == len(self.optimizers):
            self._close()

    def _close(self):
        for parameter, name in self.names.items():
            self.now["parameter"].setdefault(name, [parameter.detach().clone()])
        self.steps.append(self.now)
        self._new_step()

    def end(self, loss):
        if not self.optimizers:
            for parameter, name in self.names.items():
                if parameter.grad is not None:
                    self.now["gradient"][name] = [parameter.grad.clone()]
            self._close()


def exact(tensor):
    return tensor.to(torch.complex128 if tensor.is_complex() else torch.float64)


def dense(gradient):
    return gradient.to_dense() if gradient.is_sparse else gradient.clone()
