"""Autoguidance: a network guided by a worse one."""

import attrs
import pytest
import torch

import superpose
from recorded_guiders import RUNS, Recorded, check_recorded, guided_run
from superpose import (
    BoundGuidance,
    Context,
    Guidance,
    Model,
    PluginError,
    Problem,
    RecipeError,
    TableSchedule,
    compose,
    inspect,
    loads,
    make,
    option,
    prompted,
    sample,
)
from superpose.plugins import Registry, load_plugins
from superpose.testing import check_guidance
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

SHAPE = (3, 8, 8)
LOADED = []


@attrs.frozen(kw_only=True)
class Toy(Model):
    """A random network, better or worse by its seed."""

    kind = "toy"
    seed: int = option(0, doc="of its weights")
    size: int = option(8, doc="height and width", ge=1)
    betas: str = option("linear", doc="noise schedule")
    says: str = option("epsilon", doc="what it predicts")
    enlarges: bool = option(False, doc="whether it sees a picture beside the state")

    @property
    def shape(self):
        return 3, self.size, self.size

    @property
    def schedule(self):
        return TableSchedule.named(self.betas)

    @property
    def has_concat_conditioning(self):
        return self.enlarges

    def problems(self):
        if self.seed == 13:
            yield Problem("seed", "seed 13: no such file")

    def prompt_problems(self, prompt):
        if prompt != "cat" and self.seed:
            yield Problem("", f"unknown prompt {prompt!r}")

    def load(self, device="cpu", dtype="float32"):
        LOADED.append((self.seed, device, dtype))
        return TinyPredictor(self.shape, self.schedule, self.says, self.seed)

    def weights(self):
        return {f"toy-{self.seed}": str(self.seed) * 64}


@attrs.frozen(kw_only=True)
class Thoughtless(Guidance):
    """Gives back what is no guidance."""

    kind = "thoughtless"

    def bind(self, context):
        return context

    def denoiser(self, predictor, condition, negative):
        raise NotImplementedError


REGISTRY = Registry.of(
    *(cls for role in load_plugins().roles for cls in load_plugins().kinds(role).values() if role != "clip"),
    Toy,
    Thoughtless,
)
HEAD = '[model]\nkind = "toy"\n[scheduler]\nkind = "ddim"\nsteps = 4\n'
AUTO = '[guidance]\nkind = "autoguidance"\nmodel = {{kind = "toy", {}}}\n'


def recipe(text, prompt="cat"):
    return loads(f'prompt = "{prompt}"\n{HEAD}{text}', registry=REGISTRY)


def images(made):
    return compose(made).trajectory((0, 1)).run()


def noise(rows=2, shape=SHAPE):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.1, 4.0])
@pytest.mark.parametrize("t", [1, 500, 999])
def test_two_gaussians_have_a_closed_form(scale, t):
    """The worse network knows the mean and spreads further; the two say it in parameterizations of their own."""
    better = GaussianPredictor(SHAPE, 0.5, {"cat": 0.3})
    worse = GaussianPredictor(SHAPE, 0.8, {"cat": 0.3}, parameterization="v")
    level, x = better.schedule.level(0, t), noise()
    bound = make("guidance", "autoguidance", model=Toy(), scale=scale).bind(Context.of(better, read=lambda _: worse))
    got = bound.denoiser(better, better.condition("cat"), better.condition(""))(x, level).clean

    def exact(std):
        gain = level.alpha * std**2 / (level.alpha**2 * std**2 + level.sigma**2)
        return 0.3 + gain * (x.double() - level.alpha * 0.3)

    want = exact(0.8) + scale * (exact(0.5) - exact(0.8))
    torch.testing.assert_close(got, want.float(), atol=1e-4 * (1 + scale), rtol=1e-4)


def test_it_is_that_of_diffusers():
    args, better, worse = RUNS["auto"], Recorded(yes="pred_cond", no="pred_cond"), Recorded(yes="pred_uncond")
    auto = make("guidance", "autoguidance", model=Toy(), scale=args["guidance_scale"])
    interval = make("guidance", "interval", base=auto, start=args["start"], stop=args["stop"])
    bound = interval.bind(Context.of(better, read=lambda _: worse))
    check_recorded(guided_run(bound, better), "auto")
    assert (better.blocks, worse.blocks) == ([2] * 6, [2] * 4)


@pytest.mark.parametrize("options", [{}, {"scale": 1.0}, {"scale": 0.5}])
def test_it_keeps_the_laws_of_guidances(options):
    check_guidance(make("guidance", "autoguidance", model=Toy(seed=1), **options), rows=2)


@pytest.mark.parametrize("scale", [2.1, 7.0])
def test_a_network_guided_by_itself_is_itself_and_costs_no_more(scale):
    auto = recipe(AUTO.format("seed = 0") + f"scale = {scale}\n")
    assert torch.equal(images(auto), images(recipe("")))
    assert inspect(auto) == inspect(recipe(""))


def test_the_embedded_network_can_guide_itself():
    text = 'prompt = "R"\n[model]\nkind = "glyphs"\n[scheduler]\nkind = "ddim"\nsteps = 3\n'
    auto = '[guidance]\nkind = "autoguidance"\nmodel = {kind = "glyphs"}\nscale = 2.1\n'
    assert torch.equal(images(loads(text + auto)), images(loads(text)))


def test_each_network_is_read_once_where_the_recipe_runs():
    views = "".join(
        f'[[view]]\nkind = "{kind}"\nprompt = "cat"\nguidance = {{kind = "autoguidance", scale = {scale}, '
        'model = {kind = "toy", seed = 1}}\n'
        for kind, scale in (("identity", 2.0), ("flip", 3.0), ("negate", 2.0))
    )
    made = loads(f'{HEAD}{views}[run]\ndtype = "bfloat16"\n', registry=REGISTRY)
    LOADED.clear()
    compose(made)
    assert LOADED == [(0, "cpu", "bfloat16"), (1, "cpu", "bfloat16")]


def test_what_check_counts_is_what_both_networks_are_asked():
    made = recipe(AUTO.format("seed = 1"))
    [stage] = compose(made).stages
    stage.trajectory((0,)).run()
    told = inspect(made)
    [worse] = {term.denoiser.predictor for term in stage.denoiser.terms} - {stage.predictor}
    asked = len(stage.predictor.blocks) + len(worse.blocks)
    assert (told.rows, told.evaluations, told.total) == (1, asked, asked) == (1, 8, 8)


def test_it_is_the_formula_in_a_run_and_weights_are_noted():
    made = recipe(AUTO.format('seed = 1, says = "v"'))
    better, worse = TinyPredictor(SHAPE), TinyPredictor(SHAPE, parameterization="v", seed=1)
    mix = superpose.guided(prompted(better, "cat"), prompted(worse, "cat"), 2.0)
    want = sample(mix, make("scheduler", "ddim", steps=4), better, samples=2, batch_size=4)
    assert torch.equal(images(made), want)
    assert {"1" * 64, "0" * 64} == {
        digest for kind in made.kinds() if isinstance(kind, Model) for digest in kind.weights().values()
    }


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("size = 9", r"states of \(3, 9, 9\), and the model of \(3, 8, 8\): use one that was trained on the same"),
        ('betas = "cosine"', "trained on other noise levels than the model: use one with the same schedule"),
        ("enlarges = true", "networks that see nothing beside the state, and one of the two does: use cfg"),
        ("seed = 13", "seed 13: no such file"),
    ],
)
def test_what_does_not_fit_is_refused_at_check(options, says):
    with pytest.raises(RecipeError, match=rf"guidance(\.model(\.seed)?)?: .*{says}"):
        inspect(recipe(AUTO.format(options)))


def test_a_prompt_that_the_worse_network_does_not_know_is_refused_at_check():
    with pytest.raises(RecipeError, match="unknown prompt 'dog'"):
        inspect(recipe(AUTO.format("seed = 1"), prompt="dog"))


def test_a_guidance_must_be_bound_to_a_guidance():
    with pytest.raises(PluginError, match=r"Thoughtless.bind.* returns a superpose.Context, and must return a"):
        compose(recipe('[guidance]\nkind = "thoughtless"\n'))


def test_a_context_knows_the_canvas_and_tells_a_prompt_once():
    network = TinyPredictor(SHAPE)
    context = Context.of(network, Toy())
    assert context.canvas.shape == SHAPE
    assert context.canvas.predictor is context.load(Toy()) is network
    assert context.load(Toy(seed=2)) is context.load(Toy(seed=2)) is not network
    assert context.condition(network, "cat") is context.condition(network, "cat")
    assert isinstance(make("guidance", "autoguidance", model=Toy()).bind(context), BoundGuidance)
