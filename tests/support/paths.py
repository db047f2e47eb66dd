"""Paths of the checkout."""

from pathlib import Path

#: Top level of the checkout.
ROOT = Path(__file__).resolve().parents[2]
