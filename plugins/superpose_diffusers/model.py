"""The bridge as a recipe names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import attrs

from superpose import (
    Clip,
    FileModel,
    Problem,
    RecipeError,
    locate,
    option,
    published_clip,
    published_parameterization,
    published_schedule,
    read_picture,
)
from superpose_diffusers.conventions import Convention, Settings, convention, default
from superpose_diffusers.folder import IMAGE_PARTS, PRIOR_PARTS, PipelineFolder
from superpose_diffusers.image_prompts import EmbeddingNoise, ImagePrompt, misfit, named, noise_table
from superpose_diffusers.prior import SCALE, STEPS, Prior, known

if TYPE_CHECKING:
    from superpose import InterpolationPath, LearnedVariance, NoisePredictor, Schedule, Site, Token
    from superpose_diffusers.pipeline import PriorPipeline


@attrs.frozen(kw_only=True)
class Diffusers(FileModel["tuple[PipelineFolder, Convention, dict[str, Any]]"]):
    """Any denoiser of diffusers: U-Nets and transformers, in pixels or latents, epsilon, v or flow.

    Needs ``pip install 'superpose[diffusers]'``. Weights are read from safetensors only, and no code of a pipeline's
    own is run. Prompts: text; "" says nothing. Where the network knows classes: the number of one.
    """

    kind = "diffusers"
    path: Path | None = option(None, doc="folder of a saved pipeline, with its model_index.json")
    hub: str | None = option(None, doc="name on the Hugging Face hub; read from the cache, or with --allow-download")
    variant: str | None = option(None, doc="which files of weights to read, such as fp16; unset: the plain ones")
    height: int | None = option(None, doc="height of the image in pixels; unset: what the network was trained on", ge=1)
    width: int | None = option(None, doc="width of the image in pixels; unset: what the network was trained on", ge=1)
    guidance: float = option(
        3.5, doc="scale that the network itself is told, where it wants one: FLUX-dev, LCM. [guidance] is another thing"
    )
    max_tokens: int | None = option(
        None, doc="length of a prompt in tokens, for pipelines that leave it open; unset: their default", ge=1
    )
    image_prompt: tuple[ImagePrompt, ...] = option((), doc="images that prompts name, for unCLIP")
    noise_level: int | None = option(
        None, doc="noise on the images' embeddings, for unCLIP: a time of its noising scheduler; unset: 0", ge=0
    )
    prior_steps: int | None = option(None, doc="steps of unCLIP's prior, where it has one; unset: 25", ge=1)
    prior_scale: float | None = option(
        None, doc="guidance of unCLIP's prior, where it has one, up to 1 for none; unset: 4", ge=0
    )
    words_alone: tuple[str, ...] = option(
        (), doc="prompts of which unCLIP's prior draws no image, such as negative ones", each=True
    )

    def read(self) -> tuple[PipelineFolder, Convention, dict[str, Any]]:
        """The saved pipeline, its denoiser's convention and configuration."""
        folder = PipelineFolder(locate(self.path, self.hub))
        config = dict(folder.denoiser_config)
        try:
            rule = convention(folder.parts[folder.denoiser], config)
        except RecipeError as error:
            raise RecipeError(f"{folder.path}: {error}") from error
        if misfit := rule.misfit(config):
            raise RecipeError(f"{folder.path}: the denoiser has {misfit}")
        if folder.autoencoder is not None:
            own = folder.autoencoder_config.get("latent_channels", rule.channels(config))
            if own != rule.channels(config):
                raise RecipeError(
                    f"{folder.path}: the denoiser of this {folder.pipeline} takes {rule.channels(config)} channels and "
                    f"its autoencoder makes {own}: the rest is an image beside the state, which the bridge doesn't know"
                )
        self._refuse_images(folder, rule, config)
        return folder, rule, config

    def _refuse_images(self, folder: PipelineFolder, rule: Convention, config: Mapping[str, Any]) -> None:
        """Refuse images that the network is not told, and an unCLIP whose parts don't fit each other."""
        if not rule.told_images:
            given = {"image_prompt": bool(self.image_prompt), "noise_level": self.noise_level is not None}
            if said := next((name for name, it in given.items() if it), self._of_prior):
                raise RecipeError(
                    f"{folder.path}: {said} is for networks that are told images (StableUnCLIPImg2ImgPipeline), and "
                    f"this is a {folder.pipeline}: remove it"
                )
            return
        named(self.image_prompt)
        self._refuse_prior(folder)
        parts = PRIOR_PARTS if folder.has_prior else IMAGE_PARTS
        if missing := [part for part in parts if part not in folder.parts]:
            raise RecipeError(f"{folder.path}: the denoiser is told images, and there is no {missing[0]}")
        if found := misfit(folder, config):
            raise RecipeError(f"{folder.path}: its parts have embeddings of different widths: {found}")
        steps = noise_table(folder).steps
        if (self.noise_level or 0) >= steps:
            raise RecipeError(f"noise_level = {self.noise_level} is none of this pipeline: write {steps - 1} or less")

    def _refuse_prior(self, folder: PipelineFolder) -> None:
        """Refuse images where a prior draws them, and options of a prior where there is none."""
        if folder.has_prior:
            known(folder)
            if self.image_prompt and "image_encoder" not in folder.parts:
                raise RecipeError(
                    f"{folder.path}: the prior of a {folder.pipeline} draws images from words, and there is no "
                    "image_encoder: remove image_prompt, or take a StableUnCLIPImg2ImgPipeline"
                )
        elif said := self._of_prior:
            raise RecipeError(f"{folder.path}: {said} is for a prior, and this {folder.pipeline} has none: remove it")

    @property
    def _of_prior(self) -> str:
        """The first option that is said of a prior; "" for none."""
        said = {
            "prior_steps": self.prior_steps is not None,
            "prior_scale": self.prior_scale is not None,
            "words_alone": bool(self.words_alone),
        }
        return next((name for name, given in said.items() if given), "")

    @cached_property
    def tokenizers(self) -> tuple[Any, Mapping[str, Any]]:
        """The pipeline's class, and each of its tokenizers by the name of the part."""
        from superpose_diffusers.loading import load_tokenizers

        return load_tokenizers(self.metadata[0])

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of weights that is read."""
        folder = self.metadata[0]
        return {str(file.relative_to(folder.path)): file for file in folder.weights(self.variant)}

    def problems(self) -> Iterable[Problem]:
        """None that is known before: the two libraries read weights whole or not at all."""
        return ()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the state: of the latent, where there is one."""
        folder, rule, config = self.metadata
        factor, step = folder.factor, folder.factor * rule.patch(config)
        height, width = self.height, self.width
        if not rule.resizes and (height or width):
            raise RecipeError("this model knows one size, that of training: leave height and width out")
        if height is None or width is None:
            own = rule.sides(config)
            height, width = height or own[0] * factor, width or own[1] * factor
        for name, side in (("height", height), ("width", width)):
            if side % step:
                near = max(step, round(side / step) * step)
                raise RecipeError(f"{name} = {side} is not a multiple of {step}, as this model needs: write {near}")
            if side // step > (most := config.get("pos_embed_max_size") or side):
                raise RecipeError(f"{name} = {side} is too large for this model: write {most * step} or less")
        return rule.channels(config), height // factor, width // factor

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images."""
        folder, _, _ = self.metadata
        channels, height, width = self.shape
        if folder.autoencoder is None:
            return channels, height, width
        return folder.autoencoder_config.get("out_channels", 3), height * folder.factor, width * folder.factor

    @property
    def schedule(self) -> Schedule:
        """The levels that the pipeline's scheduler speaks of; its grid is not read."""
        folder, rule, config = self.metadata
        patch, (_, height, width) = rule.patch(config), self.shape
        about = folder.scheduler_config
        published_parameterization(about)
        return published_schedule(about, (height // patch) * (width // patch))

    @property
    def clip(self) -> Clip | None:
        """As the pipeline's scheduler says, in pixels; None for latents."""
        folder = self.metadata[0]
        return published_clip(folder.scheduler_config) if folder.autoencoder is None else None

    @property
    def learned_variance(self) -> LearnedVariance:
        """Of networks with twice the channels: guided-diffusion's kin, unless somebody says otherwise."""
        folder, rule, config = self.metadata
        if config.get("out_channels") != 2 * rule.channels(config):
            return "none"
        return "learned" if folder.scheduler_config.get("variance_type") == "learned" else "learned_range"

    @property
    def sites(self) -> tuple[Site, ...]:
        """Sites that taps can be at: attention of the plain kind, which U-Nets and several transformers have."""
        from superpose import sites_in
        from superpose_diffusers.attention import name_sites
        from superpose_diffusers.loading import unread

        network = unread(self.metadata[0])
        name_sites(network)
        return sites_in(network)

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along the sphere; None where prompts are classes, go with masks of their tokens, or are a prior's."""
        folder, rule, config = self.metadata
        return None if rule.masks or folder.has_prior or rule.classes(config) is not None else "slerp"

    def tokens(self, prompt: str) -> tuple[Token, ...]:
        """Tokens of a prompt, or of the text beside an image; where one text encoder reads it as it is."""
        from superpose_networks import tokens_of

        [name, *others] = self.tokenizers[1] or [None]
        _, rule, config = self.metadata
        if name is None or others or rule.open_ended or rule.classes(config) is not None:
            return ()
        tokenizer = self.tokenizers[1][name]
        return tokens_of(tokenizer, self._text(prompt), tokenizer.model_max_length)

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Load the pipeline's parts with diffusers and transformers; the autoencoder always in float32."""
        import torch

        from superpose import NetworkPredictor, torch_dtype
        from superpose_diffusers.attention import name_sites
        from superpose_diffusers.autoencoder import Latents
        from superpose_diffusers.loading import load_pipeline
        from superpose_diffusers.predictor import PipelineEncoder, forward

        (folder, rule, _), computes = self.metadata, torch_dtype(dtype)
        told = Settings(self.image_shape, self.guidance, self.max_tokens, named(self.image_prompt))
        pipeline = load_pipeline(folder, self.tokenizers[1], torch.device(device), computes, self.variant)
        network, noise, prior = getattr(pipeline, folder.denoiser), None, None
        if rule.told_images:
            level, drawn = self.noise_level or 0, folder.has_prior
            noise = EmbeddingNoise(pipeline.image_normalizer, noise_table(folder), level, drawn)
        if folder.has_prior:
            scale = SCALE if self.prior_scale is None else self.prior_scale
            alone = frozenset({"", *self.words_alone})
            prior = Prior(cast("PriorPipeline", pipeline), self.prior_steps or STEPS, scale, alone)
        name_sites(network)
        return NetworkPredictor(
            self,
            network,
            PipelineEncoder(rule, pipeline, told, computes, prior),
            device,
            computes,
            parameterization=published_parameterization(folder.scheduler_config),
            forward=forward(rule, network, computes, prior),
            lay_conditioning=noise,
            autoencoder=Latents(getattr(pipeline, folder.autoencoder)) if folder.autoencoder else None,
        )

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is no class, where prompts are classes; any text will do elsewhere.

        Words that are too many for one of the text encoders are told of (a `Notice`).
        """
        _, rule, config = self.metadata
        classes = rule.classes(config)
        if image := named(self.image_prompt).get(prompt):
            yield from Problem.caught("", lambda: read_picture(image.image))
        if classes is None:
            yield from self._unread(rule, self._text(prompt))
        elif classes == 0 and prompt:
            yield Problem("", f"this network knows no prompts, and was given {prompt!r}", "leave it out")
        elif prompt and not (prompt.isdecimal() and int(prompt) < classes):
            what = f"unknown prompt {prompt!r}; this network knows classes"
            yield Problem("", what, f"write a number below {classes}")

    def _text(self, prompt: str) -> str:
        """Words of a prompt: those beside its image, where it names one."""
        image = named(self.image_prompt).get(prompt)
        return prompt if image is None else image.text

    def _unread(self, rule: Convention, prompt: str) -> Iterator[Problem]:
        """Weights of words, which are refused; words that are too many are told of."""
        from superpose_networks import WeightedPrompt, tell_of_lost_words

        if marked := WeightedPrompt.of(prompt).marked:
            what = f"{marked!r} gives words a weight, which the bridge tells no text encoder"
            yield Problem("", what, "say it in words, or in a [compose] whose prompts have weights")
            return
        pipeline, tokenizers = self.tokenizers
        for name, tokenizer in tokenizers.items():
            length = tokenizer.model_max_length
            if name in rule.open_ended:
                own = default(pipeline.encode_prompt, "max_sequence_length")
                length = own if self.max_tokens is None else self.max_tokens
            words, others = rule.wording(pipeline, tokenizer, prompt)
            tell_of_lost_words(tokenizer, words, length + others, name.replace("tokenizer", "text_encoder"))
