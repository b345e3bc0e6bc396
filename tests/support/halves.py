"""A classifier of which half of an image is dark, and such images."""

import attrs
import torch

from superpose import Classifier, ClassifierPredictor, PromptError, TableSchedule

WORDS = ("left", "right", "top", "bottom")
HEAD = '[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\n'
VIEWS = '[[view]]\nkind = "identity"\nprompt = "left"\n[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "right"\n'


class HalvesReader(ClassifierPredictor):
    """Reads which half is dark, by how dark it is."""

    shape, device = (3, 8, 8), torch.device("cpu")

    def logits(self, x, level):
        halves = (x[:, :, :, :4], x[:, :, :, 4:], x[:, :, :4], x[:, :, 4:])
        return torch.stack([-4 * half.mean((1, 2, 3)) for half in halves], 1)


@attrs.frozen(kw_only=True)
class HalvesClassifier(Classifier):
    """Knows the four halves."""

    kind = "halves"
    shape, classes, schedule = (3, 8, 8), 4, TableSchedule.named("cosine")

    def label(self, prompt):
        if prompt not in WORDS:
            raise PromptError(f"classifier 'halves' knows no {prompt!r}")
        return WORDS.index(prompt)

    def load(self, device="cpu", dtype="float32"):
        return HalvesReader()

    def weights(self):
        return {"halves": "0" * 64}


@attrs.frozen(kw_only=True)
class LargeClassifier(HalvesClassifier):
    """The same, of another size."""

    kind = "large"
    shape = (3, 64, 64)


def dark(*where, side=8):
    image = torch.ones(1, 3, side, side)
    image[(slice(None), slice(None), *where)] = -1
    return image


LEFT, ALL, RIGHT = dark(slice(None), slice(0, 4)), dark(), dark(slice(None), slice(4, 8))
