"""What a recipe may say of a pipeline, what it is told before any weight is read, and what comes of wrong files."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import superpose
import tiny_pipelines
from superpose import PromptError, RecipeError, refuse
from superpose_diffusers.model import Diffusers


def rewrite(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("name", "options", "shape", "image_shape"),
    [
        ("sdxl", {}, (4, 8, 8), (3, 16, 16)),
        ("sdxl", {"width": 32}, (4, 8, 16), (3, 16, 32)),
        ("flux dev", {}, (4, 128, 128), (3, 256, 256)),
        ("sana", {"height": 32}, (4, 16, 8), (3, 32, 16)),
        ("ddpm", {}, (3, 8, 8), (3, 8, 8)),
        ("latent diffusion", {}, (3, 8, 8), (3, 16, 16)),
    ],
)
def test_sizes_without_weights(
    name: str, options: dict[str, Any], shape: Any, image_shape: Any, copied: Callable[[str], Path]
) -> None:
    folder = copied(name)
    for file in folder.rglob("*.safetensors"):
        file.unlink()
    model = Diffusers(path=folder, **options)
    assert (model.shape, model.image_shape) == (shape, image_shape)


def test_sizes_that_do_not_fit_patches(saved: Callable[[str], Path]) -> None:
    with pytest.raises(RecipeError, match="height = 18 is not a multiple of 4, as this model needs: write 16"):
        _ = Diffusers(path=saved("flux dev"), height=18).shape


def test_sizes_that_a_network_can_not_have(saved: Callable[[str], Path]) -> None:
    with pytest.raises(RecipeError, match="knows one size, that of training: leave height and width out"):
        _ = Diffusers(path=saved("dit"), width=32).shape
    with pytest.raises(RecipeError, match="width = 400 is too large for this model: write 256 or less"):
        _ = Diffusers(path=saved("aura flow"), width=400).shape


def test_sizes_that_nothing_says(copied: Callable[[str], Path]) -> None:
    folder = copied("sdxl")
    rewrite(folder / "unet" / "config.json", sample_size=None)
    with pytest.raises(RecipeError, match="names no sample_size: write height and width"):
        _ = Diffusers(path=folder).shape
    assert Diffusers(path=folder, height=8, width=24).shape == (4, 4, 12)


@pytest.mark.parametrize(
    ("scheduler", "clip"),
    [
        ({"clip_sample": False}, None),
        ({"clip_sample": True, "clip_sample_range": 2.0}, superpose.StaticClip(range=2.0)),
        ({"thresholding": True, "dynamic_thresholding_ratio": 0.9}, superpose.DynamicClip(ratio=0.9)),
    ],
)
def test_clipping_of_pixels(scheduler: dict[str, Any], clip: Any, copied: Callable[[str], Path]) -> None:
    folder = copied("ddpm")
    rewrite(folder / "scheduler" / "scheduler_config.json", **scheduler)
    assert Diffusers(path=folder).clip == clip


def test_latents_are_not_clipped(saved: Callable[[str], Path]) -> None:
    assert Diffusers(path=saved("dit")).clip is None


def test_prompts_that_are_classes(saved: Callable[[str], Path]) -> None:
    model = Diffusers(path=saved("dit"))
    for known in ("", "0", "999"):
        refuse(model.prompt_problems(known), PromptError)
    for unknown in ("1000", "-1", "a dog"):
        with pytest.raises(PromptError, match=f"unknown prompt '{unknown}'; .* write a number below 1000"):
            refuse(model.prompt_problems(unknown), PromptError)
    with pytest.raises(PromptError, match="this network knows no prompts, and was given 'a dog': leave it out"):
        refuse(Diffusers(path=saved("ddpm")).prompt_problems("a dog"), PromptError)


@pytest.mark.parametrize(
    ("name", "options", "read"),
    [
        ("stable diffusion", {}, {"text_encoder": 16}),
        ("sdxl", {}, {"text_encoder": 16, "text_encoder_2": 16}),
        ("sd3", {}, {"text_encoder": 16, "text_encoder_2": 16}),
        ("flux dev", {}, {"text_encoder": 16}),
        ("flux dev", {"max_tokens": 20}, {"text_encoder": 16, "text_encoder_2": 20}),
        ("pixart alpha", {}, {}),
        ("pixart alpha", {"max_tokens": 20}, {"text_encoder": 20}),
        ("sana", {"max_tokens": 20}, {"text_encoder": 20}),
        ("aura flow", {"max_tokens": 20}, {"text_encoder": 20}),
    ],
)
def test_words_that_each_encoder_does_not_see(
    name: str, options: dict[str, Any], read: dict[str, int], saved: Callable[[str], Path]
) -> None:
    """Held to what the pipeline's own ``encode_prompt`` hands to its encoders."""
    folder = saved(name)
    prompt = " ".join(["blue", "cube"] * 20)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        refuse(Diffusers(path=folder, **options).prompt_problems(prompt), PromptError)
    found = {}
    for notice in told:
        words = re.fullmatch(r"(\w+) reads (\d+) tokens of a prompt, and does not see '(.*)'", str(notice.message))
        assert words is not None, notice.message
        assert prompt.endswith(words[3])
        found[words[1]] = len(prompt.split()) - len(words[3].split())
    assert found == _words_that_encoders_get(superpose.model("diffusers", path=folder, **options), prompt)
    assert {part: count + 2 for part, count in found.items()} == read


def test_weights_of_words_are_refused(saved: Callable[[str], Path]) -> None:
    model = Diffusers(path=saved("sdxl"))
    with pytest.raises(
        PromptError, match=r"'\(cube:1.3\)' gives words a weight, which the bridge tells no text encoder"
    ):
        refuse(model.prompt_problems("blue (cube:1.3)"), PromptError)
    refuse(model.prompt_problems("blue (cube)"), PromptError)


def _words_that_encoders_get(predictor: Any, prompt: str) -> dict[str, int]:
    """How many words of the prompt each text encoder is given in the end, where that is fewer than there are."""
    got: dict[str, int] = {}
    pipeline = predictor.encode_prompt.pipeline
    known = {tiny_pipelines.WORDS.index(word) for word in prompt.split()}
    for name in ("text_encoder", "text_encoder_2", "text_encoder_3"):
        if (encoder := getattr(pipeline, name, None)) is None:
            continue

        def seen(module: Any, given: Any, kwargs: Any, name: str = name) -> None:
            numbers = given[0] if given else kwargs["input_ids"]
            got[name] = sum(int(number) in known for number in numbers[0])

        encoder.register_forward_pre_hook(seen, with_kwargs=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", superpose.Notice)
        predictor.condition(prompt)
    return {name: count for name, count in got.items() if count < len(prompt.split())}


def test_classes_of_a_plain_unet(tmp_path: Path) -> None:
    with torch.random.fork_rng():
        pipeline = tiny_pipelines.ddpm()
        pipeline.unet = tiny_pipelines.unet2d(num_class_embeds=5)
        pipeline.save_pretrained(tmp_path)
    model = superpose.model("diffusers", path=tmp_path)
    assert model.condition("4").tensors["class_labels"].tolist() == [4]
    with pytest.raises(PromptError, match="none that says nothing: write the number of a class"):
        model.condition("")


def test_digests_of_what_is_read(copied: Callable[[str], Path]) -> None:
    folder = copied("dit")
    names = [f"{part}/diffusion_pytorch_model.safetensors" for part in ("transformer", "vae")]
    wanted = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    assert Diffusers(path=folder).weights() == wanted
    half = folder / "vae" / "diffusion_pytorch_model.fp16.safetensors"
    half.write_bytes(b"half")
    assert Diffusers(path=folder).weights() == wanted
    assert list(Diffusers(path=folder, variant="fp16").weights()) == ["vae/diffusion_pytorch_model.fp16.safetensors"]


def test_a_recipe_from_the_command_line(
    saved: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from superpose.cli import main

    recipe = tmp_path / "cube.toml"
    recipe.write_text(
        f'[model]\nkind = "diffusers"\npath = "{saved("sd3").as_posix()}"\n\n'
        '[scheduler]\nkind = "flow-euler"\nsteps = 2\n\n'
        '[guidance]\nkind = "cfg"\nscale = 3\n\n[[view]]\nkind = "identity"\nprompt = "a red cube"\n\n'
        '[[view]]\nkind = "rotate"\ndegrees = 180\nprompt = "a glass ball"\n\n[run]\nsamples = 2\n'
    )
    assert main(["check", str(recipe)]) == 0
    assert "16x16" in capsys.readouterr().out
    assert main(["run", str(recipe), "--out", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "0001.png").exists()
    made = tmp_path / "out" / "0001.png"
    weights = saved("sd3")
    given = ["--input", f"{weights.name}={weights}"]
    assert main(["replay", str(made), "--out", str(tmp_path / "replayed"), *given]) == 0
    assert (tmp_path / "replayed" / "0001.png").read_bytes() == made.read_bytes()
