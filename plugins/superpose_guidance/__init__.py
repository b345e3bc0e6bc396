"""The guidance rules: how a prompt becomes a denoiser."""

from __future__ import annotations

from collections.abc import Callable

from superpose import Guidance, hookimpl
from superpose_guidance.apg import AdaptiveProjected
from superpose_guidance.autoguidance import Autoguidance
from superpose_guidance.banded import Banded
from superpose_guidance.cfg import ClassifierFree
from superpose_guidance.cfg_plus_plus import PlusPlus
from superpose_guidance.cfg_zero import ZeroStar
from superpose_guidance.classifier import ClassifierGuidance
from superpose_guidance.dual import Dual
from superpose_guidance.ensemble import Ensemble
from superpose_guidance.interval import Interval
from superpose_guidance.magnitude_aware import MagnitudeAware
from superpose_guidance.pag import PerturbedAttention
from superpose_guidance.perp_neg import PerpNeg
from superpose_guidance.rescale import Rescale
from superpose_guidance.seg import SmoothedEnergy
from superpose_guidance.slg import SkipLayer
from superpose_guidance.tangential import Tangential


@hookimpl
def register_guidances(register: Callable[[type[Guidance]], type[Guidance]]) -> None:
    """Register every guidance of this package."""
    for guidance in (
        AdaptiveProjected,
        Autoguidance,
        Banded,
        ClassifierFree,
        ClassifierGuidance,
        Dual,
        Ensemble,
        Interval,
        MagnitudeAware,
        PerpNeg,
        PerturbedAttention,
        PlusPlus,
        Rescale,
        SkipLayer,
        SmoothedEnergy,
        Tangential,
        ZeroStar,
    ):
        register(guidance)
