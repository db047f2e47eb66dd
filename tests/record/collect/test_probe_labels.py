"""Labels of a probe of token ids that a tokenizer makes."""

from __future__ import annotations

import re

import pytest
import tokenizers
import torch
import transformers
from torch import nn

from tb_nnviz.record.collect.activation_maps.labels import labels
from tb_nnviz.record.collect.activation_maps.probe import Probe
from tests.support.map_oracle import read, train

TEXTS = ["the cat sat under it, too", "the café, über alles"]


def byte_level() -> tokenizers.Tokenizer:
    """Return a tokenizer whose tokens are bytes and merges of them, as that of GPT-2."""
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(vocab_size=270, initial_alphabet=alphabet)
    tokenizer.train_from_iterator(["the cat sat"] * 3, trainer)
    return tokenizer


def ids_of(tokenizer: tokenizers.Tokenizer, length: int = 8) -> torch.Tensor:
    """Return the first ids of each text."""
    return torch.tensor([tokenizer.encode(text).ids[:length] for text in TEXTS])


def probed(ids: torch.Tensor) -> dict[str, Probe]:
    return {"": Probe.of(ids, nn.Embedding(300, 2))}


class Letters:
    """A tokenizer with the interface of tiktoken and sentencepiece."""

    def decode(self, ids):
        return "".join(chr(97 + token) for token in ids)


class Spellings:
    """A tokenizer that cannot decode, and counts its calls."""

    calls = 0

    def id_to_token(self, token):
        self.calls += 1
        return f"t{token}"


@pytest.mark.parametrize("wrapped", [False, True])
def test_labels_tokenizer_gives_the_text_of_each_id(wrapped):
    inner = byte_level()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=inner) if wrapped else inner
    ids = ids_of(inner)
    found = labels(tokenizer, probed(ids))[""]
    assert "".join(found[0]).startswith("the cat") and found[0][0].startswith("t")
    # The two bytes of é are two tokens without a text, so they are spelled as in the vocabulary.
    assert "\N{REPLACEMENT CHARACTER}" not in "".join(found[1]) and all(found[1])
    assert [len(one) for one in found] == [ids.shape[1]] * 2


@pytest.mark.parametrize(
    "given",
    [
        Letters(),
        lambda ids: [chr(97 + token) for token in ids],
        [["h", "i"], ["b", "y"]],
        lambda ids: tuple(Letters().decode([token]) for token in ids),
    ],
)
def test_labels_functions_and_lists_are_equivalent(given):
    found = labels(given, probed(torch.tensor([[7, 8], [1, 24]])))[""]
    assert [list(one) for one in found] == [["h", "i"], ["b", "y"]]


def test_labels_function_of_a_sample_may_give_one_string():
    assert labels(Letters().decode, probed(torch.tensor([[7, 8], [1, 24]])))[""] == ["hi", "by"]


def test_labels_tokenizer_is_asked_once_per_id():
    tokenizer = Spellings()
    found = labels(tokenizer, probed(torch.tensor([[3, 3, 4]] * 5)))[""]
    assert found == [["t3", "t3", "t4"]] * 5 and tokenizer.calls == 2


@pytest.mark.parametrize(
    ("ids", "given", "error", "message"),
    [
        (torch.ones(2, 3), Letters(), TypeError, "a tokenizer for a probe of float32 [2, 3] (token ids"),
        (torch.ones(2, 3, 4).long(), Letters(), TypeError, "a tokenizer for a probe of int64 [2, 3, 4] (token ids"),
        (torch.ones(2, 3).long(), lambda ids: ["a"], ValueError, "1 labels of sample 0 (a string, or 3 strings)"),
        (torch.ones(2, 3).long(), lambda ids: 7, ValueError, "7 labels of sample 0 (a string, or 3 strings)"),
        (torch.ones(2, 3).long(), lambda ids: [1, 2, 3], TypeError, "[1, 2, 3] (one string per sample"),
        (torch.ones(2, 3).long(), lambda ids: {}[ids[0]], ValueError, "no label of sample 0, KeyError: 1 (one string"),
        (torch.ones(2, 3).long(), object(), TypeError, "(one string per sample, or one list of strings per sample"),
    ],
)
def test_labels_invalid_tokenizer_is_named(ids, given, error, message):
    with pytest.raises(error, match=re.escape(message)) as caught:
        labels(given, probed(ids))
    assert str(caught.value).startswith("invalid probe_labels: ")


def test_labels_of_several_models_take_a_tokenizer_each():
    probes = {
        "G": Probe.of(torch.tensor([[7, 8]]), nn.Embedding(30, 2)),
        "D": Probe.of(torch.ones(1, 2), nn.Linear(2, 1)),
    }
    assert labels({"G": Letters(), "D": ["x"]}, probes) == {"G": [["h", "i"]], "D": ["x"]}


def test_watch_tokenizer_writes_labels_to_the_log(tmp_path):
    inner = byte_level()
    tokenizer, ids = transformers.PreTrainedTokenizerFast(tokenizer_object=inner), ids_of(inner)
    model = nn.Sequential(nn.Embedding(300, 2))
    train(model, tmp_path, ids, steps=1, probe_inputs=True, probe_labels=tokenizer)
    header, _ = read(tmp_path)["map_input"][0]
    assert "".join(header["labels"][0]).startswith("the cat") and len(header["labels"][1]) == ids.shape[1]
