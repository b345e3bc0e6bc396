"""Every operator keeps the laws, and observes what other programs observe."""

import io
from pathlib import Path

import numpy as np
import pytest
import scipy.ndimage
import torch
from PIL import Image
from safetensors.torch import load_file

from problems import told
from superpose import RecipeError, make, refuse
from superpose.plugins import load_plugins
from superpose.testing import check_operator, variants
from superpose_operators.smaller import resized

FIXTURES = Path(__file__).parents[2] / "fixtures"
KINDS = load_plugins().kinds("operator")
SIZES = [(3, 16, 16), (3, 24, 40), (1, 8, 8), (3, 9, 15)]
GENERATOR = torch.Generator().manual_seed(0)
IMAGE = torch.rand(1, 3, 16, 16, generator=GENERATOR, dtype=torch.float64) * 2 - 1


def told_a_file(folder, kind):
    """An operator that must be told a file, or other operators."""
    rng = np.random.default_rng(0)
    if kind == "mask":
        pixels = np.zeros((16, 16), np.uint8)
        pixels[4:, 5:] = 255
        Image.fromarray(pixels).save(folder / "mask.png")
        return make("operator", kind, mask=folder / "mask.png")
    if kind == "chain":
        inner = (make("operator", "random-mask", share=0.7), make("operator", "grey"))
        return make("operator", kind, operators=(*inner, make("operator", "block-average", factor=2)))
    array = rng.normal(size=(5, 3)) if kind == "kernel-blur" else rng.normal(size=(20, 3, 16, 16))
    np.save(folder / "array.npy", array)
    return make("operator", kind, **{kind.partition("-")[0]: folder / "array.npy"})


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_laws(kind, tmp_path):
    instances = variants(KINDS[kind]) or [told_a_file(tmp_path, kind)]
    for operator in instances:
        accepted = [size for size in SIZES if not told(operator, size)]
        assert accepted or operator != instances[0]
        for size in accepted:
            check_operator(operator, *size)


def observed(kind, image=IMAGE, **options):
    return make("operator", kind, **options).bound_to(tuple(image.shape[1:])).apply(image)


def test_bicubic_is_the_resizer_of_dps_and_ilvr():
    dps, ilvr = (load_file(FIXTURES / name / "inputs.safetensors") for name in ("dp_a_dps", "il_a_ilvr"))
    for run, factor in (("sr4", 4), ("sr2_mcg", 2)):
        want = dps[f"{run}/resizer_matrix"]
        torch.testing.assert_close(torch.from_numpy(resized(16, 16 // factor)).float(), want, atol=1e-6, rtol=0)
    made = load_file(FIXTURES / "il_a_ilvr" / "outputs.safetensors")
    for factor in (2, 4):
        small = observed("bicubic", ilvr["ref_img"], factor=factor)
        torch.testing.assert_close(small, made[f"resize/down_{factor}"], atol=2e-5, rtol=1e-4)
        up = torch.from_numpy(resized(16 // factor, 16)).float()
        torch.testing.assert_close(up @ small @ up.T, made[f"resize/up_{factor}"], atol=2e-5, rtol=1e-4)


def test_blurs_are_those_of_scipy():
    image = IMAGE[0].numpy()
    for border, mode in (("mirror", "mirror"), ("zero", "constant"), ("around", "wrap")):
        want = scipy.ndimage.gaussian_filter(image, (0, 1.25, 1.25), truncate=4, mode=mode)
        np.testing.assert_allclose(observed("gaussian-blur", sigma=1.25, border=border)[0], want, atol=1e-12)
        want = scipy.ndimage.uniform_filter(image, (0, 5, 5), mode=mode)
        np.testing.assert_allclose(observed("uniform-blur", size=5, border=border)[0], want, atol=1e-12)


def test_a_kernel_convolves_around_the_edges(tmp_path):
    kernel = np.random.default_rng(0).normal(size=(4, 7))
    np.save(tmp_path / "kernel.npy", kernel)
    got = observed("kernel-blur", kernel=tmp_path / "kernel.npy")[0]
    want = [scipy.ndimage.convolve(channel, kernel, mode="wrap", origin=(0, 0)) for channel in IMAGE[0].numpy()]
    # SciPy's convolution counts the middle of an even length from the other side.
    np.testing.assert_allclose(got, np.stack(want), atol=1e-12)


@pytest.mark.parametrize(("degrees", "way"), [(0, (0, 1)), (90, (-1, 0)), (30, (-0.5, 3**0.5 / 2))])
def test_motion_spreads_a_point_along_its_way(degrees, way):
    point = torch.zeros(1, 1, 32, 32, dtype=torch.float64)
    point[..., 16, 16] = 1
    spread = observed("motion-blur", point, length=9.0, degrees=degrees)[0, 0].clamp(min=0)
    places = torch.stack(torch.meshgrid(*[torch.arange(32.0) - 16] * 2, indexing="ij")).double()
    assert float(spread.sum()) == pytest.approx(1)
    along = sum(part * w for part, w in zip(places, way, strict=True))
    aside = places[0] * way[1] - places[1] * way[0]
    # A line of that length has the variance L^2 / 12 along it; bilinear weights add at most a quarter.
    assert float((spread * along).sum()) == pytest.approx(0, abs=1e-9)
    assert 81 / 12 <= float((spread * along**2).sum()) <= 81 / 12 + 0.4
    assert float((spread * aside**2).sum()) <= 0.25


def test_block_averages_and_samples():
    torch.testing.assert_close(observed("block-average", factor=4), torch.nn.functional.avg_pool2d(IMAGE, 4))
    torch.testing.assert_close(observed("subsample", factor=4), IMAGE[..., ::4, ::4])


def test_colours():
    torch.testing.assert_close(observed("grey"), IMAGE.mean(1, keepdim=True))
    rows = ((1.0, 0.0, 2.0), (0.0, -1.0, 0.5))
    want = torch.einsum("kc,nchw->nkhw", torch.tensor(rows).double(), IMAGE)
    torch.testing.assert_close(observed("colour-matrix", rows=rows), want)


def test_frequencies_are_those_of_numpy():
    got = observed("fourier", share=0.5, centre=0.2)[0].numpy()
    real, imaginary = got[:3], got[3:]
    want = np.fft.fft2(IMAGE[0].numpy(), norm="ortho")
    seen = np.abs(got).sum((0, 1)) > 0
    assert seen[0]
    assert seen[1]
    assert seen.sum() == 7  # 4 of 9 columns from 0 to 8, each with its opposite
    np.testing.assert_allclose(real + 1j * imaginary, want * seen, atol=1e-12)


def test_magnitudes_are_those_of_numpy():
    padded = np.pad((IMAGE[0].numpy() + 1) / 2, ((0, 0), (4, 4), (4, 4)))
    want = np.abs(np.fft.fft2(padded, norm="ortho"))
    np.testing.assert_allclose(observed("phase-retrieval")[0], want, atol=1e-12)


@pytest.mark.parametrize("quality", [5, 30, 90])
@pytest.mark.parametrize(("mode", "explained"), [("L", 0.35), ("RGB", 0.8)])
def test_jpeg_is_what_libjpeg_leaves(mode, explained, quality):
    """To the rounding of decoded pixels; of colours libjpeg rounds those that it transforms, too."""
    rng = np.random.default_rng(0)
    smooth = scipy.ndimage.gaussian_filter(rng.normal(size=(32, 32, 3)), (3, 3, 0), mode="wrap") * 255 + 128
    pixels = smooth.clip(60, 190).astype(np.uint8)[..., : len(mode)]
    file = io.BytesIO()
    Image.fromarray(pixels[..., 0] if mode == "L" else pixels).save(file, "JPEG", quality=quality, subsampling=0)
    want = np.asarray(Image.open(file)).astype(float).reshape(pixels.shape)
    image = torch.from_numpy(pixels.astype(float) / 127.5 - 1).permute(2, 0, 1)[None]
    got = (observed("jpeg", image, quality=quality)[0].permute(1, 2, 0).numpy() + 1) * 127.5
    off, lost = np.abs(got - want), np.abs(want - pixels).mean()
    assert off.mean() < max(0.4, explained * lost), f"{off.mean()} off, where {lost} is lost"


def test_a_random_mask_keeps_its_share():
    seen = observed("random-mask", torch.ones(1, 3, 20, 20), share=0.2)
    assert seen.sum((2, 3)).tolist() == [[80, 80, 80]]
    assert torch.equal(seen, observed("random-mask", torch.ones(1, 3, 20, 20), share=0.2))
    assert not torch.equal(seen, observed("random-mask", torch.ones(1, 3, 20, 20), share=0.2, seed=1))


def test_a_chain_is_one_after_the_other(tmp_path):
    chain = told_a_file(tmp_path, "chain").bound_to((3, 16, 16))
    want = observed("block-average", observed("grey", observed("random-mask", share=0.7)), factor=2)
    torch.testing.assert_close(chain.apply(IMAGE), want)
    assert chain.spectrum is not None
    mixed = make("operator", "chain", operators=(make("operator", "block-average", factor=2), make("operator", "jpeg")))
    assert not mixed.linear
    check_operator(mixed, 3, 16, 16)


def test_what_does_not_fit_is_refused_with_the_cure(tmp_path):
    for kind, size, why in [
        (
            "block-average",
            (3, 18, 12),
            "block-average by 4 needs a size that 4 divides, not 18x12: write one of 2, 3, 6",
        ),
        ("grey", (1, 8, 8), "grey takes images of 3 channels, and these have 1: use colour-matrix"),
        ("motion-blur", (3, 4, 4), "motion-blur along 5 pixels is longer than an image of 4x4: write at most 1"),
        ("jpeg", (3, 9, 8), "jpeg takes images of whole blocks of 8 by 8, not 9x8"),
    ]:
        assert told(make("operator", kind), size) == why
    chain = make("operator", "chain", operators=(make("operator", "grey"), make("operator", "grey")))
    with pytest.raises(RecipeError, match=r"^operators\.1: grey takes images of 3 channels, and these have 1"):
        refuse(chain.problems((3, 8, 8)))
    np.save(tmp_path / "matrix.npy", np.ones((4, 9)))
    with pytest.raises(RecipeError, match="has shape 4x9, and one for these images has Kx3x8x8"):
        refuse(make("operator", "matrix", matrix=tmp_path / "matrix.npy").problems((3, 8, 8)))
