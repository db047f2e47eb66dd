"""Rules of gradients with respect to parameters."""

from tb_nnviz.rules.families.gradient.accumulates import Accumulates
from tb_nnviz.rules.families.gradient.exploding import Exploding
from tb_nnviz.rules.families.gradient.spike import Spike
from tb_nnviz.rules.families.gradient.vanishing import Vanishing
from tb_nnviz.rules.families.gradient.zero import Zero

RULES = (Vanishing, Exploding, Zero, Accumulates, Spike)
