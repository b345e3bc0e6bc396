"""Pictures of another size: refused, or fitted as is said, and never in silence."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from superpose import Fit, RecipeError, read_image, read_mask, read_picture
from superpose.media.fit import FITS, RESIZERS

SIDES = st.integers(1, 40)
FITTING = st.sampled_from([how for how in FITS if how != "exact"])


def picture(height, width, seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


def saved(image, path):
    image.save(path)
    return path


@given(SIDES, SIDES, SIDES, SIDES, FITTING, st.sampled_from(RESIZERS))
def test_a_picture_has_the_size_that_is_wanted(height, width, tall, wide, how, resizer):
    fitted = Fit(how, resizer).fitted(picture(height, width), (tall, wide))
    assert fitted.size == (wide, tall), f"{height}x{width} by {how}"


@given(SIDES, SIDES, st.sampled_from(FITS), st.sampled_from(RESIZERS))
def test_a_picture_of_that_size_is_the_very_same(height, width, how, resizer):
    image = picture(height, width)
    assert Fit(how, resizer).fitted(image, (height, width)) is image


@given(SIDES, SIDES, FITTING, st.sampled_from(RESIZERS))
def test_one_colour_stays_that_colour(height, width, how, resizer):
    """Whatever is averaged: nothing of a picture gets lighter or darker, but for a border."""
    fitted = np.asarray(Fit(how, resizer).fitted(Image.new("RGB", (width, height), (10, 120, 200)), (16, 24)))
    inside = fitted if how != "contain" else fitted[(fitted != 255).all(-1)]
    assert inside.size
    assert (inside == (10, 120, 200)).all(), f"{height}x{width} by {how}, {resizer}"


@pytest.mark.parametrize(("size", "kept"), [((4, 8), np.s_[:, 2:6]), ((8, 4), np.s_[2:6, :]), ((4, 4), np.s_[:, :])])
def test_cover_keeps_the_middle(size, kept):
    image = picture(*size)
    fitted = Fit("cover", "nearest").fitted(image, (4, 4))
    assert np.array_equal(np.asarray(fitted), np.asarray(image)[kept])


def test_contain_keeps_all_in_a_white_border():
    image = picture(2, 4)
    fitted = np.asarray(Fit("contain", "nearest").fitted(image, (8, 8)))
    assert (fitted[:2] == 255).all()
    assert (fitted[6:] == 255).all()
    assert np.array_equal(fitted[2:6:2, ::2], np.asarray(image))


def test_a_box_averages():
    image = picture(6, 9)
    fitted = np.asarray(Fit("stretch", "box").fitted(image, (2, 3))).astype(float)
    means = np.asarray(image).reshape(2, 3, 3, 3, 3).mean((1, 3))
    assert abs(fitted - means).max() <= 1


@pytest.mark.parametrize("fit", [None, Fit()])
def test_nothing_is_resized_unless_that_is_said(fit, tmp_path):
    path = saved(picture(6, 9), tmp_path / "a.png")
    with pytest.raises(RecipeError, match=r"a\.png: is 6x9 .* are 4x4: scale or crop it to that size") as refused:
        read_image(path, (3, 4, 4), fit=fit)
    assert ('write fit = "cover" (cut)' in str(refused.value)) is (fit is not None)


def test_images_and_pictures_are_fitted_alike(tmp_path):
    path, fit = saved(picture(6, 9), tmp_path / "a.png"), Fit("cover")
    image, pixels = read_image(path, (3, 4, 4), fit=fit), read_picture(path, (4, 4), fit)
    assert torch.equal(image, torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1) / 127.5 - 1)
    with pytest.raises(RecipeError, match="scale or crop"):
        read_picture(path, (4, 4))


def test_transparency_lies_over_white_before_it_is_averaged(tmp_path):
    image = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert torch.equal(read_image(saved(image, tmp_path / "a.png"), (3, 2, 2), fit=Fit("stretch")), torch.ones(3, 2, 2))


MASK = Image.fromarray(np.array([[0, 0, 0, 255], [0, 0, 255, 255]], np.uint8))


def test_a_soft_mask_is_averaged_and_another_one_takes_the_nearest(tmp_path):
    path = saved(MASK, tmp_path / "m.png")
    soft = read_mask(path, (1, 2), soft=True, fit=Fit("stretch"))
    assert soft.flatten().tolist() == pytest.approx([0, 0.75], abs=3e-3)
    hard = read_mask(path, (4, 8), fit=Fit("stretch"))
    assert torch.equal(hard[0, ::2, ::2], torch.from_numpy(np.asarray(MASK) / 255).float())


def test_the_border_of_a_mask_is_painted_anew(tmp_path):
    mask = read_mask(saved(MASK, tmp_path / "m.png"), (4, 4), fit=Fit("contain"))
    assert (mask[0, 0] == 1).all()
    assert (mask[0, 3] == 1).all()
    assert mask[0, 1, 0] == 0


def test_a_mask_that_says_nothing_as_it_is_fitted_is_refused(tmp_path):
    tiny = np.zeros((9, 9), np.uint8)
    tiny[0, 0] = 255
    path = saved(Image.fromarray(tiny), tmp_path / "m.png")
    with pytest.raises(RecipeError, match=r"m\.png: as it is fitted, this mask is nowhere lighter than"):
        read_mask(path, (1, 1), soft=True, fit=Fit("stretch"))


def test_a_mask_lies_where_its_image_does(tmp_path):
    """One of another shape than its image would be cut elsewhere; one of the size that is wanted is as it is."""
    image, path = saved(picture(4, 8), tmp_path / "a.png"), tmp_path / "m.png"
    for height, width in ((4, 8), (6, 6)):
        saved(MASK.resize((width, height)), path)
        assert read_mask(path, (6, 6), soft=True, fit=Fit("cover"), of=image).shape == (1, 6, 6)
    saved(MASK.resize((4, 8)), path)
    with pytest.raises(RecipeError, match=r"m\.png: this mask and its image a\.png are 8x4 and 4x8 .*fitted diff"):
        read_mask(path, (6, 6), soft=True, fit=Fit("cover"), of=image)


@pytest.mark.parametrize(("how", "resizer"), [("fill", "lanczos"), ("cover", "magic")])
def test_other_names_are_refused(how, resizer):
    with pytest.raises(ValueError, match="must be one of"):
        Fit(how, resizer)
