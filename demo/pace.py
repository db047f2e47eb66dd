"""The demo's logging intervals. They are shorter than the defaults, because the training runs are short."""

from __future__ import annotations

#: Optimizer steps from one logged step to the next.
EVERY = 2
#: Steps between histograms, maps of weights and maps of activations.
PICTURES_EVERY = 20
#: Steps that are logged one by one after a finding, as by default.
BURST = 20
