"""The model as a recipe names it, and its network, which is exact."""

import attrs
from superpose import Condition, FlowSchedule, Model, NoisePredictor, Prediction, Problem, PromptError, option, refuse

from superpose_mosaic.process import Absorbing

#: Colours of the tiles, and last that of a hidden one.
PALETTE = ((-1.0, -1.0, -1.0), (1.0, 1.0, 1.0), (0.9, 0.1, -0.7), (0.0, 0.0, 0.0))
PATTERNS = ("stripes", "checks")


@attrs.frozen(kw_only=True)
class Mosaic(Model):
    """Stripes or checks of tiles, a few of which are wrong; "" is either.

    What a network would have to learn is known in closed form: how likely either pattern is, given the tiles seen.
    """

    kind = "mosaic"
    differentiable = False  # tiles are there or not: nothing lies between
    size: int = option(8, doc="tiles a side", ge=2, le=64)
    wrong: float = option(0.05, doc="share of tiles that are not those of the pattern", gt=0, lt=0.5)

    @property
    def process(self):
        """Tiles are hidden; no noise is added."""
        return Absorbing()

    @property
    def shape(self):
        """A channel for each tile, and one for hidden."""
        return len(PALETTE), self.size, self.size

    @property
    def image_shape(self):
        """In colours."""
        return 3, self.size, self.size

    @property
    def schedule(self):
        """The share of hidden tiles grows evenly from 0 to 1."""
        return FlowSchedule()

    def prompt_problems(self, prompt):
        """Anything but a pattern."""
        if prompt not in ("", *PATTERNS):
            yield Problem("", f"unknown pattern {prompt!r}; known: {', '.join(PATTERNS)}")

    def load(self, device="cpu", dtype="float32"):
        """Nothing is read."""
        return MosaicPredictor(self, device)


class MosaicPredictor(NoisePredictor):
    """It answers with the probability of each tile, given those that are seen."""

    parameterization = "sample"
    differentiable = False

    def __init__(self, model, device):
        import torch

        self.model, self.device = model, torch.device(device)
        self.shape, self.schedule, self.process = model.shape, model.schedule, model.process
        self.palette = torch.tensor(PALETTE, device=self.device)
        self.chances = torch.stack([self._chances(pattern) for pattern in PATTERNS])  # (patterns, C - 1, H, W)

    @property
    def image_shape(self):
        return self.model.image_shape

    def _chances(self, pattern):
        """The probability of each tile at each place."""
        import torch

        down, across = torch.meshgrid(*[torch.arange(self.model.size, device=self.device)] * 2, indexing="ij")
        tile = (down + (pattern == "checks") * across) % 2
        others = len(PALETTE) - 2
        right = torch.nn.functional.one_hot(tile, others + 1).movedim(-1, 0)
        return right * (1 - self.model.wrong) + (1 - right) * self.model.wrong / others

    def condition(self, prompt):
        import torch

        refuse(self.model.prompt_problems(prompt), PromptError)
        prior = [float(prompt in ("", pattern)) for pattern in PATTERNS]
        return Condition(prompt, {"prior": torch.tensor([prior], device=self.device)})

    def predict(self, x, level, conditioning):
        import torch

        seen = x[:, :-1, None].transpose(1, 2)  # (N, 1, C - 1, H, W)
        told = (seen * self.chances.log()).sum((2, 3, 4)) + conditioning["prior"].log()
        pattern = told.softmax(1)[:, :, None, None, None]
        tiles = (pattern * self.chances).sum(1)
        return Prediction(torch.cat((tiles, torch.zeros_like(x[:, -1:])), 1))

    def decode(self, states):
        """The colours of the tiles that are likeliest."""
        return self.palette[states.argmax(1)].movedim(-1, 1)

    def encode(self, images):
        """The tiles of the nearest colours."""
        import torch

        apart = (images[:, None] - self.palette[:-1, :, None, None]).square().sum(2)
        return torch.nn.functional.one_hot(apart.argmin(1), len(PALETTE)).movedim(-1, 1).to(images)
