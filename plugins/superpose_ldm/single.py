"""Checkpoints in one file, as CompVis writes them, with the YAML file that describes them.

All parts are in one table of tensors: ``model.diffusion_model``, ``first_stage_model``, ``cond_stage_model``, and in
``model_ema`` the averaged weights of the U-Net, which are those to draw with, under names that have lost their dots.
Stable Diffusion 1 and 2 are known without a YAML file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from itertools import pairwise
from operator import sub
from pathlib import Path

import attrs
from torch import Tensor, nn

from superpose import Parameterization, RecipeError, Table, TableSchedule, read_yaml, shown
from superpose_ldm.checkpoint import Checkpoint, check_parts, concat_channels
from superpose_ldm.conditioning import Classes, PromptEncoder, Unconditional, Words
from superpose_ldm.spatial_rescaler import SpatialRescaler
from superpose_networks import LazyNetwork, Part, WeightFile, shape_of
from superpose_networks.latent import (
    Autoencoder,
    AutoencoderShape,
    LatentUNet,
    TextEncoder,
    UNetShape,
    compvis_autoencoder,
    compvis_autoencoder_names,
    compvis_unet,
    compvis_unet_names,
    dotted,
    text_layout,
    text_names,
    text_shape,
)

#: The shape of every tensor of a file, by name.
Shapes = Mapping[str, tuple[int, ...]]

UNET, FIRST, CONDITION = "model.diffusion_model.", "first_stage_model.", "cond_stage_model."
EMA = "model_ema.diffusion_model"
#: Tensors that are no weights: the scale of latents, and the noise levels.
SCALE, TABLE = "scale_factor", "alphas_cumprod"
#: Names of beta tables in these files; "linear" is even in the root of beta.
_TABLES = {"linear": "scaled_linear", "sqrt_linear": "linear", "cosine": "cosine"}


@attrs.frozen(kw_only=True)
class SingleFile:
    """Options of a recipe for such a file.

    Attributes:
        path: The file.
        config: Its YAML file; None for Stable Diffusion as it was published.
        ema: Whether averaged weights are used where the file has them.
        prediction: What the U-Net predicts; None for what the YAML file says.
        tokenizer: Folder of the tokenizer, for models of text.
        names: Of the classes, in order.
    """

    path: Path
    config: Path | None = None
    ema: bool = True
    prediction: Parameterization | None = None
    tokenizer: Path | None = None
    names: tuple[str, ...] = ()

    def read(self) -> Checkpoint:
        """The checkpoint in the file.

        Raises:
            RecipeError: If a file is missing, or says something that is not supported.
        """
        shapes = self._shapes()
        params = _parameters(self.config) if self.config else self._published(shapes)
        where = str(self.config or self.path)
        unet_params = params.table("unet_config").table("params")
        unet = compvis_unet(f"{where}: unet_config", unet_params)
        if unet.classes:
            raise RecipeError(f"{where}: a U-Net of latents that is told classes beside the time is not supported")
        first_params = params.table("first_stage_config").table("params")
        latents = compvis_autoencoder(f"{where}: first_stage_config", first_params, self._scale(params))
        said = params.get("cond_stage_config", "__is_unconditional__")
        condition = params.table("cond_stage_config") if isinstance(said, dict) else str(said)
        small = isinstance(condition, Table) and condition.text("target").endswith("Identity")
        as_first_stage = condition == "__is_first_stage__"
        rescaler = self._rescaler(params, condition)
        wordless = small or as_first_stage or rescaler is not None
        conditioning = Unconditional() if wordless else self._conditioning(condition, shapes)
        check_parts(self.path, unet, latents, conditioning)
        return Checkpoint(
            where=self.path,
            unet=self._unet(shapes, unet, unet_params),
            autoencoder=self._first(latents),
            latents=latents,
            channels=unet.in_channels,
            levels=len(unet.widths),
            side=params.whole("image_size", unet_params.whole("image_size", 64)),
            conditioning=conditioning,
            schedule=self._schedule(where, params),
            prediction=self.prediction or _prediction(where, params),
            sees=concat_channels(
                self.path,
                unet.in_channels,
                latents.latent,
                as_first_stage=as_first_stage,
                small=small,
                rescaler=rescaler,
            ),
            files={"checkpoint": self.file},
            rescaler=rescaler,
        )

    def _shapes(self) -> Shapes:
        """Of every tensor; those of the U-Net by their raw names, also where it has averaged weights alone."""
        shapes, autoencoder = self.file.shapes, f"{UNET}input_blocks.0.0.weight"
        if autoencoder in shapes:
            return shapes
        averaged = {name: shape for name, shape in shapes.items() if name.startswith(EMA)}
        full = {**shapes, **{UNET + dotted(name.removeprefix(EMA)): shape for name, shape in averaged.items()}}
        if autoencoder not in full:
            raise RecipeError(
                f"{self.path} is no checkpoint of latent diffusion: it has neither {UNET}* nor {EMA}*, but "
                f"{len(shapes)} tensors such as {', '.join(list(shapes)[:3]) or 'none'}"
            )
        if not self.ema:
            raise RecipeError(f"{self.path} has averaged weights alone: write ema = true, or leave ema out")
        return full

    @cached_property
    def file(self) -> WeightFile:
        """The file, opened once for this and once for its weights."""
        return WeightFile(self.path, wanted=(SCALE, TABLE))

    def _unet(self, shapes: Shapes, unet: UNetShape, params: Table) -> LazyNetwork[LatentUNet]:
        has_ema = any(name.startswith(EMA) for name in shapes)  # one that lacks some must not pass for none
        averaged, new_order = has_ema and self.ema, params.flag("use_new_attention_order", default=False)

        def names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
            if averaged:
                weights = {dotted(name): weights.pop(name) for name in list(weights)}
            return compvis_unet_names(weights, unet, new_order)

        return LazyNetwork(lambda: LatentUNet(unet), self.file, names, Part(prefix=EMA if averaged else UNET))

    def _first(self, latents: AutoencoderShape) -> LazyNetwork[Autoencoder]:
        levels = len(latents.widths)
        return LazyNetwork(
            lambda: Autoencoder(latents),
            self.file,
            lambda weights: compvis_autoencoder_names(weights, levels),
            Part(prefix=FIRST),
        )

    def _scale(self, params: Table) -> float:
        measured = self.file.header.values.get(SCALE)  # in training (scale_by_std)
        return params.number("scale_factor", 1.0) if measured is None else float(measured.float())

    def _schedule(self, where: str, params: Table) -> TableSchedule:
        """The noise levels: where the file has a table of its own, the original program draws with that."""
        said, stored = _schedule(where, params), self.file.header.values.get(TABLE)
        if stored is None:
            return said
        table = stored.double().tolist()
        rounded = len(table) == said.steps and max(map(abs, map(sub, table, said.alphas_cumprod))) < 1e-6
        falls = all(t > s for t, s in pairwise(table))  # half precision may make two levels one
        return said if rounded or not falls else TableSchedule(table)

    def _rescaler(self, params: Table, condition: Table | str) -> SpatialRescaler | None:
        """Maker of the semantic map that the U-Net sees; None where it sees none."""
        if self.config is None or not isinstance(condition, Table):
            return None
        if condition.text("target").rpartition(".")[2] != "SpatialRescaler":
            return None
        key = params.get("conditioning_key") or ("concat" if params.get("concat_mode", True) else "crossattn")
        if key != "concat":
            raise RecipeError(
                f"{self.config}: conditioning_key = {key!r} of a map is not supported; supported: 'concat'"
            )
        return SpatialRescaler.of(
            self.config,
            self.file,
            f"{CONDITION}channel_mapper.",
            condition.table("params", {}),
            params.get("cond_stage_key") == "segmentation",
        )

    def _conditioning(self, condition: Table | str, shapes: Shapes) -> PromptEncoder:
        if condition == "__is_unconditional__":
            return Unconditional()
        if isinstance(condition, str):
            raise RecipeError(f"{self.config}: cond_stage_config = {shown(condition)} is not supported")
        kind, params = condition.text("target").rpartition(".")[2], condition.table("params", {})
        mine = {name.removeprefix(CONDITION): shape for name, shape in shapes.items() if name.startswith(CONDITION)}
        if kind == "ClassEmbedder":
            count, width = params.whole("n_classes", 1000), params.whole("embed_dim")
            if "embedding.weight" in mine:
                count, width = shape_of(self.path, mine, "embedding.weight", 2)
            prefix = f"{CONDITION}embedding."
            part = LazyNetwork(lambda: nn.Embedding(count, width), self.file, part=Part(prefix=prefix))
            return Classes(part, width, count, self.names)
        if not params.flag("use_tokenizer", default=True):
            kind = f"{kind} of what is no text"
        if kind not in ("FrozenCLIPEmbedder", "FrozenOpenCLIPEmbedder", "BERTEmbedder"):
            raise RecipeError(
                f"{self.config}: conditioning by {kind} is not supported; supported: ClassEmbedder, FrozenCLIPEmbedder,"
                " FrozenOpenCLIPEmbedder, BERTEmbedder, SpatialRescaler, torch.nn.Identity, __is_first_stage__, "
                "__is_unconditional__"
            )
        layer = params.text("layer", "last")
        if layer not in ("last", "penultimate"):
            raise RecipeError(f"{self.config}: layer = {layer!r} is not supported; supported: 'last', 'penultimate'")
        layout = text_layout(str(self.path), mine)
        shape = text_shape(str(self.path), mine, penultimate=layer == "penultimate")
        if self.tokenizer is None:
            fit = "bert-base-uncased's" if layout == "ldm" else "CLIP's vocab.json and merges.txt"
            raise RecipeError(f"{self.path}: a single file has no tokenizer: write tokenizer = a folder with {fit}")

        encoder = LazyNetwork(
            lambda: TextEncoder(shape),
            self.file,
            lambda weights: text_names(layout, weights, shape.layers),
            Part(prefix=CONDITION),
        )
        # OpenCLIP fills up with 0; CLIP has the same tokenizer, and fills up with its last token.
        return Words(encoder, shape.width, shape.length, self.tokenizer, 0 if layout == "openclip" else None)

    def _published(self, shapes: Shapes) -> Table:
        """Content of Stable Diffusion's YAML file, recognised by the width of the words its U-Net reads."""
        words = shapes.get(f"{UNET}input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", (0, 0))
        if words not in ((320, 768), (320, 1024)) or f"{UNET}label_emb.0.0.weight" in shapes:
            raise RecipeError(
                f"{self.path} is neither Stable Diffusion 1 nor 2, whose shapes are known: write config = its YAML file"
            )
        second = words == (320, 1024)
        if second and self.prediction is None:
            raise RecipeError(
                f'{self.path} is Stable Diffusion 2, and its file does not say what it predicts: write prediction = "v"'
                ' (the models of 768 pixels) or prediction = "epsilon" (those of 512, base and inpainting)'
            )
        encoder = "FrozenOpenCLIPEmbedder" if second else "FrozenCLIPEmbedder"
        heads = {"num_head_channels": 64} if second else {"num_heads": 8}
        channels = shape_of(self.path, shapes, f"{UNET}input_blocks.0.0.weight", 4)[1]
        published = {
            "linear_start": 0.00085, "linear_end": 0.012, "scale_factor": 0.18215,
            "image_size": 96 if self.prediction == "v" else 64,
            "cond_stage_config": {"target": encoder, "params": {"layer": "penultimate"}},
            "unet_config": {"params": {
                "in_channels": channels, "attention_resolutions": (4, 2, 1), "channel_mult": (1, 2, 4, 4),
                "use_spatial_transformer": True, "context_dim": words[1], "legacy": False, **heads,
            }},
            "first_stage_config": {"params": {"embed_dim": 4, "ddconfig": {"ch_mult": (1, 2, 4, 4)}}},
        }  # fmt: skip
        return Table(str(self.path), published)


def _parameters(config: Path) -> Table:
    """Settings of the model, once it is known to describe latent diffusion."""
    params = read_yaml(config).table("model").table("params")
    for part in ("unet_config", "first_stage_config"):
        params.table(part).table("params")
    return params


def _schedule(where: str, params: Table) -> TableSchedule:
    name, steps = params.text("beta_schedule", "linear"), params.whole("timesteps", 1000, least=1)
    if name not in _TABLES:
        raise RecipeError(f"{where}: beta_schedule = {name!r} is not supported; supported: {', '.join(_TABLES)}")
    if name == "cosine":
        return TableSchedule.named("cosine", steps)
    return TableSchedule.named(
        _TABLES[name], steps, params.number("linear_start", 1e-4), params.number("linear_end", 2e-2)
    )


def _prediction(where: str, params: Table) -> Parameterization:
    known: dict[str, Parameterization] = {"eps": "epsilon", "x0": "sample", "v": "v"}
    said = params.text("parameterization", "eps")
    if said not in known:
        raise RecipeError(f"{where}: parameterization = {said!r} is not supported; supported: {', '.join(known)}")
    return known[said]
