"""Odd models by name.

This module imports nothing from the package, because tests load saved models where it is not installed.
"""

from tests.support.odd_models.backward import (
    AutogradGrad,
    EvaluationBetween,
    GradientPenalty,
    PartsCalled,
    SecondOrder,
    TwoBackwardPasses,
    UserHooks,
)
from tests.support.odd_models.calls import Dynamic, InterruptedPass, Recursive, ReplacedLayers, SharedModules, Unrolled
from tests.support.odd_models.outputs import InPlace, OutputTypes, PassThrough, UnusedOutputs
from tests.support.odd_models.parameters import FrozenPart, Lazy, NumberTypes, Parametrized
from tests.support.odd_models.special_methods import SpecialMethods
from tests.support.odd_models.torch_features import Checkpointed, Encoder, Scripted, Threads

#: Functions that make the models, by name.
ODD_MODELS = {
    "shared": SharedModules,
    "unrolled": Unrolled,
    "dynamic": Dynamic,
    "recursive": Recursive,
    "outputs": OutputTypes,
    "pass through": PassThrough,
    "in place": InPlace,
    "unused": UnusedOutputs,
    "parametrized": Parametrized,
    "lazy": Lazy,
    "number types": NumberTypes,
    "special methods": SpecialMethods,
    "replaced": ReplacedLayers,
    "interrupted": InterruptedPass,
    "user hooks": UserHooks,
    "backward twice": TwoBackwardPasses,
    "penalty": GradientPenalty,
    "second order": SecondOrder,
    "autograd.grad": AutogradGrad,
    "evaluation between": EvaluationBetween,
    "parts called": PartsCalled,
    "frozen part": FrozenPart,
    "checkpoint TT": lambda: Checkpointed(True, True),
    "checkpoint TF": lambda: Checkpointed(True, False),
    "checkpoint FT": lambda: Checkpointed(False, True),
    "checkpoint FF": lambda: Checkpointed(False, False),
    "scripted": Scripted,
    "threads and replicas": Threads,
    "encoder": Encoder,
}
