"""Freezing a part: exact at the end, and Factorized Diffusion's own runs."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from cascade import FIXTURES, Case, texts
from superpose import (
    Canvas,
    Clipped,
    NoiseLevel,
    RecipeError,
    Trajectory,
    factorized,
    loads,
    make,
    model,
    prompted,
    trajectory,
)
from superpose.testing import check_constraint
from superpose.testing.predictors import TinyPredictor
from superpose_constraints.freeze import Frozen, FrozenAnew

SHAPE = (3, 8, 8)
SMALL, FIRST = Case("va_a_stage1"), Case("df_f_if_stage1")
RUNS = {run["name"]: run for run in SMALL.about["runs"] if "ref" in run}


@pytest.fixture
def image(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    return tmp_path / "image.png"


def freeze(image, decomposition="colour", part="grey", **options):
    return make(
        "constraint", "freeze", image=image, decomposition=make("decomposition", decomposition), part=part, **options
    )


def run(scheduler, constraint, network=None):
    network = network or TinyPredictor(SHAPE)
    return trajectory(
        prompted(network, "cat"),
        make("scheduler", scheduler, steps=6),
        network,
        samples=2,
        constraints=(constraint,),
    ).run()


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim", "dpmpp", "heun"])
@pytest.mark.parametrize(("decomposition", "part"), [("colour", "grey"), ("haar", "band-0")])
def test_at_the_end_the_part_is_the_images(scheduler, decomposition, part, image):
    constraint = freeze(image, decomposition, part)
    got, known = run(scheduler, constraint), constraint.bind(Canvas(SHAPE)).known
    cut = constraint.decomposition.part(part)
    torch.testing.assert_close(cut(got), cut(known.expand_as(got)), atol=1e-4, rtol=1e-4)
    rest = got - cut(got)
    assert (rest - (known - cut(known[None])[0])).abs().max() > 0.1, "nothing was painted"


def test_the_rest_is_what_the_network_says_also_where_the_part_is_no_projection(image):
    cut = make("decomposition", "hybrid").part("low")
    known, clean = torch.randn(2, 1, *SHAPE, generator=torch.Generator().manual_seed(0)).unbind()
    edit = Frozen(known=known[0], part=cut).on_clean(clean, None)
    torch.testing.assert_close(edit.value, cut(known) + clean - cut(clean))
    assert not edit.jumped


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim"])
def test_fresh_noise_ends_with_the_part_as_well(scheduler, image):
    constraint = freeze(image, noise="fresh")
    got, known = run(scheduler, constraint), constraint.bind(Canvas(SHAPE)).known
    cut = constraint.decomposition.part("grey")
    torch.testing.assert_close(cut(got), cut(known.expand_as(got)), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("noise", ["own", "fresh"])
def test_it_keeps_the_laws_of_constraints(noise, image):
    check_constraint(freeze(image, noise=noise), Canvas(SHAPE))


def test_fresh_noise_is_too_little_where_the_part_is_no_projection():
    """As the page of the method says; own noise is never touched."""
    x, fresh = (torch.randn(64, 1, 64, 64, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    level = NoiseLevel(0, 900.0, 0.0, 1.0)
    left = {}
    for kind, part in (("haar", "band-0"), ("hybrid", "low")):
        rule = FrozenAnew(known=torch.zeros(1, 64, 64), part=make("decomposition", kind).part(part))
        left[kind] = float(rule.before(x, level, fresh.clone).value.var())
    assert left["haar"] == pytest.approx(1, abs=0.01)
    assert left["hybrid"] < 0.97


class Bank:
    """Draws in the order of the original: the start, then for each step the reference's and the step's."""

    def __init__(self, draws):
        self.draws = draws

    def draw(self, step, purpose="step", law="normal"):
        return self.draws[0 if step < 0 else 2 * step + 1 + purpose.startswith("step")]


@pytest.mark.parametrize("name", RUNS)
def test_it_is_that_of_factorized_diffusion(name, tmp_path):
    """Which leaves the last image as it is: of that, what is painted is ours, and the known part is the reference's."""
    asked, about = SMALL.inputs, RUNS[name]
    file = texts(tmp_path / "texts", asked["negative_prompt_embeds"][0], *asked["prompt_embeds"])
    network = model("deepfloyd", path=FIXTURES / FIRST.name / "pipeline", embeddings=file)
    decomposition = make("decomposition", "hybrid" if "hybrid" in name else "colour")
    guide = make("guidance", "cfg", scale=about["g"])
    told = [network.condition(prompt) for prompt in ("prompt 0", "prompt 1", "")]
    shown = factorized(decomposition, [guide.denoiser(network, one, told[2]) for one in told[:2]])
    known = asked[about["ref"]]
    known = torch.nn.functional.interpolate(
        known.view(1, *known.shape[-3:]), (64, 64), mode="bilinear", antialias=True, align_corners=False
    )[0]
    scheduler = make("scheduler", "ddpm", grid="leading", steps=about["n"])
    cut = decomposition.part(decomposition.names[0])

    class Unfinished(FrozenAnew):
        def after(self, x, there, noise):
            return super().after(x, there._replace(sigma=1.0), noise)  # the original puts nothing in at the end

    rules = (Unfinished(known=known, part=cut),)
    plan = scheduler.plan(network.schedule)
    bank = Bank(list(asked["draws"]))
    got = Trajectory(Clipped(shown, network.clip), scheduler, plan, bank, predictor=network, rules=rules).run()
    SMALL.agree(f"{name}/image", got)


def test_parts_that_are_none_and_sizes_that_do_not_fit_are_refused(image):
    with pytest.raises(RecipeError, match="part is 'blue', and the parts of colour are grey, colour"):
        freeze(image, part="blue")
    with pytest.raises(RecipeError, match="only one"):
        freeze(image).bind(Canvas((1, 8, 8)))
    with pytest.raises(RecipeError, match="is 8x8"):
        freeze(image).bind(Canvas((3, 16, 16)))


def test_a_recipe_names_both(image):
    text = f"""
        prompt = "R"
        model = {{ kind = "glyphs" }}
        scheduler = {{ kind = "ddim", steps = 2 }}
        [[constraint]]
        kind = "freeze"
        image = {json.dumps(str(image))}
        decomposition = {{ kind = "colour" }}
        part = "grey"
    """
    assert loads(text).constraint == (freeze(image),)
