"""The laws of noise predictors."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

from superpose.errors import LawError, PromptError
from superpose.estimate.interpolation import interpolated
from superpose.estimate.predictor import Conditioning
from superpose.estimate.problem import problems_of, refuse
from superpose.testing.law import Law, figures
from superpose.testing.probes import gap, noise, of_law
from superpose.testing.taps import site_laws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from superpose.estimate.model import Model
    from superpose.estimate.prediction import Prediction
    from superpose.estimate.predictor import NoisePredictor
    from superpose.estimate.tensors import Shape
    from superpose.levels.noise_level import NoiseLevel
    from superpose.sampling.noise import NoiseLaw

#: Rows of every question.
ROWS = 4

#: Lengths of the steps that a slope is measured by, for one of white noise: a long one drowns rounding, and a short one
#: follows a network that turns sharply, as between the modes of a mixture.
STEPS = (0.01, 0.001, 0.0001)

#: How far a measured slope may be from the gradient: rounding and curvature make a few hundredths.
SLOPE = 0.2


def check_predictor(
    predictor: NoisePredictor, prompts: Sequence[str] = ("",), t: float | None = None, low: Shape | None = None
) -> dict[str, float]:
    """Hold a noise predictor to its laws, on four rows of noise.

    Arguments:
        predictor: The predictor.
        prompts: Some that it knows; rows take them in turn.
        t: The network's time to ask at; half way down when not given.
        low: (C, H, W) of pictures of a stage before, for a predictor that paints over them.

    Returns:
        The figure of each law by its name.

    Raises:
        LawError: For the first one that it breaks, with the figure.
    """
    return figures(laws(predictor, prompts, t, low))


def laws(
    predictor: NoisePredictor, prompts: Sequence[str], t: float | None = None, low: Shape | None = None
) -> Iterator[Law]:
    """The laws of a predictor; those of latents and of what is laid beside for the predictors that have any."""
    level = predictor.schedule.level(0, predictor.schedule.steps // 2 if t is None else t)
    if tuple(predictor.image_shape) != tuple(predictor.shape):
        yield Law("encodes-and-decodes", lambda: encodes_and_decodes(predictor))
    laid = _laid(predictor, low)
    if laid is not None:
        yield Law("lays-row-for-row", lambda: lays_row_for_row(predictor, laid, low))
    question = _Question(predictor, prompts, level, laid or Conditioning())
    yield Law("answers-in-form", lambda: answers_in_form(question))
    yield Law("keeps-rows-apart", lambda: keeps_rows_apart(question))
    if predictor.differentiable:
        yield Law("differentiates", lambda: differentiates(question))
        yield Law("keeps-gradients-apart", lambda: keeps_gradients_apart(question))
    if predictor.interpolation is not None:
        yield Law("interpolates-prompts", lambda: interpolates_prompts(predictor, prompts))
    yield from site_laws(predictor, prompts[0], laid)


def model_laws(model: Model) -> Iterator[Law]:
    """The laws of a model as it comes, and of the predictor that it loads, told the prompt that says nothing."""
    refuse(problems_of(model.prompt_problems, model.unconditional), PromptError)
    predictor = model.load()
    yield Law("loads-what-it-says", lambda: loads_what_it_says(model, predictor))
    channels, height, width = model.image_shape
    low = (channels, max(1, height // 4), max(1, width // 4)) if model.upscales else None
    if low is not None and model.enlarges_canvases:
        yield Law("enlarges-canvases", lambda: enlarges_canvases(predictor, low))
    yield from laws(predictor, [model.unconditional], low=low)


def loads_what_it_says(model: Model, predictor: NoisePredictor) -> float:
    """The predictor has the shapes and the noise levels that the model announced before any weight was read."""
    for name in ("shape", "image_shape"):
        announced, has = tuple(getattr(model, name)), tuple(getattr(predictor, name))
        if announced != has:
            raise LawError(f"model {model.kind!r} says its {name} is {announced}, and loads one of {has}")
    if model.process.name != predictor.process.name:
        raise LawError(
            f"model {model.kind!r} says its process is {model.process.name}, and loads one of {predictor.process.name}"
        )
    for name in ("concat_conditioning", "clip", "learned_variance", "differentiable", "sites", "interpolation"):
        announced, has = getattr(model, name), getattr(predictor, name)
        unknown = name == "learned_variance" and announced is None
        if announced != has and not unknown:
            raise LawError(f"model {model.kind!r} says its {name} is {announced!r}, and loads {has!r}")
    said, loaded = model.schedule, predictor.schedule
    if said.steps != loaded.steps:
        raise LawError(f"model {model.kind!r} says it has {said.steps} times, and loads {loaded.steps}")
    times = [i * (said.steps - 1) // 10 for i in range(11)]
    off = max(abs(a - b) for t in times for a, b in zip(said.at(t), loaded.at(t), strict=True))
    if off > 0:
        raise LawError(f"model {model.kind!r} loads noise levels that are up to {off:.3g} away from those it says")
    return off


def interpolates_prompts(predictor: NoisePredictor, prompts: Sequence[str]) -> float:
    """Between two prompts there are conditions: the ends themselves at 0 and 1, and numbers on the way.

    Returns:
        How far half way is from the nearer end, relative to the ends: the root of the mean square.
    """
    first, last = ends = [predictor.condition(prompt) for prompt in (prompts[0], prompts[-1])]
    for mix, end in zip((0, 1), ends, strict=True):
        if interpolated(predictor, first, last, mix) is not end:
            raise LawError(f"the prompts of {type(predictor).__name__} are not themselves at the ends of the way")
    half, furthest = interpolated(predictor, first, last, 0.5, predictor.interpolation or "slerp"), 0.0
    for name, found in half.tensors.items():
        if not found.is_floating_point():
            raise LawError(f"{name} of {type(predictor).__name__} is {found.dtype}: between its prompts is nothing")
        off = min(gap(found, end.tensors[name]) for end in ends)
        if not off < math.inf:
            raise LawError(f"half way between two prompts {name} of {type(predictor).__name__} is not finite")
        furthest = max(furthest, off)
    return furthest


def encodes_and_decodes(predictor: NoisePredictor) -> float:
    """Pictures become states and states pictures, of the shapes announced and finite, and arguments are left alone.

    Returns:
        How far smooth pictures are from themselves, encoded and decoded: the root of the mean square.
    """
    import torch

    channels, height, width = predictor.image_shape
    across, down = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)[:, None]
    pictures = torch.stack([across.expand(height, width), down.expand(height, width)]).unsqueeze(1)
    pictures = pictures.expand(2, channels, height, width).contiguous().to(predictor.device)
    states = _made(predictor, "encode", pictures, predictor.shape)
    again = _made(predictor, "decode", states, predictor.image_shape)
    return float((again - pictures).square().mean().sqrt())


def _made(predictor: NoisePredictor, way: str, given: Tensor, shape: Shape) -> Tensor:
    """Result of ``encode`` or ``decode`` of ``given``, in the form announced."""
    import torch

    name, copy = type(predictor).__name__, given.clone()
    with torch.no_grad():
        made: Tensor = getattr(predictor, way)(given)
    if tuple(made.shape) != (len(given), *shape):
        raise LawError(f"{name}: {way} gives {tuple(made.shape)} where {(len(given), *shape)} is announced")
    if not bool(made.isfinite().all()):
        raise LawError(f"{name}: {way} gives what is not finite")
    if gap(given, copy) > 0:
        raise LawError(f"{name}: {way} writes to its argument")
    return made


def lays_row_for_row(predictor: NoisePredictor, laid: Conditioning, low: Shape | None) -> float:
    """Channels beside a sample have a row of their own, with the same bits whatever the other samples are."""
    name, height_width = type(predictor).__name__, tuple(predictor.shape[1:])
    if laid.channels is not None and tuple(laid.channels.shape[2:]) != height_width:
        raise LawError(f"{name} lays {tuple(laid.channels.shape)} beside states of {tuple(predictor.shape)}")
    said = sum(group.channels for group in predictor.concat_conditioning)
    if said and (laid.channels is None or laid.channels.shape[1] != said):
        lies = 0 if laid.channels is None else laid.channels.shape[1]
        raise LawError(f"{name} lays {lies} channels beside the state, and its concat_conditioning says {said}")
    for what, tensor in _parts(laid).items():
        if len(tensor) != ROWS:
            raise LawError(f"{name} lays {len(tensor)} rows of {what} beside {ROWS} samples")
    for i in range(ROWS):
        alone = _parts(_laid(predictor, low, slice(i, i + 1)) or Conditioning())
        for what, tensor in _parts(laid).items():
            if (off := gap(alone[what][0], tensor[i])) > 0:
                raise LawError(f"{name}: {what} of sample {i} changes by {off:.3g} with the samples beside it")
    return 0.0


def enlarges_canvases(predictor: NoisePredictor, low: Shape) -> float:
    """Over pictures of a canvas twice as wide, channels as large as its noise are laid."""
    channels, height, width = predictor.shape
    wide = _laid(predictor, (*low[:2], 2 * low[2]), shape=(channels, height, 2 * width))
    if wide is None or wide.channels is None:
        return 0.0
    if (found := tuple(wide.channels.shape[-2:])) != (height, 2 * width):
        raise LawError(
            f"{type(predictor).__name__} lays {found[0]}x{found[1]} places over a canvas of {height}x{2 * width}; lay "
            "what is as large as the noise, or say enlarges_canvases = False"
        )
    return 0.0


def answers_in_form(question: _Question) -> float:
    """An answer has the shape of the question, is finite, has the variance that was promised, and leaves x alone.

    Returns:
        The largest absolute value of the answer.
    """
    predictor, name = question.predictor, type(question.predictor).__name__
    x = question.states()
    seen, given = question.asked(x, range(ROWS))
    copy = seen.clone()
    answer = question.answered(seen, given)
    if gap(seen, copy) > 0:
        raise LawError(f"{name} writes to the images it is asked about")
    if (answer.variance is not None) != (predictor.learned_variance != "none"):
        has = "no variance" if answer.variance is None else "a variance"
        raise LawError(f"{name} answers {has}, and its learned_variance is {predictor.learned_variance!r}")
    for what, tensor in (("output", answer.output), ("variance", answer.variance)):
        if tensor is None:
            continue
        if tensor.shape != x.shape:
            raise LawError(f"{name} answers {tuple(x.shape)} with {what} of shape {tuple(tensor.shape)}")
        if not tensor.is_floating_point():
            raise LawError(f"{name} answers with {what} of {tensor.dtype}")
        if not bool(tensor.isfinite().all()):
            raise LawError(f"{name} answers with {what} that is not finite")
    return float(answer.output.abs().max())


def keeps_rows_apart(question: _Question) -> float:
    """With as many rows, a row's answer is the same bits whatever the other rows ask."""
    x, others = question.states(), question.states(seed=1)
    whole = question.answered(*question.asked(x, range(ROWS))).output
    for i in range(ROWS):
        mixed = others.clone()
        mixed[i] = x[i]
        rows = [i if j == i else (j + 1) % ROWS for j in range(ROWS)]
        answer = question.answered(*question.asked(mixed, rows)).output
        if (off := gap(answer[i], whole[i])) > 0:
            name = type(question.predictor).__name__
            raise LawError(f"{name}: row {i} changes by {off:.3g} with the rows beside it")
    return 0.0


def differentiates(question: _Question) -> float:
    """The gradient of an answer is its slope: a step along it raises the answer as much as it says.

    Returns:
        How much more or less it rises, relative to what the gradient says.
    """
    x = question.states()
    gradient = question.gradient(x, range(ROWS))
    length = float(gradient.norm())
    off = float("inf")
    for scale in STEPS:
        step = gradient * (scale * x[0].numel() ** 0.5 / max(length, 1e-12))
        up, down = (float((question.valued(x + s * step, range(ROWS))).double().sum()) for s in (1, -1))
        promised = 2 * float((gradient.double() * step.double()).sum())
        off = min(off, abs(up - down - promised) / abs(promised) if promised else float(up != down))
        if off <= SLOPE:
            break
    else:
        raise LawError(
            f"{type(question.predictor).__name__}: its gradient is {off:.3g} times its length away from the slope of "
            "its answer; let torch see every operation on x, or say differentiable = False"
        )
    return off


def keeps_gradients_apart(question: _Question) -> float:
    """With as many rows, the gradient of a row's answer is the same bits whatever the other rows ask."""
    x, others = question.states(), question.states(seed=1)
    whole = question.gradient(x, range(ROWS))
    for i in range(ROWS):
        mixed = others.clone()
        mixed[i] = x[i]
        rows = [i if j == i else (j + 1) % ROWS for j in range(ROWS)]
        if (off := gap(question.gradient(mixed, rows)[i], whole[i])) > 0:
            name = type(question.predictor).__name__
            raise LawError(f"{name}: the gradient of row {i} changes by {off:.3g} with the rows beside it")
    return 0.0


class _Question:
    """Questions of four rows, with their conditions and with what is laid beside them."""

    def __init__(
        self, predictor: NoisePredictor, prompts: Sequence[str], level: NoiseLevel, laid: Conditioning
    ) -> None:
        self.predictor, self.level, self.laid = predictor, level, laid
        self.told = [predictor.condition(prompts[i % len(prompts)]) for i in range(ROWS)]

    def states(self, seed: int = 0) -> Tensor:
        """Noise as states."""
        return noise(ROWS, *self.predictor.shape, seed=seed, double=False).to(self.predictor.device)

    def asked(self, x: Tensor, rows: Sequence[int]) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Input of a network for states ``x``, row i conditioned as sample ``rows[i]``."""
        import torch

        chosen = list(rows)
        conditioning = [] if self.laid.channels is None else [self.laid.channels[chosen]]
        given = dict(self.predictor.gather([self.told[i] for i in chosen]))
        return torch.cat([x, *conditioning], 1), given | {
            name: per_sample[chosen] for name, per_sample in self.laid.per_sample.items()
        }

    def answered(self, seen: Tensor, given: Mapping[str, Tensor]) -> Prediction:
        """The answer."""
        import torch

        with torch.no_grad():
            return self.predictor.predict(seen, self.level, given)

    def valued(self, x: Tensor, rows: Sequence[int]) -> Tensor:
        """A number of each row's answer to states ``x``: how much of some white noise is in it."""
        seen, given = self.asked(x, rows)
        output = self.predictor.predict(seen, self.level, given).output
        weights = noise(1, *output.shape[1:], seed=2, double=False).to(output.device)
        return (output.float() * weights).flatten(1).sum(1)

    def gradient(self, x: Tensor, rows: Sequence[int]) -> Tensor:
        """The gradient of those numbers with respect to the states."""
        import torch

        with torch.enable_grad():
            tracked = x.clone().requires_grad_()
            value = self.valued(tracked, rows).sum()
            if not value.requires_grad:
                name = type(self.predictor).__name__
                raise LawError(f"{name}: torch finds no gradient of its answer; say differentiable = False")
            [gradient] = torch.autograd.grad(value, tracked)
        return gradient


def _laid(
    predictor: NoisePredictor, low: Shape | None, rows: slice = slice(ROWS), shape: Shape | None = None
) -> Conditioning | None:
    """Channels beside the samples ``rows``, the pictures of a stage before and all noise being white noise."""
    import torch

    pictures = None if low is None else noise(ROWS, *low, double=False)[rows].clamp(-1, 1).to(predictor.device)

    def drawn(purpose: str = "step", law: NoiseLaw = "normal") -> Tensor:
        own = noise(ROWS, *(shape or predictor.shape), seed=zlib.crc32(purpose.encode()), double=False)
        return of_law(own[rows], law).to(predictor.device)

    with torch.no_grad():
        return predictor.conditioning(pictures, drawn)


def _parts(laid: Conditioning) -> dict[str, Tensor]:
    return ({} if laid.channels is None else {"channels": laid.channels}) | dict(laid.per_sample)
