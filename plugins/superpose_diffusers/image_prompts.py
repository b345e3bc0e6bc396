r"""Images as prompts: what a network of unCLIP is told beside words (arXiv 2204.06125), with noise on it.

With :math:`e` CLIP's embedding of the image, :math:`\mu, \delta` mean and deviation of such embeddings, :math:`\alpha,
\sigma` those of the noise level :math:`l`, and :math:`\epsilon` the sample's own noise, the network is told

.. math:: \mu + \delta\,(\alpha\,(e - \mu) / \delta + \sigma \epsilon)
          = \alpha e + (1 - \alpha)\,\mu + \sigma\,\delta\,\epsilon

and features of :math:`l`; without an image it is told zeros. Conditions hold :math:`e`, so that a way between two
images lies between their embeddings, as in the paper, and the noise on it is the same all along.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from superpose import Conditioning, RecipeError, TableSchedule, option, published_table, read_picture, vector_noise

if TYPE_CHECKING:
    from torch import Tensor

    from superpose import StepNoise
    from superpose_diffusers.folder import PipelineFolder
    from superpose_diffusers.pipeline import Pipeline


@attrs.frozen(kw_only=True)
class ImagePrompt:
    """An image that a prompt names, and words beside it.

    The pipeline's own feature extractor resizes the image and cuts out its middle.
    """

    name: str = option(doc="the prompt that asks for this image")
    image: Path = option(doc="the image")
    text: str = option("", doc="what the network is told in words beside it")

    def __attrs_post_init__(self) -> None:
        """Refuse one without a name."""
        if not self.name:
            raise RecipeError('an image prompt needs a name: "" is no image and no words')

    def embed(self, pipeline: Pipeline) -> Tensor:
        """CLIP's embedding of the image, shape (1, D)."""
        given = {"return_tensors": "pt", "input_data_format": "channels_last"}
        pixels = pipeline.feature_extractor(images=read_picture(self.image), **given).pixel_values
        encoder = pipeline.image_encoder
        embedding: Tensor = encoder(pixels.to(encoder.device, encoder.dtype)).image_embeds
        return embedding


def named(prompts: tuple[ImagePrompt, ...]) -> dict[str, ImagePrompt]:
    """Image prompts by name.

    Raises:
        RecipeError: A name is used twice.
    """
    known = {prompt.name: prompt for prompt in prompts}
    if twice := [name for name in known if sum(prompt.name == name for prompt in prompts) > 1]:
        raise RecipeError(f"two image prompts are named {twice[0]!r}: rename one")
    return known


def noise_table(folder: PipelineFolder) -> TableSchedule:
    """Noise levels of embeddings.

    Raises:
        RecipeError: They are not those of a DDPM.
    """
    part = "image_noising_scheduler"
    if folder.parts[part] != "DDPMScheduler":
        raise RecipeError(f"{folder.path}: its {part} is a {folder.parts[part]}; the bridge knows DDPMScheduler")
    return published_table(folder.path / part, folder.image_config(part))[0]


def misfit(folder: PipelineFolder, denoiser: Mapping[str, Any]) -> str | None:
    """Parts that speak of embeddings of different widths; None where all agree."""
    maker, width = ("prior", "embedding_dim") if folder.has_prior else ("image_encoder", "projection_dim")
    widths = {
        maker: folder.image_config(maker).get(width),
        "image_normalizer": folder.image_config("image_normalizer").get("embedding_dim"),
        "denoiser": (denoiser.get("projection_class_embeddings_input_dim") or 0) // 2,
    }
    return None if len({*widths.values()}) == 1 else ", ".join(f"{part} {width}" for part, width in widths.items())


@attrs.frozen(eq=False)
class EmbeddingNoise:
    """Noise on the embeddings of images, as it is laid beside the samples of a run.

    Attributes:
        normalizer: Mean and deviation of embeddings, (1, D) each.
        table: Noise levels of embeddings.
        level: The time that is chosen of them.
        prior: Whether samples have noise to draw embeddings from as well.
    """

    normalizer: Any
    table: TableSchedule
    level: int
    prior: bool = False

    def __call__(self, low: Tensor | None, noise: StepNoise) -> Conditioning:
        """What of an embedding is kept, what is added to that, and features of the level; a row a sample."""
        import torch

        from superpose_networks import sinusoid

        del low
        mean, deviation = self.normalizer.mean, self.normalizer.std
        alpha, sigma = self.table.at(self.level)
        drawn = vector_noise(noise, mean.shape[-1], "image embedding").to(mean)
        times = torch.full((len(drawn),), self.level, device=mean.device)
        laid = {
            "image_signal": drawn.new_full((len(drawn), 1), alpha),
            "image_noise": (1 - alpha) * mean + sigma * deviation * drawn,
            "image_level": sinusoid(times, mean.shape[-1]),
        }
        if self.prior:
            laid["prior_start"] = vector_noise(noise, mean.shape[-1], "image prior").to(mean)
        return Conditioning(per_sample=laid)
