"""Kinds that exercise every form an option may have; they sample nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs

from superpose.estimate.clip import DynamicClip, NoClip, StaticClip
from superpose.estimate.decomposition import Decomposition
from superpose.estimate.guidance import Guidance
from superpose.estimate.model import Model
from superpose.estimate.view import View
from superpose.kinds.kind import option
from superpose.plugins import Registry
from superpose.sampling.constraint import Constraint
from superpose.sampling.scheduler import Scheduler


@attrs.frozen(kw_only=True)
class Toy(Model):
    """A model of nothing."""

    kind = "toy"
    weights: Path | None = option(None, doc="file of weights")
    shape = (3, 8, 8)
    schedule = None

    def load(self, device="cpu", dtype="float32"):
        raise NotImplementedError

    def prompt_problems(self, prompt):
        return ()


@attrs.frozen(kw_only=True)
class Steps(Scheduler):
    """A scheduler with options of most forms."""

    kind = "ddim"
    steps: int = option(doc="number of steps", ge=1, le=1000)
    eta: float = option(0.0, doc="share of fresh noise", ge=0, le=1)
    grid: Literal["leading", "trailing"] = option("leading", doc="where the levels are")
    levels: tuple[float, ...] | None = option(None, doc="levels of one's own", gt=0, each=True)
    order: int | Literal["auto"] = option("auto", doc="order of the method")

    def plan(self, schedule):
        raise NotImplementedError

    def step(self, denoise, x, here, there, state, noise, jumped):
        raise NotImplementedError


@attrs.frozen(kw_only=True)
class Window:
    """When a guidance acts."""

    start: float = option(doc="from this share of the run", ge=0, le=1)
    stop: float = option(1.0, doc="to this share of the run", ge=0, le=1)

    def __attrs_post_init__(self):
        if self.stop < self.start:
            raise ValueError(f"stop is {self.stop:g}, before start {self.start:g}")


@attrs.frozen(kw_only=True)
class Cfg(Guidance):
    """A guidance with a table inside."""

    kind = "cfg"
    scale: float = option(5.0, doc="weight of the prompt")
    window: Window | None = option(None, doc="when it acts")

    def denoiser(self, predictor, condition, negative):
        raise NotImplementedError


class _Still(View):
    def apply(self, x):
        return x

    def invert(self, x):
        return x


@attrs.frozen(kw_only=True)
class Identity(_Still):
    """Shows the image as it is."""

    kind = "identity"


@attrs.frozen(kw_only=True)
class Rotate(_Still):
    """Turns the image."""

    kind = "rotate"
    degrees: int = option(180, doc="angle", choices=(90, 180, 270))


@attrs.frozen(kw_only=True)
class Flip(_Still):
    """Mirrors the image."""

    kind = "flip"
    axis: Literal["horizontal", "vertical"] = option("horizontal", doc="which way")


@attrs.frozen(kw_only=True)
class Hybrid(Decomposition):
    """Coarse and fine."""

    kind = "hybrid"
    names = ("low", "high")
    sigma: float = option(2.0, doc="width of the blur", gt=0)

    def split(self, x):
        raise NotImplementedError


class _Unbound(Constraint):
    def bind(self, canvas):
        raise NotImplementedError


@attrs.frozen(kw_only=True)
class Inpaint(_Unbound):
    """Keeps a known region."""

    kind = "inpaint"
    image: Path = option(doc="the known image")
    feather: bool = option(False, doc="soft edge")


@attrs.frozen(kw_only=True)
class Box(_Unbound):
    """Keeps a box, as seen through a view."""

    kind = "box"
    corner: tuple[int, int] = option((0, 0), doc="column and row", ge=0, each=True)
    through: View | None = option(None, doc="the view in which it is a box")
    note: str = option("", doc="a note")


KINDS = (Toy, Steps, Cfg, StaticClip, DynamicClip, NoClip, Identity, Rotate, Flip, Hybrid, Inpaint, Box)
REGISTRY = Registry.of(*KINDS, name="examples", distribution="superpose-examples", version="0.3")
