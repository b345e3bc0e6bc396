"""Models: what a recipe says of a network, known before any weight is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from superpose.estimate.blame import refuse_old_names
from superpose.estimate.process import GaussianProcess, Process
from superpose.kinds.kind import Kind
from superpose.levels.noise_level import Schedule

if TYPE_CHECKING:
    from superpose.estimate.attention import Site, Token
    from superpose.estimate.clip import Clip
    from superpose.estimate.conditioning import ChannelGroup
    from superpose.estimate.prediction import LearnedVariance
    from superpose.estimate.predictor import InterpolationPath, NoisePredictor
    from superpose.estimate.problem import Problem
    from superpose.estimate.reading import Reading


class Model(Kind, ABC):
    """The recipe's side of a noise predictor. Kinds are frozen attrs classes that import no torch until `load`.

    Attributes:
        unconditional: The prompt that says nothing.
    """

    role: ClassVar[str] = "model"
    unconditional: ClassVar[str] = ""

    def __init_subclass__(cls, **options: object) -> None:
        """Refuse methods that have another name now: nobody would call them."""
        super().__init_subclass__(**options)
        refuse_old_names(cls, check_prompt="prompt_problems", check_files="problems")

    @property
    def upscales(self) -> bool:
        """True where it paints over pictures of a stage before: it can't be the first, and others can't follow."""
        return False

    @property
    def enlarges_canvases(self) -> bool:
        """True where what it lays over a stage before is as large as the noise that its predictor is given.

        Counts where it `upscales`: others paint images of their own size alone, and no ``[canvas]``.
        """
        return False

    @property
    def has_concat_conditioning(self) -> bool:
        """True where its network sees channels beside the state: a smaller picture, one to edit, a mask."""
        return self.upscales or bool(self.concat_conditioning)

    @property
    def concat_conditioning(self) -> tuple[ChannelGroup, ...]:
        """Groups of channels beside the state, by how views act on them: as `NoisePredictor.concat_conditioning`."""
        return ()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one state: of the image, or of its latent."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of one picture; that of the state, unless the state is a latent."""
        return self.shape

    @property
    def columns(self) -> int:
        """Pictures side by side in one of its images, each painted by itself: such as the letters of a word."""
        return 1

    @property
    @abstractmethod
    def schedule(self) -> Schedule:
        """Noise levels the network was trained on."""

    @property
    def process(self) -> Process:
        """How images become noise for the network."""
        return GaussianProcess()

    @property
    def clip(self) -> Clip | None:
        """Clip of the clean image when the recipe says nothing; None for latents."""
        return None

    @abstractmethod
    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the weights, straight to ``device`` and in ``dtype`` (float32, bfloat16 or float16).

        Raises:
            RecipeError: If a file is missing, cut off or of another family; says what was found and what fits.
        """

    @abstractmethod
    def prompt_problems(self, prompt: str) -> Iterable[Problem]:
        """Problems with a prompt that the model does not know, naming the nearest that it does; none where it does.

        Asked before any weight is read, and once more before the network is told the prompt. No option is at fault.
        """

    def readings_problems(self, readings: Sequence[Reading]) -> Iterable[Problem]:
        """Problems with what one of its images is to show at once, such as two letters that are never each other.

        Asked before any weight is read, where it paints the whole image and everything else is well.
        """
        del readings
        return ()

    @property
    def learned_variance(self) -> LearnedVariance | None:
        """`NoisePredictor.learned_variance`, where it is known before the weights are read; None where it is not."""
        return None

    @property
    def differentiable(self) -> bool:
        """True where torch can differentiate its network, as `NoisePredictor.differentiable` says."""
        return True

    @property
    def sites(self) -> tuple[Site, ...]:
        """Sites of its network that taps can be at, as `NoisePredictor.sites`, known before any weight is read.

        None, where nothing is said.
        """
        return ()

    @property
    def interpolation(self) -> InterpolationPath | None:
        """`NoisePredictor.interpolation`, known before any weight is read."""
        return None

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt, as `NoisePredictor.tokens`, known before any weight is read."""
        del prompt
        return ()

    def problems(self) -> Iterable[Problem]:
        """Problems with its files: names and shapes that are not those of the network; none where they fit.

        Asked when a recipe is checked, and no weight is read for it. A family whose `load` reads no weight for the
        device "meta" loads itself to it.
        """
        return ()

    def weights(self) -> dict[str, str]:
        """SHA-256 of each file of weights by its name; written into every image."""
        return {}
