r"""Classifier guidance, on a classifier whose every answer has a closed form.

With pixels :math:`x_0 \sim N(0, s^2)` and :math:`p(y | x_0) \propto \exp(-(x_0 - m)^2 / 2\tau^2)` all that is to be
known is Gaussian: :math:`x_0 | x_t \sim N(\mu, v)`, so that
:math:`p_t(y | x_t) \propto \exp(-(\mu - m)^2 / 2(\tau^2 + v))`, and :math:`x_0 | y` has the precision
:math:`1 / s^2 + 1 / \tau^2`.
"""

import math

import attrs
import pytest
import torch

from superpose import (
    Classifier,
    ClassifierPredictor,
    Clipped,
    Context,
    Edit,
    NoiseLevel,
    PromptError,
    RecipeError,
    Rule,
    StaticClip,
    TableSchedule,
    Trajectory,
    factorized,
    make,
    option,
    problems_of,
    refuse,
    viewed,
)
from superpose.estimate.prediction import Estimate, with_gradient
from superpose.testing import check_classifier, check_guidance
from superpose.testing.gaussian import BatchNoise
from superpose.testing.predictors import GaussianPredictor, TinyPredictor

SHAPE = (3, 8, 8)
SPREAD, TAU, MEAN = 0.5, 0.4, 0.6
POSTERIOR = 1 / (1 / SPREAD**2 + 1 / TAU**2)
MOMENT = NoiseLevel(0, 500.0, 0.6, 0.8)


class Bells(ClassifierPredictor):
    """Two unlikely classes, bells around MEAN and -MEAN, and whatever is neither."""

    def __init__(self, shape):
        self.shape, self.device = shape, torch.device("cpu")
        self.blocks = []

    def logits(self, x, level):
        self.blocks.append(len(x))
        spread = level.alpha**2 * SPREAD**2 + level.sigma**2
        mean = level.alpha * SPREAD**2 / spread * x
        over = TAU**2 + SPREAD**2 * level.sigma**2 / spread
        bells = [-((mean - centre) ** 2).sum((1, 2, 3)) / (2 * over) for centre in (MEAN, -MEAN)]
        # So unlikely that the sum of all three is that of the last: what is left is the bell itself.
        return torch.stack([bells[0] - 50, bells[1] - 50, 0 * bells[0]], 1)


@attrs.frozen(kw_only=True)
class BellsKind(Classifier):
    """Two bells."""

    kind = "bells"
    size: int = option(8, doc="height and width", ge=1)
    channels: int = option(3, doc="channels", ge=1)
    betas: str = option("linear", doc="noise schedule")
    classes = 3

    @property
    def shape(self):
        return self.channels, self.size, self.size

    @property
    def schedule(self):
        return TableSchedule.named(self.betas)

    def load(self, device="cpu", dtype="float32"):
        return Bells(self.shape)


def guiding(loaded=None, **options):
    """Classifier guidance with its classifier at hand."""
    kind = make("guidance", "classifier", **{"classifier": BellsKind(), "label": "0"} | options)
    return kind.bind(Context.of(TinyPredictor(SHAPE), read=lambda classifier: loaded or classifier.load()))


def noise(rows, shape=SHAPE, seed=0):
    return torch.randn(rows, *shape, generator=torch.Generator().manual_seed(seed))


def run(denoiser, model, scheduler, rows=2, constraints=()):
    source = BatchNoise((rows, *model.shape))
    return Trajectory(denoiser, scheduler, scheduler.plan(model.schedule), source, constraints)


def told(network, guidance, prompt="", negative=""):
    return guidance.denoiser(network, network.condition(prompt), network.condition(negative))


def test_the_classifier_keeps_the_laws():
    check_classifier(BellsKind())


@pytest.mark.parametrize("scale", [0.5, 3.0])
@pytest.mark.parametrize("base", [None, "cfg"])
def test_the_guidance_keeps_the_laws(scale, base):
    inner = None if base is None else make("guidance", base, scale=4.0)
    guidance = make("guidance", "classifier", classifier=BellsKind(), label="1", scale=scale, base=inner)
    if base is None:
        check_guidance(guidance, rows=1)
        return
    network = TinyPredictor(SHAPE)
    got, plain = told(network, guidance, "cat")(noise(1), MOMENT), told(network, inner, "cat")(noise(1), MOMENT)
    torch.testing.assert_close(got.clean, plain.clean, atol=0, rtol=0)
    assert got.guidance_gradient is not None


@pytest.mark.parametrize("t", [0, 10, 300, 700, 999])
def test_the_score_form_is_bayes_rule(t):
    """What is guided is the exact estimate of the images of the class."""
    network = GaussianPredictor(SHAPE, SPREAD)
    class_alone = GaussianPredictor(SHAPE, math.sqrt(POSTERIOR), {"": POSTERIOR * MEAN / TAU**2})
    level = network.schedule.level(0, t)
    x = noise(4) * level.prior
    got = with_gradient(told(network, guiding())(x, level), level)
    want = class_alone.schedule.level(0, t)
    plain = told(class_alone, make("guidance", "cfg", scale=1.0))(x, want)
    torch.testing.assert_close(got.clean, plain.clean, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", ["ddim", "euler", "heun", "dpmpp", "unipc", "lms", "euler-ancestral"])
def test_every_scheduler_but_ddpm_samples_the_class_as_if_it_knew_no_other(name):
    """Guided runs are plain runs of the network of the class: the very same steps, so no step count matters."""
    network = GaussianPredictor(SHAPE, SPREAD)
    class_alone = GaussianPredictor(SHAPE, math.sqrt(POSTERIOR), {"": POSTERIOR * MEAN / TAU**2})
    scheduler = make("scheduler", name, steps=6)
    got = run(told(network, guiding()), network, scheduler).run()
    want = run(told(class_alone, make("guidance", "cfg", scale=1.0)), class_alone, scheduler).run()
    torch.testing.assert_close(got, want, atol=2e-4, rtol=2e-4)


@pytest.mark.parametrize("variance", ["fixed_small", "fixed_large"])
def test_the_mean_form_converges_to_the_class(variance):
    network = GaussianPredictor((1, 4, 4), SPREAD)
    denoiser = told(network, guiding(classifier=BellsKind(size=4, channels=1)))
    off = []
    for steps in (20, 1000):
        scheduler = make("scheduler", "ddpm", steps=steps, variance=variance)
        images = run(denoiser, network, scheduler, rows=2000).run()
        mean, deviation = float(images.mean()), float(images.std())
        off.append(abs(mean - POSTERIOR * MEAN / TAU**2) + abs(deviation - math.sqrt(POSTERIOR)))
    assert off[1] < 0.012, f"mean and deviation are off by {off[1]:.3g}"
    assert off[1] < off[0] / 3, f"off by {off[0]:.3g} with 20 steps and {off[1]:.3g} with 1000"


def test_the_mean_form_moves_the_mean_by_the_variance_of_the_step():
    network, x = TinyPredictor(SHAPE), noise(2)
    scheduler = make("scheduler", "ddpm", steps=10, variance="fixed_large")
    here, there = scheduler.plan(network.schedule).levels[3:5]
    guided, zero = told(network, guiding(scale=2.0)), torch.zeros_like(x)
    steps = [
        scheduler.step(lambda x, t, inner=inner: inner(x, t), x, here, there, None, lambda *_: zero, jumped=False)[0]
        for inner in (guided, told(network, guiding(scale=0.0)))
    ]
    variance = here.sigma**2 - (here.alpha / there.alpha * there.sigma) ** 2
    torch.testing.assert_close(steps[0] - steps[1], variance * guided(x, here).guidance_gradient, atol=1e-5, rtol=1e-4)


def test_views_pull_the_steer_back_and_parts_take_their_part():
    network, x, guidance = TinyPredictor(SHAPE), noise(2), guiding(scale=2.0)
    gradient = guidance.load.predict
    views = [make("view", "identity"), make("view", "rotate", degrees=90)]
    alone = told(network, guidance)
    got = viewed((view, alone) for view in views)(x, MOMENT).guidance_gradient
    given = {"label": torch.tensor([0, 0])}
    want = sum(view.invert(2 * gradient(view.apply(x), MOMENT, given).output) / 2 for view in views)
    torch.testing.assert_close(got, want)
    hybrid = make("decomposition", "hybrid")
    plain = told(network, guiding(scale=0.0))
    got = factorized(hybrid, [plain, alone])(x, MOMENT).guidance_gradient
    want = hybrid.part("high")(2 * gradient(x, MOMENT, given).output)
    torch.testing.assert_close(got, want)


def test_it_is_asked_once_a_round_and_once_for_equal_questions():
    network, loaded = TinyPredictor(SHAPE), Bells(SHAPE)
    guidance = guiding(loaded, base=make("guidance", "cfg", scale=4.0))
    denoisers = [told(network, guidance, prompt) for prompt in ("cat", "dog")]
    factorized(make("decomposition", "hybrid"), denoisers)(noise(2), MOMENT)
    assert loaded.blocks == [2], "both parts steer towards one class on one image"
    loaded.blocks.clear()
    views = [make("view", "identity"), make("view", "flip")]
    viewed(zip(views, denoisers, strict=True))(noise(2), MOMENT)
    assert loaded.blocks == [4]


@pytest.mark.parametrize("scheduler", ["ddpm", "ddim"])
def test_a_sample_does_not_depend_on_the_others(scheduler):
    network, steps = TinyPredictor(SHAPE), make("scheduler", scheduler, steps=4)
    denoiser, plan = told(network, guiding(scale=2.0)), steps.plan(network.schedule)

    class Some(BatchNoise):
        def draw(self, step, purpose="step"):
            return BatchNoise((5, *SHAPE)).draw(step, purpose)[self.shape[0] :][: self.shape[1]]

    few, many = (Trajectory(denoiser, steps, plan, Some((*some, *SHAPE)), (), 4).run() for some in ((3, 1), (0, 5)))
    assert torch.equal(few[0], many[3])


def test_what_is_laid_beside_the_state_is_not_judged():
    guidance = guiding()

    class Wide(TinyPredictor):
        def predict(self, x, level, conditioning):
            return super().predict(x[:, :3], level, conditioning)

    network, x = Wide(SHAPE), noise(2)
    wide = torch.cat([x, noise(2, seed=1)], 1)
    assert torch.equal(
        told(network, guidance)(wide, MOMENT).guidance_gradient, told(network, guidance)(x, MOMENT).guidance_gradient
    )


def test_clipping_leaves_the_steer_alone():
    network = TinyPredictor(SHAPE)
    denoiser = told(network, guiding(scale=100.0))
    got, plain = Clipped(denoiser, StaticClip())(noise(2), MOMENT), denoiser(noise(2), MOMENT)
    assert torch.equal(got.clean, plain.clean.clamp(-1, 1))
    assert torch.equal(got.guidance_gradient, plain.guidance_gradient)
    assert with_gradient(got, MOMENT).clean.abs().max() > 1


@pytest.mark.parametrize(("name", "moved"), [("ddim", True), ("ddpm", False)])
def test_constraints_see_the_image_that_the_step_uses(name, moved):
    seen = []

    class Watch(Rule):
        kind = "watch"

        def on_clean(self, clean, here):
            seen.append((clean, here))
            return Edit(clean, jumped=False)

    network = TinyPredictor(SHAPE)
    trajectory = run(
        told(network, guiding(scale=2.0)), network, make("scheduler", name, steps=4), constraints=[Watch()]
    )
    state = trajectory.start()
    estimate = trajectory.denoiser(state.x, trajectory.plan.levels[0])
    trajectory.step(state)
    [(clean, here)] = seen
    torch.testing.assert_close(clean, with_gradient(estimate, here).clean if moved else estimate.clean)


def test_where_there_is_no_signal_nothing_is_steered():
    x = noise(1)
    assert with_gradient(Estimate(x, None, x), NoiseLevel(0, 999.0, 0.0, 1.0)) == Estimate(x)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"classifier": BellsKind(size=16)}, r"judges images of \(3, 16, 16\), and the model paints \(3, 8, 8\)"),
        ({"classifier": BellsKind(betas="cosine")}, "trained on other noise levels than the model"),
        ({"label": "3"}, "label: classifier 'bells' knows no class '3'; write a number from 0 to 2"),
    ],
)
def test_what_cannot_be_guided_is_refused(options, says):
    kind = make("guidance", "classifier", **{"classifier": BellsKind()} | options)
    with pytest.raises(RecipeError, match=says):
        refuse(problems_of(kind.problems, GaussianPredictor(SHAPE)))


def test_the_prompt_names_the_class_unless_a_label_does():
    kind = make("guidance", "classifier", classifier=BellsKind())
    assert kind.class_of("2") == 2
    with pytest.raises(PromptError, match="knows no class 'cat'"):
        refuse(kind.prompt_problems("cat"), PromptError)
    refuse(attrs.evolve(kind, label="1").prompt_problems("cat"), PromptError)
