"""How often the demo logs: more than tb_nnviz does as it comes, so that short trainings show much."""

from __future__ import annotations

#: Optimizer steps from one logged step to the next.
EVERY = 2
#: Steps between histograms, maps of weights and maps of activations.
PICTURES_EVERY = 20
