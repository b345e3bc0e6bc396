"""Starting from the noise that an image hides."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import superpose
from small_models import Beheld
from superpose import (
    Canvas,
    Conditioning,
    EDMSchedule,
    FlowSchedule,
    NoiseLevel,
    RecipeError,
    TableSchedule,
    VESchedule,
    invert,
    make,
    prompted,
    read_image,
    refuse,
    trajectory,
)
from superpose.testing import check_constraint
from superpose.testing.gaussian import GaussianImages
from superpose.testing.predictors import GaussianPredictor, TinyPredictor
from superpose_constraints.inpaint import Replacement
from superpose_constraints.inversion import HiddenNoise, between
from superpose_constraints.sdedit import Start

SHAPE = (3, 8, 8)


@pytest.fixture
def images(tmp_path):
    random = np.random.default_rng(0)
    paths = [tmp_path / name for name in ("a.png", "b.png")]
    for path in paths:
        smooth = np.kron(random.integers(40, 215, (2, 2, 3)), np.ones((4, 4, 1))).astype(np.uint8)
        Image.fromarray(smooth).save(path)
    return paths


def a_run(network, steps=50, samples=2, prompt="cat", **options):
    constraint = make("constraint", "inversion", **options)
    scheduler = make("scheduler", "ddim", steps=steps)
    return trajectory(prompted(network, prompt), scheduler, network, constraints=[constraint], samples=samples)


def test_the_image_comes_back(images):
    network = GaussianImages(SHAPE)
    image = read_image(images[0], SHAPE)
    off = [
        float((a_run(network, steps, image=images[0], to_noise=False).run() - image).abs().max()) for steps in (20, 200)
    ]
    assert off[1] < off[0] / 3, f"{off} off in 20 and 200 steps"
    assert off[1] < 0.1


def test_it_starts_from_what_invert_finds(images):
    network = TinyPredictor(SHAPE)
    run = a_run(network, image=images[0], prompt="dog")
    state = run.start()
    wanted = invert(run.denoiser, read_image(images[0], SHAPE)[None], run.plan)
    assert torch.equal(state.x, wanted.expand(2, *SHAPE))
    told = a_run(network, image=images[0]).start().x
    assert not torch.equal(told, state.x)


def test_a_prompt_of_its_own_explains_the_image(images):
    network = TinyPredictor(SHAPE)
    run = trajectory(
        prompted(network, "dog"), make("scheduler", "ddim", steps=10), network,
        constraints=[make("constraint", "inversion", image=images[0], prompt="cat")],
    )  # fmt: skip
    told = prompted(network, "cat")
    assert torch.equal(run.start().x, invert(told, read_image(images[0], SHAPE)[None], run.plan))


@pytest.mark.parametrize("mix", [0.0, 0.3, 1.0])
def test_two_images_are_mixed_on_the_sphere(images, mix):
    network = TinyPredictor(SHAPE)
    a, b = (a_run(network, image=path).start().x[:1] for path in images)
    x = a_run(network, image=images[0], other=images[1], mix=mix).start().x[:1]
    assert torch.equal(x, between(a, b, mix))
    if mix in (0, 1):
        assert torch.equal(x, b if mix else a)


def test_the_arc():
    a, b = torch.tensor([1.0, 0, 0]), torch.tensor([0, 1.0, 0])
    third = between(a, b, 1 / 3)
    torch.testing.assert_close(third, torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6), 0]))
    assert torch.equal(between(a, a, 0.5), a)


SCHEDULES = [
    pytest.param(None, "epsilon", {}, id="ddpm"),
    pytest.param(TableSchedule.named("scaled_linear"), "v", {}, id="latent"),
    pytest.param(None, "epsilon", {"timesteps": tuple(float(t) for t in np.linspace(250, 0, 100))}, id="late"),
    pytest.param(EDMSchedule(), "sample", {"grid": "karras"}, id="edm"),
    pytest.param(VESchedule(), "epsilon", {"grid": "exponential"}, id="exploding"),
    pytest.param(FlowSchedule(), "flow", {"grid": "flow"}, id="flow"),
]


@pytest.mark.parametrize(("schedule", "parameterization", "options"), SCHEDULES)
@pytest.mark.parametrize("scheduler", ["ddim", "euler", "dpmpp"])
def test_it_starts_where_the_flow_does_and_comes_back(schedule, parameterization, options, scheduler, images):
    """Of Gaussian images the flow is known, at every first level: pure noise, late, exploding, of a rectified flow."""
    network = GaussianPredictor(SHAPE, 0.5, {"cat": 0.4}, schedule, parameterization)
    method = make("scheduler", scheduler, steps=100, **options)
    rule = make("constraint", "inversion", image=images[0])
    run = trajectory(prompted(network, "cat"), method, network, constraints=[rule])
    image, top = read_image(images[0], SHAPE)[None], run.plan.levels[0]
    state = run.start()
    exact = network.flow(image, NoiseLevel(0, -1.0, 1.0, 0.0), top, "cat")
    off = float((state.x - exact).abs().max()) / top.prior
    assert off < 0.15, f"{off:.3g} from the flow's state"
    back = float((run.run(state=state) - image).abs().max())
    assert back < 0.15, f"the image comes back {back:.3g} off"


@pytest.mark.parametrize(("schedule", "parameterization", "options"), SCHEDULES[3:5])
def test_it_is_of_first_order_where_noise_explodes(schedule, parameterization, options, images):
    network, image = GaussianPredictor(SHAPE, 0.5, {}, schedule, parameterization), read_image(images[0], SHAPE)
    off = []
    for steps in (100, 200, 400):
        method = make("scheduler", "ddim", steps=steps, **options)
        rule = make("constraint", "inversion", image=images[0])
        off.append(
            float((trajectory(prompted(network, ""), method, network, constraints=[rule]).run() - image).abs().max())
        )
    assert off[0] / off[1] == pytest.approx(2, abs=0.2)
    assert off[1] / off[2] == pytest.approx(2, abs=0.2)


def test_all_noise_is_scaled_as_any_start_is(images):
    """Of a rectified flow just below pure noise, what starts has the deviation of that level, not 1."""
    network = GaussianPredictor(SHAPE, 0.5, {}, FlowSchedule(), "flow")
    times = (985.0, *np.linspace(970, 10, 80).tolist())
    run = trajectory(
        prompted(network, ""), make("scheduler", "ddim", timesteps=times), network,
        constraints=[make("constraint", "inversion", image=images[0])],
    )  # fmt: skip
    noise = invert(prompted(network, ""), read_image(images[0], SHAPE)[None], run.plan)
    top = run.plan.levels[0]
    torch.testing.assert_close(run.start().x, noise * math.hypot(top.alpha, top.sigma))


def test_a_network_that_sees_something_beside_the_state_is_shown_it(images):
    """Each sample starts from what the image hides from a network that sees that sample's own."""
    network, scheduler = Beheld(SHAPE), make("scheduler", "ddim", steps=10)
    low = torch.randn(3, *SHAPE, generator=torch.Generator().manual_seed(5))
    rule = make("constraint", "inversion", image=images[0], other=images[1], other_prompt="dog", mix=0.3)
    run = trajectory(
        prompted(network, "cat"), scheduler, network, constraints=[rule], samples=3, low=low, batch_size=2, stage=0
    )
    x = run.start().x
    for i in range(3):
        conditioning = Conditioning(
            run.conditioning.channels[i : i + 1], {"own": run.conditioning.per_sample["own"][i : i + 1]}
        )
        a, b = (
            invert(
                prompted(network, prompt),
                read_image(path, SHAPE)[None],
                run.plan,
                batch_size=2,
                predictor=network,
                conditioning=conditioning,
            )
            for path, prompt in zip(images, ("cat", "dog"), strict=True)
        )
        assert torch.equal(x[i : i + 1], between(a, b, 0.3)), f"sample {i}"
    assert not torch.equal(x[0], x[1])
    alone = trajectory(
        prompted(network, "cat"),
        scheduler,
        network,
        constraints=[rule],
        samples=(1,),
        low=low[1:2],
        batch_size=2,
        stage=0,
    )
    assert torch.equal(alone.start().x[0], x[1])


def test_a_start_that_another_would_undo_is_refused(images):
    network = TinyPredictor(SHAPE)
    late = Start(image=torch.zeros(SHAPE))
    with pytest.raises(RecipeError, match=r"constraint 1 \(inversion\) .* constraint 0 \(sdedit\) has made: keep one"):
        trajectory(
            prompted(network, "cat"), make("scheduler", "ddim", steps=10), network,
            constraints=[late, make("constraint", "inversion", image=images[0])],
        )  # fmt: skip


def test_a_plan_that_climbs_is_refused(images):
    network = TinyPredictor(SHAPE)
    climbs = Replacement(known=torch.zeros(SHAPE), keep=torch.ones(1, 8, 8), repeats=2)
    run = trajectory(
        prompted(network, "cat"), make("scheduler", "ddim", steps=10), network,
        constraints=[make("constraint", "inversion", image=images[0]), climbs],
    )  # fmt: skip
    with pytest.raises(RecipeError, match="inversion runs the plan backwards, and this one climbs again"):
        run.start()


def test_it_obeys_the_laws_of_constraints(images):
    network = TinyPredictor(SHAPE)
    canvas = Canvas(SHAPE, predictor=network, denoiser=prompted(network, "cat"))
    check_constraint(make("constraint", "inversion", image=images[0]), canvas)
    check_constraint(make("constraint", "inversion", image=images[0], other=images[1], other_prompt="dog"), canvas)


def test_refusals(images):
    network = TinyPredictor(SHAPE)
    with pytest.raises(RecipeError, match="other_prompt says what the image other shows"):
        make("constraint", "inversion", image=images[0], other_prompt="dog")
    with pytest.raises(RecipeError, match="inversion needs a deterministic scheduler"):
        trajectory(
            prompted(network, "cat"), make("scheduler", "ddpm", steps=10), network,
            constraints=[make("constraint", "inversion", image=images[0])],
        )  # fmt: skip
    with pytest.raises(RecipeError, match="is 8x8"):
        refuse(make("constraint", "inversion", image=images[0]).problems(Canvas((3, 4, 4))))
    unbound = make("constraint", "inversion", image=images[0]).bind(Canvas(SHAPE))
    assert isinstance(unbound, HiddenNoise)
    plan = make("scheduler", "ddim", steps=3).plan(network.schedule)
    with pytest.raises(RecipeError, match="bind it to a canvas that has the predictor"):
        unbound.start(torch.zeros(1, *SHAPE), plan, lambda purpose="step": torch.zeros(1, *SHAPE))


def test_it_asks_in_the_blocks_of_the_run(images):
    """Between block sizes a network's last bits move: a composition wrapped in identity views is to be the same."""
    network = TinyPredictor(SHAPE)
    seen = []
    predict = network.predict
    network.predict = lambda x, *rest: (seen.append(len(x)), predict(x, *rest))[1]
    inversion, scheduler = make("constraint", "inversion", image=images[0]), make("scheduler", "ddim", steps=5)
    denoiser = prompted(network, "cat")
    run = trajectory(denoiser, scheduler, network, constraints=[inversion], samples=2, batch_size=4)
    seen.clear()
    run.start()
    assert seen == [4] * 5


NULL_TEXT = Path(__file__).parents[2] / "fixtures" / "nt_a_null_text"


@pytest.mark.parametrize("name", ["cat", "invert_only"])
def test_asked_at_the_level_it_goes_to_it_follows_null_texts_recorded_inversion(name):
    case = json.loads((NULL_TEXT / "case.json").read_text())
    [run] = [run for run in case["runs"] if run["name"] == name]
    want, given = (load_file(NULL_TEXT / f"{file}.safetensors") for file in ("outputs", "inputs"))
    folder = NULL_TEXT.parent / "df_d_stable_diffusion" / "pipeline"
    network = superpose.make("model", "stable-diffusion", path=folder).load()
    scheduler = superpose.make("scheduler", "ddim", grid="leading", offset=1, steps=run["steps"], final="first")
    plan, shown = scheduler.plan(network.schedule), superpose.prompted(network, run["prompt"])
    latent = network.encode(given[f"{name}/image"])
    about = case["outputs"][f"{name}/inverted"]
    torch.testing.assert_close(latent[0], want[f"{name}/inverted"][0], atol=about["atol"], rtol=about["rtol"])
    found = superpose.invert(shown, latent, plan, to_noise=False, ask="there")
    torch.testing.assert_close(found[0], want[f"{name}/inverted"][-1], atol=about["atol"], rtol=about["rtol"])

    class Given:
        def draw(self, step, purpose="step", law="normal"):
            return found

    again = superpose.Trajectory(shown, scheduler, plan, Given()).run()
    about = case["outputs"][f"{name}/replay_guidance1"]
    torch.testing.assert_close(again, want[f"{name}/replay_guidance1"], atol=about["atol"], rtol=about["rtol"])
    other = superpose.invert(shown, latent, plan, to_noise=False)
    assert (other - found).abs().max() > 100 * about["atol"], "asked at its own level it finds another noise"
