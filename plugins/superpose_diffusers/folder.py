"""A saved pipeline as it lies on disk: its parts and what their configurations say. Nothing is loaded here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import attrs

from superpose import RecipeError, read_json

#: Parts that the bridge has a use for, as diffusers' pipelines call them.
USED = (
    "unet", "transformer", "vae", "vqvae", "scheduler", "text_encoder", "text_encoder_2", "text_encoder_3",
    "tokenizer", "tokenizer_2", "tokenizer_3",
)  # fmt: skip
#: Parts that change no sample.
UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
#: Parts by which unCLIP is told an image; used where all of them are there.
NOISE_PARTS = ("image_normalizer", "image_noising_scheduler")
IMAGE_PARTS = ("image_encoder", "feature_extractor", *NOISE_PARTS)
#: Parts by which it is told one that is drawn from words; likewise.
PRIOR_PARTS = ("prior_tokenizer", "prior_text_encoder", "prior", "prior_scheduler", *NOISE_PARTS)
#: Whose classes are built; a part of any other library would be somebody's code.
LIBRARIES = ("diffusers", "transformers")
#: A class of diffusers that pipelines name by the module it is in.
NORMALIZER = ("stable_diffusion", "StableUnCLIPImageNormalizer")


@attrs.frozen(slots=False)
class PipelineFolder:
    """A folder with ``model_index.json`` and a folder for each part.

    Raises:
        RecipeError: It is no pipeline, or wants code that is not diffusers' or transformers'.
    """

    path: Path

    @cached_property
    def index(self) -> Mapping[str, Any]:
        """Content of ``model_index.json``."""
        if not (self.path / "model_index.json").is_file():
            raise RecipeError(
                f"{self.path} is no saved pipeline of diffusers: it has no model_index.json; "
                "write the folder that pipeline.save_pretrained made, not one of its parts"
            )
        return read_json(self.path / "model_index.json")

    @property
    def pipeline(self) -> str:
        """Name of the pipeline's class."""
        name = self.index.get("_class_name")
        if not isinstance(name, str):
            raise RecipeError(f"{self.path}: the pipeline {name!r} is code of its own, which is never run")
        return name

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """The class of each part that sampling needs, by the part's name."""
        entries = {name: entry for name, entry in self.index.items() if isinstance(entry, list) and len(entry) == 2}
        wholes = (IMAGE_PARTS, PRIOR_PARTS)
        used = USED + sum((it for it in wholes if all(None not in entries.get(name, [None]) for name in it)), ())
        found = {}
        for name, entry in entries.items():
            if None in entry or (name in UNUSED and name not in used):
                continue
            library, kind = entry
            if name not in used:
                raise RecipeError(
                    f"{self.path}: a {self.pipeline} has a {name} ({kind}), which the bridge doesn't know"
                    + self._halved(entries)
                )
            if library not in LIBRARIES and (library, kind) != NORMALIZER:
                raise RecipeError(
                    f"{self.path}: part {name!r} is a {kind} of {library!r}, and only parts of "
                    f"{' and '.join(LIBRARIES)} are loaded"
                )
            found[name] = str(kind)
        return found

    def _halved(self, entries: Mapping[str, Any]) -> str:
        """Parts of unCLIP's that are missing beside one that is there; "" where none is."""
        if "prior" not in entries:
            return ""
        missing = [name for name in PRIOR_PARTS if None in entries.get(name, [None])]
        cure = "add them, or take a StableUnCLIPImg2ImgPipeline, which has no prior"
        return f" without its {' and '.join(missing)}: {cure}" if missing else ""

    @property
    def has_prior(self) -> bool:
        """True where embeddings of images are drawn from words."""
        return "prior" in self.parts

    @property
    def denoiser(self) -> str:
        """Name of the part that predicts noise: ``unet`` or ``transformer``."""
        names = [name for name in ("unet", "transformer") if name in self.parts]
        if len(names) != 1:
            raise RecipeError(
                f"{self.path}: a {self.pipeline} has the parts {', '.join(self.parts)}, of which one must be the "
                "denoiser, called unet or transformer"
            )
        return names[0]

    @property
    def autoencoder(self) -> str | None:
        """Name of the part that makes latents of images; None where the denoiser works on pixels."""
        return next((name for name in ("vae", "vqvae") if name in self.parts), None)

    @property
    def factor(self) -> int:
        """Number of pixels along a side of one pixel of the latent."""
        if self.autoencoder is None:
            return 1
        about = self.autoencoder_config
        widths = about.get("block_out_channels") or about.get("encoder_block_out_channels")
        if widths is None:
            kind = self.parts[self.autoencoder]
            raise RecipeError(f"{self.path}: its autoencoder is a {kind}, of which the bridge doesn't know the size")
        return int(2 ** (len(widths) - 1))

    @cached_property
    def denoiser_config(self) -> Mapping[str, Any]:
        """The configuration of the denoiser."""
        return read_json(self.path / self.denoiser / "config.json")

    @cached_property
    def autoencoder_config(self) -> Mapping[str, Any]:
        """The configuration of the autoencoder; empty where there is none."""
        return read_json(self.path / self.autoencoder / "config.json") if self.autoencoder else {}

    @cached_property
    def scheduler_config(self) -> Mapping[str, Any]:
        """The configuration of the scheduler."""
        return read_json(self.path / "scheduler" / "scheduler_config.json")

    def image_config(self, part: str) -> Mapping[str, Any]:
        """The configuration of one of `IMAGE_PARTS` or `PRIOR_PARTS`."""
        file = "scheduler_config.json" if part == "image_noising_scheduler" else "config.json"
        return read_json(self.path / part / file)

    def weights(self, variant: str | None) -> list[Path]:
        """The files of weights that are read, for a variant such as "fp16"; shards are files of their own."""
        files = sorted(file for name in self.parts for file in (self.path / name).glob("*.safetensors"))
        return [file for file in files if _variant(file) == variant]


def _variant(file: Path) -> str | None:
    """None of model.safetensors; fp16 of model.fp16.safetensors and of model.fp16-00001-of-00002.safetensors."""
    marks = file.suffixes[:-1]
    return marks[-1][1:].partition("-")[0] if marks else None
