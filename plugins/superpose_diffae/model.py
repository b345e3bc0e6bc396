"""The diffusion autoencoder as a recipe names it."""

from __future__ import annotations

import difflib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import attrs

from superpose import Clip, FileModel, Problem, RecipeError, Schedule, StaticClip, TableSchedule, option
from superpose_diffae.codes import Code, linear_combination, ordered
from superpose_diffae.templates import BETAS, LATENT, NAMES, TEMPLATES

if TYPE_CHECKING:
    from superpose import InterpolationPath, LearnedVariance, NetworkPredictor, NoisePredictor
    from superpose_diffae.loading import Metadata
    from superpose_diffae.predictor import Networks
    from superpose_networks.diffae import Layout


#: What the files of a kind say.
M = TypeVar("M")


@attrs.frozen(kw_only=True)
class CodedModel(FileModel[M], ABC):
    """Base of models that are told codes: prompts are their names."""

    latent_steps: int = option(20, doc="steps of the latent DDIM, on the grid ddim-openai", ge=1)
    code: tuple[Code, ...] = option((), doc="the codes that prompts name")

    @property
    @abstractmethod
    def draws(self) -> bool:
        """True where there is a network that draws codes."""

    @property
    def clip(self) -> Clip:
        """Pixels are in [-1, 1]."""
        return StaticClip()

    def predictor(self, networks: Networks, width: int, device: str, dtype: str) -> NetworkPredictor:
        """The networks as a noise predictor that is told codes of so many features."""
        from superpose_diffae.predictor import Codes, predictor

        codes = Codes(networks, ordered(self.code), self.shape, width, self.latent_steps, device, dtype)
        return predictor(self, codes)

    @property
    def interpolation(self) -> InterpolationPath | None:
        """Along a line, as the original mixes codes."""
        return "lerp"

    def prompt_problems(self, prompt: str) -> Iterator[Problem]:
        """A prompt that is the name of no code, or of one that is to be drawn where nothing draws."""
        codes = ordered(self.code)
        if prompt and prompt not in codes:
            near = difflib.get_close_matches(prompt, codes, n=2, cutoff=0)
            known = f"nearest: {', '.join(map(repr, near))}" if near else "no code has one"
            what = f"no code is named {prompt!r} ({known})"
            yield Problem("", what, "a [[model.code]] table with an image makes one")
        elif linear_combination(prompt, codes, lambda _: 0, lambda _: 0)[0] and not self.draws:
            yield Problem(
                "",
                f"the code {prompt!r} is drawn by a latent network, and the file has none",
                "take the last.ckpt of a template with _latent, or the name of a code that has an image",
            )


@attrs.frozen(kw_only=True)
class DiffusionAutoencoder(CodedModel["Metadata"]):
    """A diffusion autoencoder: images of what codes say, codes of images, codes drawn at random (arXiv 2111.15640).

    Reads the original program's ``last.ckpt`` as it is. Prompts are names of codes, which ``[[model.code]]`` tables
    give: that of an image, one between two, one moved along an attribute; "" is a code of the sample's own, drawn by
    the latent network that the files of the ``_latent`` templates have. To start from the noise that an image hides,
    so that it comes back as it was, use the constraint ``inversion``.
    """

    kind = "diffae"
    papers = ("arXiv 2111.15640",)
    path: Path = option(doc="the checkpoint: last.ckpt of the original program, or its tensors in a safetensors file")
    template: str | None = option(
        None, doc="the template it was trained by, where the file does not say", choices=NAMES
    )
    image_size: int | None = option(None, doc="height and width of images, where neither file nor template says", ge=8)
    encoder_blocks: int | None = option(None, doc="residual blocks of a level of the encoder, likewise", ge=1)
    heads: int | None = option(None, doc="heads of every attention, likewise; 1 in all templates", ge=1)
    latent_betas: str | None = option(None, doc="betas of the latent process, likewise: linear, or const0.008")
    statistics: Path | None = option(None, doc="latent.pkl: mean and deviation of codes, where the file has none")
    classifier: Path | None = option(None, doc="the linear classifier that names attributes")
    average_classifier: bool = option(False, doc="take its averaged weights; the original program takes the raw ones")

    def __attrs_post_init__(self) -> None:
        """Refuse codes that contradict each other."""
        for code in ordered(self.code).values():
            if code.attribute is not None and self.classifier is None:
                raise RecipeError(
                    f"code {code.name!r} moves along an attribute: write classifier = the file that knows it"
                )

    def read(self) -> Metadata:
        """Description of the file by itself."""
        from superpose_diffae.loading import describe

        return describe(self.path)

    @property
    def layout(self) -> Layout:
        """Layout of the file; raises `RecipeError` where that is no diffusion autoencoder, or not of the template."""
        from superpose_diffae.layout import recognise

        blocks = self.encoder_blocks or self.metadata.record.get("net_enc_num_res_blocks")
        layout = recognise(self.metadata.shapes, str(self.path), blocks)
        attended = {half.widths[-1] for half in (layout.decoder, layout.encoder)}
        if self.heads is not None and (wrong := [width for width in sorted(attended) if width % self.heads]):
            raise RecipeError(f"{self.path}: heads = {self.heads} does not divide {wrong[0]} channels")
        if self.template is not None:
            name = self.template.removesuffix(LATENT)
            TEMPLATES[name].check(layout, name != self.template, f"{self.path} ({self.template})")
        return layout

    @property
    def shape(self) -> tuple[int, int, int]:
        """(3, H, W): from the options, the template or the file."""
        named = TEMPLATES[self.template.removesuffix(LATENT)].size if self.template else None
        size = self.image_size or named or self.metadata.record.get("img_size") or self.metadata.size
        if size is None:
            raise RecipeError(
                f"{self.path} does not show how large its images are: write template = 'ffhq256_autoenc' or another, "
                "or image_size = 256"
            )
        unit = 2 ** (max(len(half.widths) for half in (self.layout.decoder, self.layout.encoder)) - 1)
        if size % unit:
            raise RecipeError(f"{self.path}: images of {size} can't be halved to 1/{unit}: write a multiple of {unit}")
        return 3, size, size

    @property
    def learned_variance(self) -> LearnedVariance:
        """None: it writes the noise alone."""
        return "none"

    @property
    def schedule(self) -> Schedule:
        """Noise levels of images: linear betas in all templates."""
        return betas(self.metadata.record.get("beta_scheduler", "linear"), self.metadata.record.get("T", 1000))

    @property
    def latent_schedule(self) -> Schedule:
        """Noise levels of codes; raises `RecipeError` where nobody says what they are."""
        record = self.metadata.record
        name = self.latent_betas or (BETAS if self.template else record.get("latent_beta_scheduler"))
        if name is None:
            raise RecipeError(
                f"{self.path} does not show the betas of its latent network: write template = 'ffhq256_autoenc_latent' "
                f"or another, or latent_betas = '{BETAS}'"
            )
        return betas(name, record.get("T", 1000))

    @property
    def draws(self) -> bool:
        """True where the file has a latent network."""
        return self.layout.latent is not None

    def load(self, device: str = "cpu", dtype: str = "float32") -> NoisePredictor:
        """Read the decoder in ``dtype``; encoder and latent network, asked once an image, in float32."""
        from superpose_diffae.loading import Options, load

        options = Options(
            self.heads, self.statistics, lambda: self.latent_schedule, self.classifier, self.average_classifier
        )
        networks = load(self.metadata, self.layout, options, device, dtype)
        return self.predictor(networks, self.layout.code, device, dtype)

    @property
    def weight_files(self) -> Mapping[str, Path]:
        """Every file of numbers, by its option."""
        files = {name: getattr(self, name) for name in ("path", "statistics", "classifier")}
        return {name: file for name, file in files.items() if file is not None}


def betas(name: str, steps: int) -> TableSchedule:
    """The original program's named tables: linear, cosine, const0.008 and the like; `RecipeError` for another."""
    if name in ("linear", "cosine"):
        return TableSchedule.named(name, steps)
    if found := re.fullmatch(r"const(0?\.\d+)", name):
        return TableSchedule.named("constant", steps, float(found[1]) * 1000 / steps)
    raise RecipeError(f"no betas are called {name!r}: write linear, cosine, or const and a number such as {BETAS}")
