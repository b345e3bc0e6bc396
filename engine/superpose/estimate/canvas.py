"""Canvases: what is painted on, as constraints and guidances see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

from superpose.errors import RecipeError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from superpose.estimate.denoiser import Denoiser
    from superpose.estimate.predictor import NoisePredictor
    from superpose.estimate.shared_work import SharedWork


@attrs.frozen
class Canvas:
    """Canvas that a constraint is fitted to.

    Attributes:
        shape: (C, H, W) of one state: of the image, or of its latent.
        device: Where samples live.
        image_shape: (C, H, W) of one picture; as ``shape``, unless the state is a latent.
        encode: From pictures (N, *image_shape) to states (N, *shape). None in `Constraint.check`.
        predictor: The network; None in `Constraint.check`. While a recipe is only checked, `Constraint.bind` is given
            a stand-in that has read no weights.
        denoiser: What the image shows, clipped as sampling clips it; None likewise.
        batch_size: Rows of a forward pass of the run, for one that asks the network itself; see `BatchedEvaluator`.
        prompts: What the recipe shows, each prompt once, without negative ones and those between two; None where
            there is no recipe.
        shared: What runs before this one have done already, for work of the network that does not depend on the seed.
            None where nobody is before or after.
        count: Canvases of a sample, which lie one below the other in ``shape``.
    """

    shape: tuple[int, int, int]
    device: torch.device | str = "cpu"
    image_shape: tuple[int, int, int] = attrs.field()
    encode: Callable[[Tensor], Tensor] | None = None
    predictor: NoisePredictor | None = None
    denoiser: Denoiser | None = None
    batch_size: int | None = None
    prompts: tuple[str, ...] | None = None
    shared: SharedWork | None = None
    count: int = 1

    @property
    def each_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of each of the canvases of a sample."""
        channels, height, width = self.shape
        return channels, height // self.count, width

    @property
    def each_image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the picture of each of the canvases of a sample."""
        channels, height, width = self.image_shape
        return channels, height // self.count, width

    @image_shape.default
    def _pixels(self) -> tuple[int, int, int]:
        return self.shape

    @classmethod
    def of(cls, predictor: NoisePredictor, denoiser: Denoiser | None = None, batch_size: int | None = None) -> Canvas:
        """Canvas of a predictor's states, and of what the image shows."""
        about = predictor.shape, predictor.device, predictor.image_shape, predictor.encode
        return cls(*about, predictor, denoiser, batch_size)

    def prompt_of(self, act: str, named: str | None = None) -> str:
        """The prompt that a kind is about: the one that it names, or else the only one that is shown.

        Arguments:
            act: Who does what to it, for the message: "dds edits to".
            named: By the kind's options.

        Raises:
            RecipeError: If what is named is not shown, or nothing is named and not just one prompt is shown.
        """
        shown = self.prompts or ()
        found = ", ".join(map(repr, shown)) or "none"
        if named is None and len(shown) != 1:
            raise RecipeError(f"{act} one prompt, and what is shown has {found}: say which as prompt")
        if named is not None and self.prompts is not None and named not in shown:
            raise RecipeError(f"{act} {named!r}, and what is shown has {found}: name one of it")
        return shown[0] if named is None else named

    def state_of(self, picture: Tensor) -> Tensor:
        """The state of one picture (*image_shape); zeros for a latent one as long as no weights have been read."""
        if self.encode is not None:
            return self.encode(picture[None])[0]
        return picture if self.image_shape == self.shape else picture.new_zeros(self.shape)
