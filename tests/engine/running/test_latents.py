"""Models in latents: with a first stage without loss they are the models in pixels, and files stay pictures."""

import numpy as np
import pytest
import torch
from PIL import Image

from small_models import WavesPredictor, pixels, waves
from superpose import (
    Canvas,
    Noise,
    RecipeError,
    Trajectory,
    guided,
    inspect,
    loads,
    make,
    prompted,
    read_image,
    run,
    sample,
    to_pixels,
    trajectory,
)
from superpose.cli import main
from superpose.testing.predictors import TinyPredictor

HEAD = '[model]\nkind = "small-waves"\n[scheduler]\nkind = "ddim"\nsteps = 4\n'


def noise(rows, shape=(3, 8, 8), seed=0):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def folder(tmp_path):
    """A picture and a mask whose right part, of an odd width, is painted anew."""
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "picture.png")
    mask = np.zeros((8, 8), dtype=np.uint8)
    mask[:, 5:] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    return tmp_path


@pytest.mark.parametrize("scheduler", ["ddim", "ddpm", "dpmpp", "heun"])
def test_sampling_in_latents_without_loss_is_sampling_pixels(scheduler):
    latent, method = WavesPredictor((3, 8, 8)), make("scheduler", scheduler, steps=5)

    class Decoded:
        def draw(self, step, purpose="step"):
            return pixels(Noise(0, (0, 1), latent.shape).draw(step, purpose))

    def cat(network):
        return guided(prompted(network, "cat"), prompted(network, ""), 3.0)

    got = sample(cat(latent), method, latent, samples=2)
    plain = TinyPredictor((3, 8, 8))
    want = Trajectory(cat(plain), method, method.plan(plain.schedule), Decoded()).run()
    torch.testing.assert_close(got, want, atol=1e-4 * float(want.abs().max()), rtol=0)
    assert got.shape == (2, 3, 8, 8)


def test_an_observer_that_stops_has_pictures_too():
    class Stop:
        def see(self, step):
            assert step.x.shape == (1, 12, 4, 4), "observers see states"
            return "stop"

    latent = WavesPredictor((3, 8, 8))
    assert trajectory(prompted(latent, "a"), make("scheduler", "ddim", steps=5), latent).run([Stop()]).shape == (
        1,
        3,
        8,
        8,
    )


def test_a_picture_does_not_depend_on_those_beside_it():
    """Not even where decoding itself would: it is done one at a time."""

    class Mixing(WavesPredictor):
        def decode(self, states):
            return pixels(states) - pixels(states).mean(0)

    latent, method = Mixing((3, 8, 8)), make("scheduler", "ddim", steps=2)
    many = sample(prompted(latent, "a"), method, latent, samples=3, batch_size=2)
    assert torch.equal(sample(prompted(latent, "a"), method, latent, samples=(2,), batch_size=2)[0], many[2])


def test_known_pixels_are_the_files_in_the_finished_picture(small, folder):
    text = HEAD + '[[constraint]]\nkind = "inpaint"\nimage = "picture.png"\nmask = "mask.png"\n[run]\nsamples = 2\n'
    recipe = loads('prompt = "a"\n' + text, folder=folder)
    outcome = run(recipe, folder / "out", device="cpu")
    want = np.asarray(Image.open(folder / "picture.png"))
    for path in outcome.images:
        got = np.asarray(Image.open(path))
        assert np.array_equal(got[:, :5], want[:, :5]), "what is known is not the file's"
        assert not np.array_equal(got[:, 5:], want[:, 5:]), "nothing was painted"


def test_a_latent_is_painted_anew_where_any_of_its_pixels_is(folder):
    predictor = WavesPredictor((3, 8, 8))
    inpaint = make("constraint", "inpaint", image=folder / "picture.png", mask=folder / "mask.png")
    bound = inpaint.bind(Canvas.of(predictor))
    assert bound.keep[0, 0].tolist() == [1, 1, 0, 0], "column 5 of the picture is in column 2 of the latent"
    picture = read_image(folder / "picture.png", (3, 8, 8))
    assert torch.equal(bound.known, waves(picture[None])[0])


def test_sdedit_starts_at_the_encoded_picture(folder):
    predictor = WavesPredictor((3, 8, 8))
    edit = make("constraint", "sdedit", image=folder / "picture.png", strength=0.2)
    method = make("scheduler", "ddim", steps=10)
    started = trajectory(prompted(predictor, "a"), method, predictor, constraints=[edit], seed=3)
    top, x = started.plan.levels[0], started.start().x
    picture = read_image(folder / "picture.png", (3, 8, 8))
    off = (x[0] - top.alpha * waves(picture[None])[0]) / top.sigma
    assert abs(float(off.std()) - 1) < 5 / (2 * off.numel()) ** 0.5
    assert abs(float(off.mean())) < 5 / off.numel() ** 0.5


def test_files_are_checked_before_weights_are_read_and_at_the_size_of_pictures(small, folder):
    constraint = '[[constraint]]\nkind = "sdedit"\nimage = "{}"\n'
    inspect(loads('prompt = "a"\n' + HEAD + constraint.format("picture.png"), folder=folder))
    Image.new("RGB", (4, 4)).save(folder / "latent.png")
    with pytest.raises(RecipeError, match=r"4x4.*8x8"):
        inspect(loads('prompt = "a"\n' + HEAD + constraint.format("latent.png"), folder=folder))


def test_views_act_on_latents_and_are_shown_on_pictures(small, tmp_path, capsys):
    views = '[[view]]\nkind = "identity"\nprompt = "a"\n[[view]]\nkind = "permute"\npatches = 4\nprompt = "b"\n'
    path = tmp_path / "latent.toml"
    path.write_text(HEAD + views)
    assert main(["check", str(path)]) == 0
    said = " ".join(capsys.readouterr().out.replace("│", "").split())
    assert "views and decompositions act on these, and hold for pictures approximately" in said
    outcome = run(loads(path.read_text()), tmp_path / "out", device="cpu")
    assert np.asarray(Image.open(outcome.images[0])).shape == (8, 8, 3)
    with pytest.raises(RecipeError, match="permute can't cut 4x4 images"):
        inspect(loads(path.read_text().replace("patches = 4", "patches = 8")))


def test_an_exact_shift_of_latents_is_one_of_pictures():
    """Where a view moves blocks whole, the decoder goes along, and the picture is as exact as one in pixels."""
    latent, permute = WavesPredictor((3, 8, 8)), make("view", "permute", patches=4)
    x = noise(2, latent.shape)
    assert torch.equal(permute.apply(latent.decode(x)), latent.decode(permute.apply(x)))


def test_pictures_are_saved_as_they_are_decoded(small, tmp_path):
    recipe = loads('prompt = "a"\n' + HEAD, overrides=["run.samples=2"])
    outcome = run(recipe, tmp_path, device="cpu")
    latent = WavesPredictor((3, 8, 8))
    want = to_pixels(sample(prompted(latent, "a"), recipe.scheduler, latent, samples=2, batch_size=4))
    for path, pixels_ in zip(outcome.images, want, strict=True):
        assert np.array_equal(np.asarray(Image.open(path)), pixels_)
