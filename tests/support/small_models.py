"""A plugin of small models: a first stage, a stage that enlarges whose samples are known, latents without loss."""

from __future__ import annotations

import hashlib

import attrs
import torch

from superpose import (
    Condition,
    Conditioning,
    EDMSchedule,
    FlowSchedule,
    Model,
    NoisePredictor,
    Prediction,
    Problem,
    PromptError,
    RecipeError,
    TableSchedule,
    VESchedule,
    hookimpl,
    option,
)
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

LINEAR = TableSchedule.named("linear")


def checked(prompt):
    """Refuse the one prompt that is not known."""
    if prompt == "unknown":
        raise PromptError("unknown prompt 'unknown'")


@attrs.frozen(kw_only=True)
class First(Model):
    """A random network of pictures."""

    kind = "small-first"
    size: int = option(8, doc="height and width of a picture", ge=2)
    schedule = LINEAR

    @property
    def shape(self):
        return 3, self.size, self.size

    def load(self, device="cpu", dtype="float32"):
        return TinyPredictor(self.shape)

    def prompt_problems(self, prompt):
        return Problem.caught("", lambda: checked(prompt))

    def weights(self):
        return {"first": "1" * 64}


@attrs.frozen(kw_only=True)
class Larger(Model):
    r"""Pictures distributed as :math:`N(m, s^2)`, where m is a small picture, enlarged."""

    kind = "small-larger"
    papers = ("arXiv 2104.07636",)
    size: int = option(16, doc="height and width of a picture", ge=2)
    spread: float = option(0.0, doc="s", ge=0)
    schedule = LINEAR
    upscales = True

    @property
    def shape(self):
        if self.size == 13:
            raise RecipeError("size = 13: nothing is enlarged to that")
        return 3, self.size, self.size

    def load(self, device="cpu", dtype="float32"):
        return LargerPredictor(self.shape, self.spread)

    def prompt_problems(self, prompt):
        return Problem.caught("", lambda: checked(prompt))

    def weights(self):
        return {"larger": "2" * 64}


def enlarged(low, size):
    """The pictures ``low`` with every pixel a block."""
    times = size // low.shape[-1]
    return low.repeat_interleave(times, -1).repeat_interleave(times, -2)


class LargerPredictor(NoisePredictor):
    """The exact predictor of `Larger`.

    The small picture comes to it in two parts, so that both ways are tried: beside the state, less its mean, and the
    mean as a number of each sample. Rows that are mixed up show in the pictures.
    """

    parameterization = "sample"

    def __init__(self, shape, spread=0.0):
        self.shape, self.spread = shape, spread
        self.schedule, self.device = LINEAR, torch.device("cpu")

    def conditioning(self, low, noise):
        if low is None:
            raise RecipeError("there is nothing to enlarge")
        large = enlarged(low, self.shape[-1])
        own = torch.stack([picture.mean() for picture in low]).view(-1, 1, 1, 1)
        return Conditioning(large - own, {"own": own})

    def condition(self, prompt):
        checked(prompt)
        return Condition(prompt, {"row": torch.zeros(1)})

    def predict(self, x, level, conditioning):
        state, mean = x[:, : self.shape[0]], x[:, self.shape[0] :] + conditioning["own"]
        variance = self.spread**2
        gain = level.alpha * variance / (level.alpha**2 * variance + level.sigma**2)
        return Prediction(mean + gain * (state - level.alpha * mean))


class Beheld(TinyPredictor):
    """A random network that sees a picture beside the state, and a number of each sample."""

    def __init__(self, shape, seed=0):
        super().__init__((2 * shape[0], *shape[1:]), seed=seed)
        self.shape = shape

    def conditioning(self, low, noise):
        return Conditioning(low, {"own": low.flatten(1)[:, :1, None, None] + noise("own")[:, :1, :1, :1]})

    def predict(self, x, level, conditioning):
        answer = super().predict(x, level, {"bias": conditioning["bias"] + conditioning["own"]})
        return Prediction(answer.output[:, : self.shape[0]])


def waves(x):
    """Each 2x2 block of pixels by its mean and differences, which undoes itself: (N, C, H, W) to (N, 4C, H/2, W/2)."""
    a, b, c, d = x[..., ::2, ::2], x[..., ::2, 1::2], x[..., 1::2, ::2], x[..., 1::2, 1::2]
    return torch.cat((a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d), 1) / 2


def pixels(z):
    """What `waves` is of."""
    a, b, c, d = z.chunk(4, 1)
    parts = ((a + b + c + d) / 2, (a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2)
    x = z.new_empty(len(z), z.shape[1] // 4, 2 * z.shape[2], 2 * z.shape[3])
    for k, part in enumerate(parts):
        x[..., k // 2 :: 2, k % 2 :: 2] = part
    return x


@attrs.frozen(kw_only=True)
class Waves(Model):
    """The network of `First` in latents without loss."""

    kind = "small-waves"
    size: int = option(8, doc="height and width of a picture", ge=2)
    schedule = LINEAR

    @property
    def shape(self):
        return 12, self.size // 2, self.size // 2

    @property
    def image_shape(self):
        return 3, self.size, self.size

    def load(self, device="cpu", dtype="float32"):
        return WavesPredictor(self.image_shape)

    def prompt_problems(self, prompt):
        return Problem.caught("", lambda: checked(prompt))


class WavesPredictor(NoisePredictor):
    """The network of pictures, asked in latents; it counts the pictures that it encodes."""

    parameterization = "epsilon"

    def __init__(self, image_shape):
        self.inner, self._image_shape, self.encoded = TinyPredictor(image_shape), image_shape, 0
        channels, height, width = image_shape
        self.shape = 4 * channels, height // 2, width // 2
        self.schedule, self.device = LINEAR, torch.device("cpu")

    @property
    def image_shape(self):
        return self._image_shape

    def encode(self, images):
        self.encoded += len(images)
        return waves(images)

    def decode(self, states):
        return pixels(states)

    def condition(self, prompt):
        return self.inner.condition(prompt)

    def predict(self, x, level, conditioning):
        return Prediction(waves(self.inner.predict(pixels(x), level, conditioning).output))


#: Noise levels of several processes.
PROCESSES = {
    "linear": LINEAR,
    "cosine": TableSchedule.named("cosine"),
    "ve": VESchedule(),
    "edm": EDMSchedule(),
    "flow": FlowSchedule(),
}


@attrs.frozen(kw_only=True)
class Exact(Model):
    """Pictures of white noise around a grey that the prompt names, exactly, on noise levels of your choice."""

    kind = "small-exact"
    unconditional = "grey"
    size: int = option(8, doc="height and width of a picture", ge=2)
    levels: str = option("linear", doc="which noise levels", choices=tuple(PROCESSES))
    greys = {"grey": 0.0, "light": 0.5, "dark": -0.5}  # noqa: RUF012  (a class attribute of a test)

    @property
    def shape(self):
        return 3, self.size, self.size

    @property
    def schedule(self):
        return PROCESSES[self.levels]

    def load(self, device="cpu", dtype="float32"):
        return ExactPredictor(self.shape, 0.3, self.greys, self.schedule, "sample")

    def prompt_problems(self, prompt):
        if prompt not in self.greys:
            yield Problem("", f"unknown grey {prompt!r}; known: {', '.join(self.greys)}")

    def weights(self):
        return {"exact": hashlib.sha256(self.levels.encode()).hexdigest()}


class ExactPredictor(GaussianPredictor):
    """It counts its forward passes, and knows its greys alone."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.blocks, self.told = [], []

    def condition(self, prompt):
        self.told.append(prompt)
        return super().condition(prompt)

    def predict(self, x, level, conditioning):
        self.blocks.append(len(x))
        return super().predict(x, level, conditioning)


@hookimpl
def register_models(register):
    for model in (First, Larger, Waves, Exact):
        register(model)
