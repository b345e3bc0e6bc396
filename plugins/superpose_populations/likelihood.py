r"""The reward of an image: how likely a classifier takes it for what it is to show.

.. math:: r(x) = \min_i \log p(y_i | V_i x)

over all readings of the image, each the view or part i with its prompt: an illusion is worth as much as its weakest
reading, as in ``superpose score``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

from superpose import Classifier, ClassifierPredictor, Problem, RecipeError

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import Canvas, Context, Model, NoiseLevel, Reading, Shape, Transition

#: Of states without noise, (N x K, C, H, W), one number each; greater is better.
Reward: TypeAlias = "Callable[[Tensor], Tensor]"
#: From states to pictures.
Decode: TypeAlias = "Callable[[Tensor], Tensor]"


def problems(classifier: Classifier, label: str | None, model: Model, prompts: Sequence[str]) -> Iterator[Problem]:
    """Problems of a classifier with reading what a model paints."""
    if classifier.shape != model.image_shape:
        what = f"its classifier reads images of {classifier.shape}, and the model paints {model.image_shape}"
        yield Problem("classifier", what, "use one of that size")
    wanted = prompts if label is None else (label,)
    if not wanted:
        what = "the recipe has no prompt that a classifier could read the image as"
        yield Problem("label", what, "write its class here")
    yield from Problem.caught("label" if label is not None else "classifier", lambda: classifier.among(wanted))


def clean(made: Transition) -> Tensor:
    """States without noise after a transition: what was thought of them, and in the end themselves."""
    return made.after / made.there.alpha if made.there.sigma == 0 else made.estimate.clean


@attrs.frozen(eq=False)
class Likelihood:
    """Logarithm of the probability of the weakest reading.

    Attributes:
        reader: The classifier.
        level: Its level without noise.
        ways: What is done to a picture before it is read, with the class that it is to have then.
        size: Rows that are read at once: the particles of one sample, so that others do not change a bit.
        decode: From states to pictures, one at a time; None where states are pictures.
    """

    reader: ClassifierPredictor
    level: NoiseLevel
    ways: Sequence[tuple[Callable[[Tensor], Tensor], int]]
    size: int
    decode: Decode | None = None

    @classmethod
    def of(
        cls, classifier: Classifier, label: str | None, size: int, context: Context, readings: Sequence[Reading]
    ) -> Likelihood:
        """The reward of a classifier, its weights read.

        Raises:
            RecipeError: If nothing says what the image is to be read as, or the classifier reads another size.
        """
        canvas = context.canvas
        ways = [(reading.show, reading.prompt) for reading in readings if reading.prompt is not None]
        if label is not None:
            ways = [(_whole, label)]
        if not ways:
            raise RecipeError("nothing says what the image is to be read as: give label")
        for show, prompt in ways:
            if (seen := tuple(show(_blank(canvas.image_shape)).shape[1:])) != classifier.shape:
                what = f"{classifier.kind} reads images of {classifier.shape}, and {prompt!r} is shown by {seen}"
                raise RecipeError(f"{what}: use one of that size")
        among = classifier.among([prompt for _, prompt in ways])
        told = [(show, among.label(prompt)) for show, prompt in ways]
        return cls(context.load(among), among.schedule.level(0, 0), told, size, decoder(canvas))

    def __call__(self, states: Tensor) -> Tensor:
        """The reward of each state, shape (N x K,)."""
        import torch

        return torch.cat([self._of_swarm(swarm) for swarm in states.split(self.size)])

    def _of_swarm(self, states: Tensor) -> Tensor:
        import torch

        pictures = decoded(states, self.decode)
        found = []
        for show, label in self.ways:
            logits = self.reader.logits(show(pictures).contiguous(), self.level)
            found.append(logits.float().log_softmax(1)[:, label])
        return torch.stack(found).amin(0)


def decoder(canvas: Canvas) -> Decode | None:
    """The way from states to pictures; None where states are pictures."""
    latent = canvas.predictor is not None and canvas.shape != canvas.image_shape
    return canvas.predictor.decode if latent and canvas.predictor is not None else None


def decoded(states: Tensor, decode: Decode | None) -> Tensor:
    """The pictures of states, one at a time, so that none depends on its neighbours."""
    import torch

    return states if decode is None else torch.cat([decode(state) for state in states.split(1)])


def _whole(picture: Tensor) -> Tensor:
    return picture


def _blank(shape: Shape) -> Tensor:
    import torch

    return torch.zeros((1, *shape))
