r"""CLIP's two encoders as a classifier whose classes are texts.

An image and a text are unit vectors, :math:`S_{ij} = \langle f(x_i), g(y_j) \rangle`, and the logits of the texts are
:math:`S / \tau` with the temperature that the network has learned (Radford et al. 2021, arXiv 2103.00020). The scores
of Visual Anagrams (arXiv 2311.17919) are made of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import attrs

from superpose import FileClassifier, PromptError, RecipeError, TableSchedule, option, read_json

if TYPE_CHECKING:
    from superpose import ClassifierPredictor, Schedule, Table

#: Mean and deviation of the colours that CLIP was trained with, in [0, 1], where a folder does not say.
MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
#: As good as no noise: it equals no network's schedule, so that nobody guides with a network that knows clean images.
CLEAN = TableSchedule((1 - 1e-9, 1 - 2e-9))


class Facts(NamedTuple):
    """What the files of a folder say.

    Attributes:
        size: Side of the images.
        mean: Of their colours.
        deviation: Of their colours.
    """

    size: int
    mean: tuple[float, ...]
    deviation: tuple[float, ...]


@attrs.frozen(kw_only=True)
class ClipReader(FileClassifier[Facts]):
    """Reads images by how well they go with texts, for ``superpose score``; knows the prompts of a recipe as classes.

    Its folder is that of a ``CLIPModel`` of transformers. Alignment is the cosine of image and text; a reading is right
    where its prompt is the likeliest of the recipe's. It knows clean images alone, and so guides nothing.
    """

    kind = "clip-reader"
    papers = ("arXiv 2103.00020", "arXiv 2311.17919")
    path: Path = option(doc="folder of a CLIPModel of transformers, with its tokenizer")
    texts: tuple[str, ...] = option((), doc="what images are told apart by; the prompts of the recipe that is scored")
    template: str = option("{}", doc="how a text is asked for, such as 'a drawing of {}'")

    def __attrs_post_init__(self) -> None:
        """Refuse a template without a place for the text."""
        if "{}" not in self.template:
            raise RecipeError(f"template {self.template!r} has no place for the text: write {{}} where it stands")

    def read(self) -> Facts:
        """Sizes and colours, from config.json and, where it is there, preprocessor_config.json."""
        table = read_json(self.path / "config.json")
        vision = table.get("vision_config")
        if table.get("model_type") != "clip" or not isinstance(vision, Mapping):
            raise RecipeError(f"{self.path} is no CLIPModel of transformers: its config.json has model_type = 'clip'")
        size = table.table("vision_config").whole("image_size", 224, least=1)
        about = self.path / "preprocessor_config.json"
        colours = read_json(about) if about.is_file() else None
        mean, deviation = (_colour(colours, key, usual) for key, usual in _COLOURS)
        return Facts(size, mean, deviation)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """The weights of both encoders."""
        file = self.path / "model.safetensors"
        if not file.is_file():
            raise RecipeError(f"{self.path} has no model.safetensors, the one form of weights that is read")
        return {self.kind: file}

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, size, size)."""
        return 3, self.metadata.size, self.metadata.size

    @property
    def schedule(self) -> Schedule:
        """Clean images."""
        return CLEAN

    @property
    def classes(self) -> int:
        """Number of texts."""
        return len(self.texts)

    def label(self, prompt: str) -> int:
        """The place of a text.

        Raises:
            PromptError: It is not among them.
        """
        if prompt not in self.texts:
            raise PromptError(f"classifier {self.kind!r} was told of {', '.join(self.texts) or 'no texts'}: {prompt!r}")
        return self.texts.index(prompt)

    def among(self, prompts: Sequence[str]) -> ClipReader:
        """The same network, asked for these prompts beside its own texts, each once."""
        return attrs.evolve(self, texts=tuple(dict.fromkeys((*self.texts, *prompts))))

    def load(self, device: str = "cpu", dtype: str = "float32") -> ClassifierPredictor:
        """Read the weights, and encode the texts once."""
        if find_spec("transformers") is None:
            raise RecipeError("classifier 'clip-reader' needs transformers: pip install 'superpose[clip]'")
        if not self.texts:
            raise RecipeError("classifier 'clip-reader' has no texts to tell images apart by: give it texts")
        from superpose_clip_reader.encoders import load_encoders

        folder = self.weight_files[self.kind].parent
        size, *colours = self.metadata
        asked = [self.template.replace("{}", text) for text in self.texts]
        return load_encoders(folder, asked, size, (colours[0], colours[1]), device, dtype)


_COLOURS = (("image_mean", MEAN), ("image_std", DEVIATION))


def _colour(told: Table | None, key: str, usual: tuple[float, ...]) -> tuple[float, ...]:
    """A number of each colour; a deviation, by which is divided, is none of 0."""
    if told is None:
        return usual
    values = told.numbers(key, list(usual))
    if len(values) != 3 or (key == "image_std" and min(values) <= 0):
        raise told.wrong(key, "a number of each colour" + " above 0" * (key == "image_std"))
    return tuple(map(float, values))
