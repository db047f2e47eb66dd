"""Curves, profiles and heat maps as SVG. Colours come from the style sheet, so that they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from tb_nnviz.cli.report.colours import colour
from tb_nnviz.cli.report.png import data_address

WIDTH, HEIGHT = 460, 190
#: Room for labels at the left, the right, the top and the bottom.
LEFT, RIGHT, TOP, BOTTOM = 58, 12, 26, 24
#: Values that span more than this factor are drawn on a logarithmic scale.
LOG_FROM = 30.0
#: Height of the place of zeros on a logarithmic scale.
ZERO = 16
#: Height of a row of a heat map, and the width of its names.
ROW, NAMES = 13, 150
#: Longest name of a row, in characters.
MAX_NAME = 24
#: Largest factor between the ends of a heat map's colours.
MOST_SPAN = 1e12
#: Half the width of the name of a problem's first step, and the width of a step's name.
SINCE, STEP = 40, 36
#: Least distance of two names of lines.
APART = 12


class Curve(NamedTuple):
    """A named curve: x and y, float64 [n]."""

    name: str
    x: np.ndarray
    y: np.ndarray


class Marks(NamedTuple):
    """The step at which a problem begins, its limit and the usual value, if there are any."""

    since: int | None
    limit: float | None
    usual: float | None


class Columns(NamedTuple):
    """The places of a finding among the columns of a heat map.

    Args:
        since: the column in which the problem begins.
        step: the step at which it begins.
        seen: the number of columns up to the step at which it was found.
    """

    since: int
    step: int
    seen: int


class _Scale(NamedTuple):
    """A map from values to places."""

    low: float
    high: float
    first: float
    last: float
    is_log: bool

    def __call__(self, values: np.ndarray | float) -> np.ndarray:
        x = np.asarray(values, np.float64)
        low, high = self.low, self.high
        is_zero = x <= 0
        if self.is_log:
            x, low, high = np.log10(np.maximum(x, self.low)), np.log10(low), np.log10(high)
        share = (x - low) / (high - low)
        place = self.first + np.clip(share, 0, 1) * (self.last - self.first)
        return np.where(is_zero, HEIGHT - BOTTOM, place) if self.is_log else place


def curves(title: str, drawn: Sequence[Curve], marks: Marks) -> str:
    """Draw values over steps. Breaks in a curve, marked below, are NaN or Inf."""
    x = _linear(np.concatenate([one.x for one in drawn]), LEFT, WIDTH - RIGHT)
    lines = [value for value in (marks.limit, marks.usual) if value is not None]
    y = _vertical(np.concatenate([*(one.y for one in drawn), lines]))
    at = None if marks.since is None else float(x(marks.since))
    parts = [*_axes(y), *_step_axis(LEFT, HEIGHT - BOTTOM, at, marks.since, (x.low, x.high))]
    parts += [_line(one, x, y, place) for place, one in enumerate(drawn)]
    parts += _limits(y, marks)
    return _figure(title, WIDTH, HEIGHT, parts, [one.name for one in drawn] if len(drawn) > 1 else [])


def _limits(y: _Scale, marks: Marks) -> list[str]:
    """Return the lines of the usual value and the limit, with their names where they do not overlap."""
    known = [(name, value) for name, value in (("usual", marks.usual), ("limit", marks.limit)) if value is not None]
    places = {name: float(y(value)) for name, value in known if not y.is_log or value >= 0}
    close = len(places) == 2 and abs(places["usual"] - places["limit"]) < APART
    parts = []
    for name, at in places.items():
        # of two lines that are close, one has its name below
        down = APART if close and at == max(places.values()) and at + APART < HEIGHT - BOTTOM else -3
        across = LEFT + 4 if close and name == "usual" else WIDTH - RIGHT
        anchor = "start" if across < WIDTH / 2 else "end"
        parts.append(f'<line class="{name}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text class="{name}" x="{across}" y="{at + down:.1f}" text-anchor="{anchor}">{name}</text>')
    return parts


def profile(title: str, drawn: Sequence[Curve]) -> str:
    """Draw values over the order of layers, from the input to the output."""
    x = _linear(np.concatenate([one.x for one in drawn]), LEFT, WIDTH - RIGHT)
    y = _vertical(np.concatenate([one.y for one in drawn]))
    ends = [
        f'<text x="{LEFT}" y="{HEIGHT - 8}">input</text>',
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">output</text>',
    ]
    parts = [*_axes(y), *ends, *(_line(one, x, y, place) for place, one in enumerate(drawn))]
    return _figure(title, WIDTH, HEIGHT, parts, [one.name for one in drawn] if len(drawn) > 1 else [])


def heat_map(
    title: str,
    names: Sequence[str],
    marked: Sequence[bool],
    values: np.ndarray,
    absent: np.ndarray,
    ends: tuple[int, int],
    at: Columns,
) -> str:
    """Draw magnitudes of rows over steps.

    Args:
        title: the title.
        names: of the rows.
        marked: True for each row that has the problem.
        values: [rows, columns].
        absent: bool [rows, columns].
        ends: the first and the last step. Columns have equal distances in steps.
        at: the places of the finding.
    """
    low, high, is_whole = _colour_range(values, absent, at.seen)
    rows, columns = values.shape
    width, height = WIDTH - NAMES - RIGHT, rows * ROW
    address = data_address(colour(values, absent, low, high))
    place = f'x="{NAMES}" y="{TOP}" width="{width}" height="{height}"'
    parts = [f'<image href="{address}" {place} preserveAspectRatio="none" style="image-rendering:pixelated"/>']
    for i, (name, is_marked) in enumerate(zip(names, marked, strict=True)):
        kind = "name marked" if is_marked else "name"
        y = TOP + i * ROW + ROW - 3
        parts.append(f'<text class="{kind}" x="{NAMES - 5}" y="{y}" text-anchor="end">{_short(name)}</text>')
    since, bottom = NAMES + width * at.since / columns, TOP + height
    parts += _step_axis(NAMES, bottom, since, at.step, ends)
    marks = [name for name, is_there in _states(values, absent) if is_there]
    legend = ", ".join([f"dark to bright: {low:.2g} to {high:.2g}{'' if is_whole else ' or more'}", *marks])
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{bottom + 30}" text-anchor="end">{legend}</text>')
    return _figure(title, WIDTH, TOP + height + 37, parts, [])


def _colour_range(values: np.ndarray, absent: np.ndarray, seen: int) -> tuple[float, float, bool]:
    """Return the magnitudes at the ends of the colours, and True if no value is above them.

    If values span too much for one scale, as those of an explosion, the ends are those of the columns up to the
    finding.
    """
    magnitude = np.where(np.isfinite(values) & (values != 0) & ~absent, np.abs(values), np.nan)
    if np.isnan(magnitude).all():
        return 1 / 1.001, 1.0, True
    low, high, most = float(np.nanmin(magnitude)), float(np.nanmax(magnitude)), float(np.nanmax(magnitude))
    if high / low > MOST_SPAN and np.isfinite(magnitude[:, :seen]).any():
        low, high = float(np.nanmin(magnitude[:, :seen])), float(np.nanmax(magnitude[:, :seen]))
    low = min(max(low, high / MOST_SPAN), high / 1.001)
    return low, high, most <= high


def _states(values: np.ndarray, absent: np.ndarray) -> list[tuple[str, bool]]:
    """Return the colours that are no magnitudes, and True for each that a heat map has."""
    return [
        ("grey: 0", bool(((values == 0) & ~absent).any())),
        ("pink: NaN or Inf", bool((~np.isfinite(values) & ~absent).any())),
    ]


def _step_axis(left: float, bottom: float, at: float | None, since: int | None, ends: tuple[float, float]) -> list[str]:
    """Return the names of the first and the last step, and the line at the step since which a problem holds."""
    first, last, y = f"step {ends[0]:g}", f"{ends[1]:g}", bottom + 14
    right = f'<text x="{WIDTH - RIGHT}" y="{y}" text-anchor="end">{last}</text>'
    if at is None:
        return [f'<text x="{left}" y="{y}">{first}</text>', right]
    middle = min(max(at, left + SINCE), WIDTH - RIGHT - SINCE - STEP)
    # the name of the first step would overlap that of a step near it
    is_far = middle > left + SINCE + STEP
    return [
        f'<line class="since" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>',
        f'<text x="{left}" y="{y}">{first}</text>' if is_far else "",
        f'<text class="since" x="{middle:.1f}" y="{y}" text-anchor="middle">since step {since}</text>',
        right,
    ]


def _linear(values: np.ndarray, first: float, last: float) -> _Scale:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return _Scale(low, high if high > low else low + 1, first, last, False)


def _vertical(values: np.ndarray) -> _Scale:
    finite = values[np.isfinite(values)]
    first, last = HEIGHT - BOTTOM, TOP + 6
    positive = finite[finite > 0]
    if positive.size and not (finite < 0).any() and positive.max() / positive.min() > LOG_FROM:
        # Zeros are drawn on the axis, below the smallest other value.
        return _Scale(
            float(positive.min()), float(positive.max()), first - ZERO * bool((finite == 0).any()), last, True
        )
    scale = _linear(finite, first, last)
    return scale._replace(low=0.0) if 0 < scale.low < 0.5 * scale.high else scale


def _axes(y: _Scale) -> list[str]:
    """Return the horizontal axis, and the values at the ends of the vertical one."""
    bottom = HEIGHT - BOTTOM
    return [
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>',
        f'<text x="{LEFT - 5}" y="{y.first}" text-anchor="end">{y.low:.2g}</text>',
        f'<text x="{LEFT - 5}" y="{bottom + 4}" text-anchor="end">0</text>' if y.first < bottom else "",
        f'<text x="{LEFT - 5}" y="{TOP + 10}" text-anchor="end">{y.high:.2g}</text>',
        f'<text x="{LEFT - 5}" y="{TOP + 24}" text-anchor="end">log</text>' if y.is_log else "",
    ]


def _line(curve: Curve, x: _Scale, y: _Scale, place: int) -> str:
    finite = np.isfinite(curve.y)
    kind = f"curve c{place}"
    points = [f"{a:.1f},{b:.1f}" for a, b in zip(x(curve.x), y(np.where(finite, curve.y, y.low)), strict=True)]
    pieces: list[list[str]] = []
    piece: list[str] = []
    for point, is_finite in zip(points, finite, strict=True):
        if is_finite:
            piece.append(point)
        elif piece:
            pieces, piece = [*pieces, piece], []
    drawn = [_piece(one, kind) for one in [*pieces, piece] if one]
    broken = [
        f'<path class="broken" d="M{a - 3:.1f} {HEIGHT - BOTTOM - 7}l6 6m-6 0l6 -6"/>'
        for a in np.unique(np.round(x(curve.x[~finite]) / 6) * 6)
    ]
    return "".join([*drawn, *broken])


def _piece(points: Sequence[str], kind: str) -> str:
    if len(points) == 1:
        across, down = points[0].split(",")
        return f'<circle class="{kind}" cx="{across}" cy="{down}" r="2"/>'
    return f'<polyline class="{kind}" points="{" ".join(points)}"/>'


def _figure(title: str, width: int, height: int, parts: Sequence[str], names: Sequence[str]) -> str:
    keys = "".join(
        f'<tspan class="c{place}" dx="{10 if place else 0}">\u25cf {_short(name)}</tspan>'
        for place, name in enumerate(names)
    )
    key = f'<text class="key" x="{width - RIGHT}" y="{TOP - 1}" text-anchor="end">{keys}</text>' if keys else ""
    label = escape(title)
    head = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}"><title>{label}</title>'
    return f'{head}<text class="title" x="0" y="12">{label}</text>{"".join(parts)}{key}</svg>'


def _short(name: str) -> str:
    """Return a name with its middle left out if it is long: names of layers differ at both ends."""
    half = MAX_NAME // 2
    return escape(name if len(name) <= MAX_NAME else f"{name[: half - 1]}\u2026{name[-half:]}")
