"""Latent diffusion as people meet it: recipes from a file to pictures, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from compvis_files import unet_as_compvis
from superpose.cli import main
from superpose_networks import read_weights
from superpose_networks.latent import LatentUNet, compvis_unet

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDER = FIXTURES / "df_d_stable_diffusion" / "pipeline"
DIFFUSION = f'kind = "stable-diffusion"\npath = "{FOLDER}"\n'


def compvis(name: str, kind: str = "ldm") -> str:
    return f'kind = "{kind}"\npath = "{FIXTURES / name}/model.ckpt"\nconfig = "{FIXTURES / name}/config.yaml"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with pictures of 8 and 16 pixels, and a mask whose right half is painted anew."""
    rng = np.random.default_rng(0)
    for side in (8, 16):
        Image.fromarray(rng.integers(0, 256, (side, side, 3), dtype=np.uint8)).save(tmp_path / f"{side}.png")
    mask = np.zeros((16, 16), dtype=np.uint8)
    mask[:, 8:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path


def made(folder: Path, model: str, rest: str, scheduler: str = 'kind = "ddim"\nsteps = 3\n') -> list[np.ndarray]:
    """The pictures of a recipe."""
    head, _, tables = rest.partition("\n\n")
    text = f"{head}\n\n[model]\n{model}\n[scheduler]\n{scheduler}\n{tables}\n[run]\nsamples = 2\n"
    (folder / "recipe.toml").write_text(text)
    assert main(["check", str(folder / "recipe.toml")]) == 0
    assert main(["run", str(folder / "recipe.toml"), "--out", str(folder / "out"), "--overwrite"]) == 0
    return [np.asarray(Image.open(folder / "out" / f"000{k}.png")) for k in range(2)]


def refused(folder: Path, model: str, capsys: pytest.CaptureFixture[str], prompt: str = "") -> str:
    (folder / "recipe.toml").write_text(f'prompt = "{prompt}"\n\n[model]\n{model}\n[scheduler]\nkind = "ddim"\n')
    capsys.readouterr()
    assert main(["check", str(folder / "recipe.toml")]) != 0
    return " ".join(capsys.readouterr().err.split())


def test_an_anagram_in_latents(folder, capsys) -> None:
    views = '\n\n[guidance]\nkind = "cfg"\n\n[[view]]\nkind = "identity"\nprompt = "a cat"\n\n'
    views += '[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "a dog"\n'
    pictures = made(folder, DIFFUSION, views)
    said = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "16x16 pixels, in latents of 4 channels, 8x8: views and decompositions act on these" in said
    assert "approximately" in said
    assert pictures[0].shape == (16, 16, 3)
    assert not np.array_equal(*pictures)


def test_constraints_on_latents(folder) -> None:
    known = np.asarray(Image.open(folder / "16.png"))
    inpaint = 'prompt = "a cat"\n\n[[constraint]]\nkind = "inpaint"\nimage = "16.png"\nmask = "mask.png"\n'
    for picture in made(folder, DIFFUSION, inpaint):
        assert np.array_equal(picture[:, :8], known[:, :8]), "what is kept is not as it was"
        assert not np.array_equal(picture[:, 8:], known[:, 8:])
    sdedit = 'prompt = "a cat"\n\n[[constraint]]\nkind = "sdedit"\nimage = "16.png"\nstrength = 0.7\n'
    assert not np.array_equal(*made(folder, DIFFUSION, sdedit))


def test_other_sizes(folder) -> None:
    assert made(folder, f"{DIFFUSION}size = 24\n", 'prompt = "a cat"\n\n')[0].shape == (24, 24, 3)


def test_a_network_for_inpainting(folder) -> None:
    model = compvis("ldm_c_inpaint") + 'image = "16.png"\nmask = "mask.png"\n'
    one = made(folder, model, 'prompt = ""\n\n')
    views = '\n\n[[view]]\nkind = "identity"\nprompt = ""\n\n[[view]]\nkind = "flip"\nprompt = ""\n'
    assert not np.array_equal(one[0], made(folder, model, views)[0])
    # What is under the mask makes no difference.
    picture = np.array(Image.open(folder / "16.png"))
    picture[:, 8:] = 7
    Image.fromarray(picture).save(folder / "16.png")
    assert all(map(np.array_equal, one, made(folder, model, 'prompt = ""\n\n')))


def test_an_edit(folder, capsys) -> None:
    model = compvis("ip_a_instruct_pix2pix", "instruct-pix2pix") + 'image = "8.png"\n'
    dual = 'prompt = "0"\n\n[guidance]\nkind = "dual"\n'
    one = made(folder, model, dual)
    assert "3 network rows a sample and step, 3 evaluations" in capsys.readouterr().out
    other = made(folder, model, f"{dual}image = 3.0\n")
    assert not np.array_equal(one[0], other[0])
    assert all(map(np.array_equal, one, made(folder, model, dual)))
    cfg = made(folder, model, 'prompt = "0"\n\n[guidance]\nkind = "cfg"\nscale = 7.5\n')
    assert all(map(np.array_equal, cfg, made(folder, model, f"{dual}text = 7.5\nimage = 1.0\n")))


def test_a_network_that_enlarges(folder) -> None:
    """By a file, and as the stage after another: the small image is seen as it is."""
    about = yaml.safe_load((FIXTURES / "ldm_a_uncond_vq" / "config.yaml").read_text())
    params = about["model"]["params"]
    params |= {"cond_stage_config": {"target": "torch.nn.Identity"}, "image_size": 16}
    params["unet_config"]["params"]["in_channels"] = 6
    torch.manual_seed(0)
    unet = LatentUNet(compvis_unet("a test", params["unet_config"]["params"])).state_dict()
    file = {f"model.diffusion_model.{k}": v for k, v in unet_as_compvis_attention(unet).items()}
    first = read_weights(FIXTURES / "ldm_a_uncond_vq" / "model.ckpt", prefix="first_stage_model.")
    torch.save({"state_dict": file | {f"first_stage_model.{k}": v for k, v in first.items()}}, folder / "up.ckpt")
    (folder / "up.yaml").write_text(yaml.safe_dump(about))
    model = 'kind = "ldm"\npath = "up.ckpt"\nconfig = "up.yaml"\n'
    assert made(folder, model + 'image = "16.png"\n', 'prompt = ""\n\n')[0].shape == (32, 32, 3)
    stage = 'prompt = ""\n\n[[stage]]\n\n[stage.model]\n' + model + '\n[stage.scheduler]\nkind = "ddim"\nsteps = 2\n'
    small, large = (
        made(folder, compvis("ldm_a_uncond_vq"), 'prompt = ""\n\n'),
        made(folder, compvis("ldm_a_uncond_vq"), stage),
    )
    assert (small[0].shape, large[0].shape) == ((16, 16, 3), (32, 32, 3))


def unet_as_compvis_attention(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A U-Net of one level whose attention is of pixels, with q, k and v joined head by head."""
    numbered = unet_as_compvis(weights, 1, 1, [True])
    for name in [name for name in numbered if ".to_q." in name]:
        apart = [numbered.pop(name.replace("to_q", f"to_{one}")).unflatten(0, (2, 16)) for one in "qkv"]
        joined = torch.stack(apart, 1).flatten(0, 2)
        numbered[name.replace("to_q", "qkv")] = joined[..., None] if joined.dim() == 2 else joined
    return {k.replace("group_norm", "norm").replace("to_out.0", "proj_out"): v for k, v in numbered.items()}


def test_what_is_said_of_wrong_recipes(folder, capsys) -> None:
    inpainting, edit = compvis("ldm_c_inpaint"), compvis("ip_a_instruct_pix2pix", "instruct-pix2pix")
    assert "looks at image and mask: write image = a file of 16x16" in refused(folder, inpainting, capsys)
    assert "looks at image: write image = a file of 8x8" in refused(folder, edit, capsys)
    assert "write mask = a file of 16x16" in refused(folder, f'{inpainting}image = "16.png"\n', capsys)
    assert "the model's images are 16x16" in refused(folder, f'{inpainting}image = "8.png"\nmask = "mask.png"', capsys)
    assert "looks at no image: leave it out" in refused(folder, f'{DIFFUSION}image = "16.png"\n', capsys)
    assert "looks at no mask: leave it out" in refused(folder, f'{edit}image = "8.png"\nmask = "mask.png"', capsys)
    assert "size = 18 is not a multiple of 4" in refused(folder, f"{DIFFUSION}size = 18\n", capsys)
    assert "knows no prompts, and was given 'cat'" in refused(folder, compvis("ldm_a_uncond_vq"), capsys, "cat")
    assert "a number from 0 to 10" in refused(folder, compvis("ldm_b_class_kl"), capsys, "cat")
    assert "describes itself: leave config out" in refused(folder, f'{DIFFUSION}config = "mask.png"\n', capsys)
