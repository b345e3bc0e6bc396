"""Semantic maps beside the latents, against CompVis' ``SpatialRescaler`` restated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import interpolate, one_hot

from superpose import ChannelGroup, RecipeError, read_class_map, read_image
from superpose.cli import main
from superpose_ldm.model import CompVis

INPAINTING = Path(__file__).parents[2] / "fixtures" / "ldm_c_inpaint"


class Original(nn.Module):
    """``ldm.modules.encoders.modules.SpatialRescaler``."""

    def __init__(self, n_stages=1, method="bilinear", multiplier=0.5, in_channels=3, out_channels=None, bias=False):
        super().__init__()
        self.n_stages, self.method, self.multiplier = n_stages, method, multiplier
        if out_channels is not None:
            self.channel_mapper = nn.Conv2d(in_channels, out_channels, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.n_stages):
            x = interpolate(x, scale_factor=self.multiplier, mode=self.method)
        return self.channel_mapper(x) if hasattr(self, "channel_mapper") else x


def written(folder: Path, about: dict[str, Any], key: str = "segmentation", **more: Any) -> tuple[CompVis, Original]:
    """A model that sees a map by such a rescaler, its first stage and most of its U-Net those of the fixture."""
    config = yaml.safe_load((INPAINTING / "config.yaml").read_text())
    target = "ldm.modules.encoders.modules.SpatialRescaler"
    params = config["model"]["params"]
    params |= {"cond_stage_key": key, "cond_stage_config": {"target": target, "params": about}} | more
    sees = about.get("out_channels") or about["in_channels"]
    params["unet_config"]["params"]["in_channels"] = 3 + sees
    torch.manual_seed(0)
    original = Original(**about)
    weights = torch.load(INPAINTING / "model.ckpt", weights_only=True)["state_dict"]
    weights["model.diffusion_model.input_blocks.0.0.weight"] = torch.randn(32, 3 + sees, 3, 3) / 8
    weights |= {f"cond_stage_model.{k}": v for k, v in original.state_dict().items()}
    torch.save({"state_dict": weights}, folder / "model.ckpt")
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return CompVis(path=folder / "model.ckpt", config=folder / "config.yaml", image=folder / "map.png"), original


def save_map(folder: Path, most: int, mode: str = "P") -> Tensor:
    numbers = np.random.default_rng(0).integers(0, most, (16, 16), dtype=np.uint8)
    numbers[0, 0] = most
    image = Image.fromarray(numbers.astype(np.uint16) if mode == "I;16" else numbers)
    if mode == "P":
        image.putpalette(list(range(255, -1, -1)) * 3)  # whose colours are not the numbers
    image.save(folder / "map.png")
    return torch.from_numpy(numbers).long()


@pytest.mark.parametrize("mode", ["P", "L", "I;16"])
@pytest.mark.parametrize(
    "about",
    [
        {"in_channels": 5, "out_channels": 4},
        {"in_channels": 5, "out_channels": 2, "bias": True, "n_stages": 2, "multiplier": 0.73, "method": "bicubic"},
        {"in_channels": 5, "method": "nearest"},
        {"in_channels": 3, "method": "area"},
    ],
)
def test_maps_of_classes_are_rescaled_as_in_the_original(tmp_path, about, mode) -> None:
    numbers = save_map(tmp_path, about["in_channels"] - 1, mode)
    model, original = written(tmp_path, about)
    with torch.no_grad():
        expected = original(one_hot(numbers, about["in_channels"]).permute(2, 0, 1)[None].float())
    conditioning = model.load().conditioning(None, lambda purpose="": torch.zeros(2, 3, 8, 8))
    assert conditioning is not None
    torch.testing.assert_close(conditioning.channels, expected.expand(2, -1, -1, -1), rtol=1e-6, atol=1e-6)
    assert model.concat_conditioning == (ChannelGroup(expected.shape[1], "mask"),)


def test_maps_in_colours(tmp_path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    Image.fromarray(colours).save(tmp_path / "map.png")
    model, original = written(tmp_path, {"in_channels": 3, "out_channels": 4}, key="map")
    with torch.no_grad():
        expected = original(read_image(tmp_path / "map.png", (3, 16, 16))[None])
    conditioning = model.load().conditioning(None, lambda purpose="": torch.zeros(1, 3, 8, 8))
    assert conditioning is not None
    torch.testing.assert_close(conditioning.channels, expected, rtol=1e-6, atol=1e-6)


def test_a_recipe_with_views(tmp_path) -> None:
    """The negative of the state is seen beside the same map, on which the image depends."""
    save_map(tmp_path, 4)
    written(tmp_path, {"in_channels": 5, "out_channels": 4})
    views = "".join(f'[[view]]\nkind = "{kind}"\nprompt = ""\n' for kind in ("identity", "negate", "flip"))
    (tmp_path / "recipe.toml").write_text(
        '[model]\nkind = "ldm"\npath = "model.ckpt"\nconfig = "config.yaml"\nimage = "map.png"\n'
        f'[scheduler]\nkind = "ddim"\nsteps = 2\n{views}[run]\nsamples = 1\n'
    )

    def made() -> np.ndarray:
        assert main(["check", str(tmp_path / "recipe.toml")]) == 0
        assert main(["run", str(tmp_path / "recipe.toml"), "--out", str(tmp_path / "out"), "--overwrite"]) == 0
        return np.asarray(Image.open(tmp_path / "out" / "0000.png"))

    one = made()
    Image.fromarray(np.zeros((16, 16), dtype=np.uint8)).save(tmp_path / "map.png")
    assert not np.array_equal(one, made())


def complaint(model: CompVis) -> str:
    with pytest.raises(RecipeError) as told:
        _ = model.metadata
    return str(told.value)


def test_what_is_said_of_wrong_maps(tmp_path) -> None:
    about = {"in_channels": 5, "out_channels": 4}
    model, _ = written(tmp_path, about)
    nothing = CompVis(path=model.path, config=model.config)
    assert "looks at semantic map: write image = a file of 16x16, with the number of a class" in complaint(nothing)
    save_map(tmp_path, 5)
    assert "has the class number 5, and the model knows the classes 0 to 4: write" in complaint(model)
    save_map(tmp_path, 4)
    assert model.shape == (3, 8, 8)
    Image.open(tmp_path / "map.png").convert("RGB").save(tmp_path / "map.png")
    fresh, _ = written(tmp_path, about)
    assert "is a picture of colours (mode RGB)" in complaint(fresh)
    Image.fromarray(np.zeros((16, 16), dtype=np.uint8)).save(tmp_path / "map.png", format="JPEG")
    assert "not an image in a format that is read: PNG, BMP" in complaint(fresh)


def test_what_is_said_of_wrong_configurations(tmp_path) -> None:
    save_map(tmp_path, 4)
    about = {"in_channels": 5, "out_channels": 4}
    assert "makes 4x4 of a map of 16x16, and the latents beside it are 8x8" in complaint(
        written(tmp_path, about | {"n_stages": 2})[0]
    )
    assert "conditioning_key = 'crossattn' of a map" in complaint(
        written(tmp_path, about, conditioning_key="crossattn")[0]
    )
    model, _ = written(tmp_path, about)
    config = (tmp_path / "config.yaml").read_text()
    (tmp_path / "config.yaml").write_text(config.replace("out_channels: 4", "out_channels: 6"))
    assert "4 of them beside the 3 of latents, and cond_stage_config" in complaint(model)
    (tmp_path / "config.yaml").write_text(config.replace("out_channels: 4", "out_channels: 4\n        method: lanczos"))
    assert "method = 'lanczos' is not supported; supported: 'nearest'" in complaint(model)


def test_sixteen_bits_are_numbers(tmp_path) -> None:
    numbers = np.array([[0, 700], [300, 1]], dtype=np.uint16)
    Image.fromarray(numbers).save(tmp_path / "map.png")
    assert read_class_map(tmp_path / "map.png", (2, 2), 701).tolist() == numbers.tolist()
