"""The classifier as a recipe names it; torch comes with `load`."""

import attrs
from superpose import Classifier, PromptError, TableSchedule, option

#: The classes, in the order of the logits.
HOURS = ("day", "night")


@attrs.frozen(kw_only=True)
class Hours(Classifier):
    """Tells pictures of the day from pictures of the night by how bright they are.

    How bright a picture is, noise and all, is a Gaussian for either, so that Bayes' rule gives its every answer.
    """

    kind = "hours"
    size: int = option(16, doc="height and width of the images", ge=2, le=256)
    day: float = option(0.5, doc="mean of a picture of the day", ge=-1, le=1)
    night: float = option(-0.7, doc="mean of a picture of the night", ge=-1, le=1)
    std: float = option(0.05, doc="standard deviation of these means among pictures", gt=0)

    @property
    def shape(self):
        """Three channels, square."""
        return 3, self.size, self.size

    @property
    def schedule(self):
        """The cosine schedule, 1000 steps."""
        return TableSchedule.named("cosine")

    @property
    def classes(self):
        """Day and night."""
        return len(HOURS)

    def label(self, prompt):
        """The class that ``prompt`` names; raises `PromptError` for anything else."""
        if prompt not in HOURS:
            raise PromptError(f"there is no hour {prompt!r}; write one of {', '.join(HOURS)}")
        return HOURS.index(prompt)

    def load(self, device="cpu", dtype="float32"):
        """Nothing is read; what is exact is computed in float32, whatever ``dtype`` says."""
        from superpose_dusk.brightness import Brightness

        return Brightness(self, device)
