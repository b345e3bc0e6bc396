"""What every constraint on an observation keeps: laws, samples apart, resuming, replay, refusals with the cure."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from superpose import (
    Canvas,
    Observed,
    RecipeError,
    compose,
    inspect,
    loads,
    make,
    problems_of,
    read_observation,
    replay,
    run,
)
from superpose.plugins import load_plugins
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing import check_constraint

KINDS = {kind: cls for kind, cls in load_plugins().kinds("constraint").items() if issubclass(cls, Observed)}
SHAPE = (3, 8, 8)
LETTER = Path(__file__).parents[3] / "recipes" / "images" / "letter.png"
RECIPE = """
[model]
kind = "gaussian"

[scheduler]
kind = "ddim"
steps = 4

[[view]]
kind = "identity"
prompt = ""

[[view]]
kind = "rotate"
prompt = ""

[[constraint]]
kind = "{kind}"
observed = "y.png"
noise = 0.05

[constraint.operator]
kind = "block-average"
factor = 4

[run]
samples = 2
"""


@pytest.fixture
def folder(tmp_path):
    """A folder with observations: of a small image, and of a letter."""
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "small.png")
    letter = np.asarray(Image.open(LETTER).convert("RGB")).reshape(8, 4, 8, 4, 3).mean((1, 3))
    Image.fromarray(letter.round().astype(np.uint8)).save(tmp_path / "y.png")
    return tmp_path


def made(kind, folder, **options):
    operator = options.pop("operator", make("operator", "block-average", factor=2))
    return make("constraint", kind, **{"operator": operator, "observed": folder / "small.png", "noise": 0.1} | options)


@pytest.mark.parametrize("kind", KINDS)
def test_it_keeps_the_laws(kind, folder):
    check_constraint(made(kind, folder), Canvas(SHAPE), steps=3)


@pytest.mark.parametrize("kind", KINDS)
def test_under_views_it_runs_resumes_and_keeps_samples_apart(kind, folder, tmp_path):
    composition = compose(loads(RECIPE.format(kind=kind), folder=folder))
    trajectory = composition.trajectory((0, 1))
    images = trajectory.run()
    assert images.isfinite().all()
    assert torch.equal(composition.trajectory((1,)).run()[0], images[1])
    state = trajectory.step(trajectory.step(trajectory.start()))
    save_state(state, tmp_path / "state")
    again, _ = load_state(tmp_path / "state", trajectory.scheduler)
    assert torch.equal(trajectory.run(state=again), images)


@pytest.mark.parametrize("kind", KINDS)
def test_it_explains_what_was_observed_better_than_chance(kind, folder):
    recipe = RECIPE.format(kind=kind).replace("steps = 4", "steps = 6").replace("noise = 0.05", "noise = 0.01")
    if kind == "dps":  # made for many steps, of which each goes a little way
        recipe = recipe.replace("noise = 0.01", "scale = 4.0")
    composition = compose(loads(recipe, folder=folder))
    operator = composition.recipe.constraint[0].operator.bound_to((3, 32, 32))
    observed = read_observation(folder / "y.png", (3, 8, 8))
    off = [
        float((operator.apply(images) - observed).square().mean())
        for images in (composition.trajectory((0,)).run(), compose(unbound(composition.recipe)).trajectory((0,)).run())
    ]
    assert off[0] < 0.8 * off[1], f"{kind} leaves {off[0]:.3f} unexplained, and nothing leaves {off[1]:.3f}"


def unbound(recipe):
    """The same recipe without its constraint."""
    import attrs

    return attrs.evolve(recipe, constraint=())


def test_a_replay_has_the_observation_inside(folder, tmp_path):
    outcome = run(loads(RECIPE.format(kind="ddnm"), folder=folder), tmp_path / "run")
    again = replay(outcome.images[1], tmp_path / "again")
    assert again.read_bytes() == outcome.images[1].read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fit_is_told_at_its_place(kind, folder):
    def told(canvas=None, **options):
        found = problems_of(made(kind, folder, **options).problems, canvas or Canvas(SHAPE))
        return [(".".join(map(str, problem.option)), str(problem)) for problem in found]

    assert not told()
    latent = Canvas((4, 2, 2), image_shape=SHAPE)
    refused = f"{kind} observes pictures, and this model paints latents: use a model of pixels, or psld"
    assert told(latent) == ([] if KINDS[kind].latent else [("operator", refused)])
    [(place, why)] = told(Canvas((3, 9, 9)))
    assert place == "operator.factor"
    assert "needs a size that 2 divides, not 9x9: write one of 3, 9" in why
    [(place, why)] = told(Canvas((3, 16, 16)))
    assert place == "observed"
    assert "small.png: is 4x4 (height x width), and what the operator observes of an image is 8x8" in why
    needs = KINDS[kind].linear
    found = told(operator=make("operator", "jpeg"), observed=image(folder, 8))
    assert len(found) == needs
    if needs:
        assert (
            "needs a linear operator, and jpeg as set here is none: use one of the constraints that take any: daps, dps"
            in (found[0][1])
        )


def image(folder, size):
    Image.new("RGB", (size, size)).save(folder / "image.png")
    return folder / "image.png"


def test_an_operator_without_a_spectrum_is_refused_by_those_that_need_it(folder):
    masked = make("operator", "chain", operators=(make("operator", "random-mask"), make("operator", "gaussian-blur")))
    Image.new("RGB", (32, 32)).save(folder / "large.png")
    for kind, cls in KINDS.items():
        found = problems_of(
            made(kind, folder, operator=masked, observed=folder / "large.png").problems, Canvas((3, 32, 32))
        )
        assert len(found) == cls.spectral, kind
        if cls.spectral:
            assert "needs an operator whose singular values are known, and chain as set here is none" in str(found[0])


def test_check_says_what_the_steps_cost_and_refuses_idle_options(folder):
    assert inspect(loads(RECIPE.format(kind="ddnm"), folder=folder)).total == 8
    # Two views look at two states, and torch differentiates through each by itself: two passes of one row.
    assert inspect(loads(RECIPE.format(kind="dps"), folder=folder)).total == 8
    idle = RECIPE.format(kind="diffpir").replace("steps = 4", "steps = 4\neta = 0.5")
    with pytest.raises(RecipeError, match=r"constraint\.0: diffpir makes the steps itself, .* remove eta = 0\.5"):
        inspect(loads(idle, folder=folder))
    travels = RECIPE.format(kind="ddnm").replace("noise = 0.05", "travel = 2\nrepeats = 2")
    assert inspect(loads(travels, folder=folder)).total == 12


def test_only_what_an_image_can_explain_is_looked_at(folder):
    """Where a mask sees nothing, an observation says nothing, whatever is in its file."""
    Image.fromarray(np.tile(np.array([[0, 255]], np.uint8), (8, 4))).save(folder / "mask.png")
    mask = make("operator", "mask", mask=folder / "mask.png")
    Image.new("RGB", (8, 8), "white").save(folder / "white.png")
    _, observed = made("dps", folder, operator=mask, observed=folder / "white.png").observation(Canvas(SHAPE))
    assert observed[0, 0, 0].tolist() == [1, 0] * 4
