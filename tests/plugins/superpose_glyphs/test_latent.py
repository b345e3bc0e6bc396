"""``glyphs-ldm``: another program finds the same in its files, its rows are apart, and its words do what they say."""

from __future__ import annotations

import pytest
import torch

from superpose import NoisePredictor, PromptError, make, model, refuse, sample
from superpose_glyphs.judge.words import called, inked
from superpose_glyphs.latent import GlyphsLatent
from superpose_glyphs.phrases import Vocabulary


@pytest.fixture(scope="module")
def predictor() -> NoisePredictor:
    return model("glyphs-ldm")


def painted(predictor: NoisePredictor, prompt: str, samples: int = 8) -> torch.Tensor:
    guidance = make("guidance", "cfg", scale=3.0)
    denoiser = guidance.denoiser(predictor, predictor.condition(prompt), predictor.condition(""))
    return sample(denoiser, make("scheduler", "ddim", steps=10), predictor, samples=samples)


def test_diffusers_finds_the_same_in_its_files(predictor: NoisePredictor) -> None:
    diffusers, transformers = pytest.importorskip("diffusers"), pytest.importorskip("transformers")
    folder = GlyphsLatent().folder
    unet = diffusers.UNet2DConditionModel.from_pretrained(folder, subfolder="unet", torch_dtype=torch.float32)
    first = diffusers.AutoencoderKL.from_pretrained(folder, subfolder="vae", torch_dtype=torch.float32)
    text = transformers.CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32)
    noise = torch.Generator().manual_seed(0)
    x, images = torch.randn(2, 4, 8, 8, generator=noise), 2 * torch.rand(2, 3, 32, 32, generator=noise) - 1
    words = torch.tensor([Vocabulary().read(prompt) for prompt in ("bold A in red on yellow", "italic q")])
    level = predictor.schedule.level(0, 400)
    with torch.inference_mode():
        context = text(words).last_hidden_state
        given = predictor.gather([predictor.condition(prompt) for prompt in ("bold A in red on yellow", "italic q")])
        torch.testing.assert_close(given["context"], context, rtol=1e-4, atol=1e-4)
        ours = predictor.predict(x, level, given).output
        torch.testing.assert_close(ours, unet(x, level.t, context).sample, rtol=1e-4, atol=1e-4)
        theirs = first.encode(images).latent_dist.mean * first.config.scaling_factor
        torch.testing.assert_close(predictor.encode(images), theirs, rtol=1e-4, atol=1e-4)
        decoded = first.decode(theirs / first.config.scaling_factor).sample
        torch.testing.assert_close(predictor.decode(theirs), decoded, rtol=1e-4, atol=1e-4)


def test_a_row_does_not_depend_on_its_neighbours(predictor: NoisePredictor) -> None:
    x = torch.randn(4, 4, 8, 8, generator=torch.Generator().manual_seed(0))
    prompts = ["A", "bold A", "q in red", ""]
    level = predictor.schedule.level(0, 300)

    def answer(order: list[int]) -> torch.Tensor:
        given = predictor.gather([predictor.condition(prompts[i]) for i in order])
        return predictor.predict(x[order], level, given).output

    want = answer([0, 1, 2, 3])
    for order in ([1, 0, 2, 3], [3, 2, 1, 0], [0, 0, 0, 2]):
        assert torch.equal(answer(order), want[order]), order


def test_words_do_what_they_say(predictor: NoisePredictor) -> None:
    heavier = []
    for glyph in "ERk":
        plain, _ = inked(painted(predictor, glyph))
        bold, _ = inked(painted(predictor, f"bold {glyph}"))
        heavier.append((bold - plain).mean((1, 2, 3)) > 0)
    assert torch.cat(heavier).float().mean() > 0.75
    for ink in ("red", "blue"):
        _, colour = inked(painted(predictor, f"E in {ink}"))
        assert called(colour).count(ink) >= 6


def test_weights_say_words_louder(predictor: NoisePredictor) -> None:
    """From nothing to twice: the heavier the word, the heavier the letter."""
    weights = (0.0, 0.6, 1.0, 2.0)
    inks = [inked(painted(predictor, f"(bold:{weight}) R"))[0].mean().item() for weight in weights]
    assert inks == sorted(inks), inks
    plain, same, louder = (
        predictor.condition(prompt).tensors["context"] for prompt in ("bold R", "(bold:1) R", "(bold:2) R")
    )
    assert torch.equal(plain, same)
    nothing = predictor.condition("").tensors["context"]
    torch.testing.assert_close(louder[:, 0], 2 * plain[:, 0] - nothing[:, 0])
    assert torch.equal(louder[:, 1:], plain[:, 1:])


def test_tokens_are_refused_where_words_have_weights() -> None:
    assert [token.text for token in GlyphsLatent().tokens("bold R")] == ["bold", "R"]
    with pytest.raises(PromptError, match="told apart"):
        GlyphsLatent().tokens("(bold:2) R")


@pytest.mark.parametrize(
    ("prompt", "why"),
    [
        ("bald A", "in 'bald A', 'bald' stands where a letter or digit"),
        ("(bald:2) A", "in 'bald A', 'bald' stands where a letter or digit"),
        ("(bo:2)ld A", "a weight ends inside of 'bold'"),
    ],
)
def test_what_it_does_not_know(prompt: str, why: str) -> None:
    with pytest.raises(PromptError, match=why):
        refuse(GlyphsLatent().prompt_problems(prompt), PromptError)


def test_latents_are_an_image_and_back(predictor: NoisePredictor) -> None:
    image = torch.ones(1, 3, 32, 32)
    image[:, :, 6:26, 13:19] = -1
    again = predictor.decode(predictor.encode(image))
    assert (again - image).square().mean() < 0.02


def test_weights_are_named() -> None:
    assert set(GlyphsLatent().weights()) == {"unet", "first stage", "text encoder"}
