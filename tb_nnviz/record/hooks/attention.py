"""The functions in which torch computes attention, replaced while a logged training pass runs.

No module hook sees queries, keys and logits. So the functions of ``torch.nn.functional`` that get them are replaced by
ones that call the original and then report its arguments. Dynamo would compare a replaced function whenever it calls a
compiled graph. So nothing is replaced once torch.compile has compiled anything, nor while it does.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from types import FrameType
from typing import Any, NamedTuple
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tb_nnviz.record.hooks.handles import Failed
from tb_nnviz.record.hooks.modes import outside_modes
from tb_nnviz.record.interrupts import is_interrupt
from tb_nnviz.record.model.modules import first_tensor

_lock = threading.RLock()
_thread = threading.local()


class Attention(NamedTuple):
    """The arguments of one computation of attention: queries and keys, or logits.

    Args:
        query: [..., heads, queries, size], or without heads.
        key: [..., heads, keys, size].
        mask: bool, true where a key is visible, or floating, added to the logits. It broadcasts to the logits.
        is_causal: whether each query sees the keys up to its own position only.
        scale: the factor of the logits, by default 1 / sqrt(size).
        logits: in place of query and key, [samples, heads, queries, keys], with the mask added.
    """

    query: Tensor | None = None
    key: Tensor | None = None
    mask: Tensor | None = None
    is_causal: bool = False
    scale: float | None = None
    logits: Tensor | None = None


#: Called with the innermost module that is running on this thread, and what it computes.
Attended = Callable[[nn.Module, Attention], None]
#: Returns what a function was called with, from its arguments.
Report = Callable[[Any, Any], Attention | None]


class AttentionPatch:
    """A report of the attention that is computed in the passes of a run.

    Args:
        attended: takes the reports.
        allowed: returns whether functions may be replaced now.
        failed: called with the error of a report.
    """

    def __init__(self, attended: Attended, allowed: Callable[[], bool], failed: Failed) -> None:
        self.attended, self.failed, self._allowed = attended, failed, allowed
        self._passes = 0

    def begin(self) -> None:
        """Report from now on, until as many calls of ``end``."""
        with _lock:
            self._passes += 1
            if self._allowed():
                _reporting.add(self)
                _replace()

    def end(self) -> None:
        """End a pass."""
        with _lock:
            self._passes -= 1
            if self._passes <= 0:
                self.stop()

    def stop(self) -> None:
        """End all passes, also those that an interrupt ended without a hook."""
        if not self._passes and self not in _reporting:
            return
        with _lock:
            self._passes = 0
            _reporting.discard(self)
            if not _reporting:
                _put_back()


def suspend() -> None:
    """Put the original functions back at once, because torch is about to translate code that may name them."""
    with _lock:
        _reporting.clear()
        _put_back()


#: The runs in whose passes attention is reported.
_reporting: WeakSet[AttentionPatch] = WeakSet()
#: The replaced functions by name, with their originals.
_replaced: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}


def _replace() -> None:
    for name, report in _REPORTS.items():
        original = getattr(F, name, None)
        if name not in _replaced and callable(original):
            function = _reported(original, report)
            _replaced[name] = function, original
            setattr(F, name, function)


def _put_back() -> None:
    for name, (function, original) in list(_replaced.items()):
        if getattr(F, name, None) is function:  # not replaced by somebody else since
            setattr(F, name, original)
        del _replaced[name]


def _reported(original: Callable[..., Any], report: Report) -> Callable[..., Any]:
    """Return a function that calls the original, and then reports what it was called with."""

    @wraps(original)
    def function(*args: Any, **kwargs: Any) -> Any:
        if not _reporting or torch.compiler.is_compiling():
            return original(*args, **kwargs)
        outer = getattr(_thread, "heads", 0)
        if report is _no_report:  # its softmax gets [samples * heads, queries, keys]
            _thread.heads = args[4] if len(args) > 4 else kwargs.get("num_heads", 0)
        try:
            result = original(*args, **kwargs)
        finally:
            _thread.heads = outer
        if not getattr(_thread, "reporting", False):  # an operator of a report may be one of the replaced functions
            _thread.reporting = True
            try:
                _send(report, args, kwargs)
            finally:
                _thread.reporting = False
        return result

    return function


def _send(report: Report, args: Any, kwargs: Any) -> None:
    for patch in list(_reporting):
        try:
            attention, module = report(args, kwargs), _running_module()
            if attention is not None and module is not None:
                patch.attended(module, attention)
        except Exception as error:  # an error of nnviz must not end training
            if is_interrupt(error):
                raise
            patch.failed(error)


def _no_report(args: Any, kwargs: Any) -> Attention | None:
    return None


def _dot_product(args: Any, kwargs: Any) -> Attention | None:
    """Return what ``scaled_dot_product_attention`` was called with."""
    given = dict(zip(("query", "key", "value", "attn_mask", "dropout_p", "is_causal"), args, strict=False)) | kwargs
    query, key = given.get("query"), given.get("key")
    if not (isinstance(query, Tensor) and isinstance(key, Tensor)):
        return None
    return Attention(query, key, given.get("attn_mask"), bool(given.get("is_causal", False)), given.get("scale"))


def _softmax(args: Any, kwargs: Any) -> Attention | None:
    """Return what ``softmax`` was called with, if it has the shape of attention's logits."""
    logits = args[0] if args else kwargs.get("input")
    axis = args[1] if len(args) > 1 else kwargs.get("dim")
    if not (isinstance(logits, Tensor) and type(logits) in (Tensor, nn.Parameter)) or logits.dim() not in (3, 4):
        return None
    heads, dims = getattr(_thread, "heads", 0), logits.dim()
    if axis not in (-1, dims - 1) or not (heads or dims == 4 or logits.shape[-1] == logits.shape[-2]):
        return None
    return Attention(logits=logits if dims == 4 else logits.detach().reshape(-1, heads or 1, *logits.shape[1:]))


_REPORTS: dict[str, Report] = {
    "scaled_dot_product_attention": _dot_product,
    "multi_head_attention_forward": _no_report,
    "softmax": _softmax,
}


def weights_beside(output: Any) -> Tensor | None:
    """Return the tensor beside a module's output whose shape is that of attention weights, or None.

    The weights are [samples, heads, queries, keys], or without heads, and the output has samples and queries too.

    >>> weights_beside((torch.ones(2, 5, 8), torch.ones(2, 5, 7))).shape
    torch.Size([2, 5, 7])
    """
    parts = list(output.values()) if isinstance(output, Mapping) else output
    if not isinstance(parts, list | tuple) or hasattr(output, "batch_sizes"):
        return None
    with outside_modes():
        first = first_tensor(output)
        if first is None or first.dim() != 3:
            return None
        for part in parts:
            if isinstance(part, Tensor) and part is not first and part.dim() in (3, 4) and part.is_floating_point():
                samples, queries = part.shape[0], part.shape[-2]
                if tuple(first.shape[:2]) in ((samples, queries), (queries, samples)):
                    return part
    return None


def _running_module() -> nn.Module | None:
    """Return the innermost module that is running on this thread."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "_call_impl" and isinstance(module := frame.f_locals.get("self"), nn.Module):
            return module
        frame = frame.f_back
    return None
