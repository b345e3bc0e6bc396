"""The model as a recipe names it; torch comes with `load`."""

import difflib

import attrs
from superpose import Model, Problem, PromptError, StaticClip, TableSchedule, option

#: What there is in Toyland.
PLACES = ("sun", "moon", "tree", "house")


@attrs.frozen(kw_only=True)
class Toyland(Model):
    """A mixture of Gaussians around four pictures: sun, moon, tree and house.

    A prompt names one, or several with commas between, of which each sample shows one; "" may show any. What a network
    would have to learn is known here in closed form.
    """

    kind = "toyland"
    size: int = option(16, doc="pixels a side", ge=8, le=256)
    std: float = option(0.1, doc="standard deviation of every value around its picture", gt=0, le=1)

    @property
    def shape(self):
        """Three channels, square."""
        return 3, self.size, self.size

    @property
    def schedule(self):
        """The cosine schedule, 1000 steps."""
        return TableSchedule.named("cosine")

    @property
    def clip(self):
        """Pixels are in [-1, 1]."""
        return StaticClip()

    def load(self, device="cpu", dtype="float32"):
        """Draw the pictures; what is exact is computed in float32, whatever ``dtype`` says."""
        from superpose_toyland.predictor import MixturePredictor

        return MixturePredictor(self, device)

    def prompt_problems(self, prompt):
        """A prompt that names a place which is not in Toyland, with the nearest that is."""
        return Problem.caught("", lambda: chosen(prompt))


def chosen(prompt):
    """The numbers of the places that a prompt names.

    Raises:
        PromptError: If there is no such place; names the nearest.
    """
    names = [name.strip() for name in prompt.split(",")] if prompt else PLACES
    for name in names:
        if name not in PLACES:
            near = difflib.get_close_matches(name, PLACES, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(PLACES)}"
            raise PromptError(f"there is no {name!r} in Toyland; {hint}")
    return sorted({PLACES.index(name) for name in names})
