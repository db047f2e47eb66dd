"""Expected colours of a heat map, computed independently of the page."""

from __future__ import annotations

import math
from typing import NamedTuple

Rgb = tuple[int, int, int]

#: Matplotlib's viridis, 256 colours.
_VIRIDIS = (
    "44015444025645045745055946075a46085c460a5d460b5e470d60470e6147106347116447136548146748166848176948186a481a6c"
    "481b6d481c6e481d6f481f70482071482173482374482475482576482677482878482979472a7a472c7a472d7b472e7c472f7d46307e"
    "46327e46337f463480453581453781453882443983443a83443b84433d84433e85423f85424086424186414287414487404588404688"
    "3f47883f48893e49893e4a893e4c8a3d4d8a3d4e8a3c4f8a3c508b3b518b3b528b3a538b3a548c39558c39568c38588c38598c375a8c"
    "375b8d365c8d365d8d355e8d355f8d34608d34618d33628d33638d32648e32658e31668e31678e31688e30698e306a8e2f6b8e2f6c8e"
    "2e6d8e2e6e8e2e6f8e2d708e2d718e2c718e2c728e2c738e2b748e2b758e2a768e2a778e2a788e29798e297a8e297b8e287c8e287d8e"
    "277e8e277f8e27808e26818e26828e26828e25838e25848e25858e24868e24878e23888e23898e238a8d228b8d228c8d228d8d218e8d"
    "218f8d21908d21918c20928c20928c20938c1f948c1f958b1f968b1f978b1f988b1f998a1f9a8a1e9b8a1e9c891e9d891f9e891f9f88"
    "1fa0881fa1881fa1871fa28720a38620a48621a58521a68522a78522a88423a98324aa8325ab8225ac8226ad8127ad8128ae8029af7f"
    "2ab07f2cb17e2db27d2eb37c2fb47c31b57b32b67a34b67935b77937b87838b9773aba763bbb753dbc743fbc7340bd7242be7144bf70"
    "46c06f48c16e4ac16d4cc26c4ec36b50c46a52c56954c56856c66758c7655ac8645cc8635ec96260ca6063cb5f65cb5e67cc5c69cd5b"
    "6ccd5a6ece5870cf5773d05675d05477d1537ad1517cd2507fd34e81d34d84d44b86d54989d5488bd6468ed64590d74393d74195d840"
    "98d83e9bd93c9dd93ba0da39a2da37a5db36a8db34aadc32addc30b0dd2fb2dd2db5de2bb8de29bade28bddf26c0df25c2df23c5e021"
    "c8e020cae11fcde11dd0e11cd2e21bd5e21ad8e219dae319dde318dfe318e2e418e5e419e7e419eae51aece51befe51cf1e51df4e61e"
    "f6e620f8e621fbe723fde725"
)
VIRIDIS: tuple[Rgb, ...] = tuple(
    (int(_VIRIDIS[i : i + 2], 16), int(_VIRIDIS[i + 2 : i + 4], 16), int(_VIRIDIS[i + 4 : i + 6], 16))
    for i in range(0, len(_VIRIDIS), 6)
)

#: Distance in RGB beyond which two colours are clearly different.
APART = 40.0


class Range(NamedTuple):
    """The ends of the colour scale, as in the legend."""

    lo: float
    hi: float
    log: bool = True

    def place(self, value: float) -> float:
        """Return the position of a value: 0 at the low end, 1 at the high end.

        >>> Range(1e-4, 1.0).place(0.01), Range(0.0, 2.0, log=False).place(0.5)
        (0.5, 0.25)
        """
        if self.log:
            return math.log10(value / self.lo) / math.log10(self.hi / self.lo) if value > 0 else -math.inf
        return (value - self.lo) / (self.hi - self.lo)

    def state(self, value: float) -> str:
        """Return the state of a cell that has this value."""
        if not math.isfinite(value):
            return "nonfinite"
        if value == 0:
            return "zero"
        place = self.place(value)
        return "under" if place < -1e-7 else "over" if place > 1 + 1e-7 else "value"

    def colour(self, value: float) -> Rgb:
        """Return the colour of a value within the scale."""
        return VIRIDIS[min(255, max(0, math.floor(self.place(value) * 255 + 0.5)))]


def distance(one: Rgb, other: Rgb) -> float:
    """Return the distance of two colours in RGB."""
    return math.dist(one, other)


def is_grey(colour: Rgb) -> bool:
    """Return True for a colour without hue that is neither black nor white."""
    return max(colour) - min(colour) <= 16 and 50 <= sum(colour) / 3 <= 225


def is_magenta(colour: Rgb) -> bool:
    """Return True for red and blue without green."""
    red, green, blue = colour
    return red > 150 and blue > 110 and green < 90
