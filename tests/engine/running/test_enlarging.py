"""An image that is there is painted larger by a further stage, and is the same illusion at its new size."""

import numpy as np
import pytest
import torch

import superpose
from superpose import RecipeError
from superpose.cli import main
from superpose.media.frames import resized
from superpose.media.sheet import readings
from superpose.running.enlarging import painted_larger
from superpose.running.inside import inside

TEXT = """[model]
kind = "glyphs"
[scheduler]
kind = "ddim"
steps = 4
eta = 1.0
[guidance]
kind = "cfg"
scale = 5.0
[[view]]
kind = "identity"
prompt = "N"
[[view]]
kind = "jigsaw"
pieces = 2
prompt = "Z"
[run]
samples = 2
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return superpose.run(superpose.loads(TEXT), tmp_path_factory.mktemp("run"), device="cpu").images


def larger(image):
    with inside(image) as found:
        return painted_larger(found, superpose.make("model", "glyphs-cascade"))


def test_it_is_the_image_at_twice_the_size_every_way(images):
    subject, picture = larger(images[1])
    assert picture.shape == (3, 64, 64)
    assert np.abs(picture).max() <= 1
    small = superpose.read_image(images[1], (3, 32, 32))
    for large, before in zip(readings(subject), readings(superpose.loads(TEXT).subject), strict=True):
        seen = large.show(torch.from_numpy(picture)[None].float())[0]
        asked = before.show(small[None])[0]
        blurred = torch.from_numpy(resized(asked.double().numpy(), 64, 64)).float()
        assert (torch.nn.functional.avg_pool2d(seen, 2) - asked).abs().mean() < 0.1, large.label
        # What is seen the other way is painted with it, and no enlarged picture that is cut afterwards.
        assert (seen - blurred).abs().mean() > 0.01


def test_it_is_the_second_stage_of_a_cascade(images):
    stage = '[[stage]]\nmodel = {kind = "glyphs-cascade"}\nscheduler = {kind = "ddim", steps = 4, eta = 1.0}\n'
    cascade = superpose.loads(TEXT + stage + 'guidance = {kind = "cfg", scale = 5.0}\n')
    painter = superpose.compose(cascade).stages[1]
    low = superpose.read_image(images[1], (3, 32, 32))[None]
    [image] = painter.trajectory([1], low).run()
    assert np.abs(larger(images[1])[1] - image.clamp(-1, 1).numpy()).max() < 1e-3
    assert np.array_equal(larger(images[1])[1], larger(images[1])[1])
    assert not np.array_equal(larger(images[0])[1], larger(images[1])[1])


def test_what_does_not_enlarge_is_refused_with_what_does(images):
    with (
        inside(images[0]) as found,
        pytest.raises(RecipeError, match=r"glyphs paints from noise alone.* glyphs-cascade"),
    ):
        painted_larger(found, superpose.make("model", "glyphs"))


def test_what_does_not_fit_after_the_image_is_refused(tmp_path):
    recipe = superpose.loads(TEXT.replace('"glyphs"', '"pictograms"').replace('"N"', '"cat"').replace('"Z"', '"dog"'))
    [image, _] = superpose.run(recipe, tmp_path, device="cpu").images
    with inside(image) as found, pytest.raises(RecipeError, match="paints over images of"):
        painted_larger(found, superpose.make("model", "glyphs-cascade"))


def test_a_puzzle_is_painted_larger_first(images, tmp_path, capsys):
    command = ["puzzle", str(images[0]), "--scale", "2", "--overwrite", "--out", str(tmp_path)]
    assert main(command) == 0
    plain = (tmp_path / "0000-puzzle.pdf").read_bytes()
    assert main([*command, "--stage", '{kind = "glyphs-cascade", noise_level = 50}']) == 0
    assert printed(tmp_path / "0000-puzzle.pdf") == 2 * 64
    (tmp_path / "0000-puzzle.pdf").write_bytes(plain)
    assert printed(tmp_path / "0000-puzzle.pdf") == 2 * 32
    capsys.readouterr()
    assert main([*command, "--stage", "glyphs-cascad"]) == 2
    assert "--stage: kind: no such model 'glyphs-cascad'; did you mean 'glyphs-cascade'" in capsys.readouterr().err


def printed(path):
    """Pixels of the picture that is printed, from left to right, without its bleed."""
    pdfium = pytest.importorskip("pypdfium2")
    document = pdfium.PdfDocument(path)
    [picture] = [each for each in document[0].get_objects() if each.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE]
    width, _ = picture.get_px_size()
    document.close()
    return round(width / (1 + 2 * 3 / 180))
