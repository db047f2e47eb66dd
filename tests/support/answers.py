"""Reading answers of the route ``series``."""

from __future__ import annotations

from typing import Any


def only(answer: dict[str, Any]) -> dict[str, Any]:
    """The one series of an answer that lacks nothing."""
    assert answer["missing"] == []
    (series,) = answer["series"]
    found: dict[str, Any] = series
    return found


def names(answer: dict[str, Any], series: dict[str, Any]) -> list[str]:
    return [row["name"] for row in answer["layouts"][str(series["layout"])]]
