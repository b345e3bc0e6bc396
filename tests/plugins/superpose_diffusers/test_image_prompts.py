"""Images as prompts of unCLIP: what diffusers' own pipeline makes of the same image, noise and level."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

import superpose
import tiny_pipelines
from superpose import PromptError, RecipeError, refuse
from superpose.testing import check_predictor
from superpose_diffusers.folder import IMAGE_PARTS
from superpose_diffusers.image_prompts import ImagePrompt
from superpose_diffusers.model import Diffusers
from unclip_runs import SCALE, SHAPE, STEPS, apart, latents


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """Two pictures, neither of CLIP's size nor square."""
    draw = np.random.default_rng(0)
    paths = {}
    for name, size in (("cube", (30, 41)), ("ball", (20, 17))):
        paths[name] = tmp_path / f"{name}.png"
        Image.fromarray(draw.integers(0, 256, (*size, 3), dtype=np.uint8)).save(paths[name])
    return paths


def prompts(pictures: dict[str, Path], **texts: str) -> tuple[ImagePrompt, ...]:
    return tuple(ImagePrompt(name=name, image=path, text=texts.get(name, "")) for name, path in pictures.items())


def start() -> Tensor:
    return superpose.Noise(0, (0, 1), SHAPE).draw(-1, "start")


def noise_on_embeddings(width: int = 24) -> Tensor:
    """Two samples' own noise."""
    noise = superpose.Noise(0, (0, 1), SHAPE)
    return noise.draw(-1, "beside:image embedding").flatten(1)[:, :width]


def theirs(
    pipeline: Any, monkeypatch: pytest.MonkeyPatch, noise_level: int, words: tuple[str, str] = ("", ""), **told: Any
) -> Tensor:
    """Final latents of two samples; each image of a list has noise of its own there."""
    monkeypatch.setattr(sys.modules[type(pipeline).__module__], "randn_tensor", lambda *_, **__: noise_on_embeddings())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pipeline(
            prompt=[words[0]] * 2, negative_prompt=[words[1]] * 2, guidance_scale=SCALE, num_inference_steps=STEPS,
            latents=start(), noise_level=noise_level, output_type="latent", **told,
        ).images  # fmt: skip


@pytest.mark.parametrize("noise_level", [0, 300, 999])
def test_an_image_and_words_are_told_as_by_diffusers(
    noise_level: int, tmp_path: Path, pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = tiny_pipelines.save("unclip", tmp_path / "model")
    model = superpose.model(
        "diffusers",
        path=tmp_path / "model",
        image_prompt=prompts(pictures, cube="a red cube"),
        noise_level=noise_level,
    )
    image = Image.open(pictures["cube"])
    want = theirs(pipeline, monkeypatch, noise_level, ("a red cube", "a ball of glass"), image=[image, image])
    got = latents(model, "cube", "a ball of glass")
    assert apart(got, want) < 1e-4
    assert apart(latents(model, "a red cube", "a ball of glass"), want) > 1e-2  # the image is seen
    assert apart(latents(model, "ball", "a ball of glass"), want) > 1e-2
    check_predictor(model, ["cube", "ball", "", "a red cube"])


def test_between_two_images_the_network_is_told_the_slerp_of_their_embeddings(
    tmp_path: Path, pictures: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = tiny_pipelines.save("unclip", tmp_path / "model")
    model = superpose.model("diffusers", path=tmp_path / "model", image_prompt=prompts(pictures), noise_level=100)
    a, b = (
        pipeline.image_encoder(pipeline.feature_extractor(Image.open(path), return_tensors="pt").pixel_values)
        .image_embeds.double().detach()
        for path in pictures.values()
    )  # fmt: skip
    angle = torch.arccos((a @ b.T) / a.norm() / b.norm())
    between = (torch.sin(0.7 * angle) * a + torch.sin(0.3 * angle) * b) / torch.sin(angle)
    want = theirs(pipeline, monkeypatch, 100, image_embeds=between.float().expand(2, -1))
    assert model.interpolation is not None
    shown = superpose.interpolated(model, "cube", "ball", 0.3, model.interpolation)
    assert apart(latents(model, shown), want) < 1e-4
    for name, mix in (("cube", 0.0), ("ball", 1.0)):
        assert torch.equal(latents(model, superpose.interpolated(model, "cube", "ball", mix)), latents(model, name))
        assert apart(latents(model, name), want) > 1e-2


def recipe(path: Path, model: Path, pictures: dict[str, Path], more: str) -> str:
    images = [f'{{name = "{name}", image = "{it.as_posix()}"}}' for name, it in pictures.items()]
    path.write_text(
        f'{more}\n[model]\nkind = "diffusers"\npath = "{model.as_posix()}"\nnoise_level = 200\n'
        f'image_prompt = [{", ".join(images)}]\n[scheduler]\nkind = "ddim"\nsteps = 2\n'
        '[guidance]\nkind = "cfg"\nscale = 3\n[run]\nsamples = 2\n'
    )
    return str(path)


@pytest.fixture
def run(saved: Callable[[str], Path], tmp_path: Path, pictures: dict[str, Path]) -> Callable[..., Path]:
    """Run a recipe with those lines by itself; the second image."""
    from superpose.cli import main

    def made(name: str, more: str) -> Path:
        path = recipe(tmp_path / f"{name}.toml", saved("unclip"), pictures, more)
        assert main(["run", path, "--out", str(tmp_path / name)]) == 0
        return tmp_path / name / "0001.png"

    return made


BETWEEN = 'prompt = "cube"\ninterpolate = {to = "ball", mix = 0.5}'


def test_an_image_between_two_is_replayed_without_their_files(
    run: Callable[..., Path], saved: Callable[[str], Path], tmp_path: Path, pictures: dict[str, Path]
) -> None:
    from superpose.cli import main

    made, weights = run("between", BETWEEN), saved("unclip")
    for picture in pictures.values():
        picture.unlink()
    given = ["--input", f"{weights.name}={weights}"]
    assert main(["replay", str(made), "--out", str(tmp_path / "again"), *given]) == 0
    assert (tmp_path / "again" / "0001.png").read_bytes() == made.read_bytes()


def test_the_way_between_two_images_is_an_axis_and_a_film(
    run: Callable[..., Path], saved: Callable[[str], Path], tmp_path: Path, pictures: dict[str, Path]
) -> None:
    from superpose.cli import main

    sweep = recipe(
        tmp_path / "sweep.toml", saved("unclip"), pictures, BETWEEN + '\n[sweep.axes]\n"interpolate.mix" = [0, 0.5, 1]'
    )
    out = tmp_path / "swept"
    assert main(["sweep", sweep, "--out", str(out)]) == 0
    made = [np.asarray(Image.open(path)).tobytes() for path in sorted(out.rglob("0001.png"))]
    alone = [run(name, f'prompt = "{name}"') for name in pictures]
    assert len({*made}) == 3
    assert {np.asarray(Image.open(path)).tobytes() for path in alone} < {*made}
    assert main(["animate", str(out), "--axis", "interpolate.mix"]) == 0


def test_on_a_canvas_as_large_as_an_image_it_is_the_plain_run(run: Callable[..., Path]) -> None:
    panorama = '[[view]]\nkind = "panorama"\nprompt = "cube"\n[canvas]\nsize = [8, {}]'
    plain, one = (np.asarray(Image.open(run(*case))) for case in (("p", 'prompt = "cube"'), ("c", panorama.format(8))))
    assert np.array_equal(plain, one)
    assert np.asarray(Image.open(run("wide", panorama.format(12)))).shape == (16, 24, 3)


def test_prompts_that_name_images(saved: Callable[[str], Path], pictures: dict[str, Path], tmp_path: Path) -> None:
    model = Diffusers(path=saved("unclip"), image_prompt=prompts(pictures, cube="red cube"))
    assert [token.text for token in model.tokens("cube")] == [token.text for token in model.tokens("red cube")]
    refuse(model.prompt_problems("cube"), PromptError)
    lost = Diffusers(path=saved("unclip"), image_prompt=(ImagePrompt(name="me", image=tmp_path / "me.png"),))
    with pytest.raises(PromptError, match=r"me\.png: no such file"):
        refuse(lost.prompt_problems("me"), PromptError)
    loud = Diffusers(path=saved("unclip"), image_prompt=prompts(pictures, cube="a (cube:1.3)"))
    with pytest.raises(PromptError, match=r"'\(cube:1.3\)' gives words a weight"):
        refuse(loud.prompt_problems("cube"), PromptError)


def test_what_is_told_images_and_what_is_not(saved: Callable[[str], Path], pictures: dict[str, Path]) -> None:
    two = prompts(pictures)
    for options, what in (({"image_prompt": two}, "image_prompt"), ({"noise_level": 0}, "noise_level")):
        with pytest.raises(RecipeError, match=f"{what} is for networks that are told images .*StableDiffusionPipeline"):
            _ = Diffusers(path=saved("stable diffusion"), **options).shape
    with pytest.raises(RecipeError, match="noise_level = 1000 is none of this pipeline: write 999 or less"):
        _ = Diffusers(path=saved("unclip"), noise_level=1000).shape
    with pytest.raises(RecipeError, match="two image prompts are named 'cube': rename one"):
        _ = Diffusers(path=saved("unclip"), image_prompt=(*two, two[0])).shape
    with pytest.raises(RecipeError, match="an image prompt needs a name"):
        ImagePrompt(name="", image=pictures["cube"])


def test_the_noise_on_an_embedding_belongs_to_a_sample(saved: Callable[[str], Path], pictures: dict[str, Path]) -> None:
    model = superpose.model("diffusers", path=saved("unclip"), image_prompt=prompts(pictures))
    level, x = model.schedule.level(0, 500), start()
    assert superpose.prompted(model, "a ball")(x, level).clean.shape == x.shape
    with pytest.raises(RecipeError, match="the noise on an image's embedding belongs to a sample"):
        superpose.prompted(model, "cube")(x, level)


@pytest.mark.parametrize(
    ("file", "changes", "message"),
    [
        ("image_normalizer/config.json", {"embedding_dim": 25}, "widths: image_encoder 24, image_normalizer 25, denoi"),
        ("model_index.json", {"image_noising_scheduler": ["diffusers", "EulerDiscreteScheduler"]}, "knows DDPMSched"),
        (
            "model_index.json",
            {key: [None, None] for key in IMAGE_PARTS},
            "is told images, and there is no image_encoder",
        ),
        (
            "model_index.json",
            {"image_encoder": [None, None]},
            "has a image_noising_scheduler .*, which the bridge doesn't",
        ),
        (
            "model_index.json",
            {"prior": ["diffusers", "PriorTransformer"]},
            "take a StableUnCLIPImg2ImgPipeline, which has no prior",
        ),
    ],
)
def test_folders_that_do_not_fit(
    file: str, changes: dict[str, Any], message: str, copied: Callable[[str], Path]
) -> None:
    path = copied("unclip") / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    with pytest.raises(RecipeError, match=message):
        _ = Diffusers(path=path.parents[len(Path(file).parts) - 1]).shape


def test_pipelines_that_were_published_long_ago(copied: Callable[[str], Path], pictures: dict[str, Path]) -> None:
    """Their feature extractor has a class that transformers has given up; what it does is the same."""
    folder = copied("unclip")
    index = folder / "model_index.json"
    new = superpose.model("diffusers", path=folder, image_prompt=prompts(pictures)).condition("cube")
    old_index = json.loads(index.read_text()) | {"feature_extractor": ["transformers", "CLIPFeatureExtractor"]}
    index.write_text(json.dumps(old_index))
    old = superpose.model("diffusers", path=folder, image_prompt=prompts(pictures)).condition("cube")
    assert torch.equal(old.tensors["image_embeds"], new.tensors["image_embeds"])
    assert float(old.tensors["image_embeds"].norm()) > 0
