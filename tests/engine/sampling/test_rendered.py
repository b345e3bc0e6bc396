"""Runs whose images are drawn: each alone as among others, gone on with, canvas by canvas, and what is refused."""

import attrs
import pytest
import torch
from PIL import Image

from problems import told
from superpose import BoundRenderer, Canvas, PluginError, RecipeError, Renderer, make, prompted, read_image, trajectory
from superpose.estimate.on_canvas import OnCanvas
from superpose.plugins import load_plugins
from superpose.running.assembly import assemble
from superpose.sampling.fitting import MisfitError
from superpose.sampling.optimiser import Descended
from superpose.sampling.rendered import Rendered
from superpose.sampling.rule import Edit, Rule
from superpose.sampling.saved_state import load_state, save_state
from superpose.testing.predictors import GaussianPredictor, TinyPredictor
from superpose.testing.probes import noise

SHAPE = (3, 8, 8)
KINDS = load_plugins().kinds("renderer")


def scheduler(kind, **options):
    return make("scheduler", "sds", renderer=make("renderer", kind), **{"steps": 6, "method": "adam"} | options)


def run(kind, samples, network=None, **options):
    network = network or TinyPredictor(SHAPE)
    made = scheduler(kind, **{"rate": 0.02, "visits": "scattered"} | options)
    return trajectory(prompted(network, "cat"), made, network, samples=samples, seed=3, batch_size=4)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_alone_is_the_same(kind):
    assert torch.equal(run(kind, [3]).run(), run(kind, 5).run()[3:4])


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(kind, tmp_path):
    halfway = run(kind, 3)
    state = halfway.start()
    for _ in range(3):
        state = halfway.step(state)
    save_state(state, tmp_path / "state", scheduler=halfway.scheduler)
    loaded, _ = load_state(tmp_path / "state", halfway.scheduler)
    assert isinstance(loaded.memory, Descended)
    assert len(loaded.memory.parameters) == len(loaded.memory.means) == len(loaded.memory.squares)
    assert torch.equal(run(kind, 3).run(state=loaded), run(kind, 3).run())


@pytest.mark.parametrize("method", ["sgd", "adam"])
def test_a_network_comes_to_the_mean_of_what_is_asked(method):
    network, rate = GaussianPredictor((1, 6, 6), means={"cat": 0.4}), {"sgd": 0.05, "adam": 0.01}[method]
    images = run("fourier-features", 2, network, method=method, rate=rate, steps=200, lowest=0.3).run()
    # Noise that is drawn at every step leaves the image a little off.
    assert abs(float(images.mean()) - 0.4) < 0.1


@attrs.frozen(kw_only=True)
class Doubled(Renderer):
    """Draws a matrix times two, as its only parameter says it."""

    kind = "doubled"
    shape: tuple[int, ...] = ()

    def bind(self, shape, device="cpu"):
        return Twice(self.shape or shape)


@attrs.frozen
class Twice(BoundRenderer):
    shape: tuple[int, ...]

    def parameters(self, start, seed):
        return (torch.randn(self.shape, generator=torch.Generator().manual_seed(seed)), torch.tensor(2.0))

    def render(self, parameters):
        return parameters[0] * parameters[1].detach()


@pytest.mark.parametrize("method", ["sgd", "adam"])
def test_steps_are_those_of_torch_on_its_parameters(method):
    made = attrs.evolve(scheduler("pixels"), renderer=Doubled(), method=method, rate=0.1, steps=4)
    network = TinyPredictor(SHAPE)
    going = trajectory(prompted(network, "cat"), made, network, samples=2)
    state = going.start()
    theirs = [torch.nn.Parameter(each.clone()) for each in state.memory.parameters]
    optimiser = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}[method]([theirs[0]], lr=0.1)
    for _ in range(4):
        # What is followed is what the step with SGD on pixels would have done.
        plain = attrs.evolve(going.scheduler, drawn=None, options=attrs.evolve(made, method="sgd", rate=1.0))
        moved = attrs.evolve(going, scheduler=plain).step(attrs.evolve(state, memory=plain.init()))
        theirs[0].grad = 2 * (state.x - moved.x)
        optimiser.step()
        state = going.step(state)
        torch.testing.assert_close(state.x, 2 * theirs[0].detach(), atol=1e-5, rtol=1e-5)
        assert torch.equal(state.clean, state.x), "what is seen is what is drawn"
    assert state.memory.parameters[1].tolist() == [2.0, 2.0], "what is detached stays"


def test_each_canvas_has_parameters_of_its_own():
    drawn = Rendered(Doubled().bound_to((1, 3, 4)), 2)
    start, chance = noise(2, 1, 6, 4, double=False), noise(2, 1, 6, 4, seed=1, double=False)
    parameters = drawn.parameters(start, chance)
    assert [tuple(each.shape) for each in parameters] == [(2, 1, 3, 4), (2,), (2, 1, 3, 4), (2,)]
    assert not torch.equal(parameters[0], parameters[2])
    images = drawn.images(parameters, start)
    assert torch.equal(images, torch.cat((2 * parameters[0], 2 * parameters[2]), -2))
    slope = noise(2, 1, 6, 4, seed=2, double=False)
    first, _, second, still = drawn.slopes(parameters, slope)
    assert torch.equal(torch.cat((first, second), -2), 2 * slope)
    assert still.tolist() == [0, 0]


def test_canvases_are_counted():
    network = TinyPredictor(SHAPE)
    owner = OnCanvas(network, (3, 16, 8), 2)
    stage = assemble(prompted(owner, "cat"), scheduler("fourier-features"), owner)
    assert stage.scheduler.drawn.count == 2
    assert tuple(stage.scheduler.drawn.renderer.places.shape) == (8, 8, 2)


def test_a_picture_of_another_size_is_told():
    made = attrs.evolve(scheduler("pixels"), renderer=Doubled(shape=(3, 4, 4)))
    network = TinyPredictor(SHAPE)
    with pytest.raises(PluginError, match=r"Twice\.render.* shape \(3, 4, 4\), and must return one of \(3, 8, 8\)"):
        trajectory(prompted(network, "cat"), made, network).start()


@attrs.frozen(kw_only=True)
class Wide(Doubled):
    kind = "wide"

    def problems(self, shape):
        from superpose import Problem

        yield Problem("shape", f"wide draws no {shape[2]} columns", "use more")


def test_what_can_not_be_drawn_is_refused_with_the_cure(tmp_path):
    [begun, *_] = scheduler("fourier-features", image=tmp_path / "none.png").canvas_problems(Canvas(SHAPE))
    assert str(begun) == (
        "fourier-features begins with parameters of its own, and sds is to begin at image: leave one of them out"
    )
    [wide] = attrs.evolve(scheduler("pixels"), renderer=Wide()).canvas_problems(Canvas((3, 16, 8), count=2))
    assert (wide.option, str(wide)) == (("renderer", "shape"), "wide draws no 8 columns: use more")
    with pytest.raises(RecipeError, match="wide draws no 8 columns"):
        attrs.evolve(scheduler("pixels"), renderer=Wide()).bind(Canvas(SHAPE))
    assert told(make("renderer", "pixels"), SHAPE) == ""


class Latent(GaussianPredictor):
    """Paints latents of linear pictures, twice as large: each of their values is the mean of four, times three."""

    image_shape = (3, 16, 16)

    def encode(self, images):
        return 3 * torch.nn.functional.avg_pool2d(images, 2)

    def decode(self, states):
        return torch.nn.functional.interpolate(states, scale_factor=2) / 3


def latent_run(kind, samples, **options):
    return run(kind, samples, Latent(SHAPE, means={"cat": 0.6}), **options)


@pytest.mark.parametrize("kind", KINDS)
def test_for_a_model_of_latents_pictures_are_drawn_and_encoded(kind, tmp_path):
    going = latent_run(kind, 3)
    state = going.start()
    for step in range(6):
        if step == 3:
            save_state(state, tmp_path / "state", scheduler=going.scheduler)
        pictures = going.scheduler.pictures(state.memory)
        assert torch.equal(state.x, torch.cat([going.predictor.encode(one[None]) for one in pictures]))
        state = going.step(state)
    pictures = going.finish(state)
    assert pictures.shape == (3, 3, 16, 16)
    assert not torch.equal(pictures, going.predictor.decode(state.x)), (
        "it is the picture itself, and was never a latent"
    )
    loaded, _ = load_state(tmp_path / "state", going.scheduler)
    assert torch.equal(latent_run(kind, 3).run(state=loaded), pictures)
    assert torch.equal(latent_run(kind, [1]).run(), pictures[1:2])


def test_the_slope_goes_through_the_encoder():
    going = latent_run("pixels", 1, method="sgd", rate=0.5)
    state = going.start()
    plain = attrs.evolve(going.scheduler, drawn=None, options=attrs.evolve(going.scheduler.options, rate=1.0))
    moved = attrs.evolve(going, scheduler=plain).step(attrs.evolve(state, memory=plain.init()))
    slope = torch.nn.functional.interpolate(state.x - moved.x, scale_factor=2) * 3 / 4
    want = going.scheduler.pictures(state.memory) - 0.5 * slope
    torch.testing.assert_close(going.scheduler.pictures(going.step(state).memory), want)


def test_a_model_of_latents_begins_at_the_picture_that_is_given(tmp_path):
    values = torch.randint(0, 256, (16, 16, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    Image.fromarray(values.numpy()).save(tmp_path / "a.png")
    going = latent_run("pixels", 2, image=tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png", (3, 16, 16))
    assert torch.equal(going.scheduler.pictures(going.start().memory), picture.expand(2, 3, 16, 16))


def test_encoders_that_no_slope_goes_through_are_refused():
    network = Latent(SHAPE, means={"cat": 0.6})
    network.differentiable = False
    with pytest.raises(RecipeError, match="a renderer of a model of latents needs an encoder that torch can different"):
        run("pixels", 1, network)


class Moves(Rule):
    kind = "moves"
    optimised = True

    def before(self, x, here, noise):
        return Edit(x)


class Keeps(Rule):
    kind = "keeps"

    def on_clean(self, clean, here):
        return Edit(clean * 0, jumped=False)


def test_rules_that_move_images_are_refused_and_those_of_clean_ones_hold():
    network = GaussianPredictor(SHAPE, means={"cat": 0.9}, std=0.01)
    with pytest.raises(MisfitError, match=r"moves edits images \(before\), and those of sds are drawn by its renderer"):
        trajectory(prompted(network, "cat"), scheduler("pixels"), network, constraints=[Moves()])
    made = scheduler("fourier-features", steps=100, rate=0.01)
    image = trajectory(prompted(network, "cat"), made, network, constraints=[Keeps()], samples=1).run()
    assert abs(float(image.mean())) < 0.1
