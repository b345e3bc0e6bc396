"""The laws of guidances."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs

from superpose.errors import LawError
from superpose.estimate.context import Context
from superpose.estimate.model import Model
from superpose.kinds.kind import fields_of, with_options
from superpose.levels.noise_level import NoiseLevel
from superpose.levels.plan import Plan
from superpose.testing.law import Law, figures
from superpose.testing.probes import TOLERANCE, broken, gap, noise, size, unwritten

if TYPE_CHECKING:
    from torch import Tensor

    from superpose.estimate.classifier import Classifier, ClassifierPredictor
    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.guidance import BoundGuidance, Guidance
    from superpose.estimate.predictor import NoisePredictor
    from superpose.testing.predictors import TinyPredictor

_PLAN = Plan(
    (
        NoiseLevel(0, 900.0, 0.1, 0.995),
        NoiseLevel(1, 500.0, 0.6, 0.8),
        NoiseLevel(2, 50.0, 0.98, 0.199),
        NoiseLevel(3, -1.0, 1.0, 0.0),
    )
)
#: Levels in no order, each in its step: a plan may climb, a scheduler may ask twice.
LEVELS = tuple(_PLAN.asked(step) for step in (1, 2, 0))
#: That half way down.
MOMENT = LEVELS[0]
_PURE = "it keeps something between calls or draws at random; all that it knows is x and the noise level"


def check_guidance(
    guidance: Guidance, channels: int = 3, height: int = 8, width: int = 8, rows: int = 2
) -> dict[str, float]:
    """Hold a guidance to all its laws on images of one size.

    Arguments:
        guidance: The guidance.
        channels: Channels of an image.
        height: Its height.
        width: Its width.
        rows: Network rows that it may ask for a sample, duplicates removed.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    return figures(laws(guidance, channels, height, width, rows))


def laws(guidance: Guidance, channels: int, height: int, width: int, rows: int) -> Iterator[Law]:
    """The laws of a guidance that may ask ``rows`` rows, on images of one size."""
    size = channels, height, width
    yield Law("agrees-with-itself", lambda: agrees_with_itself(guidance, *size))
    yield Law("asks-few-rows", lambda: asks_few_rows(guidance, rows, *size))
    yield Law("leaves-variance", lambda: leaves_variance(guidance, *size))
    yield Law("says-the-same-again", lambda: says_the_same_again(guidance, *size))
    yield Law("keeps-samples-apart", lambda: keeps_samples_apart(guidance, *size))
    yield Law("starts-from-no-prompt", lambda: starts_from_no_prompt(guidance, *size))
    yield Law("says-its-dispersion", lambda: says_its_dispersion(guidance, *size))
    if any(field.name == "scale" for field in fields_of(type(guidance))):
        if steers(guidance, *size):
            yield Law("is-nothing-at-zero", lambda: is_nothing_at(0.0, guidance, *size))
        else:
            yield Law("is-nothing-at-one", lambda: is_nothing_at(1.0, guidance, *size))


def steers(guidance: Guidance, channels: int, height: int, width: int) -> bool:
    """True where it moves the sample besides, as classifier guidance does."""
    network = _network(channels, height, width)
    x = noise(1, channels, height, width, double=False)
    told = network.condition("cat")
    denoiser = _bound(guidance, network).denoiser(network, told, network.condition(""))
    return denoiser(x, MOMENT).guidance_gradient is not None


def agrees_with_itself(guidance: Guidance, channels: int, height: int, width: int) -> float:
    """A negative prompt that says the same leaves nothing to be guided away from; nor do taps without effect."""
    from superpose.testing.predictors import DeafPredictor

    network = DeafPredictor((channels, height, width))
    told = network.condition("cat")
    x = noise(2, channels, height, width, double=False)
    denoiser = _bound(guidance, network, network, unconditional="cat").denoiser(network, told, told)
    denoiser.check((channels, height, width))
    with unwritten(guidance, "its denoiser", x):
        estimate = denoiser(x, MOMENT)
    scale = 1 + abs(getattr(guidance, "scale", 1.0))
    if (off := gap(estimate.clean, _plain(network, "cat")(x, MOMENT).clean)) > TOLERANCE * scale:
        broken(guidance, size(x), f"with equal prompts it is {off:.3g} away from the prompt alone: weights sum to 1")
    return off


def asks_few_rows(guidance: Guidance, rows: int, channels: int, height: int, width: int) -> int:
    """It asks no more rows than it is said to: how many it asks for a sample."""
    network, other = _counted(channels, height, width)
    _bound(guidance, network, other).denoiser(network, network.condition("cat"), network.condition(""))(
        noise(1, channels, height, width, double=False), MOMENT
    )
    if (asked := sum(network.blocks)) > rows:
        broken(guidance, f"{channels}x{height}x{width}", f"it asks {asked} rows a sample, and may ask {rows}")
    return asked


def is_nothing_at(scale: float, guidance: Guidance, channels: int, height: int, width: int) -> float:
    """That scale is the prompt alone, bit for bit, and asks for nothing else: 1 for a mix, 0 for what steers."""
    network, other = _counted(channels, height, width)
    x = noise(1, channels, height, width, double=False)
    one = with_options(guidance, scale=scale)
    got = _bound(one, network, other).denoiser(network, network.condition("cat"), network.condition(""))(x, MOMENT)
    asked = sum(network.blocks)
    if asked != 1:
        broken(one, size(x), f"at scale {scale:g} it asks {asked} rows a sample, where 1 is enough")
    if got.guidance_gradient is not None:
        broken(one, size(x), f"at scale {scale:g} it steers")
    if (off := gap(got.clean, _plain(network, "cat")(x, MOMENT).clean)) > 0:
        broken(one, size(x), f"at scale {scale:g} it is {off:.3g} away from the prompt alone")
    return off


def leaves_variance(guidance: Guidance, channels: int, height: int, width: int) -> float:
    """A learned variance lies between those of the prompts: guidance does not extrapolate it."""
    from superpose.testing.learned import WithVariance

    network = WithVariance(_network(channels, height, width))
    x = noise(2, channels, height, width, double=False)
    denoiser = _bound(guidance, network).denoiser(network, network.condition("cat"), network.condition(""))
    got = denoiser(x, MOMENT).variance
    told = [_plain(network, prompt)(x, MOMENT).variance for prompt in ("cat", "")]
    if got is None or told[0] is None or told[1] is None:
        broken(guidance, size(x), "it loses the learned variance of the network")
    low, high = told[0].minimum(told[1]), told[0].maximum(told[1])
    off = float((low - got).maximum(got - high).max())
    if not off <= TOLERANCE:
        broken(guidance, size(x), f"its variance is up to {off:.3g} outside those of the two prompts")
    return max(off, 0.0)


def says_the_same_again(guidance: Guidance, channels: int, height: int, width: int) -> float:
    """It remembers nothing and draws nothing: at a level it says the same whatever it was asked before."""
    import torch

    x = noise(2, channels, height, width, double=False)
    denoiser = _whole(guidance, channels, height, width)
    state = torch.random.get_rng_state()
    first = [_everything(denoiser, x, level) for level in LEVELS]
    if not torch.equal(state, torch.random.get_rng_state()):
        broken(guidance, size(x), "it draws from torch's global generator; a guidance has no noise")
    for level, want in zip(LEVELS, first, strict=True):
        if (off := gap(_everything(denoiser, x, level), want)) > 0:
            broken(guidance, size(x), f"asked again at t = {level.t:g} it differs by {off:.3g}: {_PURE}")
    for level, want in zip(LEVELS, first, strict=True):
        other = noise(2, channels, height, width, seed=1, double=False)
        _everything(denoiser, other, level)
        fresh = _everything(_whole(guidance, channels, height, width), x, level)
        if (off := max(gap(_everything(denoiser, x, level), want), gap(fresh, want))) > 0:
            broken(
                guidance, size(x), f"after other levels or images it differs by {off:.3g} at t = {level.t:g}: {_PURE}"
            )
    return 0.0


def keeps_samples_apart(guidance: Guidance, channels: int, height: int, width: int) -> float:
    """Answers about a sample do not depend on those beside it."""
    x, others = (noise(3, channels, height, width, seed=seed, double=False) for seed in (0, 1))
    denoiser = _whole(guidance, channels, height, width)
    for level in LEVELS:
        whole = _everything(denoiser, x, level)
        for i in range(len(x)):
            mixed = others.clone()
            mixed[i] = x[i]
            if (off := gap(_everything(denoiser, mixed, level)[i], whole[i])) > 0:
                broken(guidance, size(x), f"what it says of a sample changes by {off:.3g} with the samples beside it")
    return 0.0


def starts_from_no_prompt(guidance: Guidance, channels: int, height: int, width: int) -> float:
    """Compositions start from what it makes of a prompt that says nothing, but for what it steers."""
    network = _network(channels, height, width)
    x, nothing = noise(2, channels, height, width, double=False), network.condition("")
    bound = _bound(guidance, network)
    want = bound.denoiser(network, nothing, nothing)(x, MOMENT)
    got = bound.unprompted(network, nothing)(x, MOMENT)
    if want.guidance_gradient is not None:
        return 0.0
    if (off := gap(got.clean, want.clean)) > TOLERANCE * (1 + abs(getattr(guidance, "scale", 1.0))):
        broken(guidance, size(x), f"unprompted() is {off:.3g} away from what it makes of a prompt that says nothing")
    return off


def says_its_dispersion(guidance: Guidance, channels: int, height: int, width: int) -> float:
    """Where it is a product of densities, it says how far they disagree; others say that they are none."""
    from superpose.testing.densities import check_dispersion

    denoiser = _whole(guidance, channels, height, width)
    try:
        denoiser.with_dispersion()
    except LawError:
        return 0.0
    try:
        return max(check_dispersion(denoiser, (channels, height, width), level) for level in LEVELS)
    except LawError as error:
        broken(guidance, f"{channels}x{height}x{width}", str(error))


def _whole(guidance: Guidance, channels: int, height: int, width: int) -> Denoiser:
    network = _network(channels, height, width)
    return _bound(guidance, network).denoiser(network, network.condition("cat"), network.condition(""))


def _bound(
    guidance: Guidance, network: NoisePredictor, other: NoisePredictor | None = None, unconditional: str = ""
) -> BoundGuidance:
    """The guidance bound to a network, where every model that it names is ``other``: another network as a rule."""

    def read(kind: Model | Classifier) -> NoisePredictor | ClassifierPredictor:
        return (other or _network(*network.shape, seed=1)) if isinstance(kind, Model) else kind.load()

    return guidance.bind(attrs.evolve(Context.of(network, read=read), unconditional=unconditional))


def _everything(denoiser: Denoiser, x: Tensor, level: NoiseLevel) -> Tensor:
    """The clean image and where it is steered, side by side."""
    import torch

    estimate = denoiser(x, level)
    return (
        estimate.clean.clone()
        if estimate.guidance_gradient is None
        else torch.cat([estimate.clean, estimate.guidance_gradient], 1)
    )


def _network(channels: int, height: int, width: int, seed: int = 0) -> TinyPredictor:
    from superpose.testing.predictors import AttentivePredictor  # needs torch; this module does not

    return AttentivePredictor((channels, height, width), seed=seed)


def _counted(channels: int, height: int, width: int) -> tuple[TinyPredictor, TinyPredictor]:
    """Two networks whose forward passes are counted together."""
    network, other = _network(channels, height, width), _network(channels, height, width, seed=1)
    other.blocks = network.blocks
    return network, other


def _plain(network: NoisePredictor, prompt: str) -> Denoiser:
    from superpose.estimate.denoiser import prompted

    return prompted(network, prompt)
