"""Tests of the limits in words."""

from __future__ import annotations

import pytest

from tb_nnviz.rules.limit_words import _WORDS, limit_words
from tb_nnviz.rules.registry import RULES
from tb_nnviz.rules.rule import Rule


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_limit_words_name_every_limit_and_no_other(rule: type[Rule]) -> None:
    assert set(_WORDS.get(rule.name, ())) == set(rule.limits)
    words = limit_words(rule)
    assert list(words) == list(rule.limits)
    for name, (text, unit) in words.items():
        assert text and text != name and len(text) <= 75 and len(unit) <= 40
    # Two fields of one rule must be told apart.
    assert len({(one.text, one.unit) for one in words.values()}) == len(words)


def test_limit_words_cover_known_rules_only() -> None:
    assert set(_WORDS) <= {rule.name for rule in RULES}
