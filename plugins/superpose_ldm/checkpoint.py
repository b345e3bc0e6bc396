"""Checkpoints of latent diffusion, known from configuration and header before any weight is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs
from torch import nn

from superpose import ChannelGroup, Parameterization, RecipeError, TableSchedule
from superpose_ldm.conditioning import PromptEncoder
from superpose_ldm.spatial_rescaler import SpatialRescaler
from superpose_networks import LazyNetwork, UNet2DConfig, WeightFile
from superpose_networks.latent import Autoencoder, AutoencoderShape, UNetShape

#: What a network sees beside the noisy latents: nothing; an encoded image that it edits (InstructPix2Pix); an encoded
#: image with a black hole and the mask of the hole (LDM); the mask and an encoded image with a grey hole (Stable
#: Diffusion); a small image to be enlarged; a map of what is where.
Sees = Literal["nothing", "image", "image and mask", "mask and image", "small image", "semantic map"]


@attrs.frozen(kw_only=True)
class Checkpoint:
    """A checkpoint, ready to be read.

    Attributes:
        where: The file or folder.
        unet, first: Its networks; the first stage makes latents of images, and images of latents.
        latents: Of the first stage.
        channels: That the U-Net reads, latents included.
        levels: Of the U-Net, each half the size of the one before.
        side: Height and width of the latents that it was trained on.
        conditioning: What prompts are.
        schedule: Noise levels.
        prediction: What the U-Net's output means.
        sees: What it sees beside the latents.
        files: Of weights, by what is in them.
        rescaler: What makes a semantic map as small as the latents, where it sees one.
    """

    where: Path
    unet: LazyNetwork[nn.Module]
    autoencoder: LazyNetwork[Autoencoder]
    latents: AutoencoderShape
    channels: int
    levels: int
    side: int
    conditioning: PromptEncoder
    schedule: TableSchedule
    prediction: Parameterization
    sees: Sees
    files: Mapping[str, WeightFile]
    rescaler: SpatialRescaler | None = None

    @property
    def concat_conditioning(self) -> tuple[ChannelGroup, ...]:
        """Groups of channels that it sees, in order, by how views act on them."""
        picture, mask = ChannelGroup(self.latents.latent), ChannelGroup(1, "mask")
        groups: dict[Sees, tuple[ChannelGroup, ...]] = {
            "nothing": (),
            "image": (picture,),
            "image and mask": (ChannelGroup(self.latents.latent, "marked"), mask),  # the hole is black
            "mask and image": (mask, picture),  # the hole is grey, and stays grey in the negative
            "small image": (ChannelGroup(self.latents.out_channels),),
            "semantic map": () if self.rescaler is None else (self.rescaler.group,),
        }
        return groups[self.sees]

    def shape(self, size: int | None) -> tuple[int, int, int]:
        """(C, h, w) of the latents of an image of ``size``, in pixels; None for that of training.

        Raises:
            RecipeError: If there are no latents of that size.
        """
        multiple = self.latents.factor * 2 ** (self.levels - 1)
        whole = size or self.side * self.latents.factor
        if whole % multiple:
            near = max(multiple, round(whole / multiple) * multiple)
            raise RecipeError(
                f"size = {whole} is not a multiple of {multiple}, which first stage and U-Net can halve: write {near}"
            )
        side = whole // self.latents.factor
        return self.latents.latent, side, side

    def image_shape(self, size: int | None) -> tuple[int, int, int]:
        """(C, H, W) of an image of ``size``; None for that of training."""
        _, height, width = self.shape(size)
        return self.latents.out_channels, height * self.latents.factor, width * self.latents.factor


def check_parts(
    where: Path, unet: UNetShape | UNet2DConfig, latents: AutoencoderShape, conditioning: PromptEncoder
) -> None:
    """Refuse parts of a checkpoint that contradict each other.

    Arguments:
        where: The file, for the message.
        unet: Of its U-Net.
        latents: Of its first stage.
        conditioning: What its prompts are.

    Raises:
        RecipeError: If the U-Net makes something else than latents, or attends to words of another width.
    """
    if unet.out_channels != latents.latent:
        raise RecipeError(
            f"{where}: its U-Net makes {unet.out_channels} channels, and the latents of its first stage have "
            f"{latents.latent}: one of the two is another model's"
        )
    context = unet.context if isinstance(unet, UNetShape) else None
    if context != conditioning.width:
        reads = "attends to no words" if context is None else f"attends to words of {context} features"
        gives = "there are none" if conditioning.width is None else f"its prompts become {conditioning.width}"
        raise RecipeError(f"{where}: its U-Net {reads}, and {gives}: one of the two is another model's")


def concat_channels(
    where: Path,
    channels: int,
    latent: int,
    *,
    as_first_stage: bool = False,
    small: bool = False,
    rescaler: SpatialRescaler | None = None,
) -> Sees:
    """Pictures that a U-Net sees beside its latents, by the number of its channels.

    Arguments:
        where: The file, for the message.
        channels: That it reads.
        latent: Channels of the latents.
        as_first_stage: Whether its configuration says that the first stage encodes the condition, as LDM's does.
        small: Whether its configuration says that the condition is an image as it is.
        rescaler: Of the semantic map that its configuration says is the condition.

    Raises:
        RecipeError: If no model that we know sees as many.
    """
    more = channels - latent
    reads = f"{where}: its U-Net reads {channels} channels, {more} of them beside the {latent} of latents"
    if rescaler is not None:
        if more == rescaler.channels:
            return "semantic map"
        maps = f"cond_stage_config in {rescaler.where} makes a semantic map of {rescaler.channels}"
        raise RecipeError(f"{reads}, and {maps}: one of the two is another model's")
    known: dict[int, Sees] = {latent: "image", latent + 1: "image and mask" if as_first_stage else "mask and image"}
    known[0] = "nothing"
    if small:
        known[3] = "small image"
    if more in known:
        return known[more]
    raise RecipeError(
        f"{reads}; known are {latent} (an image to edit), {latent + 1} (inpainting) and, if a YAML file says so, 3 "
        "(an image to enlarge)"
    )
