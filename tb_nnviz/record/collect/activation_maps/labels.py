"""The labels of a probe: names of its samples or tokens, also made by a tokenizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from tb_nnviz.record.collect.activation_maps.probe import Probe
from tb_nnviz.record.interrupts import is_interrupt

#: One string per sample, or per sample a list of one string per token.
Labels = Sequence[str] | Sequence[Sequence[str]]

_EXPECTED = "one string per sample, or one list of strings per sample, or a tokenizer"
#: What a tokenizer decodes part of a character to.
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def labels(value: Any, probes: Mapping[str, Probe]) -> dict[str, Labels]:
    """Return the labels by the prefix of their model. With a dict of probes, ``value`` is a dict by their names.

    Raises:
        TypeError, ValueError: they are not strings, their number is not that of the samples, or a model has no probe.
    """
    if list(probes) == [""]:
        return {"": _labels("probe_labels", value, probes[""])}
    if not isinstance(value, Mapping):
        raise TypeError(f"invalid probe_labels: {type(value).__name__} (a dict by the names in probe)")
    if unknown := [name for name in value if name not in probes]:
        raise ValueError(f"unknown model of probe_labels: {unknown[0]!r} (one of {', '.join(probes)})")
    return {name: _labels(f"probe_labels of {name}", own, probes[name]) for name, own in value.items()}


def _labels(name: str, value: Any, probe: Probe) -> Labels:
    made = _tokenizer(value)
    if made is not None:
        value = _of_ids(name, made, probe.first)
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"invalid {name}: {value!r:.60} ({_EXPECTED})")
    for label in value:
        parts = [label] if isinstance(label, str) else label
        if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
            raise TypeError(f"invalid {name}: {label!r:.60} ({_EXPECTED})")
    # If tokens come first, samples come second.
    if len(value) not in probe.first.shape[: 1 if probe.first.dim() > 3 else 2]:
        raise ValueError(f"invalid {name}: {len(value)} labels for a probe of {list(probe.first.shape)} ({_EXPECTED})")
    return value


def _tokenizer(value: Any) -> Callable[[list[int]], Any] | None:
    """Return a function from a sample's token ids to its labels, or None for a value that consists of labels.

    A tokenizer is asked for the text of each id. Those of transformers are also callable, in the other direction.
    """
    if isinstance(value, str | Sequence | Mapping):
        return None
    for method in ("convert_ids_to_tokens", "id_to_token", "decode"):
        if callable(getattr(value, method, None)):
            return _texts(value)
    return value if callable(value) else None


def _texts(tokenizer: Any) -> Callable[[list[int]], list[str]]:
    """Return a function from ids to the text of each, which asks for each id once."""
    known: dict[int, str] = {}

    def text(token: int) -> str:
        if token not in known:
            known[token] = _text(tokenizer, token)
        return known[token]

    return lambda ids: [text(token) for token in ids]


def _text(tokenizer: Any, token: int) -> str:
    """Return the text of one id. Part of a character has no text and is shown as the vocabulary spells it."""
    decode = getattr(tokenizer, "decode", None)
    text = decode([token]) if callable(decode) else ""
    if isinstance(text, str) and text and _REPLACEMENT not in text:
        return text
    for method in ("convert_ids_to_tokens", "id_to_token"):
        if callable(spell := getattr(tokenizer, method, None)) and isinstance(spelled := spell(token), str):
            return spelled
    return text if isinstance(text, str) and text else str(token)


def _of_ids(name: str, made: Callable[[list[int]], Any], ids: Tensor) -> list[Any]:
    """Return the labels of each sample's token ids.

    Raises:
        TypeError: the probe does not consist of token ids.
        ValueError: the ids are none that the tokenizer knows, or the number of labels is not that of the tokens.
    """
    if ids.dim() != 2 or ids.is_floating_point() or ids.is_complex() or ids.dtype is torch.bool:
        found = f"{str(ids.dtype).removeprefix('torch.')} {list(ids.shape)}"
        raise TypeError(f"invalid {name}: a tokenizer for a probe of {found} (token ids: integers [samples, tokens])")
    result: list[Any] = []
    for sample, row in enumerate(ids.tolist()):
        try:
            own = made(row)
        except Exception as error:
            if is_interrupt(error):
                raise
            problem = f"{type(error).__name__}: {error}"
            raise ValueError(f"invalid {name}: no label of sample {sample}, {problem:.200} ({_EXPECTED})") from error
        if isinstance(own, str):
            result.append(own)
            continue
        # A list of another length would name other tokens than those it stands beside.
        if not isinstance(own, Sequence) or len(own) != len(row):
            count = len(own) if isinstance(own, Sequence) else f"{own!r:.60}"
            raise ValueError(f"invalid {name}: {count} labels of sample {sample} (a string, or {len(row)} strings)")
        result.append(list(own))
    return result
