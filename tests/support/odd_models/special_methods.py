"""Models with modules that have slots, or special methods that raise."""

from torch import nn

from tests.support.odd_models.base import OddModel


class RaisingLinear(nn.Linear):
    """A layer whose special methods raise."""

    def __len__(self):
        raise RuntimeError("no length")

    def __bool__(self):
        raise RuntimeError("neither")

    def __eq__(self, other):
        raise RuntimeError("beyond compare")

    __hash__ = nn.Module.__hash__

    def __repr__(self):
        raise RuntimeError("no words")

    def __getattr__(self, name):
        if name in ("weight", "bias") or name.startswith("__"):
            return super().__getattr__(name)
        raise RuntimeError(f"do not ask for {name}")


class SpecialMethods(OddModel):
    """A model of both layers of this file."""

    rows = ("contrary", "slots")

    def __init__(self):
        super().__init__()
        self.contrary, self.slots = RaisingLinear(4, 4), SlottedLinear(4, 4)

    def forward(self, x):
        return self.slots(self.contrary(x))


class SlottedLinear(nn.Linear):
    """A layer with slots."""

    __slots__ = ("seen",)

    def forward(self, x):
        self.seen = True
        return super().forward(x)
