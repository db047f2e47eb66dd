"""The document of the rules."""

from tests.packaging.rules import DOCUMENT, written


def test_document_lists_every_rule_with_its_limits() -> None:
    assert DOCUMENT.read_text("utf-8") == written(), "run python -m tests.packaging.rules"
