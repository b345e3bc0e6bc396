"""The latent process: codes that are drawn and moved as the original does."""

import torch

import superpose
from recorded_diffae import DDIM, decode, shown
from superpose_diffae.attributes import read_classifier
from superpose_diffae.loading import load_statistics


def test_drawing(b, latent):
    noise = b.inputs["latent_noise"]
    drawn = latent.encode_prompt.networks.latent.sample(DDIM, lambda purpose="step": noise[:, :, None, None])
    b.check(latent_sample_normalised=drawn)
    codes = latent.encode_prompt.draw(lambda purpose="step": noise)
    b.check(image_from_latent=decode(latent, codes, b.inputs["x_T"]))


def test_moving_along_an_attribute(b, latent):
    code = latent.encode_prompt.semantic(b.inputs["image"])
    averaged = read_classifier(b.folder / "cls.ckpt", average=True)
    moved = code + 0.3 * latent.encode_prompt.networks.classifier.direction(2)
    plan = DDIM.plan(latent.schedule)
    hidden = superpose.invert(shown(latent, code), b.inputs["image"], plan)
    b.check(
        z_sem=code,
        z_manipulated=moved,
        z_manipulated_ema=code + 0.3 * averaged.direction(2),
        classifier_logits_ema=averaged.logits(code),
        manipulated_image=(decode(latent, moved, hidden) + 1) / 2,
    )


def test_statistics_are_the_same_wherever_they_are_stored(b):
    files = (load_statistics(b.folder / name, 20, "cpu") for name in ("last.ckpt", "latent.pkl"))
    for one, other in zip(*files, strict=True):
        torch.testing.assert_close(one, other)
