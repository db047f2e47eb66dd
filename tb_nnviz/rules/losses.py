"""The losses among the scalars that a user logs, and their statistics."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping

import numpy as np

from tb_nnviz.rules.middle import middle

#: The number of values that count as recent.
RECENT = 200
#: Steps between two values, from which on each stands for itself.
RARE = 5
#: The factor by which a learning rate rises at the restart of its schedule.
RESTART = 1.5
#: The share of its highest value below which a learning rate no longer trains. Schedules end there.
ENDED = 0.02

#: Parts of names of scalars that are measured on other data than that of the training.
_VALIDATION = frozenset({"val", "valid", "validation", "eval", "evaluation", "test", "dev", "heldout", "holdout"})
#: Parts of names of losses that a run minimizes against each other.
_ADVERSARIAL = frozenset(
    {"d", "g", "dis", "disc", "discriminator", "gen", "generator", "critic", "adv", "adversarial", "real", "fake"}
    | {"actor", "policy", "value", "entropy"}
)
#: Parts of names that a loss of the whole has.
_TOTAL = frozenset({"loss", "losses", "train", "training", "total", "step", "batch", "iter", "running", "avg", "mean"})
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def words(name: str) -> set[str]:
    """Return the words of a name in lower case.

    >>> sorted(words("train/valLoss_D"))
    ['d', 'loss', 'train', 'val']
    """
    return {word.lower() for word in _WORDS.findall(name)}


def is_loss(name: str) -> bool:
    """Return True if a scalar of the user is a loss, by its name.

    >>> is_loss("loss"), is_loss("train/loss"), is_loss("accuracy")
    (True, True, False)
    """
    return "loss" in name.lower()


def is_validation(name: str) -> bool:
    """Return True if a scalar of the user is measured on other data than that of the training, by its name.

    >>> is_validation("val_loss"), is_validation("loss/test"), is_validation("value_loss")
    (True, True, False)
    """
    start = name.lower().startswith(("val", "eval", "test")) and not name.lower().startswith("value")
    return start or bool(words(name) & _VALIDATION)


def main_loss(names: Collection[str]) -> str | None:
    """Return the loss that a run minimizes, None if there is none, or if several balance each other.

    >>> main_loss(["loss", "val_loss", "loss_kl"]), main_loss(["mse_loss"]), main_loss(["loss_d", "loss_g"])
    ('loss', 'mse_loss', None)
    """
    losses = [name for name in names if is_loss(name) and not is_validation(name)]
    if any(words(name) & _ADVERSARIAL for name in losses):
        return None
    whole = [name for name in losses if words(name) <= _TOTAL]
    return losses[0] if len(losses) == 1 else min(whole, key=len) if whole else None


def noise(values: np.ndarray) -> float:
    """Return the standard deviation of a series about its slow course, from the differences of neighbours.

    Outliers do not count: 1.4826 times the median absolute deviation is the standard deviation of a normal distribution
    (P. J. Rousseeuw and C. Croux, "Alternatives to the median absolute deviation", 1993).

    A noise whose outliers are frequent is the 90th percentile, which is 1.645 standard deviations.

    >>> round(noise(np.array([0.0, 1.0] * 20)), 2)
    1.05
    """
    if len(values) < 2:
        return 0.0
    steps = np.abs(values[1:] - values[:-1])
    steps.sort()
    most = float(steps[round(0.9 * (steps.size - 1))]) / 1.645 if len(values) > 20 else 0.0
    return max(1.4826 * middle(steps), most) / math.sqrt(2)


def levels(values: np.ndarray, most: int = 10) -> np.ndarray:
    """Return the medians of consecutive parts of a series: float64 [at most ``most``].

    >>> levels(np.array([1.0, 1.0, 9.0, 5.0, 5.0, 5.0]), 2).tolist()
    [1.0, 5.0]
    """
    return np.array([np.median(part) for part in np.array_split(values, min(most, len(values)))])


def local_level(values: np.ndarray, size: int = 9) -> np.ndarray:
    """Return the median of the values around each: float64 [values].

    >>> local_level(np.array([9.0, 8.0, 20.0, 6.0, 5.0]), 3).tolist()
    [9.0, 9.0, 8.0, 6.0, 5.0]
    """
    half = size // 2
    padded = np.concatenate([values[:1].repeat(half), values, values[-1:].repeat(half)])
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(padded, size), axis=1))


def trend(values: np.ndarray) -> float:
    """Return the score of a trend: that of Mann and Kendall, in standard deviations, above 0 if the values rise.

    Each pair of values counts 1 if the later one is larger, -1 if it is smaller (M. G. Kendall, "Rank correlation
    methods", 1948).

    >>> round(trend(np.arange(5.0)), 1), trend(np.array([1.0, 2.0, 1.0]))
    (2.4, 0.0)
    """
    n = len(values)
    pairs = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(n, 1)].sum())
    return pairs / math.sqrt(n * (n - 1) * (2 * n + 5) / 18) if n > 1 else 0.0


class Series:
    """The finite values of a scalar, with their steps. Old values of a long series are averaged in pairs.

    Args:
        most: the largest number of points that are kept.

    >>> series = Series(4)
    >>> for step in range(6):
    ...     series.add(step, float(step))
    >>> series.steps.tolist(), series.values.tolist(), series.recent.tolist()
    ([0.0, 2.0, 4.0, 5.0], [0.5, 2.5, 4.0, 5.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    """

    def __init__(self, most: int = 2048) -> None:
        self._points = np.zeros((2, most))  # steps and values
        self._last = np.zeros((2, 2 * RECENT))
        self._size = self._first = self._end = 0
        self._start: float | None = None
        #: The number of values so far.
        self.count = 0

    def add(self, step: int, value: float) -> None:
        """Append a value. Values that are not finite are left out."""
        if not math.isfinite(value):
            return
        self.count += 1
        if self._end == self._last.shape[1]:
            kept = self._last[:, self._end - RECENT :]
            self._last[:, :RECENT], self._first, self._end = kept.copy(), max(0, self._first - RECENT), RECENT
        self._last[:, self._end] = step, value
        self._end += 1
        self._first = max(self._first, self._end - RECENT)
        if self._size == self._points.shape[1]:
            half = self._size // 2
            pairs = self._points[:, : 2 * half].reshape(2, half, 2)
            self._points[0, :half], self._points[1, :half] = pairs[0, :, 0].copy(), pairs[1].mean(axis=1)
            self._size = half
        self._points[:, self._size] = step, value
        self._size += 1

    def forget(self) -> None:
        """Start the recent values again."""
        self._first = self._end

    @property
    def steps(self) -> np.ndarray:
        """The steps of all points: float64 [points]."""
        return self._points[0, : self._size]

    @property
    def values(self) -> np.ndarray:
        """The values of all points: float64 [points]."""
        return self._points[1, : self._size]

    @property
    def recent(self) -> np.ndarray:
        """The last values as they were logged: float64 [at most RECENT]."""
        return self._last[1, self._first : self._end]

    @property
    def recent_steps(self) -> np.ndarray:
        """The steps of ``recent``: float64."""
        return self._last[0, self._first : self._end]

    @property
    def start(self) -> float:
        """The level at which the series began: its first value, or the median of the first if they are of near steps.

        If the first values rise at once, it is the first.
        """
        if self._start is not None:
            return self._start
        first = self.values[:5]
        rises = len(first) > 2 and bool((first[1:] > first[0] + 0.5 * abs(first[0])).all())
        is_rare = len(first) > 1 and self.steps[1] - self.steps[0] >= RARE
        start = float(first[0] if rises or is_rare else np.median(first))
        self._start = start if len(first) == 5 else None
        return start


class Course:
    """The losses of a run, and the restarts of its learning rate.

    >>> course = Course()
    >>> for step, rate in enumerate([1.0, 0.5, 0.1, 0.9]):
    ...     course.rate(step, {"learning_rate/0": rate})
    ...     is_main = course.add(step, {"loss": 2.0, "val_loss": 3.0})
    >>> course.main.count, course.validation.count, course.restarted
    (4, 4, 3)
    """

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self._main: str | None = None
        self._validations: list[str] = []
        self._highest, self._lowest = 0.0, math.inf
        #: The last step at which the learning rate returned to an earlier height, None if it never did.
        self.restarted: int | None = None
        #: The step of the last known learning rate, None if none is known.
        self.rated: int | None = None
        #: The first step from which on the learning rate is below ``ENDED`` of its highest, None if it is not.
        self.ended: int | None = None

    def add(self, step: int, logged: Mapping[str, float]) -> bool:
        """Add the losses among a user's scalars, and return True if the main one was among them."""
        for name, value in logged.items():
            if is_loss(name):
                if name not in self._series:
                    self._series[name] = Series()
                    self._main = main_loss(self._series)
                    self._validations = [one for one in self._series if is_validation(one)]
                self._series[name].add(step, value)
        return self._main is not None and self._main in logged

    def rate(self, step: int, scalars: Mapping[str, float]) -> None:
        """Add the learning rates among the scalars of a step."""
        rates = [rate for name, rate in scalars.items() if name.startswith("learning_rate/") and math.isfinite(rate)]
        if not rates:
            return
        rate = max(rates)
        self.rated = step
        # A warm-up rises above all earlier rates. A restart does not.
        if 0 < self._lowest * RESTART <= rate <= 1.05 * self._highest:
            self.restarted, self._lowest = step, rate
            for series in self._series.values():
                series.forget()
        self._lowest = rate if rate >= self._highest else min(self._lowest, rate)
        self._highest = max(self._highest, rate)
        if rate >= ENDED * self._highest:
            self.ended = None
        elif self.ended is None:
            self.ended = step

    @property
    def main(self) -> Series | None:
        """The loss that the run minimizes, None if it is unknown."""
        return self._series.get(self._main or "")

    @property
    def name(self) -> str:
        """The name of the main loss, "" if it is unknown."""
        return self._main or ""

    @property
    def validation(self) -> Series | None:
        """The loss of the validation with the most values, None if there is none."""
        return self._series.get(self.validation_name)

    @property
    def validation_name(self) -> str:
        """The name of the loss of the validation, "" if there is none."""
        if len(self._validations) < 2:
            return self._validations[0] if self._validations else ""
        return max(self._validations, key=lambda name: (self._series[name].count, -len(name)), default="")

    @property
    def unchecked(self) -> str | None:
        """The reason why the run has no main loss, None if it has one."""
        if self._main is not None:
            return None
        names = [name for name in self._series if not is_validation(name)]
        return f"several losses balance each other: {', '.join(names[:4])}" if names else "no loss in nnviz/log"
