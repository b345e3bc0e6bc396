"""Conventions by which each kind of denoiser is told a prompt and asked: the one table of the bridge.

A convention is three short answers: how large the latent is, what a prompt becomes (tensors of one row each, by the
pipeline's own ``encode_prompt``), and how the network is called. To teach the bridge another denoiser, add a class and
its line in `CONVENTIONS`.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from superpose import PromptError, RecipeError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

    from superpose_diffusers.image_prompts import ImagePrompt
    from superpose_diffusers.pipeline import Network, Pipeline

Told = dict[str, "Tensor"]
Config = Mapping[str, Any]


@attrs.frozen
class Settings:
    """Options of a recipe that networks are told.

    Attributes:
        image_shape: (C, H, W) of the images.
        guidance: Scale for those that want one.
        max_tokens: Length of a prompt, where a pipeline leaves it open; None for its default.
        images: Prompts that are images, by name.
    """

    image_shape: tuple[int, int, int]
    guidance: float
    max_tokens: int | None
    images: Mapping[str, ImagePrompt]


class Convention(ABC):
    """Convention by which one kind of denoiser is told and asked."""

    packed: ClassVar[int] = 1  # pixels of the latent that lie in one of the network's own, along a side

    resizes: ClassVar[bool] = True  # whether it can be asked at other sizes than that of training

    masks: ClassVar[bool] = False  # whether a prompt goes with a mask of its tokens

    told_images: ClassVar[bool] = False  # whether prompts may be images

    #: Tokenizers that cut a prompt at the pipeline's ``max_sequence_length``; others cut it at a length of their own.
    open_ended: ClassVar[tuple[str, ...]] = ()

    def channels(self, config: Config) -> int:
        """Channels of the state."""
        return int(config["in_channels"]) // self.packed**2

    def sides(self, config: Config) -> tuple[int, int]:
        """Height and width of the state that the network was trained on."""
        size = config.get("sample_size")
        if size is None:
            raise RecipeError("the denoiser's configuration names no sample_size: write height and width")
        return (size, size) if isinstance(size, int) else (size[0], size[1])

    def patch(self, config: Config) -> int:
        """Pixels of the state along a side of one patch: sizes are multiples of it."""
        return int(config.get("patch_size") or 1) * self.packed

    def misfit(self, config: Config) -> str | None:
        """Conditioning that the network wants and this convention does not give; None where it gives all."""
        del config
        return None

    def classes(self, config: Config) -> int | None:
        """Number of classes, where prompts are classes; None where they are text."""
        del config
        return None

    def wording(self, pipeline: type[Pipeline], tokenizer: PreTrainedTokenizerBase, prompt: str) -> tuple[str, int]:
        """The text that a tokenizer is given for a prompt, and how many tokens of it are not the prompt's."""
        del pipeline, tokenizer
        return prompt, 0

    @abstractmethod
    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        """Conditioning of a prompt: tensors of one row, the same names for every prompt."""

    @abstractmethod
    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        """The network's answer, for states (N, C, H, W), times (N,) and what it was told, (N, ...) each."""


class Unconditional(Convention):
    """``UNet2DModel``: DDPM, DDIM and latent diffusion without prompts, or with a class for a prompt."""

    def misfit(self, config: Config) -> str | None:
        return _said(config, class_embed_type=(None,), time_embedding_type=("positional", "fourier"))

    def patch(self, config: Config) -> int:
        return int(2 ** (len(config.get("block_out_channels", range(4))) - 1))  # sides are halved between levels

    def classes(self, config: Config) -> int | None:
        return config.get("num_class_embeds") or 0

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        del settings
        classes = self.classes(pipeline.unet.config)
        return {"class_labels": _label(prompt, None)} if classes else {}

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        return _first(network(x, t, **told, return_dict=False))


class TextUNet(Convention):
    """``UNet2DConditionModel``: Stable Diffusion, and LCM, which is told its guidance."""

    def misfit(self, config: Config) -> str | None:
        told = (None, "text_proj")
        return _said(config, class_embed_type=(None,), num_class_embeds=(None,), encoder_hid_dim_type=told)

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        words = _encode(pipeline, settings, prompt=prompt, num_images_per_prompt=1)[0]
        return {"encoder_hidden_states": words} | self._guidance(pipeline, settings)

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        return _first(network(x, t, **told, return_dict=False))

    def _guidance(self, pipeline: Pipeline, settings: Settings) -> Told:
        import torch

        width = pipeline.unet.config.time_cond_proj_dim
        if width is None:
            return {}
        scale = torch.tensor([settings.guidance - 1.0])
        return {"timestep_cond": pipeline.get_guidance_scale_embedding(scale, embedding_dim=width)}


class SDXL(TextUNet):
    """``UNet2DConditionModel`` that is told the size of the image as well (arXiv 2307.01952)."""

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        import torch

        words, _, pooled, _ = _encode(pipeline, settings, prompt=prompt)
        if prompt == "" and pipeline.config.force_zeros_for_empty_prompt:
            words, pooled = torch.zeros_like(words), torch.zeros_like(pooled)
        _, height, width = settings.image_shape
        sizes = torch.tensor([[height, width, 0, 0, height, width]], dtype=words.dtype)
        told = {"encoder_hidden_states": words, "text_embeds": pooled, "time_ids": sizes}
        return told | self._guidance(pipeline, settings)

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        added = {name: told[name] for name in ("text_embeds", "time_ids")}
        rest = {name: value for name, value in told.items() if name not in added}
        return _first(network(x, t, added_cond_kwargs=added, **rest, return_dict=False))


class UnCLIP(TextUNet):
    """``UNet2DConditionModel`` that is told an image as well: see `superpose_diffusers.image_prompts`."""

    told_images = True

    def misfit(self, config: Config) -> str | None:
        told = (None, "text_proj")
        return _said(config, class_embed_type=("projection",), num_class_embeds=(None,), encoder_hid_dim_type=told)

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        import torch

        image, width = settings.images.get(prompt), pipeline.image_normalizer.mean.shape[-1]
        told = super().tell(pipeline, prompt if image is None else image.text, settings)
        embedding = torch.zeros(1, width) if image is None else image.embed(pipeline)
        return told | {"image_embeds": embedding, "image_share": torch.full((1, 1), float(image is not None))}

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        import torch

        words = {name: value for name, value in told.items() if not name.startswith("image_")}
        embedding, share = told["image_embeds"].float(), told["image_share"].float()
        if "image_noise" in told:
            noised = told["image_signal"] * embedding + told["image_noise"]
            labels = share * torch.cat((noised, told["image_level"]), 1)
        elif share.any():
            raise RecipeError("the noise on an image's embedding belongs to a sample: give a prompt of words alone")
        else:
            labels = embedding.repeat(1, 2)
        return super().ask(network, x, t, words | {"class_labels": labels.to(x.dtype)})


class DiT(Convention):
    """``DiTTransformer2DModel``: a class for a prompt."""

    resizes = False  # it takes any grid of patches for a square

    def classes(self, config: Config) -> int | None:
        return int(config["num_embeds_ada_norm"])

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        del settings
        return {"class_labels": _label(prompt, self.classes(pipeline.transformer.config))}

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        return _first(network(x, timestep=t, **told, return_dict=False))


class PixArt(Convention):
    """``PixArtTransformer2DModel``: words with a mask; the alpha model of 1024 pixels is told the size as well."""

    masks = True
    open_ended = ("tokenizer",)

    def wording(self, pipeline: type[Pipeline], tokenizer: PreTrainedTokenizerBase, prompt: str) -> tuple[str, int]:
        del pipeline, tokenizer
        return prompt.lower().strip(), 0

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        import torch

        words, mask, *_ = _encode(pipeline, settings, prompt=prompt)
        told = {"encoder_hidden_states": words, "encoder_attention_mask": mask}
        if pipeline.transformer.use_additional_conditions:
            _, height, width = settings.image_shape
            told["resolution"] = torch.tensor([[height, width]], dtype=words.dtype)
            told["aspect_ratio"] = torch.tensor([[height / width]], dtype=words.dtype)
        return told

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        rest = dict(told)
        added = {name: rest.pop(name, None) for name in ("resolution", "aspect_ratio")}
        return _first(network(x, timestep=t, added_cond_kwargs=added, **rest, return_dict=False))


class Sana(Convention):
    """``SanaTransformer2DModel``: words of a language model, asked for with the pipeline's own instruction."""

    masks = True
    open_ended = ("tokenizer",)

    def wording(self, pipeline: type[Pipeline], tokenizer: PreTrainedTokenizerBase, prompt: str) -> tuple[str, int]:
        words, instruction = prompt.lower().strip(), self._instruction(pipeline, prompt)
        if not instruction:
            return words, 0
        before = "\n".join(instruction)
        return before + words, len(tokenizer.encode(before, verbose=False)) - 2  # as the pipeline counts them

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        instruction = self._instruction(type(pipeline), prompt)
        words, mask, *_ = _encode(pipeline, settings, prompt=prompt, complex_human_instruction=instruction)
        return {"encoder_hidden_states": words, "encoder_attention_mask": mask}

    def _instruction(self, pipeline: type[Pipeline], prompt: str) -> list[str] | None:
        """Instruction that the pipeline puts before a prompt; as diffusers has it, not before ""."""
        return default(pipeline.__call__, "complex_human_instruction") if prompt else None

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        return _first(network(x, timestep=t * network.config.timestep_scale, **told, return_dict=False))


class AuraFlow(Convention):
    """``AuraFlowTransformer2DModel``: time is sigma itself."""

    open_ended = ("tokenizer",)

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        return {"encoder_hidden_states": _encode(pipeline, settings, prompt=prompt)[0]}

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        return _first(network(x, timestep=(t / 1000).to(x.dtype), **told, return_dict=False))


class SD3(Convention):
    """``SD3Transformer2DModel``: words of up to three encoders, and a pooled vector."""

    open_ended = ("tokenizer_3",)

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        words, _, pooled, _ = _encode(pipeline, settings, prompt=prompt, prompt_2=None, prompt_3=None)
        return {"encoder_hidden_states": words, "pooled_projections": pooled}

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        return _first(network(x, timestep=t, **told, return_dict=False))


class Flux(Convention):
    """``FluxTransformer2DModel``: a list of 2x2 patches with their places; FLUX-dev is told its guidance."""

    packed = 2
    open_ended = ("tokenizer_2",)

    def sides(self, config: Config) -> tuple[int, int]:
        del config
        return 128, 128  # the pipeline's own default; the configuration says nothing

    def tell(self, pipeline: Pipeline, prompt: str, settings: Settings) -> Told:
        import torch

        words, pooled, _ = _encode(pipeline, settings, prompt=prompt, prompt_2=None)
        told = {"encoder_hidden_states": words, "pooled_projections": pooled}
        if pipeline.transformer.config.guidance_embeds:
            told["guidance"] = torch.tensor([settings.guidance])
        return told

    def ask(self, network: Network, x: Tensor, t: Tensor, told: Mapping[str, Tensor]) -> Tensor:
        import torch

        n, c, height, width = x.shape
        patches = x.view(n, c, height // 2, 2, width // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, -1, 4 * c)
        rows, columns = torch.arange(height // 2), torch.arange(width // 2)
        places = torch.cartesian_prod(torch.zeros(1), rows.float(), columns.float()).to(x)
        no_places = x.new_zeros(told["encoder_hidden_states"].shape[1], 3)
        answer = _first(
            network(
                patches, timestep=t.to(x.dtype) / 1000, img_ids=places, txt_ids=no_places, **told, return_dict=False
            )
        )
        answer = answer.view(n, height // 2, width // 2, c, 2, 2).permute(0, 3, 1, 4, 2, 5)
        return answer.reshape(n, c, height, width)


#: By class of denoiser; where one class has several calling conventions, with the key that tells them apart.
CONVENTIONS: dict[str, Convention] = {
    "UNet2DModel": Unconditional(),
    "UNet2DConditionModel": TextUNet(),
    "UNet2DConditionModel, text_time": SDXL(),
    "UNet2DConditionModel, projection": UnCLIP(),
    "DiTTransformer2DModel": DiT(),
    "PixArtTransformer2DModel": PixArt(),
    "SanaTransformer2DModel": Sana(),
    "AuraFlowTransformer2DModel": AuraFlow(),
    "SD3Transformer2DModel": SD3(),
    "FluxTransformer2DModel": Flux(),
    # What the first releases called these two.
    "Transformer2DModel, ada_norm_zero": DiT(),
    "Transformer2DModel, ada_norm_single": PixArt(),
}
DISTINGUISHING = {"UNet2DConditionModel": "addition_embed_type", "Transformer2DModel": "norm_type"}
PROJECTED = "projection"  # class_embed_type of unCLIP


def convention(denoiser: str, config: Config) -> Convention:
    """The convention of a denoiser.

    Arguments:
        denoiser: Name of its class.
        config: Its configuration.

    Raises:
        RecipeError: The bridge doesn't know it; says what was found and what is known.
    """
    extra = config.get(DISTINGUISHING.get(denoiser, ""))
    if extra is None and denoiser == "UNet2DConditionModel" and config.get("class_embed_type") == PROJECTED:
        extra = PROJECTED
    found = denoiser if extra is None else f"{denoiser}, {extra}"
    if found not in CONVENTIONS:
        raise RecipeError(f"the denoiser is a {found}; the bridge knows {'; '.join(CONVENTIONS)}")
    return CONVENTIONS[found]


def default(function: Callable[..., object], name: str) -> Any:
    """The default of an argument of a function of diffusers; None where it has no such argument."""
    found = inspect.signature(function).parameters.get(name)
    return None if found is None else found.default


def _said(config: Config, **told: tuple[object, ...]) -> str | None:
    """The first key whose value is none of those under which nothing more is told; None where there is none."""
    for key, values in told.items():
        if config.get(key, values[0]) not in values:
            return f"{key} = {config[key]!r}, which the bridge tells no network; known: {', '.join(map(repr, values))}"
    return None


def _encode(pipeline: Pipeline, settings: Settings, **asked: object) -> tuple[Any, ...]:
    """Encode one prompt by ``encode_prompt``, without its own guidance."""
    takes = inspect.signature(pipeline.encode_prompt).parameters
    if "do_classifier_free_guidance" in takes:
        asked["do_classifier_free_guidance"] = False
    if settings.max_tokens is not None and "max_sequence_length" in takes:
        asked["max_sequence_length"] = settings.max_tokens
    return pipeline.encode_prompt(device=pipeline.device, **asked)


def _label(prompt: str, none: int | None) -> Tensor:
    import torch

    if prompt == "" and none is None:
        raise PromptError("this network has classes and none that says nothing: write the number of a class")
    return torch.tensor([none if prompt == "" else int(prompt)])


def _first(answer: tuple[Tensor, ...]) -> Tensor:
    return answer[0]
